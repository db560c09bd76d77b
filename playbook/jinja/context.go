package jinja

import (
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Context evaluates templates in one set of variables. It is cheap to make,
// belongs to one goroutine, and forgets what it evaluated when the outermost
// call returns.
type Context struct {
	env   *Env
	vars  Scope
	run   *run
	lim   Limits
	cache map[string]value.Value // variables evaluated in this call
	level int                    // of calls of the doors within each other
	// active are the templates being evaluated, to find one that needs itself.
	active []*value.Template
	// copies says that variables are copied before use, because the
	// template changes containers.
	copies bool
	// exacting says that what is undefined ends the evaluation; see exact.
	exacting bool
	// Inline finds what templates outside of files include, import and extend;
	// nil when they can't.
	Inline Loader
	inline *loading // of Inline, or of the file that is rendered
	// DelimitersFine leaves out the warning of a conditional that is a template.
	DelimitersFine bool
	// barred says that what is evaluated can't call lookups.
	barred bool
	// Host is what belongs to the host and task that evaluate (where files
	// are found, the inventory); the engine sets it, lookups read it.
	Host any
}

// run is what all contexts of one evaluation share.
type run struct {
	depth, steps int
	onSecret     func(text string)
	trust        *trust   // nil but for conditionals that are templates
	showing      *showing // nil but for text that is only shown
}

// OnSecret has f told of every secret that evaluation in c looks at: a variable
// that is one, or a secret that goes into other text. Contexts made with With
// share f.
func (c *Context) OnSecret(f func(text string)) { c.run.onSecret = f }

// sees tells of v when it is a secret.
func (c *Context) sees(v value.Value) {
	if s, ok := v.(value.Secret); ok && c.run.onSecret != nil {
		c.run.onSecret(string(s))
	}
}

// noVars is the scope without variables.
type noVars struct{}

func (noVars) Lookup(string) (value.Value, bool) { return nil, false }
func (noVars) Names() []string                   { return nil }

// NewContext makes a Context over vars; a nil Scope has no variables.
func NewContext(env *Env, vars Scope) *Context {
	if vars == nil {
		vars = noVars{}
	}
	return &Context{env: env, vars: vars, run: &run{}, lim: env.limits()}
}

// With gives a Context of the same run over other variables.
func (c *Context) With(vars Scope) *Context {
	n := NewContext(c.env, vars)
	n.run, n.Host, n.Inline, n.barred = c.run, c.Host, c.Inline, c.barred
	return n
}

// WithoutLookups gives the same Context for text that hosts may have written:
// it can use variables, filters and tests, but not the functions that read from
// the controller or act on it. Templates in variables, which are the playbook's
// own, still can.
func (c *Context) WithoutLookups() *Context {
	n := c.With(c.vars)
	n.DelimitersFine, n.barred = c.DelimitersFine, true
	return n
}

// global gives what is no variable.
func (c *Context) global(name string) (value.Value, bool) {
	if c.barred && lookupFuncs[name] {
		return nil, false
	}
	v, ok := c.env.Globals[name]
	return v, ok
}

// lookupFuncs are the global functions that run lookups.
var lookupFuncs = map[string]bool{"lookup": true, "query": true, "q": true}

// Env gives the tables the context evaluates with.
func (c *Context) Env() *Env { return c.env }

// Vars gives the variables.
func (c *Context) Vars() Scope { return c.vars }

// begin enters a door of the package; the returned function leaves it.
func (c *Context) begin() func() {
	c.level++
	return func() {
		if c.level--; c.level == 0 {
			clear(c.cache)
			c.copies = false
			if c.run.depth == 0 {
				c.run.steps = 0
			}
		}
	}
}

// descend counts a level of evaluation inside another.
func (c *Context) descend() error {
	if c.run.depth >= c.lim.Depth {
		return limitf("templates, macros or includes nest deeper than the limit of %d levels; does one call itself?", c.lim.Depth)
	}
	c.run.depth++
	return nil
}

func (c *Context) ascend() { c.run.depth-- }

// step counts a round of a loop.
func (c *Context) step() error {
	c.run.steps++
	if c.run.steps > c.lim.Steps {
		return limitf("the loops of the template take more than the limit of %d rounds", c.lim.Steps)
	}
	return nil
}

// Lookup gives the variable or global called name, itself evaluated when it is
// a template; what is undefined in it shows as *value.Undefined.
func (c *Context) Lookup(name string) (v value.Value, ok bool, err error) {
	defer c.begin()()
	v, ok, err = c.variable(name)
	v, err = surfaced(v, err)
	return v, ok, finish(err)
}

// variable gives a variable of the scope, or a global.
func (c *Context) variable(name string) (value.Value, bool, error) {
	if c.run.trust != nil {
		c.run.trust.used(c, name)
	}
	if v, ok := c.cache[name]; ok {
		return v, true, nil
	}
	v, ok := c.vars.Lookup(name)
	if !ok {
		v, ok = c.global(name)
		return v, ok, nil
	}
	switch raw := v.(type) {
	case value.Str, value.Int, value.Bool, value.Secret:
		c.sees(v)
		return v, true, nil
	case *value.Template:
		var err error
		if v, err = c.resolveTemplate(raw); err != nil {
			return nil, true, traced(err, raw.Pos, "in variable '%s'", name)
		}
		v = tracedValue(v, raw.Pos, "in variable '%s'", name)
		c.sees(v)
	case *value.List, *value.Dict:
		if !c.copies {
			return v, true, nil
		}
		v = deepCopy(raw)
	case Bound:
		v = raw.In(c)
	default:
		return v, true, nil
	}
	if c.cache == nil {
		c.cache = map[string]value.Value{}
	}
	c.cache[name] = v
	return v, true, nil
}

// deepCopy copies lists and dicts so that a template may change them.
func deepCopy(v value.Value) value.Value {
	return value.Rebuild(v, deepCopy)
}

// unowned gives a copy of a list or dict of the template's own, with the same
// elements; all else as it is.
func unowned(v value.Value) value.Value {
	switch c := v.(type) {
	case *value.List:
		if c.Own {
			return value.NewList(slices.Clone(c.Elems)...)
		}
	case *value.Dict:
		if c.Own() {
			return c.Clone()
		}
	}
	return v
}

// ownCopy copies lists and dicts that a template wrote down itself; all else
// stays, in them too.
func ownCopy(v value.Value) value.Value {
	switch c := v.(type) {
	case *value.List:
		if !c.Own {
			return v
		}
	case *value.Dict:
		if !c.Own() {
			return v
		}
	}
	return value.Rebuild(v, ownCopy)
}

// resolveTemplate evaluates a template over the variables of the scope. What
// fails gives an *value.Undefined.
func (c *Context) resolveTemplate(t *value.Template) (value.Value, error) {
	v, err := c.evaluate(t)
	if err != nil {
		return c.deferred(err)
	}
	return v, nil
}

func (c *Context) evaluate(t *value.Template) (value.Value, error) {
	for _, a := range c.active {
		if a == t {
			return nil, &source.Error{Pos: t.Pos, Msg: "recursive loop detected in template: it needs its own value", Hint: "a variable must not refer to itself, directly or through others"}
		}
	}
	tpl, err := c.env.compile(t)
	if err != nil {
		return nil, err
	}
	if err := c.descend(); err != nil {
		return nil, err
	}
	c.active = append(c.active, t)
	restore, barred := c.exact(false), c.barred
	c.barred = false
	v, err := c.render(tpl)
	c.barred = barred
	restore()
	c.active = c.active[:len(c.active)-1]
	c.ascend()
	if err == nil && c.env.Retype != nil {
		v = c.retype(tpl, v)
	}
	return v, err
}

// render evaluates a parsed template or expression.
func (c *Context) render(tpl *template) (value.Value, error) {
	return c.renderIn(tpl, &variables{c: c, tpl: tpl})
}

func (c *Context) renderIn(tpl *template, j *variables) (value.Value, error) {
	if tpl.mutates && !c.copies {
		c.copies = true
		clear(c.cache)
	}
	f := &frame{c: c, j: j, tpl: tpl, slots: tpl.root.locals()}
	var v value.Value
	var err error
	if x := tpl.single(); x != nil {
		v, err = x.eval(f)
	} else {
		v, err = f.renderBody(tpl)
	}
	if err != nil {
		if u := undefinedOf(err); u != nil {
			return u, nil
		}
		return nil, err
	}
	return restoreNewlines(v, tpl), nil
}

// single gives the expression of a template that is nothing else.
func (t *template) single() expr {
	if t.expr != nil {
		return t.expr
	}
	if len(t.root.body) == 1 {
		if p, ok := t.root.body[0].(*printStmt); ok {
			return p.x
		}
	}
	return nil
}

// restoreNewlines puts back the newlines at the end of the source that the
// parser dropped, where the result is text.
func restoreNewlines(v value.Value, tpl *template) value.Value {
	if tpl.newlines == 0 {
		return v
	}
	s, ok := value.AsString(v)
	if !ok {
		return v
	}
	have := len(s) - len(strings.TrimRight(s, "\n"))
	if have >= tpl.newlines {
		return v
	}
	nl := tpl.newline
	if nl == "" {
		nl = "\n"
	}
	s += strings.Repeat(nl, tpl.newlines-have)
	return likeString(v, s)
}

// likeString makes text that is secret when v is.
func likeString(v value.Value, s string) value.Value {
	if _, secret := v.(value.Secret); secret {
		return value.Secret(s)
	}
	return value.Str(s)
}

// Evaluate evaluates every Template in v, deeply, and makes it a plain value:
// tuples become lists, omitted elements leave their containers. An undefined
// value in it is an error. Omit itself stays.
func (c *Context) Evaluate(v value.Value) (value.Value, error) {
	defer c.begin()()
	v, err := c.finalize(v, false)
	return v, finish(err)
}

// Resolve evaluates v itself when it is a Template and leaves the elements of
// containers alone; a miss gives an *value.Undefined.
func (c *Context) Resolve(v value.Value) (value.Value, error) {
	t, ok := v.(*value.Template)
	if !ok {
		return v, nil
	}
	defer c.begin()()
	v, err := surfaced(c.resolveTemplate(t))
	return v, finish(err)
}

// Settle evaluates every Template in v, deeply, like Evaluate, but leaves
// everything else as it is: what is undefined becomes an *value.Undefined
// element, tuples and Omit stay.
func (c *Context) Settle(v value.Value) (value.Value, error) {
	defer c.begin()()
	v, err := c.settle(v, 0)
	return v, finish(err)
}

// Expr evaluates a bare expression to a plain value.
func (c *Context) Expr(expr string, pos source.Pos) (value.Value, error) {
	defer c.begin()()
	v, err := c.expression(expr, pos, false)
	if err == nil {
		v, err = c.finalize(v, false)
	}
	return v, finish(placeError(err, pos))
}

// ExprSettled evaluates a bare expression, deeply, but what is undefined in it
// stays an *value.Undefined, as Settle leaves it.
func (c *Context) ExprSettled(expr string, pos source.Pos) (value.Value, error) {
	defer c.begin()()
	v, err := c.expression(expr, pos, false)
	if err == nil {
		v, err = c.settle(v, 0)
	}
	return v, finish(placeError(err, pos))
}

func (c *Context) expression(expr string, pos source.Pos, cond bool) (value.Value, error) {
	tpl, err := c.env.compileExpr(expr, pos, cond)
	if err != nil {
		return nil, err
	}
	if err := c.descend(); err != nil {
		return nil, err
	}
	defer c.ascend()
	return c.render(tpl)
}
