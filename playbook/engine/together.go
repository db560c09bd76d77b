package engine

import (
	"context"
	"errors"
	"sync"

	"drover/internal/lazyre"
	"drover/playbook"
	"drover/playbook/value"
)

// Items of a loop that can't see each other's results are run together: the
// controller's halves of all items run side by side up to the call of their
// module, the calls go to the host in one batch in the order of the items, and
// the results are taken in that order. The loop costs one round trip instead
// of one for each item; what people and later tasks see stays the same.
//
// What an item may see of the one before it is what the task registers, facts,
// and what it did to the host (seen by the module, which runs in order). A task
// whose templates may see more than that is not run so; that they ask for the
// registered variable shows while they are evaluated, before anything is sent.

// batchable reports whether the task's items may run together: one module
// call each, on the task's host, and nothing between items that asks about the
// result of the one before.
func (t *taskRun) batchable() bool {
	task, p, run := t.step.task, t.step.plan, t.batch.run
	switch {
	case !singleCall[task.Module] && (run.actions[task.Module] != nil || p.spec == nil),
		task.Include != nil, task.Async != nil, len(task.Until) > 0, task.Retries != nil,
		p.timeout != nil, run.cfg.TaskTimeout > 0, // an item's time begins when it does
		p.delegateTo != nil, returnsFacts[task.Module], asksOutside(task):
		return false
	}
	ctl := task.LoopCtl
	return ctl == nil || ctl.Pause == nil && len(ctl.BreakWhen) == 0
}

// singleCall names the actions whose controller half ends in exactly one call
// of a module, whose result it does not look at before the next item may run.
var singleCall = map[string]bool{
	"ansible.builtin.copy":     true,
	"ansible.builtin.template": true,
}

// returnsFacts names the modules whose results are variables of later items.
var returnsFacts = map[string]bool{
	"ansible.builtin.setup":         true,
	"ansible.builtin.package_facts": true,
	"ansible.builtin.service_facts": true,
	"ansible.builtin.getent":        true,
	"ansible.builtin.hostname":      true,
}

// outsideLookup finds the lookups that run a program or ask a server, which
// may answer differently after an item.
var outsideLookup = lazyre.New(`\b(pipe|lines|url)\b`)

// asksOutside reports whether the task's own templates may use such a lookup.
func asksOutside(t *playbook.Task) bool {
	found := mentions(t.Args, outsideLookup) || mentions(t.ArgsTemplate, outsideLookup) || mentions(t.Vars, outsideLookup)
	for _, c := range t.When {
		found = found || mentions(c.Expr, outsideLookup)
	}
	return found
}

// mentions reports whether a text in v matches.
func mentions(v value.Value, re *lazyre.Regexp) bool {
	switch v := v.(type) {
	case nil:
		return false
	case *value.Dict:
		for _, e := range v.Entries() {
			if mentions(e.Val, re) {
				return true
			}
		}
		return false
	case *value.List:
		for _, e := range v.Elems {
			if mentions(e, re) {
				return true
			}
		}
		return false
	case *value.Template:
		return re.MatchString(v.Src)
	}
	text, ok := value.AsString(v)
	return ok && re.MatchString(text)
}

// window is how many items are on their way at a time.
const window = 512

// sideBySide is one item of a window.
type sideBySide struct {
	*itemRun
	result itemResult
	done   chan struct{} // closed with result set
}

// runTogether runs the items in windows. It gives how many it ran; the others,
// if any, have to run one after the other, because they ask for the result of
// the one before.
func (t *taskRun) runTogether(ctx context.Context, sum *loopSum, items []value.Value, ctl loopControl) (ran int) {
	for ran < len(items) {
		n := min(window, len(items)-ran)
		g := newTogether(n)
		runs := make([]*sideBySide, n)
		for k := range runs {
			// Each item has an outcome of its own while they run side by side.
			run := *t
			run.out = &outcome{step: t.step, seat: t.seat}
			run.together = g
			item := run.item(t.loopVars(sum.names, items, ran+k, ctl.extended, ctl.allItems))
			item.place = k
			runs[k] = &sideBySide{itemRun: item, done: make(chan struct{})}
		}
		apart, goOn := t.runWindow(ctx, g, runs, func(k int, r itemResult) { sum.add(runs[k].itemRun, r, items[ran+k]) }, sum)
		if apart {
			return ran
		}
		if !goOn {
			return len(items)
		}
		ran += n
	}
	return ran
}

// runWindow runs the items of a window, and takes their results in order as
// they come. It reports whether they have to run apart, none of them having run,
// and whether the loop goes on.
func (t *taskRun) runWindow(ctx context.Context, g *together, runs []*sideBySide, take func(int, itemResult), sum *loopSum) (apart, goOn bool) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, r := range runs {
		all.Go(func() {
			r.result = r.run(ctx)
			close(r.done)
			g.left()
		})
	}
	all.Go(func() { g.send(ctx) })
	<-g.decided
	if g.dependent.Load() {
		return true, false
	}
	for k, r := range runs {
		<-r.done
		t.out.effects = append(t.out.effects, r.out.effects...)
		r.leaveRegistered(r.result)
		take(k, r.result)
		t.out.notify = append(t.out.notify, r.out.notify...)
		if sum.unreachable || ctx.Err() != nil && isTrue(r.result, "failed") {
			return false, false
		}
	}
	return false, ctx.Err() == nil
}

// registerWatch is a layer without variables that notices when an item asks
// for what the task registers.
type registerWatch struct {
	name string
	g    *together
}

// Lookup implements vars.Layer.
func (w registerWatch) Lookup(name string) (value.Value, bool) {
	if name == w.name {
		w.g.dependent.Store(true)
	}
	return nil, false
}

// Names implements vars.Layer.
func (w registerWatch) Names() []string { return nil }

// errDependent ends the items that were to run together and can't.
var errDependent = errors.New("an item asks for the result of the one before")
