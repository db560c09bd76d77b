package jinja

import (
	"strings"

	"drover/playbook/value"
)

// compare gives x op y.
func (c *Context) compare(op cmpop, x, y value.Value) (bool, error) {
	switch op {
	case cmpIn, cmpNotIn:
		ok, err := c.contains(y, x)
		return ok == (op == cmpIn), err
	case cmpEq, cmpNe:
		eq, err := c.equal(x, y)
		return eq == (op == cmpEq), err
	}
	x, err := c.settleStrict(x)
	if err != nil {
		return false, err
	}
	if y, err = c.settleStrict(y); err != nil {
		return false, err
	}
	n, ok := value.Compare(x, y)
	if !ok {
		if isNumber(x) && isNumber(y) {
			return false, nil
		}
		a, b := unorderable(x, y)
		return false, TypeErrorf("'%s' not supported between instances of '%s' and '%s'", cmpopText[op], a, b)
	}
	switch op {
	case cmpLt:
		return n < 0, nil
	case cmpLe:
		return n <= 0, nil
	case cmpGt:
		return n > 0, nil
	}
	return n >= 0, nil
}

// unorderable names the types of the values that can't be ordered: for
// sequences, those of the first elements that differ.
func unorderable(x, y value.Value) (string, string) {
	a, ok1 := sequenceElems(x)
	b, ok2 := sequenceElems(y)
	if ok1 && ok2 && x.Type() == y.Type() {
		for i := range min(len(a), len(b)) {
			if !value.Equal(a[i], b[i]) {
				return unorderable(a[i], b[i])
			}
		}
	}
	return x.Type(), y.Type()
}

func sequenceElems(v value.Value) ([]value.Value, bool) {
	switch v := v.(type) {
	case *value.List:
		return v.Elems, true
	case value.Tuple:
		return v, true
	}
	return nil, false
}

func (c *Context) equal(x, y value.Value) (bool, error) {
	if xp, ok := x.(*value.Undefined); ok {
		yp, ok := y.(*value.Undefined)
		return ok && xp.Plain == yp.Plain, nil
	}
	if !mayHoldTemplates(x) || !mayHoldTemplates(y) {
		return value.Equal(x, y), nil
	}
	if isContainer(x) && x == y {
		return true, nil // whatever is in it
	}
	x, err := c.settle(x, 0)
	if err != nil {
		return false, err
	}
	if y, err = c.settle(y, 0); err != nil {
		return false, err
	}
	if undefinedIn(x) == nil && undefinedIn(y) == nil {
		return value.Equal(x, y), nil
	}
	return equalSparse(x, y)
}

func isContainer(v value.Value) bool {
	switch v.(type) {
	case *value.List, *value.Dict:
		return true
	}
	return false
}

// equalSparse compares containers that hold undefined values: these are an
// error where the comparison comes to them.
func equalSparse(x, y value.Value) (bool, error) {
	if err := used(x, y); err != nil {
		return false, err
	}
	switch x := x.(type) {
	case *value.List:
		if l, ok := y.(*value.List); ok {
			return equalElements(x.Elems, l.Elems)
		}
	case value.Tuple:
		if t, ok := y.(value.Tuple); ok {
			return equalElements(x, t)
		}
	case *value.Dict:
		d, ok := y.(*value.Dict)
		if !ok || d.Len() != x.Len() {
			return false, nil
		}
		for _, e := range x.Entries() {
			v, found, err := d.Get(e.Key)
			if err != nil || !found {
				return false, err
			}
			if eq, err := equalSparse(e.Val, v); !eq || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	return value.Equal(x, y), nil
}

func equalElements(xs, ys []value.Value) (bool, error) {
	if len(xs) != len(ys) {
		return false, nil
	}
	for i := range xs {
		if eq, err := equalSparse(xs[i], ys[i]); !eq || err != nil {
			return false, err
		}
	}
	return true, nil
}

// contains reports whether x is in container.
func (c *Context) contains(container, x value.Value) (bool, error) {
	switch s := container.(type) {
	case value.Str, value.Secret:
		text, _ := value.AsString(s)
		sub, ok := value.AsString(x)
		if !ok {
			return false, TypeErrorf("'in <string>' requires string as left operand, not %s", x.Type())
		}
		return strings.Contains(text, sub), nil
	case value.Mapping:
		if err := hashable(x, false); err != nil {
			return false, err
		}
		if d, ok := s.(*value.Dict); ok {
			_, found, _ := d.Get(x)
			return found, nil
		}
		_, found, err := s.Get(x)
		return found, err
	case *rangeValue:
		return s.contains(x), nil
	case *value.List:
		return c.among(s.Elems, x)
	case value.Tuple:
		return c.among(s, x)
	case value.Bytes:
		return bytesContain(s, x), nil
	}
	if u, ok := container.(*value.Undefined); ok && !u.Plain {
		return false, &UndefinedError{u}
	}
	vs, err := c.elements(container)
	if err != nil {
		return false, TypeErrorf("argument of type '%s' is not iterable", container.Type())
	}
	return c.among(vs, x)
}

func bytesContain(s value.Bytes, x value.Value) bool {
	switch x := x.(type) {
	case value.Bytes:
		return strings.Contains(string(s), string(x))
	case value.Int:
		return x >= 0 && x < 256 && strings.IndexByte(string(s), byte(x)) >= 0
	}
	return false
}

func (c *Context) among(vs []value.Value, x value.Value) (bool, error) {
	for _, e := range vs {
		e, err := c.forced(e, nil)
		if err != nil {
			return false, err
		}
		if u, ok := e.(*value.Undefined); ok && !u.Plain {
			return false, &UndefinedError{u}
		}
		eq, err := c.equal(e, x)
		if eq || err != nil {
			return eq, err
		}
	}
	return false, nil
}
