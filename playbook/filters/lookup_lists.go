package filters

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drover/playbook/value"
)

// listLookups make lists of their terms.
var listLookups = []entry{
	{"items", "*terms **options", itemsLookup, 0},
	{"list", "*terms **options", listLookup, 0},
	{"dict", "*terms **options", dictLookup, 0},
	{"nested", "*terms **options", nestedLookup, 0},
	{"community.general.cartesian", "*terms **options", cartesianLookup, 0},
	{"community.general.flattened", "*terms **options", flattenedLookup, 0},
	{"together", "*terms **options", togetherLookup, 0},
	{"indexed_items", "*terms **options", indexedItemsLookup, 0},
	{"subelements", "*terms **options", subelementsLookup, 0},
	{"random_choice", "*terms **options", randomChoiceLookup, impure},
}

// spliced opens the lists among elems, one level deep.
func spliced(elems []value.Value) []value.Value { return flattenInto(nil, elems, 1, false) }

func itemsLookup(a *args) (value.Value, error) { return value.NewList(spliced(a.rest)...), nil }
func listLookup(a *args) (value.Value, error)  { return value.NewList(a.rest...), nil }

func flattenedLookup(a *args) (value.Value, error) {
	return value.NewList(flattenInto(nil, a.rest, -1, a.call.Ctx.Env().Lenient)...), nil
}

func dictLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, t := range a.rest {
		d, ok := asDict(t)
		if !ok && a.call.Ctx.Env().Lenient {
			return nil, errors.New("with_dict expects a dict")
		}
		if !ok {
			return nil, fmt.Errorf("the 'dict' lookup plugin expects a dictionary, got '%s' of type %s)", value.String(t), className(t))
		}
		for _, e := range d.Entries() {
			out.Append(value.DictOf("key", e.Key, "value", e.Val))
		}
	}
	return out, nil
}

// asLists makes a list of each term that is none.
func asLists(terms []value.Value, strict bool) [][]value.Value {
	lists := make([][]value.Value, len(terms))
	for i, t := range terms {
		if l, ok := asSequence(t); ok {
			lists[i] = l
		} else if s, ok := value.AsString(t); ok && strict {
			lists[i] = characters(s)
		} else {
			lists[i] = []value.Value{t}
		}
	}
	return lists
}

func nestedLookup(a *args) (value.Value, error) {
	if len(a.rest) == 0 {
		return nil, errors.New("with_nested requires at least one element in the nested list")
	}
	if first := a.rest[0]; len(a.rest) == 1 && !a.call.Ctx.Env().Lenient {
		_, isText := value.AsString(first)
		if i := slices.IndexFunc(a.iterate(first), func(v value.Value) bool { return !isText && !isSequence(v) }); i >= 0 {
			return nil, fmt.Errorf("'%s' object is not iterable: a single list can't be nested", a.iterate(first)[i].Type())
		}
	}
	return cartesianLookup(a)
}

func cartesianLookup(a *args) (value.Value, error) {
	rows, err := cartesian(asLists(a.rest, !a.call.Ctx.Env().Lenient))
	if err != nil {
		return nil, err
	}
	out := value.NewList()
	for _, r := range rows {
		out.Append(value.NewList(spliced(r)...))
	}
	return out, nil
}

func togetherLookup(a *args) (value.Value, error) {
	if len(a.rest) == 0 {
		return nil, errors.New("with_together requires at least one element in each list")
	}
	lists, n := asLists(a.rest, !a.call.Ctx.Env().Lenient), 0
	for _, l := range lists {
		n = max(n, len(l))
	}
	out := value.NewList()
	for _, row := range zipRows(lists, n, value.None).(*value.List).Elems {
		out.Append(value.NewList(spliced(row.(value.Tuple))...))
	}
	return out, nil
}

func indexedItemsLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for i, v := range spliced(a.rest) {
		out.Append(value.Tuple{value.Int(i), v})
	}
	return out, nil
}

func randomChoiceLookup(a *args) (value.Value, error) {
	if len(a.rest) == 0 {
		return value.NewList(), nil
	}
	return value.NewList(a.rest[below(systemRandom{}, len(a.rest))]), nil
}

func subelementsLookup(a *args) (value.Value, error) {
	const usage = "subelements lookup expects a list of two or three items,"
	if n := len(a.rest); n < 2 || n > 3 {
		return nil, errors.New(usage)
	}
	path, ok := value.AsString(a.rest[1])
	list, isList := a.rest[0].(*value.List)
	dict, isDict := asDict(a.rest[0])
	if !isList && !isDict {
		list, isList = value.NewList(a.rest[0]), true
	}
	if !ok {
		return nil, errors.New(usage + " first a dict or a list, second a string pointing to the subkey")
	}
	skipMissing := false
	if len(a.rest) == 3 {
		flags, ok := asDict(a.rest[2])
		if !ok {
			return nil, errors.New(usage + " the optional third item must be a dict with flags ('skip_missing',)")
		}
		skipMissing = toBool(flags.At("skip_missing"))
	}
	var items []value.Value
	if isList {
		items = list.Elems
	} else if !isSkipped(dict) {
		for _, e := range dict.Entries() {
			items = append(items, e.Val)
		}
	}
	return subelementItems(items, strings.Split(path, "."), skipMissing)
}

// isSkipped reports whether d is the result of a skipped task.
func isSkipped(d *value.Dict) bool {
	v, ok := d.Lookup("skipped")
	return ok && v != value.Bool(false)
}

// subelementItems pairs each item, without its sublist, with the elements of
// that sublist.
func subelementItems(items []value.Value, path []string, skipMissing bool) (value.Value, error) {
	out := value.NewList()
	for _, item := range items {
		d, ok := asDict(item)
		if !ok {
			return nil, fmt.Errorf("subelements lookup expects a dictionary, got '%s'", value.String(item))
		}
		if isSkipped(d) {
			continue
		}
		rest, sub, err := cutSublist(d, path)
		if err != nil {
			if skipMissing && errors.Is(err, errNoKey) {
				continue
			}
			return nil, err
		}
		for _, v := range sub {
			out.Append(value.Tuple{rest, v})
		}
	}
	return out, nil
}

// cutSublist takes the list at path out of a copy of d.
func cutSublist(d *value.Dict, path []string) (rest *value.Dict, list []value.Value, err error) {
	key := path[0]
	v, ok := d.Lookup(key)
	if !ok {
		return nil, nil, fmt.Errorf("could not find '%s' key in iterated item '%s'%w", key, value.Repr(d), hidden{errNoKey})
	}
	rest = d.Clone()
	if len(path) == 1 {
		l, ok := v.(*value.List)
		if !ok {
			return nil, nil, fmt.Errorf("the key %s should point to a list, got '%s'", key, value.String(v))
		}
		rest.Delete(value.Str(key))
		return rest, l.Elems, nil
	}
	sub, ok := v.(*value.Dict)
	if !ok {
		return nil, nil, fmt.Errorf("the key %s should point to a dictionary, got '%s'%w", key, value.String(v), hidden{errNoKey})
	}
	inner, list, err := cutSublist(sub, path[1:])
	if err != nil {
		return nil, nil, err
	}
	rest.Put(key, inner)
	return rest, list, nil
}

// hidden is an error that classifies another without adding to its text.
type hidden struct{ err error }

func (hidden) Error() string   { return "" }
func (h hidden) Unwrap() error { return h.err }
