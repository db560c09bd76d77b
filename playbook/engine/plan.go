package engine

import (
	"slices"
	"strings"
	"sync"

	"drover/modules"
	"drover/playbook"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// plan is a task with everything that it inherits from its blocks, roles and
// play worked out once; it is the same for all hosts and never changes.
type plan struct {
	task *playbook.Task
	play *playbook.Play
	spec *modules.Spec // nil for actions without one

	when           []playbook.Cond // outermost first
	tags           []value.Value
	varLayers      []vars.Layer // vars: of blocks and the task, outermost first
	ownLoop        bool         // the list to loop over stands in the playbook itself
	includeParams  []vars.Layer // those of dynamic includes, outermost first
	environment    []value.Value
	notify         []value.Value
	moduleDefaults []value.Value
	faults         source.List // of the task and all around it

	become, becomeUser, becomeMethod, becomeFlags, becomeExe value.Value
	connection, port, remoteUser                             value.Value
	noLog, ignoreErrors, ignoreUnreachable, anyErrorsFatal   value.Value
	checkMode, diff, runOnce, throttle, timeout, debugger    value.Value
	delegateTo, delegateFacts                                value.Value
}

// plans makes each task's plan on first use.
type plans struct {
	mu     sync.RWMutex
	byTask map[*playbook.Task]*plan
	spec   func(fqcn string) (*modules.Spec, bool)
	noLog  bool // of tasks that do not say
}

func (ps *plans) get(t *playbook.Task) *plan {
	ps.mu.RLock()
	p := ps.byTask[t]
	ps.mu.RUnlock()
	if p != nil {
		return p
	}
	p = newPlan(t)
	if p.noLog == nil && ps.noLog {
		p.noLog = value.Bool(true)
	}
	if t.Own == nil {
		p.spec, _ = ps.spec(t.Module)
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.byTask[t] = p
	return p
}

func newPlan(t *playbook.Task) *plan {
	p := &plan{task: t, play: t.Play, ownLoop: literal(t.Loop) && (t.LoopWith == "" || t.LoopWith == "items")}
	chain := []*playbook.Base{}
	playbook.Chain(t, t.Play, func(b *playbook.Base) bool {
		chain = append(chain, b)
		return true
	})
	for _, b := range chain {
		p.inherit(b)
	}
	for i := len(chain) - 1; i >= 0; i-- {
		p.collect(chain[i], t.Play != nil && chain[i] == &t.Play.Base)
	}
	for b := t.Parent; b != nil; b = b.Parent {
		p.includeParams = appendDict(p.includeParams, b.Params)
	}
	slices.Reverse(p.includeParams)
	return p
}

// inherit takes the keywords of which the innermost counts; it is called from
// the inside out.
func (p *plan) inherit(b *playbook.Base) {
	for _, k := range []struct{ to, from *value.Value }{
		{&p.become, &b.Become}, {&p.becomeUser, &b.BecomeUser}, {&p.becomeMethod, &b.BecomeMethod},
		{&p.becomeFlags, &b.BecomeFlags}, {&p.becomeExe, &b.BecomeExe},
		{&p.connection, &b.Connection}, {&p.port, &b.Port}, {&p.remoteUser, &b.RemoteUser},
		{&p.noLog, &b.NoLog}, {&p.ignoreErrors, &b.IgnoreErrors}, {&p.ignoreUnreachable, &b.IgnoreUnreachable},
		{&p.anyErrorsFatal, &b.AnyErrorsFatal}, {&p.checkMode, &b.CheckMode}, {&p.diff, &b.Diff},
		{&p.runOnce, &b.RunOnce}, {&p.throttle, &b.Throttle}, {&p.timeout, &b.Timeout},
		{&p.debugger, &b.Debugger}, {&p.delegateTo, &b.DelegateTo}, {&p.delegateFacts, &b.DelegateFacts},
	} {
		switch {
		case *k.to == nil:
			*k.to = *k.from
		case *k.from != nil && mayBeOmitted(*k.to):
			*k.to = &inherited{Value: *k.to, outer: *k.from}
		}
	}
	if len(p.notify) == 0 {
		p.notify = b.Notify
	}
}

// inherited is a keyword's value that may turn out to be omitted, with the one
// that counts then.
type inherited struct {
	value.Value
	outer value.Value
}

// mayBeOmitted reports whether a keyword's value is a template that knows omit.
func mayBeOmitted(v value.Value) bool {
	t, ok := v.(*value.Template)
	return ok && strings.Contains(t.Src, "omit")
}

// collect gathers the keywords that add up; it is called from the outside in.
// A play's vars have a level of their own.
func (p *plan) collect(b *playbook.Base, isPlay bool) {
	p.when = append(p.when, b.When...)
	p.tags = append(p.tags, b.Tags...)
	p.environment = append(p.environment, b.Environment...)
	p.moduleDefaults = append(p.moduleDefaults, b.ModuleDefaults...)
	p.faults = append(p.faults, b.Faults...)
	if b.Vars.Len() > 0 && !isPlay {
		p.varLayers = append(p.varLayers, vars.Dict{D: b.Vars})
	}
}
