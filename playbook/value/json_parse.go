package value

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// ParseJSON reads one JSON document as Python's json.loads does: dicts keep
// their order (of a repeated key the last value wins), whole numbers of any
// size are ints, NaN and Infinity are floats. An error names the line and
// column, worded as Python words it.
func ParseJSON(data []byte) (Value, error) {
	p := jsonParser{src: data}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.pos != len(data) {
		return nil, p.errorAt(p.pos, "Extra data")
	}
	return v, nil
}

// JSONError says why and where a text is not JSON.
type JSONError struct {
	Msg                string
	Line, Col, CharPos int
}

func (e *JSONError) Error() string {
	return fmt.Sprintf("%s: line %d column %d (char %d)", e.Msg, e.Line, e.Col, e.CharPos)
}

type jsonParser struct {
	src []byte
	pos int
}

func (p *jsonParser) errorAt(at int, msg string) error {
	before := p.src[:min(at, len(p.src))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &JSONError{
		Msg:     msg,
		Line:    bytes.Count(before, []byte{'\n'}) + 1,
		Col:     utf8.RuneCount(before[start:]) + 1,
		CharPos: utf8.RuneCount(before),
	}
}

func (p *jsonParser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek gives the next byte, 0 at the end.
func (p *jsonParser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

var jsonWords = []struct {
	word string
	val  Value
}{
	{"null", None}, {"true", Bool(true)}, {"false", Bool(false)},
	{"NaN", Float(math.NaN())}, {"Infinity", Float(math.Inf(1))}, {"-Infinity", Float(math.Inf(-1))},
}

func (p *jsonParser) value(depth int) (Value, error) {
	if depth > maxJSONDepth {
		return nil, p.errorAt(p.pos, "The document is nested too deeply")
	}
	switch c := p.peek(); {
	case c == '"':
		s, err := p.str()
		return Str(s), err
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c >= '0' && c <= '9' || c == '-' && p.pos+1 < len(p.src) && p.src[p.pos+1]-'0' < 10:
		return p.number(), nil
	}
	for _, w := range jsonWords {
		if bytes.HasPrefix(p.src[p.pos:], []byte(w.word)) {
			p.pos += len(w.word)
			return w.val, nil
		}
	}
	return nil, p.errorAt(p.pos, "Expecting value")
}

func (p *jsonParser) array(depth int) (Value, error) {
	p.pos++
	l := &List{}
	p.space()
	if p.peek() == ']' {
		p.pos++
		return l, nil
	}
	for {
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		l.Elems = append(l.Elems, v)
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return l, nil
		default:
			return nil, p.errorAt(p.pos, "Expecting ',' delimiter")
		}
	}
}

func (p *jsonParser) object(depth int) (Value, error) {
	p.pos++
	d := &Dict{}
	p.space()
	if p.peek() == '}' {
		p.pos++
		return d, nil
	}
	for {
		p.space()
		if err := p.pair(d, depth); err != nil {
			return nil, err
		}
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return d, nil
		default:
			return nil, p.errorAt(p.pos, "Expecting ',' delimiter")
		}
	}
}

func (p *jsonParser) pair(d *Dict, depth int) error {
	if p.peek() != '"' {
		return p.errorAt(p.pos, "Expecting property name enclosed in double quotes")
	}
	key, err := p.str()
	if err != nil {
		return err
	}
	p.space()
	if p.peek() != ':' {
		return p.errorAt(p.pos, "Expecting ':' delimiter")
	}
	p.pos++
	p.space()
	v, err := p.value(depth + 1)
	if err == nil {
		d.Put(key, v)
	}
	return err
}

func (p *jsonParser) digits() {
	for p.pos < len(p.src) && p.src[p.pos]-'0' < 10 {
		p.pos++
	}
}

// number reads a number; p stands at its sign or first digit.
func (p *jsonParser) number() Value {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	if p.peek() == '0' {
		p.pos++
	} else {
		p.digits()
	}
	isFloat := p.fraction()
	isFloat = p.exponent() || isFloat
	text := string(p.src[start:p.pos])
	if isFloat {
		f, _ := strconv.ParseFloat(text, 64) // out of range gives ±Inf, as in Python
		return Float(f)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return Int(n)
	}
	n, _ := new(big.Int).SetString(text, 10)
	return NewInt(n)
}

func (p *jsonParser) fraction() bool {
	if p.peek() != '.' || p.pos+1 >= len(p.src) || p.src[p.pos+1]-'0' > 9 {
		return false
	}
	p.pos++
	p.digits()
	return true
}

func (p *jsonParser) exponent() bool {
	if c := p.peek(); c != 'e' && c != 'E' {
		return false
	}
	start := p.pos
	p.pos++
	if c := p.peek(); c == '+' || c == '-' {
		p.pos++
	}
	first := p.pos
	p.digits()
	if p.pos == first {
		p.pos = start
		return false
	}
	return true
}

// str reads a string; p stands at its opening quote.
func (p *jsonParser) str() (string, error) {
	start := p.pos
	p.pos++
	from := p.pos
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			s := string(p.src[from:p.pos])
			p.pos++
			return s, nil
		case c == '\\':
			return p.escapedString(start, append([]byte(nil), p.src[from:p.pos]...))
		case c < ' ':
			return "", p.errorAt(p.pos, "Invalid control character at")
		}
		p.pos++
	}
	return "", p.errorAt(start, "Unterminated string starting at")
}

// escapedString reads the rest of a string that has escapes; out holds what
// stood before the first of them.
func (p *jsonParser) escapedString(start int, out []byte) (string, error) {
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		switch {
		case c == '"':
			p.pos++
			return string(out), nil
		case c < ' ':
			return "", p.errorAt(p.pos, "Invalid control character at")
		case c != '\\':
			out = append(out, c)
			p.pos++
			continue
		}
		if p.pos+1 >= len(p.src) {
			break
		}
		var err error
		if out, err = p.escape(out); err != nil {
			return "", err
		}
	}
	return "", p.errorAt(start, "Unterminated string starting at")
}

func (p *jsonParser) escape(out []byte) ([]byte, error) {
	c := p.src[p.pos+1]
	if c == 'u' {
		return p.unicodeEscape(out)
	}
	i := bytes.IndexByte([]byte(`"\/bfnrt`), c)
	if i < 0 {
		return nil, p.errorAt(p.pos, "Invalid \\escape")
	}
	p.pos += 2
	return append(out, "\"\\/\b\f\n\r\t"[i]), nil
}

func (p *jsonParser) unicodeEscape(out []byte) ([]byte, error) {
	r, ok := p.hex4(p.pos)
	if !ok {
		return nil, p.errorAt(p.pos+1, "Invalid \\uXXXX escape")
	}
	p.pos += 6
	if r >= 0xd800 && r < 0xdc00 {
		if low, ok := p.hex4(p.pos); ok && low >= 0xdc00 && low < 0xe000 {
			p.pos += 6
			return utf8.AppendRune(out, 0x10000+(r-0xd800)<<10+(low-0xdc00)), nil
		}
	}
	if r >= 0xd800 && r < 0xe000 { // a lone surrogate keeps its code
		return append(out, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f), nil
	}
	return utf8.AppendRune(out, r), nil
}

// hex4 reads the four digits of a \uXXXX escape that starts at i.
func (p *jsonParser) hex4(i int) (rune, bool) {
	if i+6 > len(p.src) || p.src[i] != '\\' || p.src[i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range p.src[i+2 : i+6] {
		d := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
		if d < 0 || c < '0' {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}
