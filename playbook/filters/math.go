package filters

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// mathFilters calculate, and print sizes for people.
var mathFilters = []entry{
	{"log", "x base?", logarithm, 0},
	{"pow", "x y", power, 0},
	{"root", "x base?", root, 0},
	{"human_readable", "size isbits? unit?", humanReadable, 0},
	{"human_to_bytes", "size default_unit? isbits?", humanToBytes, 0},
}

// number gives an argument that must be a number, as a float.
func (a *args) number(filter, name string) float64 {
	v := a.val(name)
	f, ok := value.AsFloat(v)
	if !ok {
		a.fail("%s() can only be used on numbers: argument '%s' must be a real number, not %s", filter, name, v.Type())
	}
	return f
}

func logarithm(a *args) (value.Value, error) {
	x, base := a.number("log", "x"), math.E
	if a.lookup("base") != nil {
		base = a.number("log", "base")
	}
	if a.err == nil && (x <= 0 || base <= 0) {
		return nil, errors.New("math domain error")
	}
	switch base {
	case 10:
		return value.Float(log10(x)), nil
	case math.E:
		return value.Float(log(x)), nil
	case 1:
		return nil, errors.New("float division by zero")
	}
	return value.Float(log(x) / log(base)), nil
}

func power(a *args) (value.Value, error) {
	x, y := a.number("pow", "x"), a.number("pow", "y")
	return checkedFloat(pow(x, y), x, y)
}

func root(a *args) (value.Value, error) {
	x, base := a.number("root", "x"), 2.0
	if s, ok := value.AsString(a.val("base")); ok {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil {
			return nil, fmt.Errorf("root() can only be used on numbers: could not convert string to float: '%s'", s)
		}
		base = f
	} else if a.lookup("base") != nil {
		base = a.number("root", "base")
	}
	if base == 2 {
		return checkedFloat(math.Sqrt(x), x)
	}
	if base == 0 {
		return nil, errors.New("float division by zero")
	}
	return checkedFloat(pow(x, 1/base), x)
}

// checkedFloat gives f, or Python's error when a result of finite operands is
// not finite.
func checkedFloat(f float64, operands ...float64) (value.Value, error) {
	for _, o := range operands {
		if math.IsNaN(o) || math.IsInf(o, 0) {
			return value.Float(f), nil
		}
	}
	switch {
	case math.IsNaN(f):
		return nil, errors.New("math domain error")
	case math.IsInf(f, 0):
		return nil, errors.New("math range error")
	}
	return value.Float(f), nil
}

// sizeUnits are the units of sizes, largest first, each 1024 times the next.
const sizeUnits = "YZEPTGMKB"

// unitFactor gives what a unit letter stands for.
func unitFactor(letter byte) (float64, bool) {
	i := strings.IndexByte(sizeUnits, letter)
	if i < 0 {
		return 0, false
	}
	return math.Ldexp(1, 10*(len(sizeUnits)-1-i)), true
}

func humanReadable(a *args) (value.Value, error) {
	size, ok := value.AsFloat(a.val("size"))
	if !ok {
		return nil, fmt.Errorf("human_readable() failed on bad input: size must be a number, not '%s'", a.val("size").Type())
	}
	unit := strings.ToUpper(a.strOr("unit", ""))
	base := "Bytes"
	if a.truth("isbits") {
		base = "bits"
	}
	letter := byte('B')
	for i := range len(sizeUnits) {
		limit, _ := unitFactor(sizeUnits[i])
		if unit == "" && size >= limit || unit == sizeUnits[i:i+1] {
			letter = sizeUnits[i]
			break
		}
	}
	limit, _ := unitFactor(letter)
	suffix := base
	if letter != 'B' {
		suffix = string(letter) + base[:1]
	}
	return value.Str(fmt.Sprintf("%.2f %s", size/limit, suffix)), nil
}

func humanToBytes(a *args) (value.Value, error) {
	v, err := parseSize(a.text("size"), a.strOr("default_unit", ""), a.truth("isbits"))
	if err != nil {
		return nil, fmt.Errorf("human_to_bytes() can't interpret the input: %w", err)
	}
	return v, nil
}

// splitSize splits "1.5 GB" into number and unit.
func splitSize(s string) (number, unit string, ok bool) {
	s = strings.TrimRight(s, pythonSpace)
	i := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if i < 0 {
		i = len(s)
	}
	number, unit = s[:i], strings.TrimLeft(s[i:], pythonSpace)
	_, frac, dotted := strings.Cut(number, ".")
	if number == "" || dotted && (frac == "" || strings.Contains(frac, ".")) {
		return "", "", false
	}
	for _, r := range unit {
		if (r|0x20) < 'a' || (r|0x20) > 'z' {
			return "", "", false
		}
	}
	return number, unit, true
}

var unitNames = map[byte]string{'B': "", 'K': "kilo", 'M': "mega", 'G': "giga", 'T': "tera", 'P': "peta", 'E': "exa", 'Z': "zeta", 'Y': "yotta"}

func parseSize(text, defaultUnit string, bits bool) (value.Value, error) {
	number, unit, ok := splitSize(text)
	if !ok {
		return nil, fmt.Errorf("human_to_bytes() can't interpret following string: %s", text)
	}
	num := parseFloat(number)
	if unit == "" {
		unit = defaultUnit
	}
	if unit == "" {
		return truncFloat(math.RoundToEven(num)), nil
	}
	letter := strings.ToUpper(unit)[0]
	factor, ok := unitFactor(letter)
	if !ok {
		return nil, fmt.Errorf("human_to_bytes() failed to convert %s (unit = %s). The suffix must be one of Y, Z, E, P, T, G, M, K, B", text, unit)
	}
	class, className := "B", "byte"
	if bits {
		class, className = "b", "bit"
	}
	short := string(letter) + class
	if letter == 'B' {
		short = class
	}
	if len(unit) > 1 && strings.ToLower(unit) != unitNames[letter]+className && unit != short {
		expect := fmt.Sprintf("expect %s or %c", short, letter)
		if letter == 'B' {
			expect = fmt.Sprintf("expect %s or %s", class, className)
		}
		return nil, fmt.Errorf("human_to_bytes() failed to convert %s. Value is not a valid string (%s)", text, expect)
	}
	return truncFloat(math.RoundToEven(num * factor)), nil
}
