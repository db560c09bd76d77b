package jinja

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
