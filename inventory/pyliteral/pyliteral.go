// Package pyliteral reads Python literals, as INI inventories hold them:
// numbers, strings, bytes, True, False, None, and lists, tuples, dicts and
// sets of those.
package pyliteral

import (
	"errors"
	"strings"

	"drover/playbook/value"
)

// errNotLiteral says that a text is not a literal; why does not matter, since
// such a text is taken as it is.
var errNotLiteral = errors.New("not a Python literal")

// maxDepth bounds nested containers.
const maxDepth = 200

// Parse reads the whole of s as one literal. A set becomes a list.
func Parse(s string) (value.Value, error) { return parse(s, false) }

// ParseJSON is Parse for texts that may also say true, false and null.
func ParseJSON(s string) (value.Value, error) { return parse(s, true) }

func parse(s string, json bool) (value.Value, error) {
	p := &parser{s: strings.TrimLeft(s, " \t"), json: json}
	v, err := p.tupleOr(0, "")
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(p.s) {
		return nil, errNotLiteral
	}
	return v, nil
}

type parser struct {
	s     string
	i     int
	depth int // of brackets, inside which lines may end
	json  bool
}

// space skips blanks and comments, and line ends inside brackets.
func (p *parser) space() {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == ' ' || c == '\t' || c == '\f':
			p.i++
		case (c == '\n' || c == '\r') && p.depth > 0:
			p.i++
		case c == '#':
			for p.i < len(p.s) && p.s[p.i] != '\n' {
				p.i++
			}
		default:
			return
		}
	}
}

// peek gives the next character after blanks, 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// eat skips c when it is next.
func (p *parser) eat(c byte) bool {
	if p.peek() == c {
		p.i++
		return true
	}
	return false
}

// tupleOr reads one value, or a tuple when commas follow; end is the bracket
// that closes it, "" at the top.
func (p *parser) tupleOr(depth int, end string) (value.Value, error) {
	first, err := p.value(depth)
	if err != nil || p.peek() != ',' {
		return first, err
	}
	elems := []value.Value{first}
	for p.eat(',') {
		if c := p.peek(); c == 0 || string(c) == end {
			break
		}
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		elems = append(elems, v)
	}
	return value.Tuple(elems), nil
}

func (p *parser) value(depth int) (value.Value, error) {
	if depth > maxDepth {
		return nil, errNotLiteral
	}
	switch c := p.peek(); {
	case c == '[':
		return p.list(depth)
	case c == '(':
		return p.paren(depth)
	case c == '{':
		return p.braces(depth)
	case c == '\'' || c == '"':
		return p.strings()
	case c == '+' || c == '-':
		return p.signed()
	case isDigit(c) || c == '.':
		return p.number()
	case isNameStart(c):
		return p.name()
	}
	return nil, errNotLiteral
}

// name reads True, False, None, or the prefix of a string.
func (p *parser) name() (value.Value, error) {
	start := p.i
	for p.i < len(p.s) && (isNameStart(p.s[p.i]) || isDigit(p.s[p.i])) {
		p.i++
	}
	if p.i < len(p.s) && (p.s[p.i] == '\'' || p.s[p.i] == '"') {
		p.i = start
		return p.strings()
	}
	return constant(p.s[start:p.i], p.json)
}

// enter and leave bracket the inside of a container.
func (p *parser) enter() { p.i++; p.depth++ }

func (p *parser) leave(end byte) error {
	if !p.eat(end) {
		return errNotLiteral
	}
	p.depth--
	return nil
}

func (p *parser) list(depth int) (value.Value, error) {
	p.enter()
	elems, err := p.elements(depth+1, ']')
	if err != nil {
		return nil, err
	}
	return value.NewList(elems...), p.leave(']')
}

// elements reads values separated by commas up to end.
func (p *parser) elements(depth int, end byte) ([]value.Value, error) {
	var elems []value.Value
	for p.peek() != end {
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		elems = append(elems, v)
		if !p.eat(',') {
			break
		}
	}
	return elems, nil
}

func (p *parser) paren(depth int) (value.Value, error) {
	p.enter()
	if p.peek() == ')' {
		return value.Tuple{}, p.leave(')')
	}
	v, err := p.tupleOr(depth+1, ")")
	if err != nil {
		return nil, err
	}
	return v, p.leave(')')
}

// braces reads a dict or a set.
func (p *parser) braces(depth int) (value.Value, error) {
	p.enter()
	if p.peek() == '}' {
		return value.NewDict(0), p.leave('}')
	}
	first, err := p.value(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.peek() == ':' {
		return p.dict(first, depth)
	}
	set := []value.Value{first}
	if p.eat(',') {
		rest, err := p.elements(depth+1, '}')
		if err != nil {
			return nil, err
		}
		set = append(set, rest...)
	}
	return value.NewList(distinct(set)...), p.leave('}')
}

// dict reads on after the first key.
func (p *parser) dict(key value.Value, depth int) (value.Value, error) {
	d := value.NewDict(4)
	for {
		if !hashable(key) || !p.eat(':') {
			return nil, errNotLiteral
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.Set(key, v)
		if !p.eat(',') || p.peek() == '}' {
			return d, p.leave('}')
		}
		if key, err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
}

func hashable(v value.Value) bool {
	switch v.(type) {
	case *value.List, *value.Dict:
		return false
	}
	return true
}

func distinct(vs []value.Value) []value.Value {
	var out []value.Value
next:
	for _, v := range vs {
		for _, o := range out {
			if value.Equal(v, o) {
				continue next
			}
		}
		out = append(out, v)
	}
	return out
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// constant gives the value of a name.
func constant(name string, json bool) (value.Value, error) {
	switch {
	case name == "True", json && name == "true":
		return value.Bool(true), nil
	case name == "False", json && name == "false":
		return value.Bool(false), nil
	case name == "None", json && name == "null":
		return value.None, nil
	}
	return nil, errNotLiteral
}
