package jinja

import (
	"errors"
	"slices"

	"drover/playbook/value"
)

// selectFilters apply other filters and tests to the elements of a sequence.
var selectFilters = []*Func{
	{Name: "map", Lazy: true, Call: filterMap},
	{Name: "select", Lazy: true, Call: func(c *Call) (value.Value, error) { return selectElems(c, false, true) }},
	{Name: "reject", Lazy: true, Call: func(c *Call) (value.Value, error) { return selectElems(c, false, false) }},
	{Name: "selectattr", Lazy: true, Call: func(c *Call) (value.Value, error) { return selectElems(c, true, true) }},
	{Name: "rejectattr", Lazy: true, Call: func(c *Call) (value.Value, error) { return selectElems(c, true, false) }},
}

// operand gives the elements that a filter of filters works on.
func (c *Call) operand() ([]value.Value, error) {
	if u := firstUndefined(c.Args, c.Kwargs); u != nil {
		return nil, &UndefinedError{u}
	}
	if len(c.Args) == 0 {
		return nil, TypeErrorf("%s() missing required argument: 'value'", c.name())
	}
	if !value.Truth(c.Args[0]) {
		return nil, nil // also for 0 and None, as in the original
	}
	return c.Ctx.elements(c.Args[0])
}

// each applies fn to the elements; what fails or is undefined stays an element.
func (c *Context) each(vs []value.Value, fn func(value.Value) (value.Value, error)) (value.Value, error) {
	out := make([]value.Value, len(vs))
	for i, v := range vs {
		r, err := fn(v)
		if err != nil {
			r, err = c.deferred(err)
		}
		if err != nil {
			return nil, err
		}
		out[i] = r
	}
	return value.NewList(out...), nil
}

func filterMap(c *Call) (value.Value, error) {
	vs, err := c.operand()
	if err != nil {
		return nil, err
	}
	if len(c.Args) == 1 {
		if attribute, ok := c.kwarg("attribute"); ok {
			return c.mapAttribute(vs, attribute)
		}
	}
	if len(vs) == 0 {
		return value.NewList(), nil
	}
	if len(c.Args) < 2 {
		return nil, errors.New("map requires a filter argument")
	}
	name, ok := value.AsString(c.Args[1])
	fn := c.Ctx.env.filter(name)
	if !ok || fn == nil {
		return nil, valueErrorf("%s", "No filter named "+value.Repr(c.Args[1])+"."+suggestFunc(name, c.Ctx.env.Filters))
	}
	rest := c.Args[1:]
	if fn.text != nil && len(rest) == 1 && len(c.Kwargs) == 0 && allText(vs) {
		return mapText(vs, fn.text), nil
	}
	call := &Call{Func: fn, Args: make([]value.Value, len(rest)), Ctx: c.Ctx, Pos: c.Pos}
	return c.Ctx.each(vs, func(v value.Value) (value.Value, error) {
		copy(call.Args, rest)
		call.Args[0], call.Kwargs = v, slices.Clone(c.Kwargs)
		r, err := c.Ctx.callFunc(fn, call)
		return r, c.Ctx.pluginError("filter", fn.Name, err)
	})
}

func allText(vs []value.Value) bool {
	return !slices.ContainsFunc(vs, func(v value.Value) bool { _, ok := v.(value.Str); return !ok })
}

func mapText(vs []value.Value, fn func(string) string) value.Value {
	out := make([]value.Value, len(vs))
	for i, v := range vs {
		out[i] = value.Str(fn(string(v.(value.Str))))
	}
	return value.NewList(out...)
}

func (c *Call) mapAttribute(vs []value.Value, attribute value.Value) (value.Value, error) {
	g := c.newGetter(attribute)
	for _, k := range c.Kwargs {
		switch k.Name {
		case "default":
			g.def = k.Val
		case "attribute":
		default:
			return nil, TypeErrorf("Unexpected keyword argument %s", value.Repr(value.Str(k.Name)))
		}
	}
	return c.Ctx.each(vs, g.get)
}

// selectElems keeps the elements for which a test says want.
func selectElems(c *Call, byAttr, want bool) (value.Value, error) {
	vs, err := c.operand()
	if err != nil {
		return nil, err
	}
	args := c.Args[1:]
	g := getter{c: c.Ctx}
	if byAttr {
		switch {
		case len(args) == 0 && len(vs) == 0:
			return value.NewList(), nil
		case len(args) == 0:
			return nil, valueErrorf("Missing parameter for attribute name")
		}
		g = c.newGetter(args[0])
		args = args[1:]
	}
	passes, err := c.testOf(args)
	if err != nil && len(vs) > 0 {
		return nil, err
	}
	out := &value.List{Elems: make([]value.Value, 0, len(vs))}
	for _, v := range vs {
		x, err := g.get(v)
		if err != nil {
			return nil, err
		}
		ok, err := passes(x)
		if err != nil {
			return nil, err
		}
		if ok == want {
			out.Append(v)
		}
	}
	return out, nil
}

// testOf gives the test named by args[0] with the rest as its arguments, or that
// for truth without one.
func (c *Call) testOf(args []value.Value) (func(x value.Value) (bool, error), error) {
	if len(args) == 0 {
		return func(x value.Value) (bool, error) { return value.Truth(x), used(x) }, nil
	}
	name, ok := value.AsString(args[0])
	fn := c.Ctx.env.test(name)
	switch {
	case ok && fn != nil:
	case c.Ctx.env.Lenient:
		return nil, valueErrorf("TemplateSyntaxError: Could not load \"%s\": 'invalid plugin name: ansible.builtin.%s'", name, name)
	default:
		return nil, valueErrorf("%s", "No test named "+value.Repr(args[0])+"."+suggestFunc(name, c.Ctx.env.Tests))
	}
	return func(x value.Value) (bool, error) {
		all := make([]value.Value, 0, len(args))
		all = append(append(all, x), args[1:]...)
		v, err := defined(c.Ctx.runTest(name, fn, all, slices.Clone(c.Kwargs), callSite{}))
		return err == nil && value.Truth(v), err
	}, nil
}
