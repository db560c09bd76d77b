package jinja

import (
	"errors"
	"math/big"
	"unicode"

	"drover/playbook/value"
)

// coreTests are the tests of Jinja2.
var coreTests = []*Func{
	{Name: "defined", Lazy: true, quick: true, Call: testDefined},
	{Name: "undefined", Lazy: true, quick: true, Call: func(c *Call) (value.Value, error) {
		v, err := testDefined(c)
		if failure(v) != nil || err != nil {
			return v, err
		}
		return value.Bool(v != value.Bool(true)), nil
	}},
	typeTest("none", func(v value.Value) bool { return v == value.None }),
	typeTest("boolean", func(v value.Value) bool { _, ok := v.(value.Bool); return ok }),
	typeTest("true", func(v value.Value) bool { return v == value.Bool(true) }),
	typeTest("false", func(v value.Value) bool { return v == value.Bool(false) }),
	typeTest("integer", isInteger),
	typeTest("float", isFloat),
	typeTest("number", isNumber),
	typeTest("string", func(v value.Value) bool { _, ok := value.AsString(v); return ok }),
	typeTest("mapping", func(v value.Value) bool { _, ok := v.(value.Mapping); return ok }),
	typeTest("sequence", isSequenceLike),
	typeTest("iterable", isIterable),
	typeTest("callable", isCallable),
	typeTest("escaped", func(value.Value) bool { return false }),
	{Name: "lower", Call: caseTest(unicode.IsUpper, unicode.IsLower)},
	{Name: "upper", Call: caseTest(unicode.IsLower, unicode.IsUpper)},
	{Name: "odd", Call: func(c *Call) (value.Value, error) { return remainderTest(c, 1) }},
	{Name: "even", Call: func(c *Call) (value.Value, error) { return remainderTest(c, 0) }},
	{Name: "divisibleby", Call: testDivisible},
	{Name: "sameas", Call: testSameAs},
	{Name: "filter", Call: func(c *Call) (value.Value, error) { return tableTest(c, c.Ctx.env.filter) }},
	{Name: "test", Call: func(c *Call) (value.Value, error) { return tableTest(c, c.Ctx.env.test) }},
	compareTest("eq", cmpEq), compareTest("ne", cmpNe), compareTest("lt", cmpLt),
	compareTest("le", cmpLe), compareTest("gt", cmpGt), compareTest("ge", cmpGe),
	{Name: "in", Lazy: true, Call: func(c *Call) (value.Value, error) {
		var x, seq value.Value
		if err := c.Unpack("value", &x, "seq", &seq); err != nil {
			return nil, err
		}
		if u := firstUndefined(c.Args, nil); u != nil {
			return u, nil
		}
		ok, err := c.Ctx.contains(seq, x)
		return value.Bool(ok), err
	}},
}

// testAliases are other names of tests.
var testAliases = map[string]string{
	"==": "eq", "equalto": "eq", "!=": "ne", "<": "lt", "lessthan": "lt", "<=": "le",
	">": "gt", "greaterthan": "gt", ">=": "ge",
}

func testDefined(c *Call) (value.Value, error) {
	var v value.Value
	if err := c.Unpack("value", &v); err != nil {
		return nil, err
	}
	if failure(v) != nil {
		return v, nil
	}
	_, undefined := v.(*value.Undefined)
	return value.Bool(!undefined), nil
}

// typeTest makes a test that looks at the value alone.
func typeTest(name string, is func(value.Value) bool) *Func {
	return &Func{Name: name, Lazy: true, Call: func(c *Call) (value.Value, error) {
		var v value.Value
		if err := c.Unpack("value", &v); err != nil {
			return nil, err
		}
		if u, ok := v.(*value.Undefined); ok && !u.Plain {
			return u, nil
		}
		return value.Bool(is(v)), nil
	}}
}

func isInteger(v value.Value) bool {
	switch v.(type) {
	case value.Int, *value.BigInt:
		return true
	}
	return false
}

