package jinja

import (
	"errors"
	"fmt"

	"drover/playbook/source"
	"drover/playbook/value"
)

// callable is a value of the engine that can be called.
type callable interface {
	value.Value
	call(c *Call) (value.Value, error)
}

// evaluate gives the values of arguments, after the given first ones.
func (a *args) evaluate(f *frame, first ...value.Value) ([]value.Value, []Kwarg, error) {
	vs := make([]value.Value, len(first), len(first)+len(a.pos))
	copy(vs, first)
	for _, x := range a.pos {
		v, err := x.eval(f)
		if err != nil {
			return nil, nil, err
		}
		vs = append(vs, v)
	}
	var kw []Kwarg
	for i := range a.kw {
		v, err := a.kw[i].x.eval(f)
		if err != nil {
			return nil, nil, err
		}
		kw = append(kw, Kwarg{a.kw[i].name, v})
	}
	if a.star != nil {
		more, err := a.starArgs(f)
		if err != nil {
			return nil, nil, err
		}
		vs = append(vs, more...)
	}
	if a.ds != nil {
		more, err := a.starKwargs(f)
		if err != nil {
			return nil, nil, err
		}
		kw = append(kw, more...)
	}
	return vs, kw, nil
}

func (a *args) starArgs(f *frame) ([]value.Value, error) {
	v, err := evalUsed(a.star, f)
	if err != nil {
		return nil, err
	}
	vs, err := f.c.elements(v)
	if err != nil {
		return nil, f.fail(a.star, err)
	}
	return vs, nil
}

func (a *args) starKwargs(f *frame) ([]Kwarg, error) {
	v, err := evalUsed(a.ds, f)
	if err != nil {
		return nil, err
	}
	m, ok := v.(value.Mapping)
	if !ok {
		return nil, f.fail(a.ds, TypeErrorf("argument after ** must be a mapping, not %s", v.Type()))
	}
	var kw []Kwarg
	for _, k := range m.Keys() {
		name, ok := value.AsString(k)
		if !ok {
			return nil, f.fail(a.ds, TypeErrorf("keywords must be strings"))
		}
		e, _, err := m.Get(k)
		if err == nil {
			e, err = f.force(e)
		}
		if err != nil {
			return nil, err
		}
		kw = append(kw, Kwarg{name, e})
	}
	return kw, nil
}

func (n *callExpr) eval(f *frame) (value.Value, error) {
	fn, err := n.callee(f)
	if err != nil {
		return nil, err
	}
	args, kw, err := n.evaluate(f)
	if err != nil {
		return nil, err
	}
	v, err := f.invoke(n, fn, args, kw)
	if err == nil && n.unseen && n.countsUnseen(f, fn) {
		return value.Int(0), nil
	}
	return v, err
}

// callee gives what is called; a method comes bound to its receiver.
func (n *callExpr) callee(f *frame) (value.Value, error) {
	a, ok := n.fn.(*attrExpr)
	if !ok {
		return n.fn.eval(f)
	}
	x, err := a.x.eval(f)
	if err != nil {
		return nil, err
	}
	if m := methodOf(x, a.name); m != nil {
		return &method{recv: x, fn: m}, nil
	}
	v, err := f.c.getAttr(x, a.name)
	if err != nil {
		return nil, f.fail(a, err)
	}
	return f.located(a, v)
}

// invoke calls fn; a result that can't be had is an undefined value. Lists and
// dicts of the template's own are copied: what is called can't change them.
func (f *frame) invoke(n expr, fn value.Value, args []value.Value, kw []Kwarg) (value.Value, error) {
	if f.c.copies {
		copied := ownCopy
		if _, isMethod := fn.(*method); isMethod {
			copied = unowned // it looks at none of the elements
		}
		for i := range args {
			args[i] = copied(args[i])
		}
		for i := range kw {
			kw[i].Val = copied(kw[i].Val)
		}
	}
	v, err := f.c.callValue(fn, args, kw, callSite{f.tpl, n.offset()})
	if err != nil {
		return f.c.deferred(f.fail(n, err))
	}
	return f.handedOn(v), nil
}

// handedOn gives what a call or a filter gave: of a list or dict that the
// template wrote down itself, a copy, where that may tell.
func (f *frame) handedOn(v value.Value) value.Value {
	if f.c.copies {
		return unowned(v)
	}
	return v
}

// callSite is the place of a call, worked out when somebody asks.
type callSite struct {
	tpl *template
	off int
}

