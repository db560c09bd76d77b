package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"drover/playbook/value"
)

var intMethods = methodTable([]*Func{
	{Name: "bit_length", Call: func(c *Call) (value.Value, error) {
		n, _ := value.AsBig(c.Args[0])
		return value.Int(n.BitLen()), c.rest().Unpack()
	}},
	{Name: "bit_count", Call: func(c *Call) (value.Value, error) {
		n, _ := value.AsBig(c.Args[0])
		return value.Int(strings.Count(n.Text(2), "1")), c.rest().Unpack()
	}},
	{Name: "conjugate", Call: func(c *Call) (value.Value, error) {
		n, _ := value.AsBig(c.Args[0])
		return value.NewInt(n), c.rest().Unpack()
	}},
	{Name: "as_integer_ratio", Call: func(c *Call) (value.Value, error) {
		n, _ := value.AsBig(c.Args[0])
		return value.Tuple{value.NewInt(n), value.Int(1)}, c.rest().Unpack()
	}},
	bitMethod("__and__", (*big.Int).And),
	bitMethod("__or__", (*big.Int).Or),
	bitMethod("__xor__", (*big.Int).Xor),
	{Name: "__lshift__", Call: shiftMethod(true)},
	{Name: "__rshift__", Call: shiftMethod(false)},
})

// bitMethod makes one of the operators on bits that Ansible lets templates
// call by name.
func bitMethod(name string, op func(z, x, y *big.Int) *big.Int) *Func {
	return &Func{Name: name, Call: func(c *Call) (value.Value, error) {
		var other value.Value
		if err := c.rest().Unpack("other", &other); err != nil {
			return nil, err
		}
		x, _ := value.AsBig(c.Args[0])
		y, ok := value.AsBig(other)
		if !ok {
			return nil, unsupported(name, c.Args[0], other)
		}
		return value.NewInt(op(new(big.Int), x, y)), nil
	}}
}

func shiftMethod(left bool) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		var n int
		if err := c.rest().Unpack("other", &n); err != nil {
			return nil, err
		}
		x, _ := value.AsBig(c.Args[0])
		switch {
		case n < 0:
			return nil, valueErrorf("negative shift count")
		case !left:
			return value.NewInt(new(big.Int).Rsh(x, uint(n))), nil
		case n > maxBits:
			return nil, errors.New("the number is too large")
		}
		return value.NewInt(new(big.Int).Lsh(x, uint(n))), nil
	}
}

var floatMethods = methodTable([]*Func{
	{Name: "is_integer", Call: func(c *Call) (value.Value, error) {
		f := float64(c.Args[0].(value.Float))
		return value.Bool(f == math.Trunc(f) && !math.IsInf(f, 0)), c.rest().Unpack()
	}},
	{Name: "conjugate", Call: func(c *Call) (value.Value, error) { return c.Args[0], c.rest().Unpack() }},
	{Name: "hex", Call: func(c *Call) (value.Value, error) {
		return value.Str(hexFloat(float64(c.Args[0].(value.Float)))), c.rest().Unpack()
	}},
	{Name: "as_integer_ratio", Call: func(c *Call) (value.Value, error) {
		r := new(big.Rat).SetFloat64(float64(c.Args[0].(value.Float)))
		if r == nil {
			return nil, errors.New("cannot convert Infinity or NaN to integer ratio")
		}
		return value.Tuple{value.NewInt(r.Num()), value.NewInt(r.Denom())}, c.rest().Unpack()
	}},
})

// hexFloat is float.hex.
func hexFloat(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return value.FloatString(f)
	}
	s := strconv.FormatFloat(f, 'x', 13, 64)
	mant, exp, _ := strings.Cut(s, "p")
	n, _ := strconv.Atoi(exp)
	if f == 0 {
		return strings.TrimSuffix(mant, "."+strings.Repeat("0", 13)) + ".0p+0"
	}
	return fmt.Sprintf("%sp%+d", mant, n)
}

var bytesMethods = methodTable([]*Func{
	{Name: "decode", named: true, Call: bytesDecode},
	{Name: "hex", Call: func(c *Call) (value.Value, error) {
		return value.Str(fmt.Sprintf("%x", string(c.Args[0].(value.Bytes)))), c.rest().Unpack()
	}},
})

func bytesDecode(c *Call) (value.Value, error) {
	enc, onError := "utf-8", "strict"
	if err := c.rest().Unpack("encoding?", &enc, "errors?", &onError); err != nil {
		return nil, err
	}
	s := string(c.Args[0].(value.Bytes))
	switch strings.ToLower(enc) {
	case "latin-1", "latin1", "iso-8859-1":
		r := make([]rune, len(s))
		for i := range len(s) {
			r[i] = rune(s[i])
		}
		return value.Str(string(r)), nil
	case "utf-8", "utf8", "ascii", "us-ascii":
		switch {
		case utf8.ValidString(s):
		case onError == "ignore":
			s = strings.ToValidUTF8(s, "")
		case onError == "replace":
			s = strings.ToValidUTF8(s, "\uFFFD")
		default:
			s, err := decodeUTF8(s)
			return value.Str(s), err
		}
		return value.Str(s), nil
	}
	return nil, fmt.Errorf("unknown encoding: %s", enc)
}

// decodeUTF8 gives bytes as text, which they must be.
func decodeUTF8(s string) (string, error) {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(r)) {
			return "", fmt.Errorf("'utf-8' codec can't decode byte 0x%02x in position %d: invalid start byte", s[i], i)
		}
	}
	return s, nil
}

func encodeUTF16(s, name string) []byte {
	var b []byte
	if name == "utf-16" {
		b = []byte{0xff, 0xfe}
	}
	for _, u := range utf16.Encode([]rune(s)) {
		if strings.HasSuffix(name, "be") {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}
