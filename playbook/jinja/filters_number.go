package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// intText prepares text for reading as an integer of a base, as Python's int()
// takes it: blanks around, a sign, a prefix that fits the base, underscores
// between digits.
func intText(s string, base int) (digits string, negative bool, outBase int, ok bool) {
	s = strings.TrimSpace(s)
	if s != "" && (s[0] == '+' || s[0] == '-') {
		negative = s[0] == '-'
		s = s[1:]
	}
	prefixed := false
	if len(s) > 1 && s[0] == '0' {
		if b, known := map[byte]int{'x': 16, 'o': 8, 'b': 2}[s[1]|0x20]; known && (base == b || base == 0) {
			s, base, prefixed = s[2:], b, true
		}
	}
	if base == 0 {
		if len(s) > 1 && s[0] == '0' && strings.Trim(s, "0_") != "" {
			return "", false, 0, false
		}
		base = 10
	}
	if prefixed {
		s = strings.TrimPrefix(s, "_")
	}
	if s == "" || strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") || strings.ContainsAny(s, "+-") {
		return "", false, 0, false
	}
	return strings.ReplaceAll(s, "_", ""), negative, base, true
}

// parseFloat reads text as Python's float() does.
func parseFloat(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, "xXpP") || strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") {
		return 0, false
	}
	s = strings.ReplaceAll(s, "_", "")
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return f, true
}

func filterInt(c *Call) (value.Value, error) {
	var v, def value.Value = nil, value.Int(0)
	base := 10
	if err := c.Unpack("value", &v, "default?", &def, "base?", &base); err != nil {
		return nil, err
	}
	switch n := v.(type) {
	case value.Str, value.Secret:
		s, _ := value.AsString(n)
		if base == 0 || base >= 2 && base <= 36 {
			if b, err := parseBig(s, base); err == nil {
				return value.NewInt(b), nil
			}
		}
		if f, ok := parseFloat(s); ok && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return truncated(f), nil
		}
	case value.Float:
		f := float64(n)
		if math.IsInf(f, 0) {
			return nil, errors.New("cannot convert float infinity to integer")
		}
		if !math.IsNaN(f) {
			return truncated(f), nil
		}
	case value.Int, *value.BigInt, value.Bool:
		b, _ := value.AsBig(n)
		return value.NewInt(b), nil
	}
	return def, nil
}

func truncated(f float64) value.Value {
	n, _ := big.NewFloat(math.Trunc(f)).Int(nil)
	return value.NewInt(n)
}

func filterFloat(c *Call) (value.Value, error) {
	var v, def value.Value = nil, value.Float(0)
	if err := c.Unpack("value", &v, "default?", &def); err != nil {
		return nil, err
	}
	if s, ok := value.AsString(v); ok {
		if f, ok := parseFloat(s); ok {
			return value.Float(f), nil
		}
		return def, nil
	}
	if isNumber(v) {
		f, _ := value.AsFloat(v)
		return value.Float(f), nil
	}
	return def, nil
}

func filterRound(c *Call) (value.Value, error) {
	var v value.Value
	var digits value.Value = value.Int(0)
	method := "common"
	if err := c.Unpack("value", &v, "precision?", &digits, "method?", &method); err != nil {
		return nil, err
	}
	n, isInt := value.AsInt(digits)
	precision := int(n)
	switch {
	case !isNumber(v):
		return nil, TypeErrorf("type %s doesn't define __round__ method", v.Type())
	case !isInt && (digits != value.None || method != "common"):
		return nil, TypeErrorf("round(): argument 'precision' must be an integer, not '%s'", digits.Type())
	}
	switch method {
	case "common":
		if digits == value.None {
			return roundToInt(v)
		}
		return roundHalfEven(v, precision), nil
	case "ceil", "floor":
	default:
		return nil, valueErrorf("method must be common, ceil or floor")
	}
	f, _ := value.AsFloat(v)
	scale := math.Pow(10, float64(precision))
	r := math.Ceil(f * scale)
	if method == "floor" {
		r = math.Floor(f * scale)
	}
	r += 0 // no negative zero, as of an integer
	return value.Float(r / scale), nil
}

// roundToInt is Python's round(v, None), which gives an integer.
func roundToInt(v value.Value) (value.Value, error) {
	f, ok := v.(value.Float)
	switch {
	case !ok:
		return roundHalfEven(v, 0), nil
	case math.IsNaN(float64(f)) || math.IsInf(float64(f), 0):
		return nil, errors.New("cannot convert float infinity or NaN to integer")
	}
	return truncated(math.RoundToEven(float64(f))), nil
}

// roundHalfEven is Python's round(v, precision).
func roundHalfEven(v value.Value, precision int) value.Value {
	f, ok := v.(value.Float)
	if !ok {
		n, _ := value.AsBig(v)
		if precision >= 0 {
			return value.NewInt(n)
		}
		return value.NewInt(roundBig(n, -precision))
	}
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) || precision > 400 {
		return f
	}
	if precision < 0 {
		if precision < -400 {
			return value.Float(0)
		}
		scale := math.Pow(10, float64(-precision))
		return value.Float(math.RoundToEven(float64(f)/scale) * scale)
	}
	r, _ := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'f', precision, 64), 64)
	return value.Float(r)
}

func roundBig(n *big.Int, zeros int) *big.Int {
	if zeros > 10_000 {
		return new(big.Int)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(zeros)), nil)
	q, r := new(big.Int).DivMod(n, unit, new(big.Int))
	twice := new(big.Int).Lsh(r, 1)
	if c := twice.Cmp(unit); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return q.Mul(q, unit)
}

func filterFileSize(c *Call) (value.Value, error) {
	var v value.Value
	binary := false
	if err := c.Unpack("value", &v, "binary?", &binary); err != nil {
		return nil, err
	}
	size, ok := value.AsFloat(v)
	if s, isText := value.AsString(v); isText {
		size, ok = parseFloat(s)
	}
	if !ok {
		return nil, TypeErrorf("float() argument must be a string or a real number, not '%s'", v.Type())
	}
	base, suffix := 1000.0, "B"
	if binary {
		base, suffix = 1024, "iB"
	}
	switch {
	case size == 1:
		return value.Str("1 Byte"), nil
	case size < base:
		return value.Str(fmt.Sprintf("%d Bytes", int64(size))), nil
	}
	prefixes := "kMGTPEZY"
	if binary {
		prefixes = "KMGTPEZY"
	}
	unit := base
	for i := range len(prefixes) {
		unit *= base
		if size < unit || i == len(prefixes)-1 {
			return value.Str(fmt.Sprintf("%.1f %c%s", base*size/unit, prefixes[i], suffix)), nil
		}
	}
	return nil, nil
}

// numberFilters are Jinja2's filters on numbers.
var numberFilters = []*Func{
	{Name: "int", Call: filterInt},
	{Name: "float", Call: filterFloat},
	{Name: "abs", Call: filterAbs},
	{Name: "round", Call: filterRound},
	{Name: "filesizeformat", Call: filterFileSize},
}

func filterAbs(c *Call) (value.Value, error) {
	var v value.Value
	if err := c.Unpack("x", &v); err != nil {
		return nil, err
	}
	if f, ok := v.(value.Float); ok {
		return value.Float(math.Abs(float64(f))), nil
	}
	n, ok := value.AsBig(v)
	if !ok {
		return nil, TypeErrorf("bad operand type for abs(): '%s'", v.Type())
	}
	if n.Sign() < 0 {
		return unary('-', v)
	}
	return unary('+', v)
}
