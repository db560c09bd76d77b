package filters

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drover/playbook/jinja"
	"drover/playbook/value"
)

// setFilters treat lists as sets. Their results keep the order of the lists, but
// for sets of numbers.
var setFilters = []entry{
	{"unique", "value case_sensitive? attribute?", unique, 0},
	{"union", "a b", union, 0},
	{"intersect", "a b", intersect, 0},
	{"difference", "a b", difference, 0},
	{"symmetric_difference", "a b", symmetricDifference, 0},
	{"community.general.lists_union", "*lists flatten?", listsUnion, 0},
	{"community.general.lists_intersect", "*lists flatten?", listsIntersect, 0},
	{"community.general.lists_difference", "*lists flatten?", listsDifference, 0},
	{"community.general.lists_symmetric_difference", "*lists flatten?", listsSymmetricDifference, 0},
}

// setTests compare lists as sets, and look into them.
var setTests = []entry{
	{"subset", "a b", subsetTest, 0},
	{"issubset", "a b", subsetTest, 0},
	{"superset", "a b", supersetTest, 0},
	{"issuperset", "a b", supersetTest, 0},
	{"contains", "seq value", containsTest, 0},
	{"all", "value", allTest, 0},
	{"any", "value", anyTest, 0},
}

// valueSet is a set of values, compared as Python compares them.
type valueSet struct {
	hashed *value.Dict
	rest   []value.Value // those that can't be keys of a dict
}

func hashable(v value.Value) bool {
	switch v := v.(type) {
	case *value.List, value.Mapping:
		return false
	case value.Tuple:
		for _, e := range v {
			if !hashable(e) {
				return false
			}
		}
	}
	return true
}

func newSet(elems []value.Value) *valueSet {
	s := &valueSet{hashed: &value.Dict{}}
	for _, v := range elems {
		s.add(v)
	}
	return s
}

func (s *valueSet) has(v value.Value) bool {
	if hashable(v) {
		_, ok, _ := s.hashed.Get(v)
		return ok
	}
	return containsValue(s.rest, v)
}

// add puts v into the set and reports whether it was new.
func (s *valueSet) add(v value.Value) bool {
	if s.has(v) {
		return false
	}
	if hashable(v) {
		s.hashed.Set(v, value.None)
	} else {
		s.rest = append(s.rest, v)
	}
	return true
}

// distinct gives the elements of lists for which keep holds, each once.
func distinct(keep func(value.Value) bool, lists ...[]value.Value) *value.List {
	seen, out := newSet(nil), value.NewList()
	for _, l := range lists {
		for _, v := range l {
			if keep(v) && seen.add(v) {
				out.Append(v)
			}
		}
	}
	return out
}

func always(value.Value) bool { return true }

func unique(a *args) (value.Value, error) {
	items := a.list("value")
	keys, err := a.uniqueKeys(items)
	if err != nil {
		return nil, err
	}
	seen, out := newSet(nil), value.NewList()
	for i, v := range items {
		if seen.add(keys[i]) {
			out.Append(v)
		}
	}
	return out, nil
}

// uniqueKeys gives what of each item has to differ. Lists and dicts among them
// make all text count as it is written, and allow no parameters.
func (a *args) uniqueKeys(items []value.Value) ([]value.Value, error) {
	keys := slices.Clone(items)
	if a.has("attribute") {
		for i, v := range items {
			var err error
			if keys[i], err = attributePath(a, v, a.val("attribute")); err != nil {
				return nil, noUniqueFallback(err)
			}
		}
	}
	if !slices.ContainsFunc(keys, func(k value.Value) bool { return !hashable(k) }) {
		if !a.truth("case_sensitive") {
			lowerAll(keys)
		}
		return keys, nil
	}
	if a.has("attribute") || a.val("case_sensitive") == value.Bool(false) {
		return nil, errors.New("Jinja2's unique filter failed and we cannot fall back to Ansible's version as it does not support the parameters supplied: the items are lists or dicts")
	}
	return keys, nil
}

func lowerAll(keys []value.Value) {
	for i, k := range keys {
		if s, ok := value.AsString(k); ok {
			keys[i] = value.Str(strings.ToLower(s))
		}
	}
}

