package jinja

import "drover/playbook/value"

// trust watches the evaluation of a template whose text is an expression to
// evaluate next: what came from a host or a lookup must not be part of it.
type trust struct {
	depth   int  // of the template
	tainted bool // a variable or a function of the other side was used
	unsafe  bool // text may have come from it
}

// used notes that a variable is used.
func (t *trust) used(c *Context, name string) {
	switch _, found := c.vars.Lookup(name); {
	case name == "hostvars" || name == "vars":
		t.tainted = true
	case found:
		scope, knows := c.vars.(TrustingScope)
		t.tainted = t.tainted || !knows || !scope.Trusted(name)
	}
}

// printed notes what the template puts into its text; numbers and booleans are
// harmless.
func (t *trust) printed(c *Context, v value.Value) {
	if c.run.depth != t.depth || !t.tainted {
		return
	}
	switch v.(type) {
	case value.Bool, value.Int, value.Float:
	default:
		t.unsafe = t.unsafe || v != value.None
	}
}

// renderTrust evaluates a template and reports whether its text is that of the
// playbook's side alone.
func (c *Context) renderTrust(tpl *template) (v value.Value, trusted bool, err error) {
	outer := c.run.trust
	t := &trust{depth: c.run.depth}
	c.run.trust = t
	defer func() { c.run.trust = outer }()
	v, err = c.render(tpl)
	if err == nil && tpl.single() != nil {
		t.printed(c, v)
	}
	return v, !t.unsafe, err
}
