package pyliteral

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

var (
	floatExpr = lazyre.New(`^(?:[0-9](?:_?[0-9])*)?(?:\.(?:[0-9](?:_?[0-9])*)?)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?`)
	intExpr   = lazyre.New(`^(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?[0-9])*)`)
)

// signed reads a number behind any plus or minus signs.
func (p *parser) signed() (value.Value, error) {
	minus := false
	for {
		switch p.peek() {
		case '-':
			minus = !minus
		case '+':
		default:
			v, err := p.number()
			if err != nil || !minus {
				return v, err
			}
			return negative(v), nil
		}
		p.i++
	}
}

func negative(v value.Value) value.Value {
	if f, ok := v.(value.Float); ok {
		return -f
	}
	n, _ := value.AsBig(v)
	return value.NewInt(new(big.Int).Neg(n))
}

// number reads an int or a float; imaginary numbers are no values.
func (p *parser) number() (value.Value, error) {
	rest := p.s[p.i:]
	whole, broken := intExpr.FindString(rest), floatExpr.FindString(rest)
	text := whole
	if len(broken) > len(whole) {
		text = broken
	}
	if end := p.i + len(text); text == "" || text == "." || end < len(p.s) && (isNameStart(p.s[end]) || isDigit(p.s[end])) {
		return nil, errNotLiteral
	}
	isFloat := len(broken) > len(whole)
	if isFloat && !strings.ContainsAny(text, ".eE") {
		return nil, errNotLiteral // 0123 is no number in Python
	}
	p.i += len(text)
	text = strings.ReplaceAll(text, "_", "")
	if isFloat {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(f, 0) {
			return nil, errNotLiteral
		}
		return value.Float(f), nil
	}
	n, ok := new(big.Int).SetString(text, 0)
	if !ok {
		return nil, errNotLiteral
	}
	return value.NewInt(n), nil
}

// strings reads one or more adjacent strings, which Python joins.
func (p *parser) strings() (value.Value, error) {
	var b strings.Builder
	bytes := false
	for n := 0; ; n++ {
		start := p.i
		for p.i < len(p.s) && isNameStart(p.s[p.i]) {
			p.i++
		}
		if p.i == len(p.s) || p.s[p.i] != '\'' && p.s[p.i] != '"' {
			return nil, errNotLiteral
		}
		raw, isBytes, ok := stringPrefix(p.s[start:p.i])
		if !ok || n > 0 && isBytes != bytes {
			return nil, errNotLiteral
		}
		bytes = isBytes
		if err := p.quoted(&b, raw, bytes); err != nil {
			return nil, err
		}
		if c := p.peek(); c != '\'' && c != '"' && !isNameStart(c) {
			break
		}
	}
	if bytes {
		return value.Bytes(b.String()), nil
	}
	return value.Str(b.String()), nil
}

func stringPrefix(s string) (raw, bytes, ok bool) {
	switch strings.ToLower(s) {
	case "", "u":
		return false, false, true
	case "r":
		return true, false, true
	case "b":
		return false, true, true
	case "br", "rb":
		return true, true, true
	}
	return false, false, false
}

// quoted reads a string from its opening quote, single or triple.
func (p *parser) quoted(b *strings.Builder, raw, bytes bool) error {
	quote := p.s[p.i : p.i+1]
	if strings.HasPrefix(p.s[p.i:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	p.i += len(quote)
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case strings.HasPrefix(p.s[p.i:], quote):
			p.i += len(quote)
			return nil
		case c == '\n' && len(quote) == 1, bytes && c >= 0x80:
			return errNotLiteral
		case c == '\\' && raw && p.i+1 < len(p.s):
			b.WriteString(p.s[p.i : p.i+2])
			p.i += 2
		case c == '\\':
			if err := p.escape(b, bytes); err != nil {
				return err
			}
		default:
			b.WriteByte(c)
			p.i++
		}
	}
	return errNotLiteral
}

var simpleEscapes = map[byte]string{
	'\n': "", '\\': `\`, '\'': `'`, '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// escape reads one backslash sequence; an unknown one stands for itself.
func (p *parser) escape(b *strings.Builder, bytes bool) error {
	if p.i+1 >= len(p.s) {
		return errNotLiteral
	}
	c := p.s[p.i+1]
	if text, ok := simpleEscapes[c]; ok {
		b.WriteString(text)
		p.i += 2
		return nil
	}
	switch {
	case c == 'x':
		return p.hex(b, 2, bytes)
	case c == 'u' && !bytes:
		return p.hex(b, 4, false)
	case c == 'U' && !bytes:
		return p.hex(b, 8, false)
	case c == 'N' && !bytes:
		return errNotLiteral // names of characters are not known here
	case c >= '0' && c <= '7':
		p.octal(b, bytes)
	default:
		b.WriteByte('\\')
		p.i++
	}
	return nil
}

func (p *parser) hex(b *strings.Builder, digits int, bytes bool) error {
	end := p.i + 2 + digits
	if end > len(p.s) {
		return errNotLiteral
	}
	n, err := strconv.ParseUint(p.s[p.i+2:end], 16, 32)
	if err != nil || n > utf8.MaxRune {
		return errNotLiteral
	}
	p.i = end
	writeCode(b, rune(n), bytes)
	return nil
}

func (p *parser) octal(b *strings.Builder, bytes bool) {
	n := rune(0)
	p.i++
	for k := 0; k < 3 && p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '7'; k++ {
		n = n*8 + rune(p.s[p.i]-'0')
		p.i++
	}
	writeCode(b, n, bytes)
}

func writeCode(b *strings.Builder, r rune, bytes bool) {
	if bytes {
		b.WriteByte(byte(r))
		return
	}
	b.WriteRune(r)
}
