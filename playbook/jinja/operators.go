package jinja

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"drover/playbook/value"
)

// valueError is Python's ValueError: an argument of the right type that can't
// be used.
func valueErrorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

// Binary is implemented by values that take part in arithmetic of their own
// (dates). op is "+", "-", "*", "/", "//" or "%"; right says that the value is
// the operand on the right.
type Binary interface {
	Binary(op string, other value.Value, right bool) (v value.Value, ok bool, err error)
}

// binary computes x op y as Python does.
func (c *Context) binary(op binop, x, y value.Value) (value.Value, error) {
	for _, v := range [2]value.Value{x, y} {
		if u, ok := v.(*value.Undefined); ok && !(op == opMod && isText(x) && !u.Plain) {
			return nil, errors.New(u.Msg)
		}
	}
	if b, ok := x.(Binary); ok {
		if r, ok, err := b.Binary(binopText[op], y, false); ok || err != nil {
			return r, err
		}
	}
	if b, ok := y.(Binary); ok {
		if r, ok, err := b.Binary(binopText[op], x, true); ok || err != nil {
			return r, err
		}
	}
	if isNumber(x) && isNumber(y) {
		return c.arithmetic(op, x, y)
	}
	switch op {
	case opAdd:
		if r, err := c.add(x, y); r != nil || err != nil {
			return r, err
		}
	case opMul:
		if r, err := c.repeat(x, y); r != nil || err != nil {
			return r, err
		}
	case opMod:
		if s, ok := value.AsString(x); ok {
			return c.formatPercent(x, s, y)
		}
	}
	return nil, unsupported(binopText[op], x, y)
}

func unsupported(op string, x, y value.Value) error {
	if op == "**" {
		op = "** or pow()"
	}
	return TypeErrorf("unsupported operand type(s) for %s: '%s' and '%s'", op, x.Type(), y.Type())
}

func isNumber(v value.Value) bool {
	switch v.(type) {
	case value.Int, value.Float, value.Bool, *value.BigInt:
		return true
	}
	return false
}

func isFloat(v value.Value) bool {
	_, ok := v.(value.Float)
	return ok
}

// add joins sequences; nil means that the types don't fit.
func (c *Context) add(x, y value.Value) (value.Value, error) {
	switch x := x.(type) {
	case value.Str, value.Secret:
		a, _ := value.AsString(x)
		b, ok := value.AsString(y)
		if !ok {
			return nil, TypeErrorf(`can only concatenate str (not "%s") to str`, y.Type())
		}
		if err := c.fits(len(a) + len(b)); err != nil {
			return nil, err
		}
		if _, secret := y.(value.Secret); secret {
			return value.Secret(a + b), nil
		}
		return likeString(x, a+b), nil
	case value.Bytes:
		if b, ok := y.(value.Bytes); ok {
			return x + b, nil
		}
	case *value.List:
		l, ok := y.(*value.List)
		if !ok {
			return nil, TypeErrorf(`can only concatenate list (not "%s") to list`, y.Type())
		}
		if len(x.Elems)+len(l.Elems) > c.lim.Range {
			return nil, c.tooLong()
		}
		return &value.List{Elems: append(x.Elems[:len(x.Elems):len(x.Elems)], l.Elems...), Own: x.Own && l.Own}, nil
	case value.Tuple:
		t, ok := y.(value.Tuple)
		if !ok {
			return nil, TypeErrorf(`can only concatenate tuple (not "%s") to tuple`, y.Type())
		}
		if len(x)+len(t) > c.lim.Range {
			return nil, c.tooLong()
		}
		return append(x[:len(x):len(x)], t...), nil
	}
	return nil, nil
}

// fits checks the size of a text about to be made.
func (c *Context) fits(n int) error {
	if limit := c.lim.Output; n > limit || n < 0 {
		return limitf("the text is larger than the limit of %d bytes", limit)
	}
	return nil
}

// repeat multiplies a sequence; nil means that the types don't fit.
func (c *Context) repeat(x, y value.Value) (value.Value, error) {
	if !isSequence(x) {
		x, y = y, x
	}
	if !isSequence(x) {
		return nil, nil
	}
	n, ok := value.AsInt(y)
	if !ok {
		if _, big := y.(*value.BigInt); big {
			return nil, errors.New("cannot fit 'int' into an index-sized integer")
		}
		return nil, TypeErrorf("can't multiply sequence by non-int of type '%s'", y.Type())
	}
	n = max(n, 0)
	switch x := x.(type) {
	case value.Bytes:
		if err := c.repeatFits(len(x), n, c.lim.Output); err != nil {
			return nil, err
		}
		return value.Bytes(strings.Repeat(string(x), int(n))), nil
	case *value.List:
		vs, err := c.repeatSeq(x.Elems, n)
		return &value.List{Elems: vs, Own: x.Own}, err
	case value.Tuple:
		vs, err := c.repeatSeq(x, n)
		return value.Tuple(vs), err
	}
	s, _ := value.AsString(x)
	if err := c.repeatFits(len(s), n, c.lim.Output); err != nil {
		return nil, err
	}
	return likeString(x, strings.Repeat(s, int(n))), nil
}

func (c *Context) repeatFits(size int, n int64, limit int) error {
	if size > 0 && n > int64(limit/size) {
		return limitf("the repeated sequence is larger than the limit of %d", limit)
	}
	return nil
}

func (c *Context) repeatSeq(elems []value.Value, n int64) ([]value.Value, error) {
	if err := c.repeatFits(len(elems), n, c.lim.Range); err != nil {
		return nil, err
	}
	out := make([]value.Value, 0, len(elems)*int(n))
	if len(elems) > 0 {
		for range n {
			out = append(out, elems...)
		}
	}
	return out, nil
}

func isText(v value.Value) bool {
	_, ok := value.AsString(v)
	return ok
}

func isSequence(v value.Value) bool {
	switch v.(type) {
	case value.Str, value.Secret, value.Bytes, *value.List, value.Tuple:
		return true
	}
	return false
}

// unary computes -v and +v.
func unary(op byte, v value.Value) (value.Value, error) {
	switch n := v.(type) {
	case value.Float:
		if op == '-' {
			return -n, nil
		}
		return n, nil
	case value.Int, value.Bool, *value.BigInt:
		b, _ := value.AsBig(n)
		if op == '-' {
			b = new(big.Int).Neg(b)
		}
		return value.NewInt(b), nil
	case *value.Undefined:
		return nil, errors.New(n.Msg)
	case Binary:
		r, ok, err := n.Binary("*", value.Int(-1), false)
		if err != nil || ok && op == '-' {
			return r, err
		} else if ok {
			return v, nil
		}
	}
	return nil, TypeErrorf("bad operand type for unary %c: '%s'", op, v.Type())
}
