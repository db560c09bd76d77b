package jinja

import (
	"errors"
	"fmt"
	"math"
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
		if u, ok := v.(*value.Undefined); ok {
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
		return &value.List{Elems: append(x.Elems[:len(x.Elems):len(x.Elems)], l.Elems...)}, nil
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
		return fmt.Errorf("the text is larger than the limit of %d bytes", limit)
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
		return &value.List{Elems: vs}, err
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
		return fmt.Errorf("the repeated sequence is larger than the limit of %d", limit)
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
	}
	return nil, TypeErrorf("bad operand type for unary %c: '%s'", op, v.Type())
}

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
	x, err := c.settleStrict(x)
	if err != nil {
		return false, err
	}
	if y, err = c.settleStrict(y); err != nil {
		return false, err
	}
	return value.Equal(x, y), nil
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

// arithmetic computes with two numbers.
func (c *Context) arithmetic(op binop, x, y value.Value) (value.Value, error) {
	if isFloat(x) || isFloat(y) || op == opDiv {
		return floatArithmetic(op, x, y)
	}
	if a, ok := value.AsInt(x); ok {
		if b, ok := value.AsInt(y); ok {
			if r, ok, err := smallArithmetic(op, a, b); ok || err != nil {
				return r, err
			}
		}
	}
	a, _ := value.AsBig(x)
	b, _ := value.AsBig(y)
	return bigArithmetic(op, a, b)
}

// smallArithmetic computes with 64 bits; ok is false when that does not do.
func smallArithmetic(op binop, a, b int64) (value.Value, bool, error) {
	switch op {
	case opAdd:
		s := a + b
		return value.Int(s), (s > a) == (b > 0), nil
	case opSub:
		d := a - b
		return value.Int(d), (d < a) == (b > 0), nil
	case opMul:
		if a > math.MinInt32 && a <= math.MaxInt32 && b > math.MinInt32 && b <= math.MaxInt32 {
			return value.Int(a * b), true, nil
		}
	case opFloor, opMod:
		if b == 0 {
			return nil, false, zeroDivision(op, false)
		}
		if a == math.MinInt64 {
			return nil, false, nil
		}
		q, r := a/b, a%b
		if r != 0 && (r < 0) != (b < 0) {
			q, r = q-1, r+b
		}
		if op == opFloor {
			return value.Int(q), true, nil
		}
		return value.Int(r), true, nil
	}
	return nil, false, nil
}

func zeroDivision(op binop, float bool) error {
	switch {
	case op == opDiv && float:
		return errors.New("float division by zero")
	case op == opDiv:
		return errors.New("division by zero")
	case float && op == opFloor:
		return errors.New("float floor division by zero")
	case float:
		return errors.New("float modulo")
	case op == opFloor:
		return errors.New("integer division or modulo by zero")
	}
	return errors.New("integer modulo by zero")
}

// maxBits bounds the size of computed integers.
const maxBits = 1 << 20

func bigArithmetic(op binop, a, b *big.Int) (value.Value, error) {
	r := new(big.Int)
	switch op {
	case opAdd:
		r.Add(a, b)
	case opSub:
		r.Sub(a, b)
	case opMul:
		if a.BitLen()+b.BitLen() > maxBits {
			return nil, errors.New("the number is too large")
		}
		r.Mul(a, b)
	case opFloor, opMod:
		if b.Sign() == 0 {
			return nil, zeroDivision(op, false)
		}
		q, m := new(big.Int).QuoRem(a, b, new(big.Int))
		if m.Sign() != 0 && m.Sign() != b.Sign() {
			q.Sub(q, big.NewInt(1))
			m.Add(m, b)
		}
		if r = m; op == opFloor {
			r = q
		}
	case opPow:
		return bigPower(a, b)
	}
	return value.NewInt(r), nil
}

func bigPower(a, b *big.Int) (value.Value, error) {
	if b.Sign() < 0 {
		return floatArithmetic(opPow, value.NewInt(a), value.NewInt(b))
	}
	if a.IsInt64() && (a.Int64() >= -1 && a.Int64() <= 1) {
		switch a.Int64() {
		case -1:
			return value.Int(1 - 2*int64(b.Bit(0))), nil
		case 0:
			if b.Sign() == 0 {
				return value.Int(1), nil
			}
		}
		return value.NewInt(a), nil
	}
	if !b.IsInt64() || b.Int64() > maxBits/int64(max(a.BitLen()-1, 1)) {
		return nil, errors.New("the number is too large")
	}
	return value.NewInt(new(big.Int).Exp(a, b, nil)), nil
}

func floatArithmetic(op binop, x, y value.Value) (value.Value, error) {
	if op == opDiv && !isFloat(x) && !isFloat(y) {
		return trueDivision(x, y)
	}
	a, _ := value.AsFloat(x)
	b, _ := value.AsFloat(y)
	for _, v := range [2]value.Value{x, y} {
		if f, _ := value.AsFloat(v); math.IsInf(f, 0) && !isFloat(v) {
			return nil, errors.New("int too large to convert to float")
		}
	}
	switch op {
	case opAdd:
		return value.Float(a + b), nil
	case opSub:
		return value.Float(a - b), nil
	case opMul:
		return value.Float(a * b), nil
	case opPow:
		return floatPower(a, b)
	}
	if b == 0 {
		return nil, zeroDivision(op, true)
	}
	if op == opDiv {
		return value.Float(a / b), nil
	}
	m := math.Mod(a, b)
	q := (a - m) / b
	switch {
	case m == 0:
		m = math.Copysign(0, b)
	case (m < 0) != (b < 0):
		m += b
		q--
	}
	if op == opMod {
		return value.Float(m), nil
	}
	if q == 0 {
		return value.Float(math.Copysign(0, a/b)), nil
	}
	fl := math.Floor(q)
	if q-fl > 0.5 {
		fl++
	}
	return value.Float(fl), nil
}

// trueDivision divides integers, rounding once.
func trueDivision(x, y value.Value) (value.Value, error) {
	a, _ := value.AsBig(x)
	b, _ := value.AsBig(y)
	if b.Sign() == 0 {
		return nil, zeroDivision(opDiv, false)
	}
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	if math.IsInf(f, 0) {
		return nil, errors.New("integer division result too large for a float")
	}
	if f == 0 && a.Sign() == 0 {
		f = 0
	}
	return value.Float(f), nil
}

func floatPower(a, b float64) (value.Value, error) {
	switch {
	case a == 0 && b < 0:
		return nil, errors.New("0.0 cannot be raised to a negative power")
	case a < 0 && b != math.Trunc(b) && !math.IsInf(b, 0):
		return nil, TypeErrorf("Type 'complex' is unsupported for variable storage.")
	}
	r := math.Pow(a, b)
	if math.IsInf(r, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return nil, errors.New("(34, 'Numerical result out of range')")
	}
	return value.Float(r), nil
}