func isSequenceLike(v value.Value) bool {
	switch v.(type) {
	case value.Str, value.Secret, value.Bytes, value.Mapping, value.Sequence, *value.Undefined:
		return true
	}
	return false
}

func isIterable(v value.Value) bool {
	if isSequenceLike(v) {
		return true
	}
	_, ok := v.(value.Iterable)
	return ok
}

func isCallable(v value.Value) bool {
	switch v.(type) {
	case *Func, *method, *macro, callable:
		return true
	}
	return false
}

// caseTest is Python's islower and isupper.
func caseTest(not, wanted func(rune) bool) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		var v value.Value
		if err := c.Unpack("value", &v); err != nil {
			return nil, err
		}
		return value.Bool(hasCase(value.String(v), not, wanted)), nil
	}
}

func hasCase(s string, not, wanted func(rune) bool) bool {
	found := false
	for _, r := range s {
		if not(r) || unicode.IsTitle(r) {
			return false
		}
		found = found || wanted(r)
	}
	return found
}

func remainderTest(c *Call, want int64) (value.Value, error) {
	var v value.Value
	if err := c.Unpack("value", &v); err != nil {
		return nil, err
	}
	r, err := c.Ctx.binary(opMod, v, value.Int(2))
	if err != nil {
		return nil, err
	}
	return value.Bool(value.Equal(r, value.Int(want))), nil
}

func testDivisible(c *Call) (value.Value, error) {
	var v, num value.Value
	if err := c.Unpack("value", &v, "num", &num); err != nil {
		return nil, err
	}
	r, err := c.Ctx.binary(opMod, v, num)
	if err != nil {
		return nil, err
	}
	return value.Bool(value.Equal(r, value.Int(0))), nil
}

func testSameAs(c *Call) (value.Value, error) {
	var a, b value.Value
	if err := c.Unpack("value", &a, "other", &b); err != nil {
		return nil, err
	}
	return value.Bool(sameAs(a, b)), nil
}

// sameAs is Python's is, for the small values that are one object there.
func sameAs(a, b value.Value) bool {
	switch a := a.(type) {
	case value.Int:
		n, ok := b.(value.Int)
		return ok && a == n && a >= -5 && a <= 256
	case value.Str, value.Secret:
		x, _ := value.AsString(a)
		y, ok := value.AsString(b)
		return ok && x == y
	case value.Bool:
		n, ok := b.(value.Bool)
		return ok && a == n
	case *value.List, *value.Dict:
		return a == b
	case value.Tuple:
		t, ok := b.(value.Tuple)
		return ok && len(a) == len(t) && (len(a) == 0 || &a[0] == &t[0])
	}
	return a == value.None && b == value.None
}

func tableTest(c *Call, lookup func(string) *Func) (value.Value, error) {
	var name value.Value
	if err := c.Unpack("value", &name); err != nil {
		return nil, err
	}
	if err := hashable(name, false); err != nil {
		return nil, err
	}
	s, ok := value.AsString(name)
	return value.Bool(!ok || lookup(s) != nil), nil // what is no name fails to load, and so is there
}

func compareTest(name string, op cmpop) *Func {
	return &Func{Name: name, Call: func(c *Call) (value.Value, error) {
		var a, b value.Value
		if err := c.Unpack("a", &a, "b", &b); err != nil {
			return nil, err
		}
		ok, err := c.Ctx.compare(op, a, b)
		return value.Bool(ok), err
	}}
}

var errNotNumber = errors.New("not a number")

// parseBig reads an integer as Python's int() does with a base.
func parseBig(s string, base int) (*big.Int, error) {
	t, neg, base, ok := intText(s, base)
	if !ok {
		return nil, errNotNumber
	}
	n, ok := new(big.Int).SetString(t, base)
	if !ok {
		return nil, errNotNumber
	}
	if neg {
		n.Neg(n)
	}
	return n, nil
}
