package jinja

import "slices"

func (p *parser) macro(t token) (stmt, error) {
	name, err := p.expectKind(tokName)
	if err != nil {
		return nil, err
	}
	tgt, err := p.nameTarget(name)
	if err != nil {
		return nil, err
	}
	m := &macroDef{name: name.text}
	if err := p.macroDef(m, true, "endmacro"); err != nil {
		return nil, err
	}
	return &macroStmt{at(t.off), tgt, m}, nil
}

func (p *parser) callBlock(t token) (stmt, error) {
	m := &macroDef{name: "caller"}
	outer, soft := p.scope, p.soft
	defer func() { p.scope, p.soft = outer, soft }()
	fn := p.pushFunction(false)
	if p.tok().isOp("(") {
		if err := p.signature(m, fn); err != nil {
			return nil, err
		}
	}
	p.scope = outer
	start := p.tok()
	x, err := p.expression(true)
	if err != nil {
		return nil, err
	}
	call, ok := x.(*callExpr)
	if !ok {
		return nil, p.fail(start, "expected call")
	}
	p.scope = fn
	if err := p.macroBody(m, fn, "endcall"); err != nil {
		return nil, err
	}
	return &callStmt{at(t.off), call, m}, nil
}

// macroDef parses signature and body of a macro.
func (p *parser) macroDef(m *macroDef, signature bool, end string) error {
	outer, soft := p.scope, p.soft
	defer func() { p.scope, p.soft = outer, soft }()
	fn := p.pushFunction(false)
	if signature {
		if !p.tok().isOp("(") {
			return p.expected("(")
		}
		if err := p.signature(m, fn); err != nil {
			return err
		}
	}
	return p.macroBody(m, fn, end)
}

func (p *parser) macroBody(m *macroDef, fn *scope, end string) error {
	p.soft = 0
	start := p.i
	var body []stmt
	err := p.outsideLoops(func() (err error) {
		body, _, err = p.block(end)
		return err
	})
	if err != nil {
		return err
	}
	m.varargs, m.kwargs, m.caller = -1, -1, -1
	for name, slot := range map[string]*int{"varargs": &m.varargs, "kwargs": &m.kwargs, "caller": &m.caller} {
		_, param := fn.names[name]
		if name == "caller" && param {
			m.explicitCaller = true
		}
		if !param && p.mentions(name, start) {
			*slot = fn.declare(name)
		}
	}
	m.body, m.scope = body, fn.fn
	return nil
}

func (p *parser) signature(m *macroDef, fn *scope) error {
	p.advance()
	for !p.tok().isOp(")") {
		if len(m.params) > 0 {
			if err := p.expectOp(","); err != nil {
				return err
			}
		}
		t, err := p.expectKind(tokName)
		if err != nil {
			return err
		}
		if slices.Contains(m.params, t.text) {
			return p.failLate(t, "duplicate argument '%s'", t.text)
		}
		tgt, err := p.nameTarget(t)
		if err != nil {
			return err
		}
		m.params = append(m.params, t.text)
		m.paramSlots = append(m.paramSlots, tgt.ref.slot)
		if p.skipOp("=") {
			d, err := p.expression(true)
			if err != nil {
				return err
			}
			m.defaults = append(m.defaults, d)
		} else if len(m.defaults) > 0 {
			return p.fail(t, "non-default argument follows default argument")
		}
	}
	return p.expectOp(")")
}
