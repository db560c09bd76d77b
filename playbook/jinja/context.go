package jinja

import (
	"errors"
	"iter"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Context evaluates templates in one set of variables. It is cheap to make and
// belongs to one goroutine.
type Context struct {
	env  *Env
	vars Scope

	// Host is what belongs to the host and task that evaluate (where files
	// are found, the inventory); the engine sets it, lookups read it.
	Host any
}

var errNotReady = errors.New("the template engine is not ready")

// NewEnv makes an Env with Jinja2's own filters, tests and globals.
func NewEnv() *Env {
	return &Env{Filters: map[string]*Func{}, Tests: map[string]*Func{}, Globals: map[string]value.Value{}}
}

// NewContext makes a Context over vars; a nil Scope has no variables.
func NewContext(env *Env, vars Scope) *Context { return &Context{env: env, vars: vars} }

// With gives a Context of the same run over other variables.
func (c *Context) With(vars Scope) *Context { return &Context{env: c.env, vars: vars, Host: c.Host} }

// Env gives the tables the context evaluates with.
func (c *Context) Env() *Env { return c.env }

// Vars gives the variables.
func (c *Context) Vars() Scope { return c.vars }

// Lookup gives the resolved variable or global called name.
func (c *Context) Lookup(name string) (value.Value, bool) { return nil, false }

// Evaluate evaluates every Template in v, deeply.
func (c *Context) Evaluate(v value.Value) (value.Value, error) { return nil, errNotReady }

// Resolve evaluates v itself when it is a Template and leaves elements alone.
func (c *Context) Resolve(v value.Value) (value.Value, error) { return nil, errNotReady }

// Condition evaluates a bare expression that must give a boolean.
func (c *Context) Condition(expr string, pos source.Pos) (bool, error) { return false, errNotReady }

// Expr evaluates a bare expression.
func (c *Context) Expr(expr string, pos source.Pos) (value.Value, error) { return nil, errNotReady }

// RenderFile renders the text of a template file.
func (c *Context) RenderFile(src, path string, o FileOptions, l Loader) (string, error) {
	return "", errNotReady
}

// Check parses src as a template and reports its syntax error.
func (e *Env) Check(src string, pos source.Pos) error { return errNotReady }

// CheckExpr parses src as a bare expression and reports its syntax error.
func (e *Env) CheckExpr(src string, pos source.Pos) error { return errNotReady }

// HasMarkup reports whether trusted text must be evaluated.
func HasMarkup(s string) bool { return false }

// Unpack assigns the call's arguments to the given variables.
func (c *Call) Unpack(pairs ...any) error { return errNotReady }

// CallFilter calls a filter by name.
func (c *Context) CallFilter(name string, args ...value.Value) (value.Value, error) {
	return nil, errNotReady
}

// CallTest calls a test by name.
func (c *Context) CallTest(name string, args ...value.Value) (bool, error) { return false, errNotReady }

// CallFunc calls a function value (a *Func, macro or method).
func (c *Context) CallFunc(f value.Value, args []value.Value, kw []Kwarg) (value.Value, error) {
	return nil, errNotReady
}

// GetAttr gives v.name as a template does; a miss is an *value.Undefined.
func (c *Context) GetAttr(v value.Value, name string) (value.Value, error) { return nil, errNotReady }

// GetItem gives v[key] as a template does; a miss is an *value.Undefined.
func (c *Context) GetItem(v, key value.Value) (value.Value, error) { return nil, errNotReady }

// Iter iterates over any iterable value, dicts by their keys.
func (c *Context) Iter(v value.Value) (iter.Seq[value.Value], error) { return nil, errNotReady }

// ToList gives the elements of any iterable value.
func (c *Context) ToList(v value.Value) ([]value.Value, error) { return nil, errNotReady }
