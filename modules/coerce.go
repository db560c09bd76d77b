package modules

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

// coerce turns a value into the kind that an argument type asks for, by the
// rules that Ansible documents for module arguments.
func coerce(typ string, v value.Value) (value.Value, error) {
	switch typ {
	case "bool":
		return toBool(v)
	case "int":
		return toInt(v)
	case "float":
		return toFloat(v)
	case "list":
		l, err := toList(v)
		return value.NewList(l...), err
	case "dict":
		return toDict(v)
	case "bytes":
		return toBytes(v, "b", "byte")
	case "bits":
		return toBytes(v, "b", "bit")
	case "json", "jsonarg":
		return toJSON(v), nil
	case "raw":
		return v, nil
	}
	return toText(v), nil
}

// toText keeps strings (and their secrecy) and prints anything else.
func toText(v value.Value) value.Value {
	switch v := v.(type) {
	case value.Str, value.Secret:
		return v
	case value.Bytes:
		return value.Str(v)
	}
	if value.IsSecret(v) {
		return value.Secret(value.String(v))
	}
	return value.Str(value.String(v))
}

// The words that mean true and false.
var (
	trueWords  = []string{"1", "on", "t", "true", "y", "yes"}
	falseWords = []string{"0", "f", "false", "n", "no", "off"}
)

func toBool(v value.Value) (value.Value, error) {
	switch v := v.(type) {
	case value.Bool:
		return v, nil
	case value.Int, value.Float, value.Str, value.Secret:
		s := strings.ToLower(strings.TrimSpace(value.String(v)))
		if f, ok := v.(value.Float); ok {
			s = strconv.FormatFloat(float64(f), 'f', -1, 64)
		}
		if slices.Contains(trueWords, s) {
			return value.Bool(true), nil
		}
		if slices.Contains(falseWords, s) {
			return value.Bool(false), nil
		}
		return nil, fmt.Errorf("The value '%s' is not a valid boolean. Valid booleans include: %s, %s",
			value.String(v), strings.Join(trueWords, ", "), strings.Join(falseWords, ", "))
	}
	return nil, fmt.Errorf("%s cannot be converted to a bool", pyType(v))
}

func toInt(v value.Value) (value.Value, error) {
	switch x := v.(type) {
	case value.Int:
		return x, nil
	case value.Bool:
		n, _ := value.AsInt(x)
		return value.Int(n), nil
	case value.Float, value.Str, value.Secret:
		// 2.0 and "2.0" are whole numbers too.
		if r, ok := new(big.Rat).SetString(strings.TrimSpace(value.String(x))); ok && r.IsInt() && r.Num().IsInt64() {
			return value.Int(r.Num().Int64()), nil
		}
	}
	return nil, fmt.Errorf("\"%s\" cannot be converted to an int", value.Repr(v))
}

func toFloat(v value.Value) (value.Value, error) {
	if f, ok := value.AsFloat(v); ok {
		return value.Float(f), nil
	}
	if s, ok := value.AsString(v); ok {
		if f, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil {
			return value.Float(f), nil
		}
	}
	return nil, fmt.Errorf("%s cannot be converted to a float", pyType(v))
}

func toList(v value.Value) ([]value.Value, error) {
	switch x := v.(type) {
	case *value.List:
		return x.Elems, nil
	case value.Tuple:
		return x, nil
	case value.Str:
		return value.Strings(strings.Split(string(x), ",")...).Elems, nil
	case value.Secret:
		var l []value.Value
		for s := range strings.SplitSeq(string(x), ",") {
			l = append(l, value.Secret(s))
		}
		return l, nil
	case value.Int, value.Float, value.Bool:
		return []value.Value{value.Str(value.String(v))}, nil
	}
	return nil, fmt.Errorf("<class '%s'> cannot be converted to a list", pyType(v))
}

