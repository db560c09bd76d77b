package jinja

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

// RenderFile renders the text of a template file. path is where it came from,
// for messages and for l; l may be nil when nothing is included.
func (c *Context) RenderFile(src, path string, o FileOptions, l Loader) (string, error) {
	v, err := c.RenderFileValue(src, path, o, l)
	if err != nil {
		return "", err
	}
	return textOf(v), nil
}

// RenderFileValue is RenderFile giving a Str, or a Secret when a secret went
// into the text.
func (c *Context) RenderFileValue(src, path string, o FileOptions, l Loader) (value.Value, error) {
	defer c.begin()()
	v, err := c.renderFile(src, path, o, l)
	if err != nil {
		return nil, finish(err)
	}
	if value.IsSecret(v) {
		return value.Secret(value.String(v)), nil
	}
	switch v {
	case value.None:
		return value.Str(""), nil
	case value.Omit:
		return nil, finish(errors.New("the template gives omit, which is no text"))
	}
	if b, ok := v.(value.Bytes); ok {
		return value.Str(b), nil
	}
	return value.Str(value.String(v)), nil
}

// RenderFileNative renders a template file to a value: the value itself when
// the file is one expression, as the template lookup gives it; Retype applies.
func (c *Context) RenderFileNative(src, path string, o FileOptions, l Loader) (value.Value, error) {
	defer c.begin()()
	v, err := c.renderFile(src, path, o, l)
	if text, ok := v.(value.Str); ok && c.env.Retype != nil {
		v = c.env.Retype.text(string(text))
	}
	return v, finish(err)
}

func (c *Context) renderFile(src, path string, o FileOptions, l Loader) (value.Value, error) {
	pos := source.Pos{File: path, Line: 1, Col: 1}
	syn, body, err := fileSyntax(src, &pos, o)
	if err != nil {
		return nil, err
	}
	if !syn.opensIn(src) {
		return value.Str(src), nil // what holds no markup is no template and stays as it is
	}
	tpl, err := c.env.cached(sourceKey{src: body, pos: pos, o: syn.FileOptions, kind: 'f'}, func() (*template, error) {
		return parse(c.env, body, syn, place{pos})
	})
	if err != nil {
		return nil, err
	}
	if err := c.descend(); err != nil {
		return nil, err
	}
	defer c.ascend()
	load := &loading{loader: l, syntax: syn, root: path, path: path, cache: map[string]*template{}}
	defer c.inlineFrom(load)()
	defer c.exact(false)()
	v, err := c.renderIn(tpl, &variables{c: c, tpl: tpl, load: load})
	if err != nil {
		return nil, err
	}
	v, err = c.finalize(v, false)
	return v, placeError(err, pos)
}

// fileSyntax reads the header of a template file.
func fileSyntax(src string, pos *source.Pos, o FileOptions) (*syntax, string, error) {
	syn := &syntax{FileOptions: o.withDefaults(), lastNewlines: o.NewlineSequence}
	if strings.HasPrefix(src, headerPrefix) {
		body, err := parseHeader(src, &syn.FileOptions)
		if err != nil {
			return nil, "", headerError(err, *pos)
		}
		src = body
		pos.Line++
	}
	if err := syn.validate(); err != nil {
		return nil, "", headerError(err, *pos)
	}
	return syn, src, nil
}

// opensIn reports whether text may be a template: it has a start delimiter, or a
// header.
func (s *syntax) opensIn(src string) bool {
	return strings.HasPrefix(src, headerPrefix) || strings.Contains(src, s.BlockStart) ||
		strings.Contains(src, s.VariableStart) || strings.Contains(src, s.CommentStart)
}

// inlineFrom makes the variables that a template file uses load from where the
// file does; the returned function ends that.
func (c *Context) inlineFrom(file *loading) func() {
	saved := c.inline
	l := *file
	l.syntax = &defaultSyntax
	l.cache = map[string]*template{}
	c.inline = &l
	return func() { c.inline = saved }
}

// loads says where the templates that j names come from.
func (j *variables) loads() *loading {
	if j.load != nil {
		return j.load
	}
	if j.c.inline == nil {
		j.c.inline = &loading{loader: j.c.Inline, syntax: &defaultSyntax, cache: map[string]*template{}}
	}
	return j.c.inline
}

// template loads and parses a template by name.
func (j *variables) template(name string) (*template, *loading, error) {
	l := j.loads()
	if l.loader == nil {
		return nil, nil, fmt.Errorf("'%s' can't be loaded: there is no folder to load templates from here", name)
	}
	if slices.Contains(strings.Split(name, "/"), "..") {
		return nil, nil, &NotFoundError{Name: name, Hint: "names of included templates can't hold '..': they are looked for below the folders of the templates"}
	}
	src, path, err := l.loader.Load(strings.TrimLeft(name, "/"), l.root)
	if err != nil {
		return nil, nil, err
	}
	inner := &loading{loader: l.loader, syntax: l.syntax, root: l.root, path: path, cache: l.cache}
	if t := l.cache[path]; t != nil {
		return t, inner, nil
	}
	pos := source.Pos{File: path, Line: 1, Col: 1}
	t, err := j.c.env.cached(sourceKey{src: src, pos: pos, o: l.syntax.FileOptions, kind: 'f'}, func() (*template, error) {
		return parse(j.c.env, src, l.syntax, place{pos})
	})
	if err == nil {
		l.cache[path] = t
	}
	return t, inner, err
}

// notFound reports that a loader had nothing by that name.
func notFound(err error) bool {
	var missing *NotFoundError
	return errors.As(err, &missing) || errors.Is(err, fs.ErrNotExist)
}

