package jinja

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// sequenceFilters are Jinja2's filters on sequences and mappings. Those that
// are lazy look only at the elements they need.
var sequenceFilters = []*Func{
	{Name: "length", Lazy: true, Call: filterLength},
	{Name: "first", Lazy: true, Call: func(c *Call) (value.Value, error) { return edge(c, true) }},
	{Name: "last", Lazy: true, Call: func(c *Call) (value.Value, error) { return edge(c, false) }},
	{Name: "random", Call: filterRandom, Impure: true},
	{Name: "list", Call: func(c *Call) (value.Value, error) {
		var vs []value.Value
		err := c.Unpack("value", &vs)
		return value.NewList(slices.Clone(vs)...), err
	}},
	{Name: "items", Call: filterItems},
	{Name: "reverse", Call: filterReverse},
	{Name: "batch", Call: filterBatch},
	{Name: "slice", Call: filterSlice},
	{Name: "join", Lazy: true, Call: filterJoin},
	{Name: "sort", Lazy: true, Call: filterSort},
	{Name: "dictsort", Call: filterDictSort},
	{Name: "unique", Lazy: true, Call: filterUnique},
	{Name: "min", Lazy: true, Call: func(c *Call) (value.Value, error) { return extreme(c, -1) }},
	{Name: "max", Lazy: true, Call: func(c *Call) (value.Value, error) { return extreme(c, 1) }},
	{Name: "sum", Lazy: true, Call: filterSum},
	{Name: "groupby", Lazy: true, Call: filterGroupBy},
	{Name: "attr", Lazy: true, Call: filterAttr},
	{Name: "default", Lazy: true, quick: true, Call: filterDefault},
}

// filterAliases are other names of filters.
var filterAliases = map[string]string{"count": "length", "d": "default", "e": "escape"}

// source unpacks a lazy filter's arguments and gives the elements of the first,
// which must be defined.
func (c *Call) source(pairs ...any) ([]value.Value, error) {
	if u := firstUndefined(c.Args, c.Kwargs); u != nil {
		return nil, &UndefinedError{u}
	}
	var v value.Value
	if err := c.Unpack(append([]any{"value", &v}, pairs...)...); err != nil {
		return nil, err
	}
	return c.Ctx.elements(v)
}

// used reports the first undefined value.
func used(vs ...value.Value) error {
	for _, v := range vs {
		if u, ok := v.(*value.Undefined); ok && !u.Plain {
			return &UndefinedError{u}
		}
	}
	return nil
}

func filterLength(c *Call) (value.Value, error) {
	var v value.Value
	if err := c.Unpack("value", &v); err != nil {
		return nil, err
	}
	switch s := v.(type) {
	case *value.Undefined:
		if s.Plain {
			return value.Int(0), nil
		}
		return s, nil
	case value.Str, value.Secret:
		text, _ := value.AsString(s)
		return value.Int(len([]rune(text))), nil
	case value.Bytes:
		return value.Int(len(s)), nil
	case interface{ Len() int }:
		return value.Int(s.Len()), nil
	}
	return nil, TypeErrorf("object of type '%s' has no len()", v.Type())
}

// edge gives the first or last element.
func edge(c *Call, first bool) (value.Value, error) {
	var v value.Value
	if err := c.Unpack("value", &v); err != nil {
		return nil, err
	}
	if err := used(v); err != nil {
		return nil, err
	}
	n := -1
	if s, ok := v.(value.Sequence); ok {
		if n = s.Len(); n > 0 {
			i := 0
			if !first {
				i = n - 1
			}
			return c.Ctx.forced(s.Index(i), nil)
		}
	} else {
		vs, err := c.Ctx.elements(v)
		if err != nil {
			return nil, err
		}
		if n = len(vs); n > 0 && first {
			return vs[0], nil
		} else if n > 0 {
			return vs[n-1], nil
		}
	}
	which := "last"
	if first {
		which = "first"
	}
	return &value.Undefined{Name: which, Msg: "No " + which + " item, sequence was empty."}, nil
}

func filterRandom(c *Call) (value.Value, error) {
	var vs []value.Value
	if err := c.Unpack("seq", &vs); err != nil {
		return nil, err
	}
	if len(vs) == 0 {
		return &value.Undefined{Name: "random", Msg: "No random item, sequence was empty."}, nil
	}
	return vs[rand.IntN(len(vs))], nil
}

func filterItems(c *Call) (value.Value, error) {
	var m value.Value
	if err := c.Unpack("value", &m); err != nil {
		return nil, err
	}
	if _, ok := m.(value.Mapping); !ok {
		return nil, TypeErrorf("Can only get item pairs from a mapping.")
	}
	return dictItems(&Call{Args: []value.Value{m}, Ctx: c.Ctx})
}

