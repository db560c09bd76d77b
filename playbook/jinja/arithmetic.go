package jinja

import (
	"errors"
	"math"
	"math/big"

	"drover/playbook/value"
)

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
	if f == 0 && b.Sign() < 0 {
		f = math.Copysign(0, -1)
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
