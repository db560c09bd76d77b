package jmes

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// function is a built-in function; max is -1 when it takes any number.
type function struct {
	min, max int
	call     func(name string, args []value.Value) (value.Value, error)
}

var functions = map[string]function{
	"abs":         {1, 1, numeric(math.Abs)},
	"ceil":        {1, 1, numeric(math.Ceil)},
	"floor":       {1, 1, numeric(math.Floor)},
	"avg":         {1, 1, average},
	"sum":         {1, 1, sum},
	"length":      {1, 1, length},
	"keys":        {1, 1, keysOf},
	"values":      {1, 1, valuesOf},
	"contains":    {2, 2, contains},
	"starts_with": {2, 2, affix(strings.HasPrefix)},
	"ends_with":   {2, 2, affix(strings.HasSuffix)},
	"join":        {2, 2, join},
	"reverse":     {1, 1, reverse},
	"sort":        {1, 1, sortList},
	"sort_by":     {2, 2, sortBy},
	"max":         {1, 1, extreme(1)},
	"min":         {1, 1, extreme(-1)},
	"max_by":      {2, 2, extremeBy(1)},
	"min_by":      {2, 2, extremeBy(-1)},
	"map":         {2, 2, mapOver},
	"merge":       {0, -1, merge},
	"not_null":    {1, -1, notNull},
	"to_array":    {1, 1, toArray},
	"to_number":   {1, 1, toNumber},
	"to_string":   {1, 1, toString},
	"type":        {1, 1, func(_ string, a []value.Value) (value.Value, error) { return value.Str(typeName(a[0])), nil }},
}

func typeName(v value.Value) string {
	switch v.(type) {
	case value.Str, value.Secret:
		return "string"
	case value.Bool:
		return "boolean"
	case value.Int, *value.BigInt, value.Float:
		return "number"
	case *value.List, value.Tuple:
		return "array"
	case value.Mapping:
		return "object"
	case reference:
		return "expref"
	}
	return "null"
}

func wrongType(name string, v value.Value, want string) error {
	return fmt.Errorf("In function %s(), invalid type for value: %s, expected one of: ['%s'], received: \"%s\"", name, value.Repr(v), want, typeName(v))
}

func listArg(name string, v value.Value) ([]value.Value, error) {
	elems, ok := elements(v)
	if !ok {
		return nil, wrongType(name, v, "array")
	}
	return elems, nil
}

func numeric(f func(float64) float64) func(string, []value.Value) (value.Value, error) {
	return func(name string, a []value.Value) (value.Value, error) {
		if !isNumber(a[0]) {
			return nil, wrongType(name, a[0], "number")
		}
		x, _ := value.AsFloat(a[0])
		r := f(x)
		if _, isFloat := a[0].(value.Float); isFloat && name == "abs" || math.Abs(r) > 1<<62 {
			return value.Float(r), nil
		}
		return value.Int(int64(r)), nil
	}
}

func sum(name string, a []value.Value) (value.Value, error) {
	elems, err := listArg(name, a[0])
	if err != nil {
		return nil, err
	}
	total, whole, isFloat := 0.0, int64(0), false
	for _, e := range elems {
		if !isNumber(e) {
			return nil, wrongType(name, e, "number")
		}
		f, _ := value.AsFloat(e)
		total += f
		n, ok := e.(value.Int)
		whole += int64(n)
		isFloat = isFloat || !ok
	}
	if isFloat {
		return value.Float(total), nil
	}
	return value.Int(whole), nil
}

func average(name string, a []value.Value) (value.Value, error) {
	total, err := sum(name, a)
	if err != nil {
		return nil, err
	}
	elems, _ := elements(a[0])
	if len(elems) == 0 {
		return value.None, nil
	}
	f, _ := value.AsFloat(total)
	return value.Float(f / float64(len(elems))), nil
}

func length(name string, a []value.Value) (value.Value, error) {
	if s, ok := value.AsString(a[0]); ok {
		return value.Int(len([]rune(s))), nil
	}
	if l, ok := a[0].(interface{ Len() int }); ok {
		return value.Int(l.Len()), nil
	}
	return nil, wrongType(name, a[0], "string', 'array', 'object")
}

func keysOf(name string, a []value.Value) (value.Value, error) {
	m, ok := a[0].(value.Mapping)
	if !ok {
		return nil, wrongType(name, a[0], "object")
	}
	return value.NewList(m.Keys()...), nil
}

func valuesOf(name string, a []value.Value) (value.Value, error) {
	vs, ok := values(a[0])
	if !ok {
		return nil, wrongType(name, a[0], "object")
	}
	return value.NewList(vs...), nil
}

func contains(name string, a []value.Value) (value.Value, error) {
	if s, ok := value.AsString(a[0]); ok {
		sub, isStr := value.AsString(a[1])
		return value.Bool(isStr && strings.Contains(s, sub)), nil
	}
	elems, ok := elements(a[0])
	if !ok {
		return nil, wrongType(name, a[0], "array', 'string")
	}
	return value.Bool(slices.ContainsFunc(elems, func(e value.Value) bool { return equal(e, a[1]) })), nil
}

