package jinja

import "drover/playbook/value"

func newText(s string) *textStmt { return &textStmt{value.Str(s), s} }

// statement parses a tag; the token after "{%" is the current one. The closing
// "%}" of the (last) tag stays.
func (p *parser) statement() ([]stmt, error) {
	t := p.tok()
	if t.kind != tokName {
		return nil, p.fail(t, "tag name expected")
	}
	p.advance()
	p.tags = append(p.tags, t.text)
	defer func() { p.tags = p.tags[:len(p.tags)-1] }()
	one := func(s stmt, err error) ([]stmt, error) { return []stmt{s}, err }
	switch t.text {
	case "for":
		return one(p.forLoop(t))
	case "if":
		return one(p.ifBlock())
	case "set":
		return one(p.set(t))
	case "with":
		return one(p.with())
	case "macro":
		return one(p.macro(t))
	case "call":
		return one(p.callBlock(t))
	case "filter":
		return one(p.filterBlock(t))
	case "block":
		return one(p.blockTag(t))
	case "extends":
		if !p.scope.root {
			return nil, p.fail(t, "cannot use extend from a non top-level scope")
		}
		x, err := p.expression(true)
		p.tpl.extends = true
		return one(&extendsStmt{at(t.off), x}, err)
	case "include":
		return one(p.include(t))
	case "import":
		return one(p.importTag(t))
	case "from":
		return one(p.fromImport(t))
	case "print":
		return p.print()
	case "autoescape":
		return one(p.autoescape())
	}
	if s, ok, err := p.extension(t); ok {
		return one(s, err)
	}
	p.tags = p.tags[:len(p.tags)-1]
	err := p.unknownTag(t)
	p.tags = append(p.tags, t.text)
	return nil, err
}

func (p *parser) print() ([]stmt, error) {
	var out []stmt
	for p.tok().kind != tokBlockEnd {
		if len(out) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		x, err := p.expression(true)
		if err != nil {
			return nil, err
		}
		out = append(out, &printStmt{x})
	}
	return out, nil
}

func (p *parser) ifBlock() (stmt, error) {
	s := &ifStmt{}
	var err error
	p.soft++
	defer func() { p.soft-- }()
	if s.test, err = p.tuple(tupleRule{}); err != nil {
		return nil, err
	}
	var end string
	if s.yes, end, err = p.block("elif", "else", "endif"); err != nil {
		return nil, err
	}
	switch end {
	case "elif":
		s.hasElse, s.elseChain = true, true
		if err := p.enter(); err != nil {
			return nil, err
		}
		defer p.leave()
		next, err := p.ifBlock()
		s.no = []stmt{next}
		return s, err
	case "else":
		s.hasElse = true
		s.no, _, err = p.block("endif")
	}
	return s, err
}

func (p *parser) forLoop(t token) (stmt, error) {
	s := &forStmt{at: at(t.off), loopSlot: -1}
	outer, soft := p.scope, p.soft
	p.soft = 0
	defer func() { p.scope, p.soft = outer, soft }()
	inner := &scope{parent: outer, fn: outer.fn}
	header, err := p.forHeader(s, inner)
	if err != nil {
		return nil, err
	}
	if s.recursive != nil {
		inner = header
	}
	p.scope = inner
	targets := len(inner.slots)
	s.loopSlot = inner.declare("loop")
	start := p.i
	var end string
	p.loops++
	s.body, end, err = p.block("endfor", "else")
	p.loops--
	if err != nil {
		return nil, err
	}
	s.usesLoop = p.mentions("loop", start)
	s.clear, s.fresh = withoutSlot(inner.slots, s.loopSlot), inner.slots[targets+1:]
	if s.recursive != nil {
		s.recursive.body, s.recursive.scope = s.body, inner.fn
	}
	if end == "else" {
		p.scope = outer
		els := p.push()
		if s.recursive != nil {
			els = p.pushFunctionLike(inner.fn, outer)
		}
		s.els, _, err = p.block("endfor")
		s.clear = append(s.clear, els.slots...)
	}
	return s, err
}

// pushFunctionLike opens another scope in the frame of fn, beside its first.
func (p *parser) pushFunctionLike(fn *fnScope, outer *scope) *scope {
	p.scope = &scope{parent: outer, fn: fn}
	return p.scope
}

// forHeader parses "target in iterable if test recursive". The target belongs
// to the loop's scope, the iterable to the one outside.
func (p *parser) forHeader(s *forStmt, inner *scope) (*scope, error) {
	outer := p.scope
	if p.loopIsRecursive() {
		s.recursive = &function{}
		p.scope = outer
		inner = p.pushFunction(false)
	}
	p.scope = inner
	var err error
	if s.target, err = p.assignTarget("in", false); err != nil {
		return nil, err
	}
	if _, taken := inner.names["loop"]; taken {
		return nil, p.fail(p.tok(), "Can't assign to special loop variable in for-loop target")
	}
	if !p.skipName("in") {
		return nil, p.expected("in")
	}
	p.scope = outer
	if s.iter, err = p.tuple(tupleRule{ends: []string{"recursive"}}); err != nil {
		return nil, err
	}
	if p.skipName("if") {
		p.scope = inner
		if s.filter, err = p.expression(false); err != nil {
			return nil, err
		}
	}
	p.skipName("recursive")
	return inner, nil
}

