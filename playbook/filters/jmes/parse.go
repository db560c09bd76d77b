package jmes

import (
	"errors"
	"fmt"
	"strconv"

	"drover/playbook/value"
)

// node evaluates a part of an expression for a value.
type node func(v value.Value) (value.Value, error)

// Expression is a parsed query.
type Expression struct{ eval node }

// Search gives what the query finds in v.
func (e *Expression) Search(v value.Value) (value.Value, error) { return e.eval(v) }

// Parse parses a query.
func Parse(s string) (*Expression, error) {
	if s == "" {
		return nil, errors.New("Invalid JMESPath expression: cannot be empty.")
	}
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	n, err := p.expression(0)
	if err == nil && p.peek().kind != "end" {
		err = p.unexpected()
	}
	if err != nil {
		return nil, err
	}
	return &Expression{n}, nil
}

type parser struct {
	tokens []token
	pos    int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != "end" {
		p.pos++
	}
	return t
}

func (p *parser) take(kind string) bool {
	if p.peek().kind == kind {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(kind string) error {
	if !p.take(kind) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) unexpected() error {
	t := p.peek()
	if t.kind == "end" {
		return fmt.Errorf("Invalid jmespath expression: Incomplete expression, it ends at column %d", t.pos)
	}
	return fmt.Errorf("Invalid jmespath expression: Parse error at column %d, token %s", t.pos, t.text)
}

// binding is how strongly an operator binds what stands left of it.
var binding = map[string]int{
	"|": 1, "||": 2, "&&": 3, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5,
	"[]": 9, "*": 20, "[?": 21, ".": 40, "!": 45, "{": 50, "[": 55, "(": 60,
}

// projectionStop is the binding below which a projection ends.
const projectionStop = 10

// maxDepth bounds nested expressions.
const maxDepth = 200

func (p *parser) expression(power int) (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("Invalid jmespath expression: it is nested too deeply")
	}
	defer func() { p.depth-- }()
	left, err := p.prefix()
	for err == nil && power < binding[p.peek().kind] {
		left, err = p.infix(left)
	}
	return left, err
}

func current(v value.Value) (value.Value, error) { return v, nil }

func (p *parser) prefix() (node, error) {
	t := p.next()
	switch t.kind {
	case "literal":
		return func(value.Value) (value.Value, error) { return t.lit, nil }, nil
	case "name":
		if p.peek().kind == "(" {
			return p.call(t.text)
		}
		return field(t.text), nil
	case "@":
		return current, nil
	case "*":
		return p.project(current, values, binding["*"])
	case "[]":
		return p.project(current, flatten, binding["[]"])
	case "[?":
		return p.filter(current)
	case "[":
		return p.bracket(current, true)
	case "{":
		return p.multiHash()
	case "!":
		n, err := p.expression(binding["!"])
		return func(v value.Value) (value.Value, error) {
			r, err := n(v)
			return value.Bool(!truth(r)), err
		}, err
	case "&":
		n, err := p.expression(0)
		return func(value.Value) (value.Value, error) { return reference{n}, nil }, err
	case "(":
		n, err := p.expression(0)
		if err == nil {
			err = p.expect(")")
		}
		return n, err
	}
	p.pos = max(0, p.pos-1)
	return nil, p.unexpected()
}

func (p *parser) infix(left node) (node, error) {
	t := p.next()
	switch t.kind {
	case ".":
		if p.take("*") {
			return p.project(left, values, binding["*"])
		}
		right, err := p.dotted()
		return pipe(left, right), err
	case "[":
		return p.bracket(left, false)
	case "[]":
		return p.project(left, flatten, binding["[]"])
	case "[?":
		return p.filter(left)
	case "|":
		right, err := p.expression(binding["|"])
		return pipe(left, right), err
	case "||", "&&":
		right, err := p.expression(binding[t.kind])
		return logic(left, right, t.kind == "||"), err
	case "==", "!=", "<", "<=", ">", ">=":
		right, err := p.expression(binding[t.kind])
		return comparison(left, right, t.kind), err
	}
	p.pos--
	return nil, p.unexpected()
}

// dotted reads what may follow a dot.
func (p *parser) dotted() (node, error) {
	switch t := p.peek(); t.kind {
	case "name", "*":
		return p.expression(binding["."])
	case "[":
		p.next()
		return p.multiList()
	case "{":
		p.next()
		return p.multiHash()
	}
	return nil, p.unexpected()
}

// right reads what a projection does with each element.
func (p *parser) right(power int) (node, error) {
	switch t := p.peek(); {
	case binding[t.kind] < projectionStop:
		return current, nil
	case t.kind == "[" || t.kind == "[?":
		return p.continuation(power)
	case t.kind == ".":
		p.next()
		if p.peek().kind == "*" || p.peek().kind == "name" {
			return p.expression(power)
		}
		left, err := p.dotted()
		for err == nil && power < binding[p.peek().kind] {
			left, err = p.infix(left)
		}
		return left, err
	}
	return nil, p.unexpected()
}

func (p *parser) continuation(power int) (node, error) {
	left := node(current)
	var err error
	for err == nil && power < binding[p.peek().kind] {
		left, err = p.infix(left)
	}
	return left, err
}

// project applies what follows to each of the elements that list finds.
func (p *parser) project(left node, list func(value.Value) ([]value.Value, bool), power int) (node, error) {
	right, err := p.right(power)
	return projection(left, list, right), err
}

func (p *parser) filter(left node) (node, error) {
	condition, err := p.expression(0)
	if err == nil {
		err = p.expect("]")
	}
	if err != nil {
		return nil, err
	}
	right := node(current)
	if p.peek().kind != "[]" {
		if right, err = p.right(binding["[?"]); err != nil {
			return nil, err
		}
	}
	return filtered(left, condition, right), nil
}

// bracket reads what follows "[": an index, a slice, a star, or, at the start
// of an expression, a list of expressions.
func (p *parser) bracket(left node, first bool) (node, error) {
	switch t := p.peek(); {
	case t.kind == "number" || t.kind == ":":
		return p.indexOrSlice(left)
	case t.kind == "*" && p.tokens[p.pos+1].kind == "]":
		p.pos += 2
		return p.project(left, elements, binding["*"])
	case first:
		return p.multiList()
	}
	return nil, p.unexpected()
}

func (p *parser) indexOrSlice(left node) (node, error) {
	var parts [3]*int
	colons := 0
	for p.peek().kind != "]" {
		switch t := p.next(); {
		case t.kind == ":" && colons < 2:
			colons++
		case t.kind == "number" && parts[colons] == nil:
			n, err := strconv.Atoi(t.text)
			if err != nil {
				return nil, err
			}
			parts[colons] = &n
		default:
			p.pos--
			return nil, p.unexpected()
		}
	}
	p.next()
	if colons == 0 {
		return index(left, *parts[0]), nil
	}
	return p.project(left, slicer(parts), binding["*"])
}

func (p *parser) list(end string) ([]node, error) {
	var nodes []node
	for !p.take(end) {
		if len(nodes) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		n, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

func (p *parser) multiList() (node, error) {
	nodes, err := p.list("]")
	return func(v value.Value) (value.Value, error) {
		if v == value.None {
			return v, nil
		}
		elems, err := evalAll(nodes, v)
		return value.NewList(elems...), err
	}, err
}

func (p *parser) multiHash() (node, error) {
	var keys []string
	var nodes []node
	for {
		t := p.next()
		if t.kind != "name" {
			p.pos--
			return nil, p.unexpected()
		}
		if err := p.expect(":"); err != nil {
			return nil, err
		}
		n, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		keys, nodes = append(keys, t.text), append(nodes, n)
		if p.take("}") {
			break
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
	return func(v value.Value) (value.Value, error) {
		if v == value.None {
			return v, nil
		}
		elems, err := evalAll(nodes, v)
		d := value.NewDict(len(keys))
		for i, e := range elems {
			d.Put(keys[i], e)
		}
		return d, err
	}, nil
}

func (p *parser) call(name string) (node, error) {
	p.next()
	nodes, err := p.list(")")
	if err != nil {
		return nil, err
	}
	fn, ok := functions[name]
	if !ok {
		return nil, fmt.Errorf("Unknown function: %s()", name)
	}
	if len(nodes) < fn.min || fn.max >= 0 && len(nodes) > fn.max {
		return nil, fmt.Errorf("Expected %d arguments for function %s(), received %d", fn.min, name, len(nodes))
	}
	return func(v value.Value) (value.Value, error) {
		args, err := evalAll(nodes, v)
		if err != nil {
			return nil, err
		}
		return fn.call(name, args)
	}, nil
}
