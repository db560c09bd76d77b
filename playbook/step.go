package playbook

import (
	"errors"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// ErrNoList is inside the error of something that should be a list of tasks and
// is none.
var ErrNoList = errors.New("no list of tasks")

// steps reads a list of tasks and blocks.
func (r *reader) steps(what string, n *yaml.Node, at place) []Step {
	if n.IsNull() {
		return nil
	}
	if n.Kind != yaml.List {
		e := r.errorf(n.Pos, "A malformed block was encountered while loading %s: %s should be a list or None", what, scalarOr(n))
		e.Err = ErrNoList
		if n.Kind == yaml.Mapping {
			e.Hint = "start each task with '- '"
		}
		return nil
	}
	out := make([]Step, 0, len(n.Items))
	for _, item := range n.Items {
		if s := r.step(item, at); s != nil {
			out = append(out, s)
		}
	}
	return out
}

// scalarOr gives a scalar as written, and says what anything else is.
func scalarOr(n *yaml.Node) string {
	if n.Kind == yaml.Scalar {
		return value.String(n.Scalar)
	}
	return n.What()
}

func (r *reader) step(n *yaml.Node, at place) Step {
	switch {
	case n.IsNull():
		return nil
	case n.Kind != yaml.Mapping:
		e := r.errorf(n.Pos, "a task must be a mapping of keywords, not %s", n.What())
		if s, ok := n.Text(); ok {
			wide(e, s).Hint = "write '- name: …' and the module below it, or '- include_tasks: " + s + "'"
		}
		return nil
	case n.Get("hosts") != nil && n.Get("tasks") != nil:
		r.errorf(n.Pos, "this is a play, where a task is expected").
			WithHint("a file of plays is brought in with 'import_playbook' at the top level of a playbook")
		return nil
	case n.Get("block") != nil:
		if at.handler && at.parent != nil && !at.parent.Implicit {
			r.errorf(n.Pos, "Using a block as a handler is not supported inside another block.").
				WithHint("put it at the top of the handlers")
			return nil
		}
		return r.block(n, at)
	}
	for _, name := range blockKeywords[1:] {
		if bad := n.Get(name); bad != nil {
			r.errorf(n.Pos, "there is '%s' but no 'block'", name).WithHint("put the tasks that may fail below 'block:'")
			return nil
		}
	}
	return r.task(n, at)
}

// block reads a block with its rescue and always parts.
func (r *reader) block(n *yaml.Node, at place) Step {
	b := &Block{Parent: at.parent, Play: r.play, Role: at.role}
	ended := r.collectFaults(&b.Base)
	r.base(ownBlock, &b.Base, n, func(name string, _ yaml.Pair) bool {
		return name == "block" || name == "rescue" || name == "always"
	})
	ended()
	for _, name := range blockKeywords {
		if part := n.Get(name); part != nil && part.IsNull() {
			r.wrongKind(name, part, "a list of tasks")
		}
	}
	in := at.in(b)
	body := in
	body.rescued = body.rescued || n.Get("rescue") != nil
	b.Body = r.steps("block", n.Get("block"), body)
	b.Rescue = r.steps("rescue", n.Get("rescue"), in)
	b.Always = r.steps("always", n.Get("always"), in)
	return b
}

// frame makes an invisible block around tasks from elsewhere.
func (r *reader) frame(b Base, file string, at place) *Block {
	return &Block{Base: b, Parent: at.parent, Play: r.play, Role: at.role, Implicit: true, File: file}
}

// collections gives the collections in which short names are looked up at a
// place.
func (r *reader) collections(own []string, at place) []string {
	if own != nil {
		return own
	}
	for b := at.parent; b != nil; b = b.Parent {
		if b.Collections != nil {
			return b.Collections
		}
	}
	if at.role != nil {
		return at.role.Collections
	}
	if r.play != nil {
		return r.play.Collections
	}
	return nil
}

// hasDefaults reports whether module_defaults are in force at a place, which
// may give arguments that a task leaves out.
func (r *reader) hasDefaults(own *Base, at place) bool {
	if len(own.ModuleDefaults) > 0 || r.play != nil && len(r.play.ModuleDefaults) > 0 {
		return true
	}
	for b := at.parent; b != nil; b = b.Parent {
		if len(b.ModuleDefaults) > 0 {
			return true
		}
	}
	return false
}

// failsAt records an error of another part at a place of ours when it has
// none of its own.
func (r *reader) failsAt(pos source.Pos, err error) {
	if err != nil {
		r.errs.Add(placed(pos, err))
	}
}

// placed gives an error a place when it has none.
func placed(pos source.Pos, err error) error {
	if at := placeOf(err); at.Known() {
		return err
	}
	return &source.Error{Pos: pos, Msg: err.Error(), Err: err}
}