func filterReverse(c *Call) (value.Value, error) {
	var v value.Value
	if err := c.Unpack("value", &v); err != nil {
		return nil, err
	}
	if s, ok := value.AsString(v); ok {
		r := []rune(s)
		slices.Reverse(r)
		return value.Str(string(r)), nil
	}
	vs, err := c.Ctx.elements(v)
	if err != nil {
		return nil, valueErrorf("argument must be iterable")
	}
	vs = slices.Clone(vs)
	slices.Reverse(vs)
	return value.NewList(vs...), nil
}

func filterBatch(c *Call) (value.Value, error) {
	n := 0
	fill := value.None
	vs, err := c.source("linecount", &n, "fill_with?", &fill)
	if err != nil {
		return nil, err
	}
	out := value.NewList()
	var part []value.Value
	for _, v := range vs {
		if len(part) == n {
			out.Append(value.NewList(part...))
			part = nil
		}
		part = append(part, v)
	}
	if len(part) == 0 {
		return out, nil
	}
	if fill != value.None && len(part) < n {
		if n > c.Ctx.lim.Range {
			return nil, c.Ctx.tooLong()
		}
		for len(part) < n {
			part = append(part, fill)
		}
	}
	out.Append(value.NewList(part...))
	return out, nil
}

func filterSlice(c *Call) (value.Value, error) {
	n := 0
	fill := value.None
	vs, err := c.source("slices", &n, "fill_with?", &fill)
	if err != nil {
		return nil, err
	}
	switch {
	case n == 0:
		return nil, errors.New("integer division or modulo by zero")
	case n > c.Ctx.lim.Range:
		return nil, c.Ctx.tooLong()
	}
	out := value.NewList()
	size, extra := len(vs)/max(n, 1), len(vs)%max(n, 1)
	at := 0
	for i := range max(n, 0) {
		k := size
		if i < extra {
			k++
		}
		part := slices.Clone(vs[at : at+k])
		at += k
		if fill != value.None && i >= extra {
			part = append(part, fill)
		}
		out.Append(value.NewList(part...))
	}
	return out, nil
}

// getter gives the attribute of an item that filters are told by name:
// "a.b.0". An undefined one becomes the default when there is one.
type getter struct {
	c    *Context
	path []value.Value
	def  value.Value // nil without
}

func (c *Context) newGetter(attribute value.Value) getter {
	g := getter{c: c}
	switch a := attribute.(type) {
	case nil:
	case value.Str, value.Secret:
		for _, part := range strings.Split(value.String(a), ".") {
			if n, err := strconv.Atoi(part); err == nil && n >= 0 {
				g.path = append(g.path, value.Int(n))
			} else {
				g.path = append(g.path, value.Str(part))
			}
		}
	default:
		if a != value.None {
			g.path = []value.Value{a}
		}
	}
	return g
}

func (g getter) get(v value.Value) (value.Value, error) {
	for _, key := range g.path {
		var err error
		if v, err = g.c.GetItem(v, key); err != nil {
			return nil, err
		}
		if _, undefined := v.(*value.Undefined); undefined && g.def != nil {
			v = g.def
		}
	}
	return v, nil
}

// ignoreCase lowers text.
func ignoreCase(v value.Value) value.Value {
	if s, ok := value.AsString(v); ok {
		return value.Str(strings.ToLower(s))
	}
	return v
}