// operands gives both sides of a set filter.
func (a *args) operands() (x, y []value.Value) {
	x = a.list("a")
	if _, ok := a.val("b").(value.Mapping); !ok {
		if _, isStr := value.AsString(a.val("b")); !isStr {
			if _, isSeq := asSequence(a.val("b")); !isSeq && isNumber(a.val("b")) {
				a.fail("argument of type '%s' is not iterable", a.val("b").Type())
				return x, nil
			}
		}
	}
	return x, a.list("b")
}

// asNumbers runs a set filter in the order of Python's sets when both sides are
// numbers alone; nil says that they are not.
func asNumbers(x, y []value.Value, op func(x, y *numberSet) *numberSet) value.Value {
	xs, ok := newNumberSet(x)
	ys, okY := newNumberSet(y)
	if !ok || !okY {
		return nil
	}
	return op(xs, ys).list()
}

// joinable checks that two sides can be joined: lists or dicts in them only when
// both are lists.
func (a *args) joinable(x, y []value.Value) {
	if hashableAll(x) && hashableAll(y) {
		return
	}
	p, q := a.val("a"), a.val("b")
	_, isList := p.(*value.List)
	if _, other := q.(*value.List); !isList || !other {
		a.fail("can only concatenate %s (not \"%s\") to %s", p.Type(), q.Type(), p.Type())
	}
}

// searchable checks that the second side can be asked for each element of the
// first.
func (a *args) searchable(x, y []value.Value) {
	if hashableAll(x) && hashableAll(y) {
		return
	}
	for _, v := range x {
		if _, err := pyContains(a.val("b"), v); err != nil {
			a.fail("%s", err)
			return
		}
	}
}

func hashableAll(vs []value.Value) bool {
	return !slices.ContainsFunc(vs, func(v value.Value) bool { return !hashable(v) })
}

func union(a *args) (value.Value, error) {
	x, y := a.operands()
	if v := asNumbers(x, y, (*numberSet).union); v != nil {
		return v, nil
	}
	a.joinable(x, y)
	return distinct(always, x, y), nil
}

func intersect(a *args) (value.Value, error) {
	x, y := a.operands()
	if v := asNumbers(x, y, (*numberSet).intersection); v != nil {
		return v, nil
	}
	a.searchable(x, y)
	return distinct(newSet(y).has, x), nil
}

func difference(a *args) (value.Value, error) {
	x, y := a.operands()
	if v := asNumbers(x, y, (*numberSet).difference); v != nil {
		return v, nil
	}
	a.searchable(x, y)
	drop := newSet(y)
	return distinct(func(v value.Value) bool { return !drop.has(v) }, x), nil
}

func symmetricDifference(a *args) (value.Value, error) {
	x, y := a.operands()
	if v := asNumbers(x, y, (*numberSet).symmetricDifference); v != nil {
		return v, nil
	}
	a.joinable(x, y)
	return distinct(inOne(x, y), x, y), nil
}

// inOne gives the test for being in exactly one of two lists.
func inOne(x, y []value.Value) func(value.Value) bool {
	inX, inY := newSet(x), newSet(y)
	return func(v value.Value) bool { return inX.has(v) != inY.has(v) }
}

// setLists gives the lists of a lists_* filter; with flatten each argument is a
// list of lists.
func (a *args) setLists() [][]value.Value {
	items := a.rest
	if a.truth("flatten") {
		items = flattenInto(nil, items, 1, false)
	}
	lists := make([][]value.Value, len(items))
	for i, v := range items {
		l, ok := asSequence(v)
		if !ok {
			a.fail("All arguments need to be lists. %s is %s", value.String(v), className(v))
		}
		lists[i] = l
	}
	if len(lists) == 0 {
		a.fail("at least one list is needed")
		return [][]value.Value{nil}
	}
	return lists
}

func listsUnion(a *args) (value.Value, error) { return distinct(always, a.setLists()...), nil }

func listsIntersect(a *args) (value.Value, error) {
	lists := a.setLists()
	out := distinct(always, lists[0])
	for _, l := range lists[1:] {
		out = distinct(newSet(l).has, out.Elems)
	}
	return out, nil
}

