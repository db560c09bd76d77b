package jinja

import (
	"errors"
	"strings"
	"unicode/utf8"

	"drover/playbook/value"
)

// GetAttr gives v.name as a template does: an attribute or method, else the
// item of that name. A miss is an *value.Undefined.
func (c *Context) GetAttr(v value.Value, name string) (value.Value, error) {
	return surfaced(c.forced(c.getAttr(v, name)))
}

// GetItem gives v[key] as a template does: the item, else the attribute of
// that name. A miss is an *value.Undefined.
func (c *Context) GetItem(v, key value.Value) (value.Value, error) {
	return surfaced(c.forced(c.getItem(v, key)))
}

// forced evaluates v when it is a template.
func (c *Context) forced(v value.Value, err error) (value.Value, error) {
	if t, ok := v.(*value.Template); ok && err == nil {
		return c.resolveTemplate(t)
	}
	return v, err
}

// getAttr gives an attribute; the value may still be a template.
func (c *Context) getAttr(v value.Value, name string) (value.Value, error) {
	a, ok, err := findAttr(v, name)
	if err != nil || ok {
		return a, err
	}
	return missedAttr(v, name), nil
}

// missedAttr makes the undefined value of an attribute that is not there.
func missedAttr(v value.Value, name string) *value.Undefined {
	if strings.HasPrefix(name, "_") && hasDunder(v, name) {
		return unsafeAttr(v, name)
	}
	return missing(v, value.Str(name))
}

// findAttr looks for an attribute, then for an item of that name.
func findAttr(v value.Value, name string) (value.Value, bool, error) {
	if u, ok := v.(*value.Undefined); ok {
		return u, true, plainMiss(u)
	}
	if !strings.HasPrefix(name, "_") {
		a, ok, err := attribute(v, name)
		if err != nil || ok {
			return a, ok, err
		}
	} else if m := methodOf(v, name); m != nil {
		return &method{v, m}, true, nil
	} else if k, ok := v.(class); ok {
		return k.Attr(name)
	}
	if m, ok := v.(value.Mapping); ok {
		return lookupString(m, name)
	}
	return nil, false, nil
}

// plainMiss is the error of looking into what an inline if without else gave.
func plainMiss(u *value.Undefined) error {
	if u.Plain {
		return errors.New(u.Msg)
	}
	return nil
}

func lookupString(m value.Mapping, name string) (value.Value, bool, error) {
	if d, ok := m.(*value.Dict); ok {
		e, ok := d.Lookup(name)
		return e, ok, nil
	}
	return m.Get(value.Str(name))
}

// attribute gives a public attribute or bound method of a value.
func attribute(v value.Value, name string) (value.Value, bool, error) {
	if h, ok := v.(value.HasAttrs); ok {
		a, ok, err := h.Attr(name)
		if err != nil || ok {
			return a, ok, err
		}
	}
	if m := methodOf(v, name); m != nil {
		return &method{v, m}, true, nil
	}
	if a, ok := numberAttr(v, name); ok {
		return a, true, nil
	}
	return nil, false, nil
}

// numberAttr gives the data attributes of Python's numbers.
func numberAttr(v value.Value, name string) (value.Value, bool) {
	switch v := v.(type) {
	case value.Int, *value.BigInt, value.Bool:
		n := v
		if b, ok := v.(value.Bool); ok {
			i, _ := value.AsInt(b)
			n = value.Int(i)
		}
		switch name {
		case "real", "numerator":
			return n, true
		case "imag":
			return value.Int(0), true
		case "denominator":
			return value.Int(1), true
		}
	case value.Float:
		switch name {
		case "real":
			return v, true
		case "imag":
			return value.Float(0), true
		}
	}
	return nil, false
}

// missing makes the undefined value of an attribute or item that is not there.
func missing(v, key value.Value) *value.Undefined {
	return &value.Undefined{
		Name: value.String(key),
		Msg:  "object of type '" + v.Type() + "' has no attribute " + value.Repr(key),
	}
}

