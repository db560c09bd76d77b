package jinja

import "drover/playbook/value"

// In ansible-core 2.19 the lists of variables evaluate their elements one by
// one, when a template asks for one. The method count asks for none: of a list
// that nothing in the template has looked into it sees no element, and gives 0.

// pendingCount is a call x.count(…) where x is a variable or lies in one.
type pendingCount struct {
	call *callExpr
	root *nameExpr
}

// noteCount remembers a call of count on something of a variable.
func (p *parser) noteCount(c *callExpr) {
	a, ok := c.fn.(*attrExpr)
	if !ok || a.name != "count" {
		return
	}
	if root := rootOf(a.x); root != nil {
		p.counts = append(p.counts, pendingCount{c, root})
	}
}

// rootOf gives the name that a path of attributes and items starts with.
func rootOf(x expr) *nameExpr {
	switch x := x.(type) {
	case *nameExpr:
		return x
	case *attrExpr:
		return rootOf(x.x)
	case *itemExpr:
		return rootOf(x.x)
	}
	return nil
}

// resolveCounts marks the calls of count on variables of the context that the
// template uses for nothing else; the names are resolved.
func (p *parser) resolveCounts() {
	if len(p.counts) == 0 {
		return
	}
	counted := map[*nameExpr]bool{}
	for _, c := range p.counts {
		counted[c.root] = true
	}
	looked := map[string]bool{}
	for _, n := range p.names {
		if !counted[n.name] {
			looked[n.name.name] = true
		}
	}
	for _, c := range p.counts {
		c.call.unseen = c.root.refs == nil && !looked[c.root.name]
	}
}

// countsUnseen reports whether fn counts the elements of a list that none of
// them was asked of.
func (n *callExpr) countsUnseen(f *frame, fn value.Value) bool {
	m, ok := fn.(*method)
	if !ok || !n.unseen || f.c.env.Lenient {
		return false
	}
	if _, ok := m.recv.(*value.List); !ok {
		return false
	}
	raw, _ := f.c.vars.Lookup(rootOf(n.fn).name)
	_, made := raw.(*value.Template) // a template's result is complete
	return raw != nil && !made
}