// NotFoundError is what a Loader fails with when there is no such template;
// any error that is fs.ErrNotExist does as well.
type NotFoundError struct {
	Name   string
	Looked []string // the places searched
	Hint   string   // what to do about it, may be ""
}

func (e *NotFoundError) Error() string {
	msg := "'" + e.Name + "' not found"
	if len(e.Looked) > 0 {
		msg += " in search paths: '" + strings.Join(e.Looked, "', '") + "'"
	}
	if e.Hint != "" {
		msg += " (" + e.Hint + ")"
	}
	return msg
}

// names gives the candidates that the argument of include or extends means.
func (f *frame) templateNames(x expr) ([]string, bool, error) {
	v, err := evalUsed(x, f)
	if err != nil {
		return nil, false, err
	}
	if s, ok := value.AsString(v); ok {
		return []string{s}, false, nil
	}
	if !value.Truth(v) {
		return nil, false, &NotFoundError{Name: value.String(v), Hint: "there is no name to choose from"}
	}
	vs, err := f.c.elements(v)
	if err != nil {
		return nil, false, f.fail(x, err)
	}
	var names []string
	for _, e := range vs {
		if u, ok := e.(*value.Undefined); ok {
			return nil, false, &UndefinedError{u}
		}
		names = append(names, value.String(e))
	}
	return names, true, nil
}

// findOne gives the template that import and extends name.
func (f *frame) findOne(x expr) (*template, *loading, error) {
	v, err := evalUsed(x, f)
	if err != nil {
		return nil, nil, err
	}
	name, ok := value.AsString(v)
	if !ok {
		return nil, nil, f.fail(x, fmt.Errorf("the name of a template must be a string, not '%s'", v.Type()))
	}
	return f.j.template(name)
}

// find gives the first template of the names that exists.
func (f *frame) find(x expr) (*template, *loading, error) {
	names, several, err := f.templateNames(x)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		t, l, err := f.j.template(name)
		if err == nil || !notFound(err) || !several {
			return t, l, err
		}
	}
	return nil, nil, &NotFoundError{Name: strings.Join(names, "', '")}
}

func (s *includeStmt) exec(f *frame) error {
	t, l, err := f.find(s.x)
	if err != nil {
		if s.ignoreMissing && notFound(err) {
			return nil
		}
		return f.fail(s, err)
	}
	if err := f.c.descend(); err != nil {
		return f.fail(s, err)
	}
	defer f.c.ascend()
	j := &variables{c: f.c, tpl: t, load: l, parent: f.j}
	if s.withContext {
		j.vars = f.locals(s.locals)
	} else {
		j.parent, j.bare = nil, true
	}
	// What an included template prints joins the output piece by piece.
	return runRoot(f.c, t, j, f.out)
}

// runRoot runs a template and the templates it extends.
func runRoot(c *Context, t *template, j *variables, out *output) error {
	if t.mutates && !c.copies {
		c.copies = true
		clear(c.cache)
	}
	f := &frame{c: c, j: j, tpl: t, out: out, slots: t.root.locals()}
	return f.execRoot(t)
}

func (s *importStmt) exec(f *frame) error {
	t, l, err := f.findOne(s.x)
	if err != nil {
		return f.fail(s, err)
	}
	if err := f.c.descend(); err != nil {
		return f.fail(s, err)
	}
	defer f.c.ascend()
	j := &variables{c: f.c, tpl: t, load: l, bare: !s.withContext}
	if s.withContext {
		j.parent = &variables{c: f.c, vars: f.locals(s.locals), parent: f.j}
	}
	m := &module{j: j, name: l.path, out: newOutput(f.c)}
	if err := runRoot(f.c, t, j, m.out); err != nil {
		return err
	}
	if s.target != nil {
		return f.assign(s.target, m)
	}
	for i := range s.names {
		if err := f.assign(&s.names[i].target, m.export(f, s, &s.names[i])); err != nil {
			return err
		}
	}
	return nil
}

// module is an imported template.
type module struct {
	j    *variables
	name string
	out  *output
}

// Type implements value.Value.
func (*module) Type() string { return "TemplateModule" }

// Transient marks modules as no result of a template.
func (*module) Transient() {}

// Attr implements value.HasAttrs.
func (m *module) Attr(name string) (value.Value, bool, error) {
	if strings.HasPrefix(name, "_") {
		return nil, false, nil
	}
	v, ok := m.j.vars[name]
	return v, ok, nil
}

// Str gives what the template printed.
func (m *module) Str() string {
	v, err := m.out.result()
	if err != nil || v == value.None {
		return ""
	}
	return value.String(v)
}

// Repr implements value.Stringer.
func (m *module) Repr() string { return "<TemplateModule '" + m.name + "'>" }

// export gives a name of the module, or what is undefined about it.
func (m *module) export(f *frame, s *importStmt, n *importName) value.Value {
	if v, ok, _ := m.Attr(n.name); ok {
		return v
	}
	tpl := f.tpl
	line := 1 + strings.Count(tpl.src[:s.offset()], "\n")
	name := textOfConst(s.x, m.name)
	return &value.Undefined{
		Name:    n.name,
		Msg:     fmt.Sprintf("the template '%s' (imported on line %d) does not export the requested name '%s'", name, line, n.name),
		Explain: func() (source.Pos, string) { return tpl.position(n.offset()), "" },
	}
}

func textOfConst(x expr, def string) string {
	if c, ok := x.(*constExpr); ok {
		return value.String(c.v)
	}
	return def
}