func unsafeAttr(v value.Value, name string) *value.Undefined {
	return &value.Undefined{
		Name: name,
		Msg:  "access to attribute '" + name + "' of '" + v.Type() + "' object is unsafe.",
	}
}

// commonDunders are the attributes that every Python object has.
const commonDunders = " __class__ __init__ __dir__ __doc__ __eq__ __ne__ __hash__ __repr__ __str__ __format__ " +
	"__reduce__ __reduce_ex__ __getattribute__ __setattr__ __delattr__ __new__ __sizeof__ " +
	"__init_subclass__ __subclasshook__ __lt__ __le__ __gt__ __ge__ "

const (
	containerDunders = " __len__ __iter__ __getitem__ __contains__ "
	sequenceDunders  = " __add__ __mul__ __rmul__ "
	mutableDunders   = " __setitem__ __delitem__ __reversed__ "
	numberDunders    = " __add__ __sub__ __mul__ __truediv__ __floordiv__ __mod__ __pow__ __abs__ __neg__ __pos__ __bool__ __int__ __float__ __radd__ __rsub__ __rmul__ __divmod__ __round__ __trunc__ __floor__ __ceil__ __invert__ __index__ "
	callableDunders  = " __call__ __name__ __self__ __globals__ __code__ __module__ __qualname__ "
)

// hasDunder reports whether Python's object would have the attribute, which
// decides between two messages only: the value is undefined either way.
func hasDunder(v value.Value, name string) bool {
	all := commonDunders
	switch v.(type) {
	case value.Str, value.Secret, value.Tuple, value.Bytes:
		all += containerDunders + sequenceDunders
	case *value.List:
		all += containerDunders + sequenceDunders + mutableDunders
	case value.Mapping:
		all += containerDunders + mutableDunders
	case value.Int, value.Float, value.Bool, *value.BigInt:
		all += numberDunders
	case *Func, *method, *macro:
		all += callableDunders
	case *selfRef:
		all += containerDunders + " _TemplateReference__context "
	default:
		all += containerDunders
	}
	return strings.Contains(all, " "+name+" ")
}

// getItem gives an item; the value may still be a template.
func (c *Context) getItem(v, key value.Value) (value.Value, error) {
	if u, ok := v.(*value.Undefined); ok {
		return u, plainMiss(u)
	}
	if u, ok := key.(*value.Undefined); ok && !u.Plain {
		return nil, &UndefinedError{u}
	}
	switch v := v.(type) {
	case *value.Dict:
		if e, ok := dictItem(v, key); ok {
			return e, nil
		}
	case value.Mapping:
		e, ok, err := v.Get(key)
		if err != nil || ok {
			return e, err
		}
	case value.Sequence:
		if i, ok := index(key, v.Len()); ok {
			return v.Index(i), nil
		}
	case value.Str:
		if s, ok := runeAt(string(v), key); ok {
			return value.Str(s), nil
		}
	case value.Secret:
		if s, ok := runeAt(string(v), key); ok {
			return value.Secret(s), nil
		}
	case value.Bytes:
		if i, ok := index(key, len(v)); ok {
			return value.Int(v[i]), nil
		}
	}
	return c.itemAsAttr(v, key)
}

func dictItem(d *value.Dict, key value.Value) (value.Value, bool) {
	if s, ok := value.AsString(key); ok {
		return d.Lookup(s)
	}
	if hashable(key, false) != nil {
		return nil, false
	}
	e, ok, _ := d.Get(key)
	return e, ok
}

func (c *Context) itemAsAttr(v, key value.Value) (value.Value, error) {
	name, ok := value.AsString(key)
	if !ok {
		return missing(v, key), nil
	}
	if strings.HasPrefix(name, "_") {
		if hasDunder(v, name) {
			return unsafeAttr(v, name), nil
		}
		return missing(v, key), nil
	}
	a, ok, err := attribute(v, name)
	if err != nil || ok {
		return a, err
	}
	return missing(v, key), nil
}