func (s callSite) pos() source.Pos {
	if s.tpl == nil {
		return source.Pos{}
	}
	return s.tpl.place.pos
}

// exactly gives the place of the call in its template.
func (s callSite) exactly() source.Pos {
	if s.tpl == nil {
		return source.Pos{}
	}
	return s.tpl.position(s.off)
}

// callValue calls a function, macro or method.
func (c *Context) callValue(fn value.Value, args []value.Value, kw []Kwarg, site callSite) (value.Value, error) {
	switch fn := fn.(type) {
	case *value.Undefined:
		if fn.Plain {
			return nil, fmt.Errorf("%s", fn.Msg)
		}
		return fn, nil
	case *macro:
		return fn.invoke(args, kw)
	case *Func:
		return c.callFunc(fn, &Call{Func: fn, Args: args, Kwargs: kw, Ctx: c, Pos: site.pos(), site: site})
	case *method:
		return c.callMethod(fn, args, kw, site)
	case callable:
		if u := firstUndefined(args, kw); u != nil {
			return u, nil
		}
		return fn.call(&Call{Args: args, Kwargs: kw, Ctx: c, Pos: site.pos(), site: site})
	}
	return nil, TypeErrorf("'%s' object is not callable", fn.Type())
}

func firstUndefined(args []value.Value, kw []Kwarg) *value.Undefined {
	for _, a := range args {
		if u, ok := a.(*value.Undefined); ok && !u.Plain {
			return u
		}
	}
	for _, k := range kw {
		if u, ok := k.Val.(*value.Undefined); ok && !u.Plain {
			return u
		}
	}
	return nil
}

// callFunc calls a Func with its arguments prepared as it wants them, and
// keeps secrets secret.
func (c *Context) callFunc(fn *Func, call *Call) (value.Value, error) {
	if !fn.Lazy {
		if u := firstUndefined(call.Args, call.Kwargs); u != nil && !(fn.minding && c.env.Lenient) {
			return u, nil
		}
		if err := c.settleArgs(call); err != nil {
			if refused := c.refusal(call); refused != nil {
				err = refused
			}
			return nil, err
		}
	}
	if c.run.trust != nil && fn.Impure {
		c.run.trust.tainted = true
	}
	v, err := fn.Call(call)
	if err != nil {
		if u := undefinedAmid(call, err); u != nil {
			return u, nil
		}
		return nil, err
	}
	return taint(v, call.Args, call.Kwargs), nil
}

// undefinedAmid gives the undefined value among the wrong arguments of a lazy
// filter or test: it matters more than what is wrong with them.
func undefinedAmid(call *Call, err error) value.Value {
	var wrong *TypeError
	var told *PluginError
	if !errors.As(err, &wrong) || errors.As(err, &told) || !call.Func.Lazy || call.Func.quick {
		return nil
	}
	if u := firstUndefined(call.Args, call.Kwargs); u != nil {
		return u
	}
	return nil
}

func (c *Context) settleArgs(call *Call) error {
	for i, a := range call.Args {
		if !mayHoldTemplates(a) {
			continue
		}
		v, err := c.settleStrict(a)
		if err != nil {
			return err
		}
		call.Args[i] = v
	}
	for i, k := range call.Kwargs {
		v, err := c.settleStrict(k.Val)
		if err != nil {
			return err
		}
		call.Kwargs[i].Val = v
	}
	return nil
}

// settleStrict is settle with an UndefinedError for elements that are
// undefined.
func (c *Context) settleStrict(v value.Value) (value.Value, error) {
	if !mayHoldTemplates(v) {
		return v, nil
	}
	v, err := c.settle(v, 0)
	if err == nil {
		if u := undefinedIn(v); u != nil {
			return nil, &UndefinedError{u}
		}
	}
	return v, err
}

func undefinedIn(v value.Value) *value.Undefined {
	switch v := v.(type) {
	case *value.Undefined:
		if !v.Plain {
			return v
		}
	case *value.List:
		return undefinedAmong(v.Elems)
	case value.Tuple:
		return undefinedAmong(v)
	case *value.Dict:
		for _, e := range v.Entries() {
			if u := undefinedIn(e.Val); u != nil {
				return u
			}
		}
	}
	return nil
}

func undefinedAmong(vs []value.Value) *value.Undefined {
	for _, e := range vs {
		if u := undefinedIn(e); u != nil {
			return u
		}
	}
	return nil
}
