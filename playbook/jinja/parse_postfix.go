package jinja

import (
	"strings"
)

func (p *parser) postfix(x expr) (expr, error) {
	for {
		t := p.tok()
		var err error
		switch {
		case t.isOp("."), t.isOp("["):
			x, err = p.subscript(x)
		case t.isOp("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) filtersAndTests(x expr) (expr, error) {
	for {
		t := p.tok()
		var err error
		switch {
		case t.isOp("|"):
			x, err = p.filter(x)
		case t.isName("is"):
			x, err = p.test(x)
		case t.isOp("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// mutators are the methods that change the container they are called on.
var mutators = map[string]bool{
	"append": true, "extend": true, "insert": true, "pop": true, "remove": true, "clear": true,
	"sort": true, "reverse": true, "update": true, "setdefault": true, "popitem": true,
}

func (p *parser) subscript(x expr) (expr, error) {
	t := p.advance()
	if t.text == "." {
		n := p.advance()
		switch n.kind {
		case tokName:
			if mutators[n.text] {
				p.tpl.mutates = true
			}
			return p.attr(n.off, x, n.text), nil
		case tokInt:
			v, err := numberConst(n)
			return &itemExpr{at(n.off), x, &constExpr{at: at(n.off), v: v}}, err
		}
		return nil, p.fail(n, "expected name or number")
	}
	return p.bracket(x, t.off)
}

func (p *parser) attr(off int, x expr, name string) *attrExpr {
	return &attrExpr{at(off), x, name, p.env.dictMethods[name] == nil && !strings.HasPrefix(name, "_")}
}

// bracket parses what follows "[": an index, a slice, or several as a tuple.
func (p *parser) bracket(x expr, off int) (expr, error) {
	var keys []expr
	for !p.tok().isOp("]") {
		if len(keys) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		s, k, err := p.sliceOrKey(x)
		if err != nil {
			return nil, err
		}
		if s != nil && len(keys) == 0 && p.tok().isOp("]") {
			p.advance()
			return s, nil
		}
		if s != nil {
			return nil, p.expected("]")
		}
		keys = append(keys, k)
	}
	p.advance()
	if len(keys) == 1 {
		return &itemExpr{at(off), x, keys[0]}, nil
	}
	return &itemExpr{at(off), x, &tupleExpr{at(off), keys}}, nil
}

func (p *parser) sliceOrKey(x expr) (*sliceExpr, expr, error) {
	s := &sliceExpr{at: at(p.tok().off), x: x}
	if !p.tok().isOp(":") {
		k, err := p.expression(true)
		if err != nil {
			return nil, nil, err
		}
		if !p.tok().isOp(":") {
			return nil, k, nil
		}
		s.start = k
	}
	p.advance()
	for _, part := range []*expr{&s.stop, &s.step} {
		if !p.tok().isOp(":") && !p.tok().isOp("]") && !p.tok().isOp(",") {
			e, err := p.expression(true)
			if err != nil {
				return nil, nil, err
			}
			*part = e
		}
		if !p.skipOp(":") {
			break
		}
	}
	return s, nil, nil
}

// lookups are the functions in whose arguments string constants may be
// templates themselves.
var lookups = map[string]bool{"lookup": true, "query": true, "q": true}

func (p *parser) call(fn expr) (*callExpr, error) {
	c := &callExpr{at: at(p.tok().off), fn: fn}
	if n, ok := fn.(*nameExpr); ok && lookups[n.name] {
		p.lookups++
		defer func() { p.lookups-- }()
	}
	var err error
	c.args, err = p.arguments()
	p.noteCount(c)
	return c, err
}

// arguments parses "(…)" of a call.
func (p *parser) arguments() (args, error) {
	var a args
	p.advance()
	for n := 0; !p.tok().isOp(")"); n++ {
		if n > 0 {
			if err := p.expectOp(","); err != nil {
				return a, err
			}
			if p.tok().isOp(")") {
				break
			}
		}
		if err := p.argument(&a); err != nil {
			return a, err
		}
	}
	return a, p.expectOp(")")
}

func (p *parser) argument(a *args) error {
	t := p.tok()
	invalid := func() error { return p.fail(t, "invalid syntax for function call expression") }
	var err error
	switch {
	case t.isOp("*"):
		if a.star != nil || a.ds != nil {
			return invalid()
		}
		p.advance()
		a.star, err = p.expression(true)
	case t.isOp("**"):
		if a.ds != nil {
			return invalid()
		}
		p.advance()
		a.ds, err = p.expression(true)
	case t.kind == tokName && p.peek().isOp("="):
		if a.ds != nil {
			return invalid()
		}
		p.advance()
		p.advance()
		var x expr
		x, err = p.expression(true)
		for _, k := range a.kw {
			if k.name == t.text {
				return p.failLate(t, "keyword argument repeated: %s", t.text)
			}
		}
		a.kw = append(a.kw, kwArg{t.text, x})
	default:
		if len(a.kw) > 0 || a.star != nil || a.ds != nil {
			return invalid()
		}
		var x expr
		x, err = p.expression(true)
		a.pos = append(a.pos, x)
	}
	return err
}

func (p *parser) dotted() (string, error) {
	t, err := p.expectKind(tokName)
	if err != nil {
		return "", err
	}
	name := t.text
	for p.tok().isOp(".") {
		p.advance()
		t, err := p.expectKind(tokName)
		if err != nil {
			return "", err
		}
		name += "." + t.text
	}
	return name, nil
}

// filter parses "| name(args)"; the bar is the current token.
func (p *parser) filter(x expr) (*filterExpr, error) {
	p.advance()
	return p.filterCall(x)
}

func (p *parser) filterCall(x expr) (*filterExpr, error) {
	t := p.tok()
	name, err := p.dotted()
	if err != nil {
		return nil, err
	}
	fn := p.env.filter(name)
	if p.soft == 0 && fn == nil {
		return nil, p.fail(t, "No filter named '%s'.%s", name, suggestFunc(name, p.env.Filters))
	}
	f := &filterExpr{at: at(t.off), x: x, name: name, fn: fn, quick: quickName(fn)}
	if p.tok().isOp("(") {
		f.args, err = p.arguments()
	}
	if fn != nil && f.args.none() {
		f.text = fn.text
	}
	return f, err
}

// test parses "is name args"; "is" is the current token.
func (p *parser) test(x expr) (expr, error) {
	off := p.advance().off
	negated := p.skipName("not")
	t := p.tok()
	name, err := p.dotted()
	if err != nil {
		return nil, err
	}
	fn := p.env.test(name)
	if p.soft == 0 && fn == nil {
		return nil, p.fail(t, "No test named '%s'.%s", name, suggestFunc(name, p.env.Tests))
	}
	n := &testExpr{at: at(t.off), x: x, name: name, fn: fn, quick: quickName(fn)}
	switch t := p.tok(); {
	case t.isOp("("):
		n.args, err = p.arguments()
	case p.startsTestArg(t):
		if t.isName("is") {
			return nil, p.fail(t, "You cannot chain multiple tests with is")
		}
		var arg expr
		if arg, err = p.primary(); err == nil {
			arg, err = p.postfix(arg)
		}
		n.pos = []expr{arg}
	}
	if negated {
		return &notExpr{at(off), n}, err
	}
	return n, err
}

func (p *parser) startsTestArg(t token) bool {
	switch t.kind {
	case tokName:
		return !t.isName("else") && !t.isName("or") && !t.isName("and")
	case tokString, tokInt, tokFloat:
		return true
	}
	return t.isOp("[") || t.isOp("{")
}

// suggestFunc gives " (did you mean …)" for a misspelt filter or test.
func suggestFunc(name string, table map[string]*Func) string {
	names := make([]string, 0, len(table))
	for n := range table {
		names = append(names, n)
	}
	name = name[strings.LastIndexByte(name, '.')+1:]
	return didYouMean(name, names)
}
