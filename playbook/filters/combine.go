package filters

import (
	"fmt"
	"slices"

	"drover/playbook/value"
)

// combineFilters merge dicts.
var combineFilters = []entry{
	{"combine", "*terms **options", combine, 0},
}

// listMerges are the ways in which two lists at the same key become one.
var listMerges = map[string]func(low, high []value.Value) []value.Value{
	"replace":    func(_, high []value.Value) []value.Value { return high },
	"keep":       func(low, _ []value.Value) []value.Value { return low },
	"append":     func(low, high []value.Value) []value.Value { return slices.Concat(low, high) },
	"prepend":    func(low, high []value.Value) []value.Value { return slices.Concat(high, low) },
	"append_rp":  func(low, high []value.Value) []value.Value { return slices.Concat(without(low, high), high) },
	"prepend_rp": func(low, high []value.Value) []value.Value { return slices.Concat(high, without(low, high)) },
}

// without gives the elements of list that drop does not have.
func without(list, drop []value.Value) []value.Value {
	out := []value.Value{}
	for _, v := range list {
		if !containsValue(drop, v) {
			out = append(out, v)
		}
	}
	return out
}

func containsValue(list []value.Value, v value.Value) bool {
	return slices.ContainsFunc(list, func(x value.Value) bool { return value.Equal(x, v) })
}

// merger merges dicts the way of one combine call.
type merger struct {
	recursive bool
	lists     string
}

func combine(a *args) (value.Value, error) {
	m := merger{lists: "replace"}
	for _, kw := range a.extra {
		switch kw.Name {
		case "recursive":
			m.recursive = value.Truth(kw.Val)
		case "list_merge":
			m.lists = value.String(kw.Val)
		default:
			return nil, fmt.Errorf("'recursive' and 'list_merge' are the only valid keyword arguments")
		}
	}
	dicts := flattenInto(nil, a.rest, 1, true)
	switch len(dicts) {
	case 0:
		return value.NewDict(0), nil
	case 1:
		return dicts[0], nil
	}
	result := dicts[len(dicts)-1]
	for _, low := range slices.Backward(dicts[:len(dicts)-1]) {
		merged, err := m.merge(low, result)
		if err != nil {
			return nil, err
		}
		result = merged
	}
	return result, nil
}

// MergeDicts merges high into low as the combine filter does; lists is the
// name of its list_merge. With recursive it is what hash_behaviour=merge does.
func MergeDicts(low, high *value.Dict, recursive bool, lists string) (*value.Dict, error) {
	m := merger{recursive: recursive, lists: lists}
	return m.merge(low, high)
}

func (m merger) merge(low, high value.Value) (*value.Dict, error) {
	mergeLists := listMerges[m.lists]
	if mergeLists == nil {
		return nil, fmt.Errorf("'list_merge' can only be 'replace', 'keep', 'append', 'prepend', 'append_rp' or 'prepend_rp', not '%s'", m.lists)
	}
	x, xOK := asDict(low)
	y, yOK := asDict(high)
	if !xOK || !yOK {
		return nil, fmt.Errorf("failed to combine variables, expected dicts but got a '%s' and a '%s'.", low.Type(), high.Type())
	}
	if x.Len() == 0 || value.Equal(x, y) { // lists of equal dicts are not joined
		return y.Clone(), nil
	}
	out := x.Clone()
	if !m.recursive && m.lists == "replace" {
		return out.Update(y), nil
	}
	for _, e := range y.Entries() {
		v, err := m.mergeEntry(out, e, mergeLists)
		if err != nil {
			return nil, err
		}
		out.Set(e.Key, v)
	}
	return out, nil
}

func (m merger) mergeEntry(out *value.Dict, e value.Entry, mergeLists func(low, high []value.Value) []value.Value) (value.Value, error) {
	old, ok, _ := out.Get(e.Key)
	if !ok {
		return e.Val, nil
	}
	v := e.Val
	if _, isMap := old.(value.Mapping); isMap {
		if _, isMap := v.(value.Mapping); isMap && m.recursive {
			return m.merge(old, v)
		}
		return v, nil
	}
	low, lowOK := asSequence(old)
	high, highOK := asSequence(v)
	if lowOK && highOK {
		return value.NewList(mergeLists(low, high)...), nil
	}
	return v, nil
}
