package jinja

import "strings"

func (p *parser) blockTag(t token) (stmt, error) {
	name, err := p.expectKind(tokName)
	if err != nil {
		return nil, err
	}
	s := &blockStmt{at: at(t.off), name: name.text}
	s.scoped = p.skipName("scoped")
	s.required = p.skipName("required")
	if p.tok().isOp("-") {
		return nil, p.fail(p.tok(), "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.")
	}
	if _, dup := p.tpl.blocks[s.name]; dup {
		return nil, p.fail(t, "block '%s' defined twice", s.name)
	}
	def := &blockDef{name: s.name, required: s.required, tpl: p.tpl}
	p.tpl.blocks[s.name] = def
	p.tpl.order = append(p.tpl.order, s.name)
	if s.scoped {
		p.hand(&s.locals)
	}
	outer, soft := p.scope, p.soft
	defer func() { p.scope, p.soft = outer, soft }()
	fn := p.pushFunction(true)
	p.soft = 0
	err = p.outsideLoops(func() (err error) {
		def.body, _, err = p.block("endblock")
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.required && !onlyBlank(def.body) {
		return nil, p.fail(t, "Required blocks can only contain comments or whitespace")
	}
	if p.tok().isName(s.name) {
		p.advance()
	}
	def.scope = fn.fn
	s.def = def
	return s, nil
}

func onlyBlank(body []stmt) bool {
	for _, s := range body {
		t, ok := s.(*textStmt)
		if !ok || strings.TrimSpace(textOf(t.text)) != "" {
			return false
		}
	}
	return true
}

// contextClause parses "with context" or "without context".
func (p *parser) contextClause(def bool) bool {
	t := p.tok()
	if (t.isName("with") || t.isName("without")) && p.peek().isName("context") {
		p.advance()
		p.advance()
		return t.text == "with"
	}
	return def
}

func (p *parser) include(t token) (stmt, error) {
	s := &includeStmt{at: at(t.off)}
	var err error
	if s.x, err = p.expression(true); err != nil {
		return nil, err
	}
	if p.tok().isName("ignore") && p.peek().isName("missing") {
		p.advance()
		p.advance()
		s.ignoreMissing = true
	}
	s.withContext = p.contextClause(true)
	if s.withContext {
		p.hand(&s.locals)
	}
	return s, nil
}

func (p *parser) importTag(t token) (stmt, error) {
	s := &importStmt{at: at(t.off)}
	var err error
	if s.x, err = p.expression(true); err != nil {
		return nil, err
	}
	if !p.skipName("as") {
		return nil, p.expected("as")
	}
	name, err := p.expectKind(tokName)
	if err != nil {
		return nil, err
	}
	tgt, err := p.nameTarget(name)
	if err != nil {
		return nil, err
	}
	s.target = &tgt
	p.importContext(s)
	return s, nil
}

func (p *parser) importContext(s *importStmt) {
	if s.withContext = p.contextClause(false); s.withContext {
		p.hand(&s.locals)
	}
}

func (p *parser) fromImport(t token) (stmt, error) {
	s := &importStmt{at: at(t.off)}
	var err error
	if s.x, err = p.expression(true); err != nil {
		return nil, err
	}
	if !p.skipName("import") {
		return nil, p.expected("import")
	}
	for p.tok().kind == tokName {
		if p.tok().isName("with") || p.tok().isName("without") {
			if p.peek().isName("context") {
				break
			}
		}
		n, err := p.importName()
		if err != nil {
			return nil, err
		}
		s.names = append(s.names, n)
		if !p.skipOp(",") {
			break
		}
	}
	if len(s.names) == 0 {
		return nil, p.expected("name")
	}
	p.importContext(s)
	return s, nil
}

func (p *parser) importName() (importName, error) {
	t := p.advance()
	if strings.HasPrefix(t.text, "_") {
		return importName{}, p.fail(t, "names starting with an underline can not be imported")
	}
	n := importName{at: at(t.off), name: t.text, as: t.text}
	as := t
	if p.skipName("as") {
		var err error
		if as, err = p.expectKind(tokName); err != nil {
			return n, err
		}
		n.as = as.text
	}
	var err error
	n.target, err = p.nameTarget(as)
	return n, err
}
