package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode/utf8"

	"drover/playbook/value"
)

// percent is one run of Python's % formatting.
type percent struct {
	c      *Context
	args   []value.Value
	used   int
	single bool // the right operand is no tuple
	dict   value.Mapping
	out    strings.Builder
	secret bool
}

// directive is one "%…" of the format.
type directive struct {
	flags       string
	width, prec int // -1 when not given
	verb        byte
	key         string
	keyed       bool
}

// formatPercent is s % arg.
func (c *Context) formatPercent(format value.Value, s string, arg value.Value) (value.Value, error) {
	var err error
	if t, ok := arg.(value.Tuple); ok {
		arg, err = c.settle(t, 0) // an undefined element matters where it is printed
	} else {
		arg, err = c.settleStrict(arg)
	}
	if err != nil {
		return nil, err
	}
	p := &percent{c: c, args: []value.Value{arg}, single: true}
	if t, ok := arg.(value.Tuple); ok {
		p.args, p.single = t, false
	}
	p.dict, _ = arg.(value.Mapping)
	if err := p.run(s); err != nil {
		return nil, err
	}
	_, isText := value.AsString(arg)
	_, isMapping := arg.(value.Mapping)
	_, isList := arg.(*value.List)
	_, isRange := arg.(*rangeValue)
	_, isUndefined := arg.(*value.Undefined)
	mapping := p.single && (isMapping || isList || isRange || isUndefined) && !isText
	if p.used < len(p.args) && !mapping {
		return nil, TypeErrorf("not all arguments converted during string formatting")
	}
	if _, secret := format.(value.Secret); secret || p.secret {
		return value.Secret(p.out.String()), nil
	}
	return value.Str(p.out.String()), nil
}

func (p *percent) run(s string) error {
	for i := 0; i < len(s); {
		j := strings.IndexByte(s[i:], '%')
		if j < 0 {
			p.out.WriteString(s[i:])
			break
		}
		p.out.WriteString(s[i : i+j])
		d, n, err := p.parse(s[i+j+1:])
		if err != nil {
			return err
		}
		i += j + 1 + n
		if d.verb == '%' {
			if n > 1 {
				return valueErrorf("unsupported format character '%%' (0x25) at index %d", i-1)
			}
			p.out.WriteByte('%')
			continue
		}
		if err := p.directive(d); err != nil {
			return err
		}
		if err := p.c.fits(p.out.Len()); err != nil {
			return err
		}
	}
	return nil
}

var errIncomplete = errors.New("incomplete format")

// parse reads a directive after its "%" and gives its length.
func (p *percent) parse(s string) (directive, int, error) {
	d := directive{width: -1, prec: -1}
	i := 0
	if i < len(s) && s[i] == '(' {
		end := matchingParen(s)
		if end < 0 {
			return d, 0, errors.New("incomplete format key")
		}
		d.key, d.keyed = s[1:end], true
		i = end + 1
	}
	for i < len(s) && strings.IndexByte("#0- +", s[i]) >= 0 {
		d.flags += s[i : i+1]
		i++
	}
	var err error
	if d.width, i, err = p.number(s, i, -1); err != nil {
		return d, 0, err
	}
	if d.width < -1 {
		d.flags += "-"
		d.width = -d.width
	}
	if i < len(s) && s[i] == '.' {
		if d.prec, i, err = p.number(s, i+1, 0); err != nil {
			return d, 0, err
		}
	}
	for i < len(s) && strings.IndexByte("hlL", s[i]) >= 0 {
		i++
	}
	if i >= len(s) {
		return d, 0, errIncomplete
	}
	d.verb = s[i]
	if strings.IndexByte("diouxXeEfFgGcrsa%", d.verb) < 0 {
		r, _ := utf8.DecodeRuneInString(s[i:])
		return d, 0, valueErrorf("unsupported format character '%c' (0x%x) at index %d", r, r, i+1)
	}
	return d, i + 1, nil
}