func filterJoin(c *Call) (value.Value, error) {
	var sep, attribute value.Value = value.Str(""), value.None
	vs, err := c.source("d?", &sep, "attribute?", &attribute)
	if err != nil {
		return nil, err
	}
	g := c.Ctx.newGetter(attribute)
	var b strings.Builder
	secret := value.IsSecret(sep)
	between := value.String(sep)
	for i, v := range vs {
		if v, err = g.get(v); err == nil {
			err = used(v)
		}
		if err == nil {
			v, err = c.Ctx.settleStrict(v)
		}
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(between)
		}
		secret = secret || value.IsSecret(v)
		b.WriteString(value.String(v))
		if err := c.Ctx.fits(b.Len()); err != nil {
			return nil, err
		}
	}
	if secret {
		return value.Secret(b.String()), nil
	}
	return value.Str(b.String()), nil
}

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
	if !slices.ContainsFunc(ks, func(k keyed) bool { _, ok := k.key.(value.Str); return !ok }) {
		slices.SortStableFunc(ks, func(a, b keyed) int {
			n := strings.Compare(string(a.key.(value.Str)), string(b.key.(value.Str)))
			if reverse {
				return -n
			}
			return n
		})
		for i := range ks {
			vs[i] = ks[i].val
		}
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

func filterSort(c *Call) (value.Value, error) {
	reverse, caseSensitive := false, false
	attribute := value.None
	vs, err := c.source("reverse?", &reverse, "case_sensitive?", &caseSensitive, "attribute?", &attribute)
	if err != nil {
		return nil, err
	}
	vs = slices.Clone(vs)
	key := c.Ctx.sortKey(attribute, caseSensitive)
	if err := c.Ctx.sortBy(vs, key, reverse); err != nil {
		return nil, err
	}
	return value.NewList(vs...), nil
}

// sortKey gives what to sort by: the item, or a list of attributes named
// "a,b.c".
func (c *Context) sortKey(attribute value.Value, caseSensitive bool) func(value.Value) (value.Value, error) {
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
	key := c.Ctx.sortKey(attribute, caseSensitive)
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
	key := c.Ctx.sortKey(attribute, caseSensitive)
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

func filterSum(c *Call) (value.Value, error) {
	var attribute, total value.Value = value.None, value.Int(0)
	vs, err := c.source("attribute?", &attribute, "start?", &total)
	if err != nil {
		return nil, err
	}
	g := c.Ctx.newGetter(attribute)
	if _, ok := value.AsString(total); ok {
		return nil, TypeErrorf("sum() can't sum strings [use ''.join(seq) instead]")
	}
	for _, v := range vs {
		if v, err = g.get(v); err == nil {
			err = used(v)
		}
		if err == nil {
			total, err = c.Ctx.binary(opAdd, total, v)
		}
		if err != nil {
			return nil, err
		}
	}
	return total, nil
}

// groupTuple is one group of groupby: a tuple with named elements.
type groupTuple struct{ grouper, list value.Value }

// Type implements value.Value.
func (groupTuple) Type() string { return "_GroupTuple" }

// Len implements value.Sequence.
func (groupTuple) Len() int { return 2 }

// Index implements value.Sequence.
func (g groupTuple) Index(i int) value.Value {
	if i == 0 {
		return g.grouper
	}
	return g.list
}

// Attr implements value.HasAttrs.
func (g groupTuple) Attr(name string) (value.Value, bool, error) {
	switch name {
	case "grouper":
		return g.grouper, true, nil
	case "list":
		return g.list, true, nil
	}
	return nil, false, nil
}

// Equal compares with any tuple.
func (g groupTuple) Equal(other value.Value) bool {
	if o, ok := other.(groupTuple); ok {
		other = value.Tuple{o.grouper, o.list}
	}
	return value.Equal(value.Tuple{g.grouper, g.list}, other)
}

// Str implements value.Stringer.
func (g groupTuple) Str() string { return g.Repr() }

// Repr implements value.Stringer.
func (g groupTuple) Repr() string { return value.Repr(value.Tuple{g.grouper, g.list}) }

func filterGroupBy(c *Call) (value.Value, error) {
	// The default is accepted and, as in the original, never used: a missing
	// attribute fails first.
	var attribute, unused value.Value
	caseSensitive := false
	vs, err := c.source("attribute", &attribute, "default?", &unused, "case_sensitive?", &caseSensitive)
	if err != nil {
		return nil, err
	}
	g := c.Ctx.newGetter(attribute)
	key := func(v value.Value) (value.Value, error) {
		k, err := g.get(v)
		if err == nil && !caseSensitive {
			k = ignoreCase(k)
		}
		return k, err
	}
	vs = slices.Clone(vs)
	if err := c.Ctx.sortBy(vs, key, false); err != nil {
		return nil, err
	}
	out := value.NewList()
	var last value.Value
	for _, v := range vs {
		k, err := key(v)
		if err != nil {
			return nil, err
		}
		if last == nil || !value.Equal(last, k) {
			shown, err := g.get(v)
			if err != nil {
				return nil, err
			}
			out.Append(groupTuple{shown, value.NewList()})
		}
		last = k
		out.Elems[len(out.Elems)-1].(groupTuple).list.(*value.List).Append(v)
	}
	return out, nil
}

func filterAttr(c *Call) (value.Value, error) {
	var v value.Value
	name := ""
	if err := c.Unpack("obj", &v, "name", &name); err != nil {
		return nil, err
	}
	if err := used(v); err != nil {
		return nil, err
	}
	if strings.HasPrefix(name, "_") && hasDunder(v, name) {
		return unsafeAttr(v, name), nil
	}
	a, ok, err := attribute(v, name)
	if err != nil || ok {
		return a, err
	}
	return missing(v, value.Str(name)), nil
}

func filterDefault(c *Call) (value.Value, error) {
	var v, def value.Value = nil, value.Str("")
	boolean := false
	if err := c.Unpack("value", &v, "default_value?", &def, "boolean?", &boolean); err != nil {
		return nil, err
	}
	if u, undefined := v.(*value.Undefined); undefined && !u.Plain || boolean && !value.Truth(v) {
		return def, nil
	}
	return v, nil
}
