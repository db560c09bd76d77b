package jinja

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

// sequenceFilters are Jinja2's filters on sequences and mappings. Those that
// are lazy look only at the elements they need.
var sequenceFilters = []*Func{
	{Name: "length", Lazy: true, Call: filterLength},
	{Name: "first", Lazy: true, Call: func(c *Call) (value.Value, error) { return edge(c, true) }},
	{Name: "last", Lazy: true, Call: func(c *Call) (value.Value, error) { return edge(c, false) }},
	{Name: "random", Call: filterRandom, Impure: true},
	{Name: "list", Lazy: true, Call: filterList},
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

// filterList gives the elements; of a dict, whose keys they are, no value is
// looked at.
func filterList(c *Call) (value.Value, error) {
	vs, err := c.source()
	if err != nil {
		return nil, err
	}
	if _, isMapping := c.Args[0].(value.Mapping); !isMapping {
		if v, err := c.Ctx.settleStrict(value.NewList(vs...)); err != nil {
			return nil, err
		} else if l, ok := v.(*value.List); ok {
			vs = l.Elems
		}
	}
	return value.NewList(slices.Clone(vs)...), nil
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
	var count value.Value
	fill := value.None
	vs, err := c.source("linecount", &count, "fill_with?", &fill)
	if err != nil {
		return nil, err
	}
	n := -1 // no number: all in one batch
	if isNumber(count) {
		f, _ := value.AsFloat(count)
		if f == math.Trunc(f) && math.Abs(f) < math.MaxInt32 {
			n = int(f)
		}
	} else if fill != value.None && len(vs) > 0 {
		return nil, TypeErrorf("'<' not supported between instances of 'int' and '%s'", count.Type())
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

func sliceCount(v value.Value) (int, error) {
	n, ok := value.AsInt(v)
	if !ok {
		return 0, TypeErrorf("slice(): argument 'slices' must be an integer, not '%s'", v.Type())
	}
	return int(n), nil
}

func filterSlice(c *Call) (value.Value, error) {
	n := 0
	fill := value.None
	var count value.Value
	vs, err := c.source("slices", &count, "fill_with?", &fill)
	if err == nil {
		n, err = sliceCount(count)
	}
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
	site callSite    // of the filter
}

func (c *Call) newGetter(attribute value.Value) getter {
	g := getter{c: c.Ctx, site: c.site}
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
		of := v
		var err error
		if v, err = g.c.GetItem(of, key); err != nil {
			return nil, err
		}
		u, undefined := v.(*value.Undefined)
		switch {
		case undefined && g.def != nil:
			v = g.def
		case undefined && u.Explain == nil && !u.Pos.Known():
			miss := *u
			miss.Explain = func() (source.Pos, string) { return g.site.exactly(), keysHint(of, miss.Name) }
			v = &miss
		}
	}
	return v, nil
}

// shownKeys is how many keys a hint lists.
const shownKeys = 12

// keysHint says which keys a dict has that lacks one.
func keysHint(v value.Value, name string) string {
	m, ok := v.(value.Mapping)
	if !ok || m.Len() == 0 {
		return ""
	}
	var names []string
	for _, k := range m.Keys() {
		names = append(names, value.String(k))
	}
	hint := "that item has " + strings.Join(names[:min(len(names), shownKeys)], ", ")
	if len(names) > shownKeys {
		hint += ", …"
	}
	return hint + didYouMean(name, names)
}

// ignoreCase lowers text.
func ignoreCase(v value.Value) value.Value {
	if s, ok := value.AsString(v); ok {
		return value.Str(lowerPython(s))
	}
	return v
}

func filterJoin(c *Call) (value.Value, error) {
	var sep, attribute value.Value = value.Str(""), value.None
	vs, err := c.source("d?", &sep, "attribute?", &attribute)
	if err != nil {
		return nil, err
	}
	if sep, err = c.Ctx.settleStrict(sep); err != nil {
		return nil, err
	}
	g := c.newGetter(attribute)
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
