package jinja

import (
	"errors"

	"drover/playbook/source"
	"drover/playbook/value"
)

// blockRun is the block that runs, for super().
type blockRun struct {
	name  string
	level int // 0 is the most derived
}

// renderBody runs a whole template and gives what it printed.
func (f *frame) renderBody(tpl *template) (value.Value, error) {
	f.out = newOutput(f.c)
	if size := tpl.size.Load(); size > 0 {
		f.out.buf.Grow(int(size))
	}
	if err := f.execRoot(tpl); err != nil {
		return f.out.cut(err)
	}
	tpl.size.Store(int32(min(f.out.buf.Len(), 1<<20)))
	return f.out.result()
}

// execRoot runs the top level of a template, then that of its parent.
func (f *frame) execRoot(tpl *template) error {
	j := f.j
	j.addBlocks(tpl)
	if !tpl.extends {
		return f.exec(tpl.root.body)
	}
	// Text outside blocks is dropped once the template extends another.
	for _, s := range tpl.root.body {
		if err := f.execDerived(s); err != nil {
			return err
		}
	}
	parent := j.parentTpl
	if parent == nil {
		return nil
	}
	j.parentTpl = nil
	if err := f.c.descend(); err != nil {
		return err
	}
	defer f.c.ascend()
	up := &frame{c: f.c, j: j, tpl: parent, out: f.out, slots: parent.root.locals()}
	return up.execRoot(parent)
}

// execDerived runs a statement of a template that may extend another.
func (f *frame) execDerived(s stmt) error {
	if f.j.parentTpl == nil {
		return s.exec(f)
	}
	switch s.(type) {
	case *blockStmt, *textStmt, *printStmt:
		return nil
	}
	saved := f.out
	f.out = newOutput(f.c)
	defer func() { f.out = saved }()
	return s.exec(f)
}

func (j *variables) addBlocks(tpl *template) {
	if len(tpl.blocks) == 0 {
		return
	}
	if j.blocks == nil {
		j.blocks = map[string][]*blockDef{}
	}
	for name, b := range tpl.blocks {
		j.blocks[name] = append(j.blocks[name], b)
	}
}

func (s *extendsStmt) exec(f *frame) error {
	if f.j.parentTpl != nil {
		return f.fail(s, errors.New("extended multiple times"))
	}
	t, l, err := f.findOne(s.x)
	if err != nil {
		return f.fail(s, err)
	}
	f.j.parentTpl, f.j.load = t, l
	return nil
}

func (s *blockStmt) exec(f *frame) error {
	if f.j.parentTpl != nil {
		return nil
	}
	chain := f.j.blocks[s.name]
	if len(chain) == 0 {
		return nil
	}
	if chain[0].required {
		return f.fail(s, valueErrorf("Required block '%s' not found", s.name))
	}
	j := f.j
	if s.scoped {
		j = &variables{c: f.c, vars: f.locals(s.locals), parent: f.j, blocks: f.j.blocks, load: f.j.load, tpl: f.j.tpl}
	}
	return runBlock(f.c, j, s.name, 0, f.out)
}

// runBlock runs one of the definitions of a block.
func runBlock(c *Context, j *variables, name string, level int, out *output) error {
	if err := c.descend(); err != nil {
		return err
	}
	defer c.ascend()
	def := j.blocks[name][level]
	f := &frame{
		c: c, j: j, tpl: def.tpl, out: out, slots: def.locals(),
		block: &blockRun{name, level},
	}
	return f.exec(def.body)
}

// blockRef is a block as a value: self.name or super.
type blockRef struct {
	j     *variables
	name  string
	level int
}

// Type implements value.Value.
func (*blockRef) Type() string { return "BlockReference" }

// Transient marks references to blocks as no result of a template.
func (*blockRef) Transient() {}

// Attr gives super.super.
func (b *blockRef) Attr(name string) (value.Value, bool, error) {
	if name == "super" {
		return b.j.block(b.name, b.level+1), true, nil
	}
	return nil, false, nil
}

func (b *blockRef) call(c *Call) (value.Value, error) {
	out := newOutput(b.j.c)
	defer b.j.c.exact(true)()
	if err := runBlock(b.j.c, b.j, b.name, b.level, out); err != nil {
		return out.cut(err)
	}
	return out.result()
}

// block gives a definition of a block, or what is undefined about it.
func (j *variables) block(name string, level int) value.Value {
	if level < len(j.blocks[name]) {
		return &blockRef{j, name, level}
	}
	if level == 0 {
		return &value.Undefined{Name: name, Msg: "object of type 'TemplateReference' has no attribute '" + name + "'"}
	}
	return &value.Undefined{Name: "super", Msg: "there is no parent block called '" + name + "'."}
}

// selfRef is the variable self.
type selfRef struct{ j *variables }

// Type implements value.Value.
func (*selfRef) Type() string { return "TemplateReference" }

// Str implements value.Stringer: the templates of Ansible have no name.
func (s *selfRef) Str() string { return "<TemplateReference None>" }

// Repr implements value.Stringer.
func (s *selfRef) Repr() string { return s.Str() }

// Transient marks self as no result of a template.
func (*selfRef) Transient() {}

// Attr gives the blocks of the template.
func (s *selfRef) Attr(name string) (value.Value, bool, error) {
	b := s.j.block(name, 0)
	_, undefined := b.(*value.Undefined)
	return b, !undefined, nil
}

// super gives the variable super of the block that runs in f.
func (f *frame) super(n *nameExpr) value.Value {
	if f.block == nil {
		return nil
	}
	v := f.j.block(f.block.name, f.block.level+1)
	if u, ok := v.(*value.Undefined); ok {
		tpl := f.tpl
		u.Explain = func() (source.Pos, string) { return tpl.position(n.offset()), "" }
	}
	return v
}
