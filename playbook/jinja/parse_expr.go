package jinja

import (
	"math/big"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// expression parses one expression; cond allows "x if y else z" at its top.
func (p *parser) expression(cond bool) (expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if cond {
		return p.conditional()
	}
	return p.or()
}

func (p *parser) conditional() (expr, error) {
	x, err := p.or()
	if err != nil {
		return nil, err
	}
	for p.tok().isName("if") {
		off := p.advance().off
		p.soft++
		test, err := p.or()
		if err != nil {
			return nil, err
		}
		var no expr
		if p.skipName("else") {
			if no, err = p.expression(true); err != nil {
				return nil, err
			}
		}
		p.soft--
		x = &condExpr{at(off), test, x, no}
	}
	return x, nil
}

func (p *parser) or() (expr, error) {
	x, err := p.and()
	for err == nil && p.tok().isName("or") {
		off := p.advance().off
		var y expr
		y, err = p.and()
		x = &logicExpr{at(off), true, x, y}
	}
	return x, err
}

func (p *parser) and() (expr, error) {
	x, err := p.not()
	for err == nil && p.tok().isName("and") {
		off := p.advance().off
		var y expr
		y, err = p.not()
		x = &logicExpr{at(off), false, x, y}
	}
	return x, err
}

func (p *parser) not() (expr, error) {
	if !p.tok().isName("not") {
		return p.compare()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	off := p.advance().off
	x, err := p.not()
	return &notExpr{at(off), x}, err
}

var compareOps = map[string]cmpop{"==": cmpEq, "!=": cmpNe, "<": cmpLt, "<=": cmpLe, ">": cmpGt, ">=": cmpGe}

func (p *parser) compareOp() (op cmpop, ok bool) {
	t := p.tok()
	switch {
	case t.kind == tokOp:
		op, ok = compareOps[t.text]
	case t.isName("in"):
		op, ok = cmpIn, true
	case t.isName("not") && p.peek().isName("in"):
		p.advance()
		op, ok = cmpNotIn, true
	}
	if ok {
		p.advance()
	}
	return op, ok
}

func (p *parser) compare() (expr, error) {
	x, err := p.sum()
	if err != nil {
		return nil, err
	}
	var rest []comparison
	for {
		off := p.tok().off
		op, ok := p.compareOp()
		if !ok {
			break
		}
		y, err := p.sum()
		if err != nil {
			return nil, err
		}
		rest = append(rest, comparison{at(off), op, y})
	}
	if rest == nil {
		return x, nil
	}
	return &compareExpr{rest[0].at, x, rest}, nil
}

// binary parses a left-associative level of operators.
func (p *parser) binary(next func() (expr, error), ops map[string]binop) (expr, error) {
	x, err := next()
	for err == nil && p.tok().kind == tokOp {
		op, ok := ops[p.tok().text]
		if !ok {
			break
		}
		off := p.advance().off
		var y expr
		y, err = next()
		x = &binaryExpr{at(off), op, x, y}
	}
	return x, err
}

var (
	sumOps     = map[string]binop{"+": opAdd, "-": opSub}
	productOps = map[string]binop{"*": opMul, "/": opDiv, "//": opFloor, "%": opMod}
	powerOps   = map[string]binop{"**": opPow}
)

func (p *parser) sum() (expr, error)     { return p.binary(p.concat, sumOps) }
func (p *parser) product() (expr, error) { return p.binary(p.power, productOps) }
func (p *parser) power() (expr, error) {
	return p.binary(func() (expr, error) { return p.unary(true) }, powerOps)
}

func (p *parser) concat() (expr, error) {
	x, err := p.product()
	if err != nil || !p.tok().isOp("~") {
		return x, err
	}
	c := &concatExpr{at(p.tok().off), []expr{x}}
	for p.skipOp("~") {
		y, err := p.product()
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, y)
	}
	return c, nil
}

func (p *parser) unary(filters bool) (expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	var x expr
	var err error
	if t := p.tok(); t.isOp("-") || t.isOp("+") {
		p.advance()
		x, err = p.unary(false)
		x = &unaryExpr{at(t.off), t.text[0], x}
	} else {
		x, err = p.primary()
	}
	if err == nil {
		x, err = p.postfix(x)
	}
	if err == nil && filters {
		x, err = p.filtersAndTests(x)
	}
	return x, err
}

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
		if err != nil && f == 0 {
			return nil, err
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
			return &attrExpr{at(n.off), x, n.text}, nil
		case tokInt:
			v, err := numberConst(n)
			return &itemExpr{at(n.off), x, &constExpr{at: at(n.off), v: v}}, err
		}
		return nil, p.fail(n, "expected name or number")
	}
	return p.bracket(x, t.off)
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
				return p.fail(t, "keyword argument repeated: %s", t.text)
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
	if p.soft == 0 && p.env.filter(name) == nil {
		return nil, p.fail(t, "No filter named '%s'.%s", name, suggestFunc(name, p.env.Filters))
	}
	f := &filterExpr{at: at(t.off), x: x, name: name, quick: quickName(p.env.filter(name))}
	if p.tok().isOp("(") {
		f.args, err = p.arguments()
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
	if p.soft == 0 && p.env.test(name) == nil {
		return nil, p.fail(t, "No test named '%s'.%s", name, suggestFunc(name, p.env.Tests))
	}
	n := &testExpr{at: at(t.off), x: x, name: name, quick: quickName(p.env.test(name))}
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
