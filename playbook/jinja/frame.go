package jinja

import (
	"errors"
	"fmt"

	"drover/playbook/value"
)

// frame holds the local variables of a running function of a template.
type frame struct {
	c     *Context
	j     *variables
	tpl   *template
	slots []value.Value
	up    *frame // the frame the function was defined in
	out   *output
	// loop variables of recursive loops and blocks
	block *blockRun
}

// variables is the context of one template in Jinja's sense: what the names
// that are no local variables mean.
type variables struct {
	c      *Context
	vars   map[string]value.Value // set at the top level, or handed over
	parent *variables
	// bare contexts (import without context) see the globals only.
	bare      bool
	tpl       *template
	blocks    map[string][]*blockDef // most derived first
	parentTpl *template              // set by extends
	load      *loading
}

// loading says how included templates are found and parsed.
type loading struct {
	loader Loader
	syntax *syntax
	root   string // the template file whose evaluation loads, "" for inline text
	path   string // the template that was loaded
	cache  map[string]*template
}

func (j *variables) set(name string, v value.Value) {
	if j.vars == nil {
		j.vars = map[string]value.Value{}
	}
	j.vars[name] = v
}

// lookup gives the variable or global called name, resolved.
func (j *variables) lookup(name string) (value.Value, bool, error) {
	for k := j; k != nil; k = k.parent {
		if v, ok := k.vars[name]; ok {
			return v, true, nil
		}
		if k.bare {
			v, ok := j.c.global(name)
			return v, ok, nil
		}
	}
	if name == "self" {
		return &selfRef{j}, true, nil
	}
	return j.c.variable(name)
}

// call makes a frame for a function defined in f and gives it out.
func (f *frame) call(fn *function, out *output) *frame {
	return &frame{c: f.c, j: f.j, tpl: f.tpl, up: f, slots: fn.locals(), out: out, block: f.block}
}

// at gives the frame that is up levels out.
func (f *frame) outer(up int) *frame {
	for ; up > 0; up-- {
		f = f.up
	}
	return f
}

func (f *frame) exec(body []stmt) error {
	for _, s := range body {
		if err := s.exec(f); err != nil {
			return err
		}
	}
	return nil
}

func (f *frame) clear(slots []int) {
	for _, s := range slots {
		f.slots[s] = nil
	}
}

// capture runs a body with its own output and gives what it produced.
func (f *frame) capture(body []stmt) (value.Value, error) {
	saved := f.out
	f.out = newOutput(f.c)
	defer func() { f.out = saved }()
	if err := f.exec(body); err != nil {
		return nil, err
	}
	return f.out.result()
}

// force gives the value of v when it is a template.
func (f *frame) force(v value.Value) (value.Value, error) {
	if t, ok := v.(*value.Template); ok {
		return f.c.resolveTemplate(t)
	}
	return v, nil
}

// locals gives the values of visible variables that are set.
func (f *frame) locals(ls []local) map[string]value.Value {
	m := make(map[string]value.Value, len(ls))
	for _, l := range ls {
		if v := f.local(l.refs); v != nil {
			m[l.name] = v
		}
	}
	return m
}

func (f *frame) local(refs []ref) value.Value {
	for _, r := range refs {
		if v := f.outer(r.up).slots[r.slot]; v != nil {
			return v
		}
	}
	return nil
}

// assign stores v in a target.
func (f *frame) assign(t *target, v value.Value) error {
	switch {
	case t.tuple:
		return f.unpack(t, v)
	case t.ns != nil:
		return f.assignAttr(t, v)
	}
	f.slots[t.ref.slot] = v
	if t.export {
		f.j.set(t.name, v)
	}
	return nil
}

func (f *frame) assignAttr(t *target, v value.Value) error {
	ns, err := t.ns.eval(f)
	if err != nil {
		return err
	}
	n, ok := ns.(*namespace)
	if !ok {
		return f.fail(t, errors.New("cannot assign attribute on non-namespace object"))
	}
	n.d.Put(t.attr, v)
	return nil
}

func (f *frame) unpack(t *target, v value.Value) error {
	vs, err := f.c.elements(v)
	if err != nil {
		var typ *TypeError
		if errors.As(err, &typ) {
			err = TypeErrorf("cannot unpack non-iterable %s object", v.Type())
		}
		return f.fail(t, err)
	}
	switch n := len(t.elems); {
	case len(vs) > n:
		return f.fail(t, fmt.Errorf("too many values to unpack (expected %d)", n))
	case len(vs) < n:
		return f.fail(t, fmt.Errorf("not enough values to unpack (expected %d, got %d)", n, len(vs)))
	}
	for i := range t.elems {
		if err := f.assign(&t.elems[i], vs[i]); err != nil {
			return err
		}
	}
	return nil
}