func listsDifference(a *args) (value.Value, error) {
	lists := a.setLists()
	out := distinct(always, lists[0])
	for _, l := range lists[1:] {
		drop := newSet(l)
		out = distinct(func(v value.Value) bool { return !drop.has(v) }, out.Elems)
	}
	return out, nil
}

func listsSymmetricDifference(a *args) (value.Value, error) {
	lists := a.setLists()
	out := distinct(always, lists[0])
	for _, l := range lists[1:] {
		out = distinct(inOne(out.Elems, l), out.Elems, l)
	}
	return out, nil
}

// hashedSet gives the elements of an argument that must all be hashable.
func (a *args) hashedSet(name string) *valueSet {
	s := newSet(a.list(name))
	if len(s.rest) > 0 {
		a.fail("unhashable type: '%s'", s.rest[0].Type())
	}
	return s
}

func containsAll(big, small *valueSet) bool {
	for _, e := range small.hashed.Entries() {
		if !big.has(e.Key) {
			return false
		}
	}
	return true
}

func subsetTest(a *args) (value.Value, error) {
	small, big := a.hashedSet("a"), a.hashedSet("b")
	return value.Bool(containsAll(big, small)), nil
}

func supersetTest(a *args) (value.Value, error) {
	big, small := a.hashedSet("a"), a.hashedSet("b")
	return value.Bool(containsAll(big, small)), nil
}

func containsTest(a *args) (value.Value, error) {
	in, err := pyContains(a.val("seq"), a.val("value"))
	if err != nil {
		return nil, err
	}
	return value.Bool(in), nil
}

// pyContains is Python's "v in container".
func pyContains(container, v value.Value) (bool, error) {
	switch c := container.(type) {
	case value.Mapping:
		if !hashable(v) {
			return false, fmt.Errorf("unhashable type: '%s'", v.Type())
		}
		_, ok, err := c.Get(v)
		return ok, err
	case value.Str, value.Secret:
		sub, ok := value.AsString(v)
		if !ok {
			return false, fmt.Errorf("'in <string>' requires string as left operand, not %s", v.Type())
		}
		s, _ := value.AsString(c)
		return strings.Contains(s, sub), nil
	}
	elems, ok := asSequence(container)
	if !ok {
		return false, fmt.Errorf("argument of type '%s' is not iterable", container.Type())
	}
	return containsValue(elems, v), nil
}

func allTest(a *args) (value.Value, error) {
	for _, v := range a.list("value") {
		if !value.Truth(v) {
			return value.Bool(false), nil
		}
	}
	return value.Bool(true), nil
}

func anyTest(a *args) (value.Value, error) {
	for _, v := range a.list("value") {
		if value.Truth(v) {
			return value.Bool(true), nil
		}
	}
	return value.Bool(false), nil
}

// noUniqueFallback words the failure of an attribute as the filter's own.
func noUniqueFallback(err error) error {
	var undefined *jinja.UndefinedError
	if !errors.As(err, &undefined) {
		return err
	}
	return fmt.Errorf("Jinja2's unique filter failed and we cannot fall back to Ansible's version as it does not support the parameters supplied: %s", undefined.Undefined.Msg)
}

// attributePath follows a dotted attribute as Jinja's attribute arguments do.
func attributePath(a *args, v, path value.Value) (value.Value, error) {
	keys := []value.Value{path}
	if s, ok := value.AsString(path); ok {
		keys = keys[:0]
		for _, part := range strings.Split(s, ".") {
			if n, isInt := atoi(part); isInt {
				keys = append(keys, value.Int(n))
			} else {
				keys = append(keys, value.Str(part))
			}
		}
	}
	for _, k := range keys {
		next, err := a.call.Ctx.GetItem(v, k)
		if err != nil {
			return nil, err
		}
		if v, err = a.call.Ctx.Resolve(next); err != nil {
			return nil, err
		}
		if u, miss := v.(*value.Undefined); miss {
			return nil, &jinja.UndefinedError{Undefined: u}
		}
	}
	return v, nil
}