func matchingParen(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// number reads a width or precision, or takes it from the arguments for "*".
func (p *percent) number(s string, i, def int) (int, int, error) {
	if i < len(s) && s[i] == '*' {
		v, err := p.next()
		if err != nil {
			return 0, 0, err
		}
		n, ok := value.AsInt(v)
		if !ok {
			return 0, 0, TypeErrorf("* wants int")
		}
		return int(n), i + 1, p.c.fits(int(max(n, -n)))
	}
	n, found := 0, false
	for i < len(s) && isDecimal(s[i]) {
		n = min(n*10+int(s[i]-'0'), 1<<40)
		i++
		found = true
	}
	if !found {
		return def, i, nil
	}
	return n, i, p.c.fits(n)
}

func (p *percent) next() (value.Value, error) {
	if p.used >= len(p.args) {
		return nil, TypeErrorf("not enough arguments for format string")
	}
	p.used++
	return p.args[p.used-1], nil
}

func (p *percent) arg(d directive) (value.Value, error) {
	if !d.keyed {
		return p.next()
	}
	if err := used(p.args...); err != nil {
		return nil, err
	}
	if p.dict == nil {
		return nil, TypeErrorf("format requires a mapping")
	}
	v, ok, err := p.dict.Get(value.Str(d.key))
	if err == nil && !ok {
		err = errors.New(value.Repr(value.Str(d.key)))
	}
	return v, err
}

func (p *percent) directive(d directive) error {
	v, err := p.arg(d)
	if err != nil {
		return err
	}
	p.secret = p.secret || value.IsSecret(v)
	var text string
	switch d.verb {
	case 's', 'r', 'a':
		if u, ok := v.(*value.Undefined); ok && d.verb != 's' && u.Err == nil && p.c.env.Lenient {
			p.pad(undefinedRepr(u), d)
			return nil
		}
		if v, err = p.c.settleStrict(v); err != nil {
			return err
		}
		if err := used(v); err != nil {
			return err
		}
		text = percentText(v, d)
	case 'c':
		if text, err = percentChar(v); err != nil {
			return err
		}
	case 'd', 'i', 'u', 'o', 'x', 'X':
		if err := used(v); err != nil && strings.IndexByte("diu", d.verb) >= 0 {
			return err
		}
		if text, err = percentInt(v, d); err != nil {
			return err
		}
	default:
		if err := used(v); err != nil {
			return err
		}
		if text, err = percentFloat(v, d); err != nil {
			return err
		}
	}
	p.pad(text, d)
	return nil
}

// undefinedRepr is what Python's repr gives of something undefined before 2.19.
func undefinedRepr(u *value.Undefined) string {
	return "AnsibleUndefined(hint=None, obj=missing, name=" + value.Repr(value.Str(u.Name)) + ")"
}

func (p *percent) pad(text string, d directive) {
	n := d.width - utf8.RuneCountInString(text)
	switch {
	case n <= 0:
		p.out.WriteString(text)
	case strings.Contains(d.flags, "-"):
		p.out.WriteString(text + strings.Repeat(" ", n))
	case strings.Contains(d.flags, "0") && strings.IndexByte("srac", d.verb) < 0:
		head := 0
		if text != "" && strings.IndexByte("+- ", text[0]) >= 0 {
			head = 1
		}
		if len(text) > head+1 && text[head] == '0' && strings.IndexByte("xXo", text[head+1]) >= 0 {
			head += 2
		}
		p.out.WriteString(text[:head] + strings.Repeat("0", n) + text[head:])
	default:
		p.out.WriteString(strings.Repeat(" ", n) + text)
	}
}

func percentText(v value.Value, d directive) string {
	text := value.String(v)
	switch d.verb {
	case 'r':
		text = value.Repr(v)
	case 'a':
		text = asciiRepr(v)
	}
	if d.prec >= 0 {
		if r := []rune(text); len(r) > d.prec {
			text = string(r[:d.prec])
		}
	}
	return text
}

// asciiRepr is Python's ascii().
func asciiRepr(v value.Value) string {
	var b strings.Builder
	for _, r := range value.Repr(v) {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

func percentChar(v value.Value) (string, error) {
	if s, ok := value.AsString(v); ok && utf8.RuneCountInString(s) == 1 {
		return s, nil
	}
	n, ok := value.AsInt(v)
	switch {
	case !ok:
		return "", TypeErrorf("%%c requires int or char")
	case n < 0 || n > utf8.MaxRune:
		return "", errors.New("%c arg not in range(0x110000)")
	}
	return string(rune(n)), nil
}

func percentInt(v value.Value, d directive) (string, error) {
	n, ok := value.AsBig(v)
	if f, isF := v.(value.Float); isF && strings.IndexByte("diu", d.verb) >= 0 {
		if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
			return "", errors.New("cannot convert float infinity or NaN to integer")
		}
		n, _ = big.NewFloat(math.Trunc(float64(f))).Int(nil)
		ok = true
	}
	if !ok {
		kind := "a real number"
		if strings.IndexByte("oxX", d.verb) >= 0 {
			kind = "an integer"
		}
		return "", TypeErrorf("%%%c format: %s is required, not %s", d.verb, kind, v.Type())
	}
	base, prefix := 10, ""
	switch d.verb {
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(d.verb)
	}
	digits := new(big.Int).Abs(n).Text(base)
	if d.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if d.prec > len(digits) {
		digits = strings.Repeat("0", d.prec-len(digits)) + digits
	}
	if !strings.Contains(d.flags, "#") {
		prefix = ""
	}
	return signOf(n.Sign() < 0, d.flags) + prefix + digits, nil
}

func signOf(negative bool, flags string) string {
	switch {
	case negative:
		return "-"
	case strings.Contains(flags, "+"):
		return "+"
	case strings.Contains(flags, " "):
		return " "
	}
	return ""
}

func percentFloat(v value.Value, d directive) (string, error) {
	if !isNumber(v) {
		return "", TypeErrorf("must be real number, not %s", v.Type())
	}
	f, _ := value.AsFloat(v)
	prec := d.prec
	if prec < 0 {
		prec = 6
	}
	text := formatFloat(math.Abs(f), d.verb, prec, strings.Contains(d.flags, "#"))
	return signOf(math.Signbit(f) && !math.IsNaN(f), d.flags) + text, nil
}