// loopIsRecursive looks ahead for the keyword at the end of the tag.
func (p *parser) loopIsRecursive() bool {
	for i := p.i; i < len(p.toks); i++ {
		if k := p.toks[i].kind; k == tokBlockEnd || k == tokEOF {
			return i > p.i && p.toks[i-1].isName("recursive")
		}
	}
	return false
}

// mentions reports whether a name occurs between token start and here.
func (p *parser) mentions(name string, start int) bool {
	for _, t := range p.toks[start:p.i] {
		if t.isName(name) {
			return true
		}
	}
	return false
}

func withoutSlot(slots []int, drop int) []int {
	var out []int
	for _, s := range slots {
		if s != drop {
			out = append(out, s)
		}
	}
	return out
}

// assignTarget parses what stands left of "=" or "in".
func (p *parser) assignTarget(end string, namespaces bool) (target, error) {
	start := p.tok()
	var elems []target
	comma := false
	for !p.tok().isName(end) && !p.tok().isOp(end) && !p.tupleEnd(nil) {
		t, err := p.oneTarget(namespaces && len(elems) == 0)
		if err != nil {
			return target{}, err
		}
		elems = append(elems, t)
		if !p.skipOp(",") {
			break
		}
		comma = true
		if end == "=" && p.tok().isOp(end) {
			return target{}, p.fail(p.tok(), "unexpected '='")
		}
	}
	if len(elems) == 0 {
		return target{}, p.fail(p.tok(), "Expected an expression, got '%s'", p.tok().describe())
	}
	if !comma {
		return elems[0], nil
	}
	return target{at: at(start.off), tuple: true, elems: elems}, nil
}

func (p *parser) oneTarget(namespaces bool) (target, error) {
	t := p.tok()
	switch {
	case t.isOp("("):
		p.advance()
		inner, err := p.assignTarget(")", false)
		if err != nil {
			return inner, err
		}
		return inner, p.expectOp(")")
	case t.kind == tokName:
		p.advance()
		if namespaces && p.tok().isOp(".") {
			p.advance()
			attr, err := p.expectKind(tokName)
			return target{at: at(t.off), ns: p.load(t.text, t.off), attr: attr.text}, err
		}
		return p.nameTarget(t)
	}
	return target{}, p.cannotAssign(t)
}

func (p *parser) cannotAssign(t token) error {
	what := t.describe()
	switch t.kind {
	case tokInt, tokFloat, tokString:
		what = "const"
	case tokOp:
		return p.fail(t, "unexpected '%s'", what)
	}
	return p.fail(t, "can't assign to '%s'", what)
}

func (p *parser) nameTarget(t token) (target, error) {
	switch t.text {
	case "true", "false", "none", "True", "False", "None":
		return target{}, p.fail(t, "can't assign to 'const'")
	}
	return p.declareTarget(t.text, t.off), nil
}

func (p *parser) declareTarget(name string, off int) target {
	return target{
		at: at(off), name: name, export: p.scope.root,
		ref: ref{0, p.scope.declare(name)},
	}
}

func (p *parser) set(t token) (stmt, error) {
	tgt, err := p.assignTarget("=", true)
	if err != nil {
		return nil, err
	}
	if p.skipOp("=") {
		x, err := p.tuple(tupleRule{cond: true})
		return &setStmt{tgt, x}, err
	}
	s := &setBlockStmt{at: at(t.off), target: tgt}
	for p.tok().isOp("|") {
		f, err := p.filter(nil)
		if err != nil {
			return nil, err
		}
		s.filters = append(s.filters, f)
	}
	outer := p.scope
	defer func() { p.scope = outer }()
	inner := p.push()
	s.body, _, err = p.block("endset")
	s.clear = inner.slots
	return s, err
}

func (p *parser) with() (stmt, error) {
	s := &withStmt{}
	outer := p.scope
	defer func() { p.scope = outer }()
	inner := &scope{parent: outer, fn: outer.fn}
	for p.tok().kind != tokBlockEnd {
		if len(s.targets) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		p.scope = inner
		t, err := p.oneTarget(false)
		if err != nil {
			return nil, err
		}
		p.scope = outer
		if err := p.expectOp("="); err != nil {
			return nil, err
		}
		x, err := p.expression(true)
		if err != nil {
			return nil, err
		}
		s.targets, s.vals = append(s.targets, t), append(s.vals, x)
	}
	p.scope = inner
	var err error
	s.body, _, err = p.block("endwith")
	s.clear = inner.slots
	return s, err
}

func (p *parser) filterBlock(t token) (stmt, error) {
	s := &filterStmt{at: at(t.off)}
	f, err := p.filterCall(nil)
	if err != nil {
		return nil, err
	}
	s.filters = append(s.filters, f)
	for p.tok().isOp("|") {
		if f, err = p.filter(nil); err != nil {
			return nil, err
		}
		s.filters = append(s.filters, f)
	}
	outer := p.scope
	defer func() { p.scope = outer }()
	inner := p.push()
	s.body, _, err = p.block("endfilter")
	s.clear = inner.slots
	return s, err
}

// autoescape parses the tag of that name; Ansible's templates are text, so
// that it changes nothing but the scope.
func (p *parser) autoescape() (stmt, error) {
	if _, err := p.expression(true); err != nil {
		return nil, err
	}
	outer := p.scope
	defer func() { p.scope = outer }()
	inner := p.push()
	s := &scopeStmt{}
	var err error
	s.body, _, err = p.block("endautoescape")
	s.clear = inner.slots
	return s, err
}
