package jinja

import (
	"strings"
	"sync"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Default limits of an evaluation.
const (
	defaultDepth  = 120
	defaultOutput = 64 << 20
	defaultRange  = 10_000_000
	defaultSteps  = 20_000_000
)

// NewEnv makes an Env with Jinja2's own filters, tests and globals.
func NewEnv() *Env {
	e := &Env{Filters: map[string]*Func{}, Tests: map[string]*Func{}, Globals: map[string]value.Value{}, dictMethods: dictMethods}
	e.Limits = e.limits()
	for _, table := range [][]*Func{sequenceFilters, selectFilters, stringFilters, numberFilters} {
		for _, f := range table {
			e.Filters[f.Name] = f
		}
	}
	for alias, name := range filterAliases {
		e.Filters[alias] = e.Filters[name]
	}
	for _, f := range coreTests {
		e.Tests[f.Name] = f
	}
	for alias, name := range testAliases {
		e.Tests[alias] = e.Tests[name]
	}
	for _, f := range coreGlobals {
		e.Globals[f.Name] = f
	}
	e.Globals["omit"] = value.Omit
	return e
}

// limits gives the limits with defaults filled in.
func (e *Env) limits() Limits {
	l := e.Limits
	for _, d := range []struct {
		p   *int
		def int
	}{{&l.Depth, defaultDepth}, {&l.Output, defaultOutput}, {&l.Range, defaultRange}, {&l.Steps, defaultSteps}} {
		if *d.p == 0 {
			*d.p = d.def
		}
	}
	return l
}

// plain gives a filter's or test's short name when it is one of Ansible's own.
func plain(name string) string {
	for _, prefix := range []string{"ansible.builtin.", "ansible.legacy."} {
		if s, ok := strings.CutPrefix(name, prefix); ok {
			return s
		}
	}
	return name
}

func (e *Env) filter(name string) *Func {
	if f := e.Filters[name]; f != nil {
		return f
	}
	return e.Filters[plain(name)]
}

func (e *Env) test(name string) *Func {
	if f := e.Tests[name]; f != nil {
		return f
	}
	return e.Tests[plain(name)]
}

// parsed is the result of parsing, kept in a Template's Memo or a cache.
type parsed struct {
	env *Env
	tpl *template
	err error
}

// sourceKey identifies the text of an expression or file in the cache.
type sourceKey struct {
	src  string
	pos  source.Pos
	o    FileOptions
	kind byte // 'e' expression, 'c' conditional, 'f' file, 't' template
}

// parseCache keeps the templates that have no Memo of their own.
type parseCache struct{ m sync.Map }

func (e *Env) cached(key sourceKey, parse func() (*template, error)) (*template, error) {
	if p, ok := e.cache.m.Load(key); ok {
		return p.(*parsed).tpl, p.(*parsed).err
	}
	tpl, err := parse()
	e.cache.m.Store(key, &parsed{e, tpl, err})
	return tpl, err
}

// compile parses the text of a Template once.
func (e *Env) compile(t *value.Template) (*template, error) {
	if p, ok := t.Compiled.Load().(*parsed); ok && p.env == e {
		return p.tpl, p.err
	}
	tpl, err := e.parseTemplate(t.Src, t.Pos)
	t.Compiled.Store(&parsed{e, tpl, err})
	return tpl, err
}

func (e *Env) parseTemplate(src string, pos source.Pos) (*template, error) {
	syn := &defaultSyntax
	if strings.HasPrefix(src, headerPrefix) {
		o := *syn
		rest, err := parseHeader(src, &o.FileOptions)
		if err != nil {
			return nil, headerError(err, pos)
		}
		src, syn = rest, &o
		pos.Line++
	}
	return parse(e, src, syn, place{pos})
}

func (e *Env) compileExpr(src string, pos source.Pos, cond bool) (*template, error) {
	kind := byte('e')
	if cond {
		kind = 'c'
	}
	return e.cached(sourceKey{src: src, pos: pos, kind: kind}, func() (*template, error) {
		return parseExpr(e, src, &syntax{FileOptions: DefaultFileOptions()}, place{pos}, cond)
	})
}

// Check parses src as a template and reports its syntax error.
func (e *Env) Check(src string, pos source.Pos) error {
	_, err := e.parseTemplate(src, pos)
	return err
}

// CheckExpr parses src as a bare expression and reports its syntax error.
func (e *Env) CheckExpr(src string, pos source.Pos) error {
	_, err := e.compileExpr(src, pos, true)
	return err
}

func (e *Env) warn(pos source.Pos, msg string) {
	if e.Warn != nil {
		e.Warn(pos, msg)
	}
}

// HasMarkup reports whether trusted text must be evaluated: it has template
// delimiters or a header.
func HasMarkup(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '{' && (s[i+1] == '{' || s[i+1] == '%' || s[i+1] == '#') {
			return true
		}
	}
	return strings.HasPrefix(s, headerPrefix)
}
