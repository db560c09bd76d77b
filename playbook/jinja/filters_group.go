package jinja

import (
	"slices"
	"strings"

	"drover/playbook/value"
)

func filterSum(c *Call) (value.Value, error) {
	var attribute, total value.Value = value.None, value.Int(0)
	vs, err := c.source("attribute?", &attribute, "start?", &total)
	if err != nil {
		return nil, err
	}
	g := c.newGetter(attribute)
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
	g := c.newGetter(attribute)
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
	var also value.Value = value.Bool(false)
	if err := c.Unpack("value", &v, "default_value?", &def, "boolean?", &also); err != nil {
		return nil, err
	}
	if _, isBool := also.(value.Bool); !isBool && !c.Ctx.env.Lenient {
		return nil, TypeErrorf("The 'boolean' argument must be of type 'bool', not '%s'.", also.Type())
	}
	boolean := value.Truth(also)
	if failure(v) != nil {
		return v, nil
	}
	if u, undefined := v.(*value.Undefined); undefined && !u.Plain || boolean && !value.Truth(v) {
		return def, nil
	}
	return v, nil
}
