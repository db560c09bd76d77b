package jinja

import "drover/playbook/value"

// maybe is an expression that can tell that its value is not there without
// making an undefined value of it, for "x | default(y)" and "x is defined".
type maybe interface {
	expr
	evalMaybe(f *frame) (v value.Value, ok bool, err error)
}

func (n *nameExpr) evalMaybe(f *frame) (value.Value, bool, error) {
	v, ok, err := n.find(f)
	if !ok || err != nil {
		return nil, false, err
	}
	return present(v, nil)
}

func (n *attrExpr) evalMaybe(f *frame) (value.Value, bool, error) {
	if f.c.exacting {
		return present(n.eval(f))
	}
	var x value.Value
	var ok bool
	var err error
	if m, can := n.x.(maybe); can {
		x, ok, err = m.evalMaybe(f)
	} else {
		x, ok, err = present(n.x.eval(f))
	}
	if err != nil || !ok {
		return nil, false, err
	}
	v, ok, err := n.find(x)
	if undefinedOf(err) != nil {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, f.fail(n, err)
	}
	if !ok {
		return nil, false, nil
	}
	return present(f.force(v))
}

// present tells whether a value is there; one that stands for a failure is.
func present(v value.Value, err error) (value.Value, bool, error) {
	if u, ok := v.(*value.Undefined); ok && !u.Plain && u.Err == nil {
		return nil, false, err
	}
	return v, err == nil && v != nil, err
}

// shortcut evaluates "x | default(y)", "x is defined" and "x is undefined"
// without a call; done is false for other forms.
func (a *args) shortcut(f *frame, x expr, name string) (v value.Value, done bool, err error) {
	m, can := x.(maybe)
	if !can || len(a.pos) > 1 || a.kw != nil || a.star != nil || a.ds != nil {
		return nil, false, nil
	}
	v, ok, err := m.evalMaybe(f)
	_, plain := v.(*value.Undefined)
	switch {
	case err != nil:
		return nil, true, err
	case failure(v) != nil:
		return v, true, nil
	case name == "defined":
		return value.Bool(ok && !plain), true, nil
	case name == "undefined":
		return value.Bool(!ok || plain), true, nil
	case ok:
		v, err = f.c.listed(v)
		return v, true, err
	case len(a.pos) == 0:
		return value.Str(""), true, nil
	}
	if v, err = a.pos[0].eval(f); err == nil {
		v, err = f.c.listed(v)
	}
	return v, true, err
}

// quickName names what shortcut can do for a function, "" for most.
func quickName(fn *Func) string {
	if fn != nil && fn.quick {
		return fn.Name
	}
	return ""
}
