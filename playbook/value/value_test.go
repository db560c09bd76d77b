package value

import (
	"fmt"
	"math"
	"math/big"
	"testing"
)

func TestReprIsPythons(t *testing.T) {
	huge, _ := new(big.Int).SetString("12345678901234567890", 10)
	for want, v := range map[string]Value{
		"None": None, "True": Bool(true), "1.0": Float(1), "1e+16": Float(1e16), "1e-05": Float(1e-5), "0.0001": Float(1e-4),
		"-0.0": Float(math.Copysign(0, -1)), "inf": Float(math.Inf(1)), "12345678901234567890": NewInt(huge),
		`'it"s'`: Str(`it"s`), `"it's"`: Str("it's"), `'a\n\x01é\u200b'`: Str("a\n\x01é\u200b"), `b'\xff'`: Bytes("\xff"),
		"(1,)": Tuple{Int(1)}, "[1, 'a', {'k': None}]": NewList(Int(1), Str("a"), DictOf("k", None)),
	} {
		if got := Repr(v); got != want {
			t.Errorf("Repr(%#v) = %s, want %s", v, got, want)
		}
	}
}

func TestDictKeepsOrderAndPythonsKeys(t *testing.T) {
	d := NewDict(0)
	for i := range 40 {
		d.Put(fmt.Sprint("k", i), Int(i))
		d.Set(Int(i), Str("int"))
	}
	d.Set(Float(3), Str("three"))
	d.Set(Bool(true), Str("one"))
	if d.Len() != 80 || d.At("k7") != Int(7) {
		t.Fatalf("%d pairs, k7 is %v", d.Len(), d.At("k7"))
	}
	if v, ok, _ := d.Get(Int(3)); !ok || v != Str("three") {
		t.Errorf("3 and 3.0 are not one key: %v", v)
	}
	if v, _, _ := d.Get(Int(1)); v != Str("one") {
		t.Errorf("1 and True are not one key: %v", v)
	}
	if !d.Delete(Str("k0")) || d.Delete(Str("k0")) {
		t.Error("deleting k0 did not work once and only once")
	}
	if k := d.Keys(); k[0] != Int(0) || k[1] != Str("k1") {
		t.Errorf("order is %v", k[:2])
	}
	if v, ok, _ := d.Get(Str("k39")); !ok || v != Int(39) {
		t.Errorf("k39 is %v after the deletion", v)
	}
}

func TestCompareAcrossTypes(t *testing.T) {
	for _, tt := range []struct {
		a, b Value
		want int
		ok   bool
	}{
		{Int(1), Float(1), 0, true}, {Int(2), Bool(true), 1, true}, {Str("a"), Str("b"), -1, true}, {Str("a"), Int(1), 0, false},
		{NewList(Int(1)), NewList(Int(1), Int(0)), -1, true}, {NewList(Int(1)), Tuple{Int(1)}, 0, false},
		{Int(1<<53 + 1), Float(1 << 53), 1, true}, {None, None, 0, false},
	} {
		if c, ok := Compare(tt.a, tt.b); ok != tt.ok || ok && c != tt.want {
			t.Errorf("Compare(%s, %s) = %d, %v", Repr(tt.a), Repr(tt.b), c, ok)
		}
	}
}

func TestEqual(t *testing.T) {
	if !Equal(DictOf("a", 1, "b", 2), DictOf("b", 2, "a", 1)) || Equal(NewList(), Tuple{}) || !Equal(Secret("x"), Str("x")) {
		t.Error("equality is not Python's")
	}
}
