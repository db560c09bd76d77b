package jinja

import (
	"errors"
	"slices"
	"strings"

	"drover/playbook/value"
)

// keyed is an element with what it is sorted by.
type keyed struct{ key, val value.Value }

// sortBy sorts vs in place, stably.
func (c *Context) sortBy(vs []value.Value, key func(value.Value) (value.Value, error), reverse bool) error {
	ks := make([]keyed, len(vs))
	for i, v := range vs {
		k, err := key(v)
		if err == nil {
			k, err = c.settleStrict(k)
		}
		if err == nil {
			err = used(k)
		}
		if err != nil {
			return err
		}
		ks[i] = keyed{k, v}
	}
	if keys, ok := texts(ks); ok {
		sortByText(vs, keys, reverse)
		return nil
	}
	var failed error
	slices.SortStableFunc(ks, func(a, b keyed) int {
		if failed != nil {
			return 0
		}
		n, ok := value.Compare(a.key, b.key)
		if !ok && !(isNumber(a.key) && isNumber(b.key)) {
			x, y := unorderable(a.key, b.key)
			failed = TypeErrorf("'<' not supported between instances of '%s' and '%s'", x, y)
		}
		if reverse {
			return -n
		}
		return n
	})
	for i := range ks {
		vs[i] = ks[i].val
	}
	return failed
}

// texts gives the keys when all of them are text, which sorts without
// comparisons of values.
func texts(ks []keyed) ([]string, bool) {
	out := make([]string, len(ks))
	for i, k := range ks {
		s, ok := k.key.(value.Str)
		if !ok {
			return nil, false
		}
		out[i] = string(s)
	}
	return out, true
}

// sortByText sorts vs by the keys of its elements, stably.
func sortByText(vs []value.Value, keys []string, reverse bool) {
	order := make([]int, len(vs)) // integers: cheaper to swap than values
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		n := strings.Compare(keys[a], keys[b])
		switch {
		case n == 0:
			return a - b
		case reverse:
			return -n
		}
		return n
	})
	old := slices.Clone(vs)
	for i, at := range order {
		vs[i] = old[at]
	}
}

func filterSort(c *Call) (value.Value, error) {
	var order value.Value = value.Bool(false)
	caseSensitive := false
	attribute := value.None
	vs, err := c.source("reverse?", &order, "case_sensitive?", &caseSensitive, "attribute?", &attribute)
	if err != nil {
		return nil, err
	}
	if _, ok := value.AsBig(order); !ok {
		return nil, TypeErrorf("sort(): argument 'reverse' must be an integer, not '%s'", order.Type())
	}
	reverse := value.Truth(order)
	vs = slices.Clone(vs)
	if attribute == value.None && allText(vs) {
		sortTexts(vs, caseSensitive, reverse)
		return value.NewList(vs...), nil
	}
	key := c.sortKey(attribute, caseSensitive)
	// The keys are lists in the original, and equal ones need no order.
	single := func(v value.Value) (value.Value, error) {
		k, err := key(v)
		if err == nil {
			err = used(k)
		}
		return value.Tuple{k}, err
	}
	if err := c.Ctx.sortBy(vs, single, reverse); err != nil {
		return nil, err
	}
	return value.NewList(vs...), nil
}

// sortTexts sorts elements that are all text.
func sortTexts(vs []value.Value, caseSensitive, reverse bool) {
	keys := make([]string, len(vs))
	for i, v := range vs {
		keys[i] = string(v.(value.Str))
		if !caseSensitive {
			keys[i] = lowerPython(keys[i])
		}
	}
	sortByText(vs, keys, reverse)
}

// sortKey gives what to sort by: the item, or a list of attributes named
// "a,b.c".
func (c *Call) sortKey(attribute value.Value, caseSensitive bool) func(value.Value) (value.Value, error) {
	fold := ignoreCase
	if caseSensitive {
		fold = func(v value.Value) value.Value { return v }
	}
	names, isText := value.AsString(attribute)
	if !isText || !strings.Contains(names, ",") {
		g := c.newGetter(attribute)
		return func(v value.Value) (value.Value, error) {
			v, err := g.get(v)
			return fold(v), err
		}
	}
	var gs []getter
	for _, n := range strings.Split(names, ",") {
		gs = append(gs, c.newGetter(value.Str(n)))
	}
	return func(v value.Value) (value.Value, error) {
		key := make([]value.Value, len(gs))
		for i, g := range gs {
			k, err := g.get(v)
			if err != nil {
				return nil, err
			}
			key[i] = fold(k)
		}
		return value.Tuple(key), nil
	}
}

func filterDictSort(c *Call) (value.Value, error) {
	var m value.Mapping
	caseSensitive, reverse := false, false
	by := "key"
	if err := c.Unpack("value", &m, "case_sensitive?", &caseSensitive, "by?", &by, "reverse?", &reverse); err != nil {
		return nil, err
	}
	at := map[string]int{"key": 0, "value": 1}
	pos, ok := at[by]
	if !ok {
		return nil, valueErrorf(`You can only sort by either "key" or "value"`)
	}
	keys, vals, err := c.Ctx.pairs(m)
	if err != nil {
		return nil, err
	}
	items := make([]value.Value, len(keys))
	for i := range keys {
		items[i] = value.Tuple{keys[i], vals[i]}
	}
	err = c.Ctx.sortBy(items, func(v value.Value) (value.Value, error) {
		k := v.(value.Tuple)[pos]
		if !caseSensitive {
			k = ignoreCase(k)
		}
		return k, nil
	}, reverse)
	return value.NewList(items...), err
}

func filterUnique(c *Call) (value.Value, error) {
	caseSensitive := false
	attribute := value.None
	vs, err := c.source("case_sensitive?", &caseSensitive, "attribute?", &attribute)
	if err != nil {
		return nil, err
	}
	key := c.sortKey(attribute, caseSensitive)
	out := value.NewList()
	seen := value.NewDict(len(vs))
	for _, v := range vs {
		k, err := key(v)
		if err == nil {
			err = errors.Join(used(k), hashable(k, false))
		}
		if err != nil {
			return nil, err
		}
		if _, dup, _ := seen.Get(k); !dup {
			seen.Set(k, value.None)
			out.Append(v)
		}
	}
	return out, nil
}

// extreme gives the smallest (-1) or largest (1) element.
func extreme(c *Call, sign int) (value.Value, error) {
	caseSensitive := false
	attribute := value.None
	vs, err := c.source("case_sensitive?", &caseSensitive, "attribute?", &attribute)
	if err != nil {
		return nil, err
	}
	if len(vs) == 0 {
		return &value.Undefined{Msg: "No aggregated item, sequence was empty."}, nil
	}
	key := c.sortKey(attribute, caseSensitive)
	var best, bestKey value.Value
	for i, v := range vs {
		k, err := key(v)
		if err == nil {
			err = used(k)
		}
		if err == nil {
			k, err = c.Ctx.settleStrict(k)
		}
		if err != nil {
			return nil, err
		}
		if i > 0 {
			op := cmpLt
			if sign > 0 {
				op = cmpGt
			}
			better, err := c.Ctx.compare(op, k, bestKey)
			if err != nil {
				return nil, err
			}
			if !better {
				continue
			}
		}
		best, bestKey = v, k
	}
	return best, nil
}