func affix(has func(s, part string) bool) func(string, []value.Value) (value.Value, error) {
	return func(name string, a []value.Value) (value.Value, error) {
		for _, v := range a {
			if _, ok := value.AsString(v); !ok {
				return nil, wrongType(name, v, "string")
			}
		}
		return value.Bool(has(value.String(a[0]), value.String(a[1]))), nil
	}
}

func join(name string, a []value.Value) (value.Value, error) {
	glue, ok := value.AsString(a[0])
	if !ok {
		return nil, wrongType(name, a[0], "string")
	}
	elems, err := listArg(name, a[1])
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(elems))
	for i, e := range elems {
		if parts[i], ok = value.AsString(e); !ok {
			return nil, wrongType(name, a[1], "array-string")
		}
	}
	return value.Str(strings.Join(parts, glue)), nil
}

func reverse(name string, a []value.Value) (value.Value, error) {
	if s, ok := value.AsString(a[0]); ok {
		r := []rune(s)
		slices.Reverse(r)
		return value.Str(string(r)), nil
	}
	elems, err := listArg(name, a[0])
	elems = slices.Clone(elems)
	slices.Reverse(elems)
	return value.NewList(elems...), err
}

// keyed pairs elements with what they are compared by.
func keyed(name string, list, by value.Value) (elems, keys []value.Value, err error) {
	if elems, err = listArg(name, list); err != nil {
		return nil, nil, err
	}
	keys = elems
	if by != nil {
		ref, ok := by.(reference)
		if !ok {
			return nil, nil, wrongType(name, by, "expref")
		}
		keys = make([]value.Value, len(elems))
		for i, e := range elems {
			if keys[i], err = ref.node(e); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, k := range keys {
		if !isOrdered(k) || isNumber(k) != isNumber(keys[0]) {
			return nil, nil, wrongType(name, k, "number', 'string")
		}
	}
	return elems, keys, nil
}

func sorted(name string, list, by value.Value) (value.Value, error) {
	elems, keys, err := keyed(name, list, by)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(elems))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		c, _ := value.Compare(keys[i], keys[j])
		return c
	})
	out := value.NewList()
	for _, i := range order {
		out.Append(elems[i])
	}
	return out, nil
}

func sortList(name string, a []value.Value) (value.Value, error) { return sorted(name, a[0], nil) }
func sortBy(name string, a []value.Value) (value.Value, error)   { return sorted(name, a[0], a[1]) }

func extremeOf(name string, list, by value.Value, sign int) (value.Value, error) {
	elems, keys, err := keyed(name, list, by)
	if err != nil || len(elems) == 0 {
		return value.None, err
	}
	best := 0
	for i := range elems {
		if c, _ := value.Compare(keys[i], keys[best]); c*sign > 0 {
			best = i
		}
	}
	return elems[best], nil
}

func extreme(sign int) func(string, []value.Value) (value.Value, error) {
	return func(name string, a []value.Value) (value.Value, error) { return extremeOf(name, a[0], nil, sign) }
}

func extremeBy(sign int) func(string, []value.Value) (value.Value, error) {
	return func(name string, a []value.Value) (value.Value, error) { return extremeOf(name, a[0], a[1], sign) }
}

func mapOver(name string, a []value.Value) (value.Value, error) {
	ref, ok := a[0].(reference)
	if !ok {
		return nil, wrongType(name, a[0], "expref")
	}
	elems, err := listArg(name, a[1])
	if err != nil {
		return nil, err
	}
	out := value.NewList()
	for _, e := range elems {
		r, err := ref.node(e)
		if err != nil {
			return nil, err
		}
		out.Append(r)
	}
	return out, nil
}

func merge(name string, a []value.Value) (value.Value, error) {
	out := value.NewDict(0)
	for _, v := range a {
		d, ok := v.(*value.Dict)
		if !ok {
			return nil, wrongType(name, v, "object")
		}
		out.Update(d)
	}
	return out, nil
}

func notNull(_ string, a []value.Value) (value.Value, error) {
	for _, v := range a {
		if v != value.None {
			return v, nil
		}
	}
	return value.None, nil
}

func toArray(_ string, a []value.Value) (value.Value, error) {
	if _, ok := elements(a[0]); ok {
		return a[0], nil
	}
	return value.NewList(a[0]), nil
}

func toNumber(_ string, a []value.Value) (value.Value, error) {
	if isNumber(a[0]) {
		return a[0], nil
	}
	s, ok := value.AsString(a[0])
	if n, err := strconv.ParseInt(s, 10, 64); ok && err == nil {
		return value.Int(n), nil
	}
	if f, err := strconv.ParseFloat(s, 64); ok && err == nil {
		return value.Float(f), nil
	}
	return value.None, nil
}

func toString(_ string, a []value.Value) (value.Value, error) {
	if _, ok := value.AsString(a[0]); ok {
		return a[0], nil
	}
	out, err := value.AppendJSON(nil, a[0], value.JSONOptions{Item: ",", Key: ":"})
	return value.Str(out), err
}
