package filters

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"drover/playbook/filters/jmes"
	"drover/playbook/filters/pyre"
	"drover/playbook/value"
)

// communityFilters are filters of community.general that fit no other family.
var communityFilters = []entry{
	{"community.general.json_query", "value expr", jsonQuery, 0},
	{"community.general.dict_kv", "value key", dictKV, 0},
	{"community.general.dict", "value", dictFilter, 0},
	{"community.general.counter", "value", counter, 0},
	{"community.general.groupby_as_dict", "value attribute", groupByAsDict, 0},
	{"community.general.lists_mergeby", "*terms recursive? list_merge?", listsMergeBy, 0},
	{"community.general.accumulate", "value function?", accumulate, 0},
	{"community.general.unicode_normalize", "value form?", unicodeNormalize, 0},
	{"community.general.reveal_ansible_type", "value alias?", revealType, 0},
}

func jsonQuery(a *args) (value.Value, error) {
	expr, ok := value.AsString(a.val("expr"))
	if !ok {
		return nil, fmt.Errorf("JMESPathError in json_query filter plugin:\nthe query must be a string, not '%s'", a.val("expr").Type())
	}
	e, err := jmes.Parse(expr)
	if err != nil {
		return nil, fmt.Errorf("JMESPathError in json_query filter plugin:\n%w", err)
	}
	v, err := e.Search(a.val("value"))
	if err != nil {
		return nil, fmt.Errorf("JMESPathError in json_query filter plugin:\n%w", err)
	}
	return v, nil
}

func dictKV(a *args) (value.Value, error) {
	d := value.NewDict(1)
	d.Set(a.val("key"), a.val("value"))
	return d, nil
}

// dictFilter makes a dict of pairs.
func dictFilter(a *args) (value.Value, error) {
	if d, ok := asDict(a.val("value")); ok {
		return d, nil
	}
	d := value.NewDict(0)
	for i, e := range a.list("value") {
		pair, ok := asSequence(e)
		if s, isStr := value.AsString(e); isStr {
			pair, ok = characters(s), true
		}
		if !ok {
			return nil, fmt.Errorf("cannot convert dictionary update sequence element #%d to a sequence", i)
		}
		if len(pair) != 2 {
			return nil, fmt.Errorf("dictionary update sequence element #%d has length %d; 2 is required", i, len(pair))
		}
		d.Set(pair[0], pair[1])
	}
	return d, nil
}

func counter(a *args) (value.Value, error) {
	_, isSeq := asSequence(a.val("value"))
	if _, isStr := value.AsString(a.val("value")); !isSeq && !isStr {
		return nil, fmt.Errorf("Argument for community.general.counter must be a sequence (string or list). %s is %s", value.String(a.val("value")), className(a.val("value")))
	}
	counts := value.NewDict(0)
	for _, v := range a.list("value") {
		if !hashable(v) {
			return nil, fmt.Errorf("community.general.counter needs a sequence with hashable elements (int, float or str) - unhashable type: '%s'", v.Type())
		}
		n, ok, _ := counts.Get(v)
		if !ok {
			n = value.Int(0)
		}
		counts.Set(v, n.(value.Int)+1)
	}
	return counts, nil
}

func groupByAsDict(a *args) (value.Value, error) {
	elems, ok := asSequence(a.val("value"))
	if !ok {
		return nil, errors.New("Input is not a sequence")
	}
	out := value.NewDict(len(elems))
	for i, e := range elems {
		m, ok := e.(value.Mapping)
		if !ok {
			return nil, fmt.Errorf("Sequence element #%d is not a mapping", i)
		}
		key, found, err := m.Get(a.val("attribute"))
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, fmt.Errorf("Attribute not contained in element #%d of sequence", i)
		}
		if _, seen, _ := out.Get(key); seen {
			return nil, fmt.Errorf("Multiple sequence entries have attribute value %s", value.Repr(key))
		}
		out.Set(key, e)
	}
	return out, nil
}