func toDict(v value.Value) (*value.Dict, error) {
	if d, ok := v.(*value.Dict); ok {
		return d, nil
	}
	s, ok := value.AsString(v)
	switch {
	case !ok:
		return nil, fmt.Errorf("%s cannot be converted to a dict", pyType(v))
	case strings.HasPrefix(s, "{"):
		if j, err := value.ParseJSON([]byte(s)); err == nil {
			if d, ok := j.(*value.Dict); ok {
				return d, nil
			}
		}
		return nil, fmt.Errorf("unable to evaluate string as dictionary")
	case !strings.Contains(s, "="):
		return nil, fmt.Errorf("dictionary requested, could not parse JSON or key=value")
	}
	d := value.NewDict(4)
	for _, pair := range splitPairs(s) {
		k, val, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("unable to evaluate string in the \"key=value\" format as dictionary")
		}
		d.Put(k, value.Str(val))
	}
	return d, nil
}

// splitPairs splits "a=1, b='x y'" at commas and blanks outside quotes.
func splitPairs(s string) []string {
	var pairs []string
	var b strings.Builder
	var quote rune
	escaped := false
	flush := func() {
		if b.Len() > 0 {
			pairs = append(pairs, b.String())
		}
		b.Reset()
	}
	for _, r := range strings.TrimSpace(s) {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == ',' || r == ' '):
			flush()
		default:
			b.WriteRune(r)
		}
	}
	flush()
	return pairs
}

// toBytes reads sizes such as "1M", "10 KB" or "2Mb" (bits).
func toBytes(v value.Value, suffix, word string) (value.Value, error) {
	s := strings.TrimSpace(value.String(v))
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		end = len(s)
	}
	n, err := strconv.ParseFloat(s[:end], 64)
	unit := strings.ToUpper(strings.TrimSpace(s[end:]))
	bad := fmt.Errorf("'%s' is not a size in %ss (write a number and one of K, M, G, T, P, E)", s, word)
	if err != nil {
		return nil, bad
	}
	power := 0
	if unit != "" {
		power = 1 + strings.IndexByte("KMGTPEZY", unit[0])
		rest := strings.ToLower(unit[min(1, power):])
		if rest != "" && rest != suffix && rest != word && rest != word+"s" {
			return nil, bad
		}
	}
	for range power {
		n *= 1024
	}
	return value.Int(int64(n)), nil
}

func toJSON(v value.Value) value.Value {
	switch v.(type) {
	case *value.Dict, *value.List, value.Tuple:
		return value.Str(value.JSON(v))
	}
	s, _ := toText(v).(value.Str)
	return value.Str(strings.TrimSpace(string(s)))
}

// choose checks the choices. YAML reads a bare yes as a bool: it becomes the
// one choice that means the same.
func choose(a *Arg, v value.Value) (value.Value, error) {
	if len(a.Choices) == 0 || slices.Contains(a.Choices, value.String(v)) {
		return v, nil
	}
	words := map[string][]string{"True": trueWords, "False": falseWords}[value.String(v)]
	var same []string
	for _, c := range a.Choices {
		if slices.Contains(words, c) {
			same = append(same, c)
		}
	}
	if len(same) == 1 {
		return value.Str(same[0]), nil
	}
	s := value.String(v)
	return nil, Failf("value of %s must be one of: %s, got: %s%s", a.Name, strings.Join(a.Choices, ", "), s,
		source.DidYouMean(s, a.Choices))
}

func noMatch(a *Arg, got string) string {
	return fmt.Sprintf("value of %s must be one or more of: %s. Got no match for: %s%s", a.Name,
		strings.Join(a.Choices, ", "), got, source.DidYouMean(got, a.Choices))
}

func typeError(a *Arg, v value.Value, err error) error {
	return Failf("argument '%s' is of type %s and we were unable to convert to %s: %s", a.Name, pyType(v), a.Type, err)
}

func elementError(a *Arg, v value.Value, err error) error {
	return Failf("Elements value for option '%s' is of type %s and we were unable to convert to %s: %s",
		a.Name, pyType(v), a.Elements, err)
}

// pyType names a type as the messages of Ansible do.
func pyType(v value.Value) string { return v.Type() }

// Bool reads a value as a module's boolean argument is read.
func Bool(v value.Value) (bool, error) {
	b, err := toBool(v)
	if err != nil {
		return false, err
	}
	return value.Truth(b), nil
}
