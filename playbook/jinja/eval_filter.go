package jinja

import (
	"errors"

	"drover/playbook/source"
	"drover/playbook/value"
)

func (n *filterExpr) eval(f *frame) (value.Value, error) {
	if n.quick != "" {
		if v, done, err := n.shortcut(f, n.x, n.quick); done {
			return f.handedOn(v), err
		}
	}
	x, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	if f.c.env.Lenient && isText(x) && plain(n.name) == "type_debug" {
		return value.Str(f.c.textClass(n.x)), nil
	}
	return n.apply(f, x)
}

// apply calls the filter on a value.
func (n *filterExpr) apply(f *frame, x value.Value) (value.Value, error) {
	if s, ok := x.(value.Str); ok && n.text != nil {
		return value.Str(n.text(string(s))), nil
	}
	args, kw, err := n.evaluate(f, x)
	if err != nil {
		return nil, err
	}
	v, err := f.c.runFilter(n.name, n.fn, args, kw, callSite{f.tpl, n.offset()})
	if err != nil {
		return f.c.deferred(f.fail(n, err))
	}
	return f.handedOn(v), nil
}

// runFilter calls the filter fn of that name, nil when there is none.
func (c *Context) runFilter(name string, fn *Func, args []value.Value, kw []Kwarg, site callSite) (value.Value, error) {
	if fn == nil {
		return nil, errors.New("No filter named '" + name + "'." + suggestFunc(name, c.env.Filters))
	}
	v, err := c.callFunc(fn, &Call{Func: fn, Args: args, Kwargs: kw, Ctx: c, Pos: site.pos(), site: site})
	if err == nil {
		v, err = c.listed(v)
	}
	return v, c.pluginError("filter", fn.Name, err)
}

// listed makes a list of a range: what filters and macros give is no iterator.
func (c *Context) listed(v value.Value) (value.Value, error) {
	r, ok := v.(*rangeValue)
	if !ok || c.env.Lenient {
		return v, nil
	}
	elems, err := r.all(c)
	return &value.List{Elems: elems}, err
}

// pluginError says which plugin failed, except for what is not its fault.
// Before 2.19 only the plugin spoke.
func (c *Context) pluginError(kind, name string, err error) error {
	if err == nil {
		return nil
	}
	var undef *UndefinedError
	var inner *PluginError
	var placed *source.Error
	if errors.As(err, &undef) || errors.As(err, &inner) || errors.As(err, &placed) {
		return err
	}
	return &PluginError{Plugin: kind, Name: name, Err: err, Bare: c.env.Lenient}
}

// marksSafe are the filters whose results "is escaped" accepts. Text carries no
// mark that it is safe HTML, so the test looks at the filter just before it.
var marksSafe = map[string]bool{"escape": true, "e": true, "forceescape": true, "safe": true, "urlize": true, "xmlattr": true, "tojson": true}

func (n *testExpr) eval(f *frame) (value.Value, error) {
	if src, ok := n.x.(*filterExpr); ok && plain(n.name) == "escaped" && marksSafe[plain(src.name)] {
		return value.Bool(true), nil
	}
	if n.quick != "" {
		if v, done, err := n.shortcut(f, n.x, n.quick); done && (err != nil || len(n.pos) == 0) {
			return v, err
		}
	}
	x, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	args, kw, err := n.evaluate(f, x)
	if err != nil {
		return nil, err
	}
	v, err := f.c.runTest(n.name, n.fn, args, kw, callSite{f.tpl, n.offset()})
	if err != nil {
		return f.c.deferred(f.fail(n, err))
	}
	return v, nil
}

// runTest calls the test fn of that name, nil when there is none; its result is
// a boolean or an undefined value.
func (c *Context) runTest(name string, fn *Func, args []value.Value, kw []Kwarg, site callSite) (value.Value, error) {
	if fn == nil {
		return nil, errors.New("No test named '" + name + "'." + suggestFunc(name, c.env.Tests))
	}
	v, err := c.callFunc(fn, &Call{Func: fn, Args: args, Kwargs: kw, Ctx: c, Pos: site.pos(), site: site})
	if err != nil {
		return nil, c.pluginError("test", fn.Name, err)
	}
	if u, ok := v.(*value.Undefined); ok {
		if c.env.Lenient && u.Err == nil && kindTests[fn.Name] {
			c.lenientOn(site.exactly(), "the test '"+fn.Name+"' is asked of something undefined", "ask 'is defined' first")
			return value.Bool(false), nil
		}
		return u, nil
	}
	return value.Bool(value.Truth(v)), nil
}

// kindTests are tests that an undefined value did not meet, instead of being
// an error, before 2.19.
var kindTests = map[string]bool{
	"true": true, "false": true, "none": true, "boolean": true, "integer": true, "float": true,
	"number": true, "string": true, "mapping": true, "callable": true, "sameas": true,
}

// CallFilter calls a filter by name; an undefined result is an error.
func (c *Context) CallFilter(name string, args ...value.Value) (value.Value, error) {
	return defined(c.runFilter(name, c.env.filter(name), args, nil, callSite{}))
}

// CallTest calls a test by name.
func (c *Context) CallTest(name string, args ...value.Value) (bool, error) {
	v, err := defined(c.runTest(name, c.env.test(name), args, nil, callSite{}))
	return err == nil && value.Truth(v), err
}

// CallFunc calls a function value: a *Func, a macro, a method.
func (c *Context) CallFunc(fn value.Value, args []value.Value, kw []Kwarg) (value.Value, error) {
	return defined(c.callValue(fn, args, kw, callSite{}))
}

// defined makes an undefined value an error.
func defined(v value.Value, err error) (value.Value, error) {
	v, err = surfaced(v, err)
	if u, ok := v.(*value.Undefined); ok && err == nil && !u.Plain {
		return nil, &UndefinedError{u}
	}
	return v, err
}