// listsMergeBy merges lists of dicts that agree in one key.
func listsMergeBy(a *args) (value.Value, error) {
	if len(a.rest) < 2 {
		return nil, errors.New("At least one list and index are needed.")
	}
	var lists [][]value.Value
	for _, t := range a.rest[:len(a.rest)-1] {
		elems, ok := asSequence(t)
		if !ok {
			return nil, fmt.Errorf("All arguments before the argument index for community.general.lists_mergeby must be lists. %s is %s", value.String(t), className(t))
		}
		nested := len(elems) > 0 && !slices.ContainsFunc(elems, func(e value.Value) bool { _, ok := asSequence(e); return !ok })
		switch {
		case nested:
			lists = append(lists, asLists(elems, false)...)
		case len(elems) > 0:
			lists = append(lists, elems)
		}
	}
	index := a.rest[len(a.rest)-1]
	switch _, ok := value.AsString(index); {
	case len(lists) == 0:
		return value.NewList(), nil
	case len(lists) == 1:
		return value.NewList(lists[0]...), nil
	case !ok:
		return nil, fmt.Errorf("First argument after the lists for community.general.lists_mergeby must be string. %s is %s", value.String(index), className(index))
	}
	m := merger{recursive: a.truth("recursive"), lists: a.strOr("list_merge", "replace")}
	result := lists[len(lists)-1]
	for _, l := range slices.Backward(lists[:len(lists)-1]) {
		merged, err := m.mergeLists(l, result, index)
		if err != nil {
			return nil, err
		}
		result = merged
	}
	return value.NewList(result...), nil
}

// mergeLists merges the dicts of two lists by the value of a key, which orders
// the result.
func (m merger) mergeLists(low, high []value.Value, index value.Value) ([]value.Value, error) {
	byKey := value.NewDict(0)
	for _, e := range slices.Concat(low, high) {
		d, ok := asDict(e)
		if !ok {
			return nil, fmt.Errorf("Elements of list arguments for lists_mergeby must be dictionaries. %s is %s", value.String(e), className(e))
		}
		key, found, _ := d.Get(index)
		if !found {
			continue
		}
		old, seen, _ := byKey.Get(key)
		if !seen {
			old = value.NewDict(0)
		}
		merged, err := m.merge(old, d)
		if err != nil {
			return nil, err
		}
		byKey.Set(key, merged)
	}
	entries, err := value.SortedEntries(byKey.Entries())
	if err != nil {
		return nil, err
	}
	out := make([]value.Value, len(entries))
	for i, e := range entries {
		out[i] = e.Val
	}
	return out, nil
}

// accumulate gives the running totals of a list.
func accumulate(a *args) (value.Value, error) {
	_, isText := value.AsString(a.val("value"))
	if !isText && !isSequence(a.val("value")) {
		return nil, fmt.Errorf("Invalid value type (%s) for accumulate (%s)", className(a.val("value")), value.Repr(a.val("value")))
	}
	out := value.NewList()
	var total value.Value
	for _, v := range a.list("value") {
		if total == nil {
			total = v
		} else {
			sum, err := addValues(total, v)
			if err != nil {
				return nil, err
			}
			total = sum
		}
		out.Append(total)
	}
	return out, nil
}

// addValues is Python's + for numbers, text and lists.
func addValues(x, y value.Value) (value.Value, error) {
	if i, ok := value.AsBig(x); ok {
		if j, ok := value.AsBig(y); ok {
			return value.NewInt(new(big.Int).Add(i, j)), nil
		}
	}
	if f, ok := value.AsFloat(x); ok {
		if g, ok := value.AsFloat(y); ok {
			return value.Float(f + g), nil
		}
	}
	if s, ok := value.AsString(x); ok {
		if t, ok := value.AsString(y); ok {
			return value.Str(s + t), nil
		}
	}
	if l, ok := x.(*value.List); ok {
		if m, ok := y.(*value.List); ok {
			return value.NewList(slices.Concat(l.Elems, m.Elems)...), nil
		}
	}
	return nil, fmt.Errorf("unsupported operand type(s) for +: '%s' and '%s'", x.Type(), y.Type())
}

