package value

import (
	"math"
	"math/big"
	"strings"
)

// Truth gives Python's truth value of v; an Undefined is false.
func Truth(v Value) bool {
	switch v := v.(type) {
	case Bool:
		return bool(v)
	case Str:
		return v != ""
	case Secret:
		return v != ""
	case Bytes:
		return v != ""
	case none:
		return false
	case Int:
		return v != 0
	case *BigInt:
		return v.N.Sign() != 0
	case Float:
		return v != 0
	case *Undefined:
		return false
	case Truther:
		return v.Truth()
	case interface{ Len() int }:
		return v.Len() > 0
	}
	return v != nil
}

// Equal is Python's ==: numbers compare across types, sequences and mappings
// by content, a list never equals a tuple.
func Equal(a, b Value) bool {
	if as, ok := AsString(a); ok {
		bs, ok := AsString(b)
		return ok && as == bs
	}
	if isNumber(a) && isNumber(b) {
		c, ok := compareNumbers(a, b)
		return ok && c == 0
	}
	switch a := a.(type) {
	case none:
		return b == None
	case Bytes:
		o, ok := b.(Bytes)
		return ok && a == o
	case *List:
		o, ok := b.(*List)
		return ok && (a == o || equalSeq(a.Elems, o.Elems))
	case Tuple:
		o, ok := b.(Tuple)
		return ok && equalSeq(a, o)
	case *Template:
		o, ok := b.(*Template)
		return ok && a.Src == o.Src
	case *Undefined:
		return false
	case Equaler:
		return a.Equal(b)
	case Mapping:
		o, ok := b.(Mapping)
		return ok && equalMapping(a, o)
	}
	if e, ok := b.(Equaler); ok {
		return e.Equal(a)
	}
	return false
}

func equalSeq(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalMapping(a, b Mapping) bool {
	if a.Len() != b.Len() {
		return false
	}
	for _, k := range a.Keys() {
		av, _, err := a.Get(k)
		if err != nil {
			return false
		}
		bv, ok, err := b.Get(k)
		if err != nil || !ok || !Equal(av, bv) {
			return false
		}
	}
	return true
}

// Compare orders a and b as Python's < does: -1, 0, 1. ok is false where
// Python raises a TypeError (or for NaN).
func Compare(a, b Value) (c int, ok bool) {
	if as, isStr := AsString(a); isStr {
		bs, isStr := AsString(b)
		return strings.Compare(as, bs), isStr
	}
	if isNumber(a) && isNumber(b) {
		return compareNumbers(a, b)
	}
	switch a := a.(type) {
	case *List:
		if o, ok := b.(*List); ok {
			return compareSeq(a.Elems, o.Elems)
		}
	case Tuple:
		if o, ok := b.(Tuple); ok {
			return compareSeq(a, o)
		}
	case Bytes:
		if o, ok := b.(Bytes); ok {
			return strings.Compare(string(a), string(o)), true
		}
	case interface{ Compare(Value) (int, bool) }:
		return a.Compare(b)
	}
	return 0, false
}

func compareSeq(a, b []Value) (int, bool) {
	for i := range min(len(a), len(b)) {
		if !Equal(a[i], b[i]) {
			return Compare(a[i], b[i])
		}
	}
	return len(a) - len(b), true
}

func isNumber(v Value) bool {
	switch v.(type) {
	case Int, Float, Bool, *BigInt:
		return true
	}
	return false
}

// AsBig gives the number of an Int, Bool or BigInt; do not mutate it.
func AsBig(v Value) (*big.Int, bool) {
	switch v := v.(type) {
	case Int:
		return big.NewInt(int64(v)), true
	case *BigInt:
		return v.N, true
	case Bool:
		if v {
			return big.NewInt(1), true
		}
		return new(big.Int), true
	}
	return nil, false
}

// AsInt gives the number of an Int or Bool that fits a Go int64.
func AsInt(v Value) (int64, bool) {
	switch v := v.(type) {
	case Int:
		return int64(v), true
	case Bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// AsFloat gives any number as a float.
func AsFloat(v Value) (float64, bool) {
	switch v := v.(type) {
	case Float:
		return float64(v), true
	case *BigInt:
		f, _ := new(big.Float).SetInt(v.N).Float64()
		return f, true
	}
	n, ok := AsInt(v)
	return float64(n), ok
}

func compareNumbers(a, b Value) (int, bool) {
	if x, ok := AsInt(a); ok {
		if y, ok := AsInt(b); ok {
			switch {
			case x < y:
				return -1, true
			case x > y:
				return 1, true
			}
			return 0, true
		}
	}
	x, xBig := AsBig(a)
	y, yBig := AsBig(b)
	if xBig && yBig {
		return x.Cmp(y), true
	}
	xf, yf := exactFloat(a), exactFloat(b)
	if xf == nil || yf == nil {
		return 0, false
	}
	return xf.Cmp(yf), true
}

// exactFloat gives a number without rounding; nil for NaN.
func exactFloat(v Value) *big.Float {
	if f, ok := v.(Float); ok {
		if math.IsNaN(float64(f)) {
			return nil
		}
		return big.NewFloat(float64(f))
	}
	n, _ := AsBig(v)
	return new(big.Float).SetInt(n)
}