// index gives the place an integer key means in a sequence of n elements.
func index(key value.Value, n int) (int, bool) {
	i, ok := value.AsInt(key)
	if !ok {
		return 0, false
	}
	if i < 0 {
		i += int64(n)
	}
	return int(i), i >= 0 && i < int64(n)
}

func runeAt(s string, key value.Value) (string, bool) {
	if isASCII(s) {
		if i, ok := index(key, len(s)); ok {
			return s[i : i+1], true
		}
		return "", false
	}
	r := []rune(s)
	if i, ok := index(key, len(r)); ok {
		return string(r[i]), true
	}
	return "", false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// slice gives v[start:stop:step]; parts are integers or None.
func slice(v, start, stop, step value.Value) (value.Value, error) {
	switch v := v.(type) {
	case value.Str:
		return sliceText(string(v), start, stop, step, func(s string) value.Value { return value.Str(s) })
	case value.Secret:
		return sliceText(string(v), start, stop, step, func(s string) value.Value { return value.Secret(s) })
	case value.Bytes:
		vs, err := sliceOf([]byte(v), start, stop, step)
		return value.Bytes(vs), err
	case *value.List:
		vs, err := sliceOf(v.Elems, start, stop, step)
		return &value.List{Elems: vs, Own: v.Own}, err
	case value.Tuple:
		vs, err := sliceOf(v, start, stop, step)
		return value.Tuple(vs), err
	case *rangeValue:
		return v.slice(start, stop, step)
	}
	if _, ok := v.(value.Mapping); ok {
		return nil, TypeErrorf("unhashable type: 'slice'")
	}
	return nil, TypeErrorf("'%s' object is not subscriptable", v.Type())
}

func sliceText(s string, start, stop, step value.Value, make func(string) value.Value) (value.Value, error) {
	if isASCII(s) {
		b, err := sliceOf([]byte(s), start, stop, step)
		return make(string(b)), err
	}
	r, err := sliceOf([]rune(s), start, stop, step)
	return make(string(r)), err
}

// sliceOf is Python's slicing of a Go slice; the result is a copy.
func sliceOf[T any](s []T, start, stop, step value.Value) ([]T, error) {
	from, to, by, err := sliceBounds(len(s), start, stop, step)
	if err != nil {
		return nil, err
	}
	out := []T{}
	if by == 1 {
		if from < to {
			out = append(out, s[from:to]...)
		}
		return out, nil
	}
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		out = append(out, s[i])
	}
	return out, nil
}

// sliceBounds computes the first index, the limit and the step of a slice.
func sliceBounds(n int, start, stop, step value.Value) (from, to, by int, err error) {
	by = 1
	if step != value.None {
		b, err := sliceIndex(step)
		if err != nil {
			return 0, 0, 0, err
		}
		if by = b; by == 0 {
			return 0, 0, 0, valueErrorf("slice step cannot be zero")
		}
	}
	lo, hi := 0, n
	from, to = 0, n
	if by < 0 {
		lo, hi = -1, n-1
		from, to = n-1, -1
	}
	for _, b := range []struct {
		v value.Value
		p *int
	}{{start, &from}, {stop, &to}} {
		if b.v == value.None {
			continue
		}
		i, err := sliceIndex(b.v)
		if err != nil {
			return 0, 0, 0, err
		}
		if i < 0 {
			i += n
		}
		*b.p = min(max(i, lo), hi)
	}
	by = min(max(by, -n-1), n+1)
	return from, to, by, nil
}

func sliceIndex(v value.Value) (int, error) {
	if i, ok := value.AsInt(v); ok {
		return int(min(max(i, -1<<40), 1<<40)), nil
	}
	if b, ok := v.(*value.BigInt); ok {
		return b.N.Sign() << 40, nil
	}
	return 0, TypeErrorf("slice indices must be integers or None or have an __index__ method")
}