var normalForms = map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}

func unicodeNormalize(a *args) (value.Value, error) {
	s, ok := value.AsString(a.val("value"))
	if !ok {
		return nil, fmt.Errorf("Invalid data type for unicode_normalize: %s", className(a.val("value")))
	}
	form := a.strOr("form", "NFC")
	f, ok := normalForms[form]
	if !ok {
		return nil, fmt.Errorf("Invalid form '%s', must be one of NFC, NFD, NFKC, NFKD", form)
	}
	return value.Str(f.String(s)), nil
}

// revealType names the type of a value and of what is in it.
func revealType(a *args) (value.Value, error) {
	alias, _ := asDict(a.val("alias"))
	return value.Str(describeType(a.val("value"), alias)), nil
}

func describeType(v value.Value, alias *value.Dict) string {
	name := typeName(v, alias)
	var inner []string
	switch v := v.(type) {
	case *value.List:
		if name == "list" && len(v.Elems) > 0 {
			inner = []string{typesOf(v.Elems, alias)}
		}
	case *value.Dict:
		if name == "dict" && v.Len() > 0 {
			vals := make([]value.Value, v.Len())
			for i, e := range v.Entries() {
				vals[i] = e.Val
			}
			inner = []string{typesOf(v.Keys(), alias), typesOf(vals, alias)}
		}
	}
	if inner == nil {
		return name
	}
	return name + "[" + strings.Join(inner, ", ") + "]"
}

// typeName gives the name of a type, or the one that alias has for it.
func typeName(v value.Value, alias *value.Dict) string {
	if s, ok := alias.Lookup(v.Type()); ok {
		return value.String(s)
	}
	return v.Type()
}

// typesOf names the types of elems themselves, each once and in order.
func typesOf(elems []value.Value, alias *value.Dict) string {
	var names []string
	for _, e := range elems {
		names = append(names, typeName(e, alias))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), "|")
}

func randomMAC(a *args) (value.Value, error) {
	prefix, ok := value.AsString(a.val("value"))
	if !ok {
		return nil, fmt.Errorf("Invalid value type (%s) for random_mac (%s)", className(a.val("value")), value.String(a.val("value")))
	}
	prefix = strings.ToLower(prefix)
	items := strings.Split(prefix, ":")
	if len(items) > 5 {
		return nil, fmt.Errorf("Invalid value (%s) for random_mac: 5 colon(:) separated items max", prefix)
	}
	hexByte, err := pyre.Compile("[a-f0-9]{2}", 0)
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, item := range items {
		if item == "" {
			faults = append(faults, "empty item")
		} else if m, _ := hexByte.MatchPrefix(item); m == nil {
			faults = append(faults, item+" not hexa byte")
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("Invalid value (%s) for random_mac: %s", prefix, strings.Join(faults, ","))
	}
	r, err := a.random()
	if err != nil {
		return nil, err
	}
	low := big.NewInt(68719476736)
	n := belowBig(r, big.NewInt(1099511627775-68719476736+1))
	digits := fmt.Sprintf("%x", n.Add(n, low))[:2*(6-len(items))]
	for i := 0; i+1 < len(digits); i += 2 {
		prefix += ":" + digits[i:i+2]
	}
	return value.Str(prefix), nil
}

// roundTo rounds to so many digits after the point.
func roundTo(f float64, digits int) float64 {
	scale := math.Pow10(digits)
	if r := math.RoundToEven(f*scale) / scale; !math.IsInf(r, 0) && !math.IsNaN(r) {
		return r
	}
	return f
}
