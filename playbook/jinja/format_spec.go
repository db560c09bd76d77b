package jinja

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"drover/playbook/value"
)

// formatFloat prints a float as the verbs e, f, g (and upper case) do.
func formatFloat(f float64, verb byte, prec int, alternate bool) string {
	lower := verb | 0x20
	var s string
	switch {
	case math.IsInf(f, 0):
		s = "inf"
	case math.IsNaN(f):
		s = "nan"
	case lower == 'g':
		s = formatGeneral(f, max(prec, 1), alternate)
	default:
		s = strconv.FormatFloat(f, lower, prec, 64)
		if alternate && prec == 0 {
			s = withPoint(s)
		}
	}
	if verb < 'a' {
		return strings.ToUpper(s)
	}
	return s
}

// withPoint adds the decimal point that the alternate form always has.
func withPoint(s string) string {
	mant, exp, found := strings.Cut(s, "e")
	if !strings.Contains(mant, ".") {
		mant += "."
	}
	if found {
		return mant + "e" + exp
	}
	return mant
}

// formatGeneral is %g: prec significant digits, an exponent when it is shorter.
func formatGeneral(f float64, prec int, keepZeros bool) string {
	e := strconv.FormatFloat(f, 'e', prec-1, 64)
	mant, exp, _ := strings.Cut(e, "e")
	x, _ := strconv.Atoi(exp)
	if x >= -4 && x < prec {
		s := strconv.FormatFloat(f, 'f', prec-1-x, 64)
		if keepZeros {
			return withPoint(s)
		}
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return s
	}
	if keepZeros {
		return withPoint(e)
	}
	if strings.Contains(mant, ".") {
		mant = strings.TrimRight(strings.TrimRight(mant, "0"), ".")
	}
	return mant + "e" + exp
}

// spec is a parsed format specification.
type spec struct {
	fill      rune
	align     byte // 0 when not given
	sign      byte
	alternate bool
	// noMinusZero is the "z" that makes a negative zero positive.
	noMinusZero bool
	zero        bool
	width       int
	group       string
	prec        int // -1 when not given
	verb        byte
}

// parseSpec reads "[[fill]align][sign][#][0][width][,][.prec][type]".
func (c *Context) parseSpec(text string) (spec, error) {
	s := spec{prec: -1}
	r := []rune(text)
	i := 0
	at := func(j int) rune {
		if j < len(r) {
			return r[j]
		}
		return 0
	}
	isAlign := func(r rune) bool { return r == '<' || r == '>' || r == '^' || r == '=' }
	if len(r) > 1 && isAlign(r[1]) {
		s.fill, s.align = r[0], byte(r[1])
		i = 2
	} else if isAlign(at(0)) {
		s.align = byte(r[0])
		i = 1
	}
	if b := at(i); b == '+' || b == '-' || b == ' ' {
		s.sign = byte(b)
		i++
	}
	if at(i) == 'z' {
		s.noMinusZero = true
		i++
	}
	if at(i) == '#' {
		s.alternate = true
		i++
	}
	if at(i) == '0' {
		s.zero = true
		if s.fill == 0 {
			s.fill = '0'
		}
		if s.align == 0 {
			s.align = '='
		}
		i++
	}
	if s.fill == 0 {
		s.fill = ' '
	}
	digits := func() (int, bool) {
		n, start := 0, i
		for i < len(r) && r[i] >= '0' && r[i] <= '9' {
			n = min(n*10+int(r[i]-'0'), 1<<40)
			i++
		}
		return n, i > start
	}
	s.width, _ = digits()
	if b := at(i); b == ',' || b == '_' {
		s.group = string(b)
		i++
	}
	if at(i) == '.' {
		i++
		n, ok := digits()
		if !ok {
			return s, valueErrorf("Format specifier missing precision")
		}
		s.prec = n
	}
	if i < len(r) {
		if s.group != "" && r[i] == 'n' {
			return s, valueErrorf("Cannot specify '%s' with 'n'.", s.group)
		}
		if len(r)-i > 1 || r[i] > 0x7e {
			return s, valueErrorf("Invalid format specifier '%s'", text)
		}
		s.verb = byte(r[i])
	}
	return s, c.fits(max(s.width, s.prec))
}

// formatValue is Python's format(v, spec).
func (c *Context) formatValue(v value.Value, text string) (string, error) {
	if f, ok := v.(interface{ Format(string) (string, error) }); ok {
		return f.Format(text)
	}
	if text == "" {
		return value.String(v), nil
	}
	s, err := c.parseSpec(text)
	if err != nil {
		return "", err
	}
	switch n := v.(type) {
	case value.Str, value.Secret:
		return s.text(value.String(n))
	case value.Int, value.Bool, *value.BigInt:
		if _, isBool := n.(value.Bool); isBool && (s.verb == 0 || s.verb == 's') {
			if s.verb == 's' {
				return "", s.unknown(v)
			}
		}
		b, _ := value.AsBig(n)
		return s.integer(v, b)
	case value.Float:
		return s.float(v, float64(n))
	}
	return "", TypeErrorf("unsupported format string passed to %s.__format__", v.Type())
}

func (s *spec) unknown(v value.Value) error {
	return valueErrorf("Unknown format code '%c' for object of type '%s'", s.verb, v.Type())
}

