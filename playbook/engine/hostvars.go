package engine

import (
	"drover/playbook/jinja"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// hostVars is the magic variable hostvars: every host's variables, looked up
// and evaluated only when a template asks for one.
type hostVars struct {
	run *run
	in  *jinja.Context // the evaluation that uses it
}

// In implements jinja.Bound.
func (v *hostVars) In(c *jinja.Context) value.Value { return &hostVars{run: v.run, in: c} }

// Type implements value.Value.
func (*hostVars) Type() string { return "HostVars" }

// Get implements value.Mapping.
func (v *hostVars) Get(key value.Value) (value.Value, bool, error) {
	name, ok := value.AsString(key)
	if !ok {
		return nil, false, nil
	}
	h, ok := v.run.hostNamed(name)
	if !ok {
		return nil, false, nil
	}
	scope := v.run.hostvarsScope(h)
	return &varsView{run: v.run, in: v.in, scope: scope, shown: scope, kind: hostVarsKind}, true, nil
}

// Keys implements value.Mapping.
func (v *hostVars) Keys() []value.Value {
	hs := v.run.inventory().Hosts()
	keys := make([]value.Value, len(hs))
	for i, h := range hs {
		keys[i] = value.Str(h.Name)
	}
	return keys
}

// Len implements value.Mapping.
func (v *hostVars) Len() int { return len(v.run.inventory().Hosts()) }

// hostVarsKind is the type of what hostvars has for a host.
const hostVarsKind = "HostVarsVars"

// varsView shows variables as a mapping; values are evaluated in scope.
type varsView struct {
	run          *run
	in           *jinja.Context // the evaluation that uses it, nil outside of one
	scope, shown *vars.Stack
	kind         string
}

// viewOf shows all of a scope.
func (r *run) viewOf(scope *vars.Stack, kind string) *varsView {
	return &varsView{run: r, scope: scope, shown: scope, kind: kind}
}

// Type implements value.Value.
func (v *varsView) Type() string {
	if v.kind != "" {
		return v.kind
	}
	return "dict"
}

// Get implements value.Mapping.
func (v *varsView) Get(key value.Value) (value.Value, bool, error) {
	name, ok := value.AsString(key)
	if !ok {
		return nil, false, nil
	}
	x, ok := v.shown.Lookup(name)
	if !ok {
		return nil, false, nil
	}
	switch x.(type) {
	case value.Str, value.Int, value.Bool:
		return x, true, nil
	}
	settled, err := v.evaluator().Settle(x)
	if err == nil && v.kind == hostVarsKind && v.run.cfg.Env.Lenient {
		settled = v.leave(x, settled)
	}
	return settled, true, err
}

// leave gives a settled list or dict in which what is undefined is as it was
// written, as hostvars has it before 2.19: a template of the playbook, evaluated
// where it is used, or text in a task over the items of a lookup, whose results
// are data.
func (v *varsView) leave(written, settled value.Value) value.Value {
	switch w := written.(type) {
	case *value.List:
		s, ok := settled.(*value.List)
		if !ok || len(s.Elems) != len(w.Elems) {
			return settled
		}
		out := make([]value.Value, len(s.Elems))
		for k, e := range s.Elems {
			out[k] = v.leaveElement(w.Elems[k], e)
		}
		return value.NewList(out...)
	case *value.Dict:
		s, ok := settled.(*value.Dict)
		if !ok {
			return settled
		}
		out := value.NewDict(s.Len())
		for _, e := range s.Entries() {
			from, _, _ := w.Get(e.Key)
			out.Set(e.Key, v.leaveElement(from, e.Val))
		}
		return out
	}
	return settled
}

func (v *varsView) leaveElement(written, settled value.Value) value.Value {
	t, ok := written.(*value.Template)
	if _, undefined := settled.(*value.Undefined); !ok || !undefined {
		return v.leave(written, settled)
	}
	if v.overLookup() {
		return value.Str(t.Src)
	}
	return t
}

// overLookup reports whether the task that asks loops with a lookup.
func (v *varsView) overLookup() bool {
	if v.in == nil {
		return false
	}
	c, ok := v.in.Host.(*controller)
	return ok && c.item.step.task.LoopWith != ""
}

// In implements jinja.Bound.
func (v *varsView) In(c *jinja.Context) value.Value {
	n := *v
	n.in = c
	return &n
}

// evaluator counts as a part of the evaluation that asks, so that a variable
// which needs itself comes to an end.
func (v *varsView) evaluator() *jinja.Context {
	if v.in == nil {
		return v.run.context(v.scope)
	}
	return v.in.With(v.scope)
}

// Keys implements value.Mapping.
func (v *varsView) Keys() []value.Value {
	names := v.shown.Names()
	keys := make([]value.Value, len(names))
	for i, n := range names {
		keys[i] = value.Str(n)
	}
	return keys
}

// Len implements value.Mapping.
func (v *varsView) Len() int { return len(v.shown.Names()) }
