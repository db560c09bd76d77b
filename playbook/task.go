package playbook

import (
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// task reads one task or handler. The result is a *Block when the task is an
// import, and nil after an error that leaves nothing to go on with.
func (r *reader) task(n *yaml.Node, at place) Step {
	t := &Task{Parent: at.parent, Play: r.play, Role: at.role, File: at.file, Handler: at.handler}
	own := ownTask
	if at.handler {
		own = ownHandler
	}
	defer r.tolerate(n, at)()
	defer r.collectFaults(&t.Base)()
	var candidates []yaml.Pair
	r.base(own, &t.Base, n, func(name string, p yaml.Pair) bool {
		return r.taskKeyword(t, own, name, p, &candidates)
	})
	call := r.findCall(t, n, candidates, r.collections(t.Collections, at))
	if call == nil {
		return nil
	}
	before := len(r.errs) + len(t.Faults)
	call.tolerant = r.toleratesFailure(t, at)
	r.readArgs(t, n, call)
	if t.Module == "" {
		return t
	}
	step := r.special(t, call, at, len(r.errs)+len(t.Faults) > before)
	if step == nil {
		r.promote(t)
	}
	return step
}

// taskKeyword reads what only tasks have, and collects the pairs that may be
// the module.
func (r *reader) taskKeyword(t *Task, own owner, name string, p yaml.Pair, candidates *[]yaml.Pair) bool {
	read, ok := taskKeywords[name]
	if !ok && own == ownHandler {
		read, ok = handlerKeywords[name]
	}
	switch {
	case ok:
		if read != nil && !p.Value.IsNull() {
			read(r, name, t, p.Value)
		}
		return true
	case baseKeywords[name].on&own != 0:
		return false
	case strings.HasPrefix(name, "with_"):
		if p.Value.IsNull() {
			r.errorf(p.Key.Pos, "'%s' needs a value", name)
			return true
		}
		r.loopWith(t, strings.TrimPrefix(name, "with_"), p)
		return true
	}
	*candidates = append(*candidates, p)
	return true
}

// call is a task's module and how its arguments are written.
type call struct {
	action string // as written
	module string // fully qualified, "" for a template
	own    *OwnModule
	pos    source.Pos
	pairs  []yaml.Pair // arguments written as a mapping
	text   string      // arguments written as text
	at     source.Pos  // where the text starts
	apply  *yaml.Node  // what stands below the argument apply
	// tolerant: the playbook goes on after a failure of the task, so that
	// wrong arguments are one when it runs.
	tolerant bool
}

// findCall finds the one module that a task names.
func (r *reader) findCall(t *Task, n *yaml.Node, candidates []yaml.Pair, collections []string) *call {
	var found []*call
	var unknown []yaml.Pair
	for _, name := range []string{"action", "local_action"} {
		if v := n.Get(name); v != nil {
			if c := r.actionKeyword(t, name, v, collections); c != nil {
				found = append(found, c)
			} else {
				return nil
			}
		}
	}
	for _, p := range candidates {
		m, ok := r.module(p.Name(), collections)
		if !ok || m.missing && !conditional(t) {
			unknown = append(unknown, p)
			continue
		}
		r.checkRoute(p.Name(), m, p.Key.Pos)
		c := &call{action: p.Name(), module: m.module, own: m.own, pos: p.Key.Pos}
		if !r.callArgs(c, p.Value) {
			return nil
		}
		found = append(found, c)
	}
	switch {
	case len(found) > 1:
		e := r.errorf(found[1].pos, "a task can call only one module, and this one has '%s' and '%s'", found[0].action, found[1].action)
		wide(e, found[1].action).Hint = "start a task of its own with '- ' before the second one"
		return nil
	case len(found) == 0:
		r.noModule(t, n, unknown, collections)
		return nil
	}
	for _, p := range unknown {
		r.unknownKeyword(taskOwner(t), p.Name(), p)
	}
	return found[0]
}

func taskOwner(t *Task) owner {
	if t.Handler {
		return ownHandler
	}
	return ownTask
}

// noModule explains a task without a module that is known.
func (r *reader) noModule(t *Task, n *yaml.Node, unknown []yaml.Pair, collections []string) {
	if len(unknown) == 0 {
		r.errorf(n.Pos, "this task calls no module").
			WithHint("add the module's name with its arguments, for example 'ansible.builtin.debug:'")
		return
	}
	for _, p := range unknown {
		name := p.Name()
		if hint, ok := misplaced[name]; ok {
			e := wide(r.errorf(p.Key.Pos, "'%s' is not a keyword of a %s", name, taskOwner(t)), name)
			if e.Hint = hint; name == "include" {
				general(e)
			}
			continue
		}
		if len(unknown) > 1 && source.Suggest(name, keywordNames(taskOwner(t))) != "" {
			r.unknownKeyword(taskOwner(t), name, p)
			continue
		}
		r.unknownModule(name, p.Key.Pos, taskOwner(t))
	}
}

// actionKeyword reads action: and local_action:, as text or as a mapping.
func (r *reader) actionKeyword(t *Task, name string, n *yaml.Node, collections []string) *call {
	if name == "local_action" {
		t.DelegateTo = value.Str("localhost")
	}
	c := &call{pos: n.Pos}
	var pairs []yaml.Pair
	switch s, isText := n.Text(); {
	case isText:
		c.text, c.at = s, n.Pos
	case n.Kind == yaml.Mapping && n.Get("module") != nil:
		m, ok := n.Get("module").Text()
		if !ok {
			r.wrongKind("module", n.Get("module"), "the name of a module")
			return nil
		}
		c.text, c.at, c.pos = m, n.Get("module").Pos, n.Get("module").Pos
		pairs = slices.DeleteFunc(slices.Clone(n.Pairs), func(p yaml.Pair) bool { return p.Name() == "module" })
	default:
		r.errorf(n.Pos, "'%s' must name a module", name).WithHint("write '%s: module arg=value', or a mapping with 'module:'", name)
		return nil
	}
	c.action, c.text, c.at = firstWord(c.text, c.at)
	mappingArgs(c, pairs)
	if yaml.HasMarkup(c.action) {
		return c
	}
	m, ok := r.module(c.action, collections)
	if !ok || m.missing && !conditional(t) {
		r.unknownModule(c.action, c.pos, taskOwner(t))
		return nil
	}
	r.checkRoute(c.action, m, c.pos)
	c.module, c.own = m.module, m.own
	return c
}

// mappingArgs takes arguments that are written as a mapping. Those below "args"
// in it count as if they stood beside it; text there is that behind the name.
func mappingArgs(c *call, pairs []yaml.Pair) {
	for _, p := range pairs {
		text, isText := p.Value.Text()
		switch {
		case p.Name() == "args" && p.Value.Kind == yaml.Mapping:
			c.pairs = append(c.pairs, p.Value.Pairs...)
		case p.Name() == "args" && isText && c.text == "":
			c.text, c.at = text, p.Value.Pos
		default:
			c.pairs = append(c.pairs, p)
		}
	}
}

// callArgs takes the value behind a module's name.
func (r *reader) callArgs(c *call, n *yaml.Node) bool {
	switch {
	case n.IsNull():
	case n.Kind == yaml.Mapping:
		mappingArgs(c, n.Pairs)
	case n.Kind == yaml.List:
		r.errorf(n.Pos, "the arguments of '%s' must be a mapping or text, not a list", c.action).
			WithHint("write one 'argument: value' a line")
		return false
	default:
		s, ok := n.Text()
		if !ok {
			s = value.String(n.Scalar)
		}
		c.text, c.at = s, n.Pos
	}
	return true
}