func (s *spec) text(t string) (string, error) {
	switch {
	case s.verb != 0 && s.verb != 's':
		return "", valueErrorf("Unknown format code '%c' for object of type 'str'", s.verb)
	case s.sign != 0:
		return "", valueErrorf("Sign not allowed in string format specifier")
	case s.align == '=' && !s.zero:
		return "", valueErrorf("'=' alignment not allowed in string format specifier")
	case s.group != "":
		return "", valueErrorf("Cannot specify '%s' with 's'.", s.group)
	case s.noMinusZero:
		return "", valueErrorf("Negative zero coercion (z) not allowed in string format specifier")
	}
	if r := []rune(t); s.prec >= 0 && len(r) > s.prec {
		t = string(r[:s.prec])
	}
	align := s.align
	if align == 0 || align == '=' {
		align = '<'
	}
	return s.pad("", t, align), nil
}

func (s *spec) integer(v value.Value, n *big.Int) (string, error) {
	base, prefix := 10, ""
	switch s.verb {
	case 0, 'd', 'n':
	case 'b':
		base, prefix = 2, "0b"
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(s.verb)
	case 'c':
		if s.sign != 0 || s.alternate || s.prec >= 0 {
			return "", valueErrorf("Sign, precision and alternate form are not allowed with integer format specifier 'c'")
		}
		return s.char(n)
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		f, _ := value.AsFloat(value.NewInt(n))
		return s.float(v, f)
	default:
		return "", s.unknown(v)
	}
	if s.noMinusZero {
		return "", valueErrorf("Negative zero coercion (z) not allowed in integer format specifier")
	}
	if s.prec >= 0 {
		return "", valueErrorf("Precision not allowed in integer format specifier")
	}
	digits := new(big.Int).Abs(n).Text(base)
	if s.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if !s.alternate {
		prefix = ""
	}
	size := 3
	if base != 10 {
		size = 4
	}
	return s.number(s.signText(n.Sign() < 0)+prefix, digits, "", size), nil
}

func (s *spec) char(n *big.Int) (string, error) {
	if !n.IsInt64() || n.Int64() < 0 || n.Int64() > utf8.MaxRune {
		return "", errors.New("%c arg not in range(0x110000)")
	}
	align := s.align
	if align == 0 {
		align = '<'
	}
	return s.pad("", string(rune(n.Int64())), align), nil
}

func (s *spec) signText(negative bool) string {
	switch {
	case negative:
		return "-"
	case s.sign == '+' || s.sign == ' ':
		return string(s.sign)
	}
	return ""
}

func (s *spec) float(v value.Value, f float64) (string, error) {
	abs := math.Abs(f)
	prec := s.prec
	if prec < 0 {
		prec = 6
	}
	var text string
	switch s.verb {
	case 0:
		text = s.defaultFloat(abs)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		text = formatFloat(abs, s.verb, prec, s.alternate)
	case 'n':
		text = formatFloat(abs, 'g', prec, s.alternate)
	case '%':
		text = formatFloat(abs*100, 'f', prec, s.alternate) + "%"
	default:
		return "", s.unknown(v)
	}
	if s.noMinusZero && strings.Trim(text, "0.%") == "" {
		f = 0
	}
	whole, rest := text, ""
	if i := strings.IndexAny(text, ".e%E"); i >= 0 && !math.IsInf(f, 0) && !math.IsNaN(f) {
		whole, rest = text[:i], text[i:]
	}
	return s.number(s.signText(math.Signbit(f) && !math.IsNaN(f)), whole, rest, 3), nil
}

// defaultFloat prints like repr, or like g with at least one decimal.
func (s *spec) defaultFloat(f float64) string {
	if s.prec < 0 {
		return value.FloatString(f)
	}
	text := formatFloat(f, 'g', max(s.prec, 1), s.alternate)
	if !strings.ContainsAny(text, ".en") {
		if _, x := math.Frexp(f); x > 0 && len(text) >= max(s.prec, 1) {
			e := strconv.FormatFloat(f, 'e', max(s.prec, 1)-1, 64)
			mant, exp, _ := strings.Cut(e, "e")
			if strings.Contains(mant, ".") {
				mant = strings.TrimRight(strings.TrimRight(mant, "0"), ".")
			}
			return mant + "e" + exp
		}
		text += ".0"
	}
	return text
}

// number puts together sign, grouped digits and the rest, and pads.
func (s *spec) number(sign, whole, rest string, size int) string {
	grouped := whole
	if s.group != "" {
		grouped = group(whole, s.group, size)
		if s.zero && s.align == '=' {
			for w := s.width - utf8.RuneCountInString(sign+rest); utf8.RuneCountInString(grouped) < w; {
				whole = "0" + whole
				grouped = group(whole, s.group, size)
			}
		}
	}
	align := s.align
	if align == 0 {
		align = '>'
	}
	return s.pad(sign, grouped+rest, align)
}

func group(digits, sep string, size int) string {
	var parts []string
	for len(digits) > size {
		parts = append([]string{digits[len(digits)-size:]}, parts...)
		digits = digits[:len(digits)-size]
	}
	return strings.Join(append([]string{digits}, parts...), sep)
}

func (s *spec) pad(sign, text string, align byte) string {
	n := s.width - utf8.RuneCountInString(sign) - utf8.RuneCountInString(text)
	if n <= 0 {
		return sign + text
	}
	fill := func(n int) string { return strings.Repeat(string(s.fill), n) }
	switch align {
	case '<':
		return sign + text + fill(n)
	case '^':
		return fill(n/2) + sign + text + fill(n-n/2)
	case '=':
		return sign + fill(n) + text
	}
	return fill(n) + sign + text
}
