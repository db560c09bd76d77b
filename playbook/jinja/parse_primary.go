package jinja

import (
	"fmt"
	"math/big"
	"strconv"

	"drover/playbook/value"
)

func (p *parser) primary() (expr, error) {
	t := p.tok()
	switch t.kind {
	case tokName:
		p.advance()
		return p.nameOrConst(t), nil
	case tokString:
		return p.stringConst(), nil
	case tokInt, tokFloat:
		p.advance()
		v, err := numberConst(t)
		if err != nil {
			return nil, p.fail(t, "%s", err)
		}
		return &constExpr{at: at(t.off), v: v}, nil
	case tokOp:
		switch t.text {
		case "(":
			p.advance()
			x, err := p.tuple(tupleRule{cond: true, parens: true})
			if err != nil {
				return nil, err
			}
			return x, p.expectOp(")")
		case "[":
			return p.list()
		case "{":
			return p.dict()
		}
	}
	return nil, p.fail(t, "unexpected '%s'", t.describe())
}

func (p *parser) nameOrConst(t token) expr {
	switch t.text {
	case "true", "True":
		return &constExpr{at: at(t.off), v: value.Bool(true)}
	case "false", "False":
		return &constExpr{at: at(t.off), v: value.Bool(false)}
	case "none", "None":
		return &constExpr{at: at(t.off), v: value.None}
	}
	return p.load(t.text, t.off)
}

// stringConst parses adjacent string literals.
func (p *parser) stringConst() expr {
	t := p.advance()
	text := t.text
	for p.tok().kind == tokString {
		text += p.advance().text
	}
	c := &constExpr{at: at(t.off), v: value.Str(text)}
	if mutators[text] {
		p.tpl.mutates = true
	}
	if (p.cond || p.lookups > 0) && HasMarkup(text) {
		c.tpl = &value.Template{Src: text, Pos: p.tpl.place.pos}
	}
	return c
}

func numberConst(t token) (value.Value, error) {
	if t.kind == tokFloat {
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil { // Jinja2 can't write it down in the code it makes
			return nil, fmt.Errorf("the number %s is too large", t.text)
		}
		return value.Float(f), nil
	}
	if n, err := strconv.ParseInt(t.text, 0, 64); err == nil {
		return value.Int(n), nil
	}
	n, ok := new(big.Int).SetString(t.text, 0)
	if !ok {
		return value.Int(0), nil
	}
	return value.NewInt(n), nil
}

func (p *parser) list() (expr, error) {
	l := &listExpr{at: at(p.advance().off)}
	for !p.tok().isOp("]") {
		if len(l.elems) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		if p.tok().isOp("]") {
			break
		}
		x, err := p.expression(true)
		if err != nil {
			return nil, err
		}
		l.elems = append(l.elems, x)
	}
	return l, p.expectOp("]")
}

func (p *parser) dict() (expr, error) {
	d := &dictExpr{at: at(p.advance().off)}
	for !p.tok().isOp("}") {
		if len(d.keys) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		if p.tok().isOp("}") {
			break
		}
		k, err := p.expression(true)
		if err != nil {
			return nil, err
		}
		if err := p.expectOp(":"); err != nil {
			return nil, err
		}
		v, err := p.expression(true)
		if err != nil {
			return nil, err
		}
		d.keys, d.vals = append(d.keys, k), append(d.vals, v)
	}
	return d, p.expectOp("}")
}

// tupleRule says how tuple parses.
type tupleRule struct {
	simple bool     // primaries only
	cond   bool     // conditional expressions allowed
	parens bool     // an empty tuple is allowed
	ends   []string // names that end it
}

// tuple parses one expression, or several separated by commas as a tuple.
func (p *parser) tuple(r tupleRule) (expr, error) {
	start := p.tok()
	var elems []expr
	comma := false
	for !p.tupleEnd(r.ends) {
		x, err := p.tupleElem(r)
		if err != nil {
			return nil, err
		}
		elems = append(elems, x)
		if !p.tok().isOp(",") {
			break
		}
		p.advance()
		comma = true
	}
	if !comma {
		if len(elems) == 1 {
			return elems[0], nil
		}
		if !r.parens {
			return nil, p.fail(p.tok(), "Expected an expression, got '%s'", p.tok().describe())
		}
	}
	return &tupleExpr{at(start.off), elems}, nil
}

func (p *parser) tupleElem(r tupleRule) (expr, error) {
	if r.simple {
		return p.primary()
	}
	return p.expression(r.cond)
}

func (p *parser) tupleEnd(ends []string) bool {
	t := p.tok()
	if t.kind == tokVarEnd || t.kind == tokBlockEnd || t.isOp(")") {
		return true
	}
	for _, e := range ends {
		if t.isName(e) {
			return true
		}
	}
	return false
}
