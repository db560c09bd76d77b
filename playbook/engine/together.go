package engine

import (
	"context"
	"slices"
	"sync"

	"drover/playbook/value"
	"drover/transport/remote"
)

// Items of a loop that can't see each other's results are run together: the
// controller's halves of all items run side by side up to the call of their
// module, the calls go to the host in one batch in the order of the items, and
// the results are taken in that order. The loop costs one round trip instead
// of one for each item; what people and later tasks see stays the same.

// batchable reports whether the task's items may run together: one module
// call each, on the task's host, and nothing between items that asks about the
// result of the one before.
func (t *taskRun) batchable() bool {
	task, p := t.step.task, t.step.plan
	if !singleCall[task.Module] && (t.batch.run.actions[task.Module] != nil || p.spec == nil) {
		return false
	}
	if task.Include != nil || task.Async != nil || len(task.Until) > 0 || task.Retries != nil || task.Timeout != nil {
		return false
	}
	if ctl := task.LoopCtl; ctl != nil && (ctl.Pause != nil || len(ctl.BreakWhen) > 0) {
		return false
	}
	return p.delegateTo == nil && !returnsFacts[task.Module]
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
}

// window is how many items are on their way at a time.
const window = 512

// runTogether runs the items in windows.
func (t *taskRun) runTogether(ctx context.Context, sum *loopSum, items []value.Value, ctl loopControl) {
	for start := 0; start < len(items) && !sum.unreachable && ctx.Err() == nil; start += window {
		end := min(start+window, len(items))
		g := &together{waiting: end - start}
		g.cond = sync.NewCond(&g.mu)
		runs := make([]*itemRun, end-start)
		results := make([]itemResult, end-start)
		for k := start; k < end; k++ {
			item := t.item(t.loopVars(sum.names, items, k, ctl.extended, ctl.allItems))
			item.together, item.place = g, k-start
			// Each item has an outcome of its own while they run side by side.
			run := *t
			run.out = &outcome{step: t.step, seat: t.seat}
			item.taskRun = &run
			runs[k-start] = item
		}
		var wg sync.WaitGroup
		for n := range runs {
			wg.Add(1)
			go func() {
				defer wg.Done()
				results[n] = runs[n].run(ctx)
				g.left()
			}()
		}
		g.send(ctx, runs)
		wg.Wait()
		for n, r := range results {
			t.out.effects = append(t.out.effects, runs[n].out.effects...)
			sum.add(runs[n], r, items[start+n])
			t.out.notify = append(t.out.notify, runs[n].out.notify...)
		}
	}
}

// together collects the calls of items that run side by side.
type together struct {
	mu      sync.Mutex
	cond    *sync.Cond
	waiting int // items that have neither called nor ended
	calls   []*pendingCall
	over    bool
}

type pendingCall struct {
	place  int
	item   *itemRun
	req    *remote.Request
	result *value.Dict
	err    error
	done   chan struct{}
}

// call waits until the batch with the item's call is done.
func (g *together) call(ctx context.Context, item *itemRun, req *remote.Request) (*value.Dict, error) {
	c := &pendingCall{place: item.place, item: item, req: req, done: make(chan struct{})}
	g.mu.Lock()
	if g.over { // a second call of the same item, after the batch
		g.mu.Unlock()
		s, err := item.session(ctx)
		if err != nil {
			return nil, err
		}
		return s.Call(ctx, req)
	}
	g.calls = append(g.calls, c)
	g.waiting--
	g.cond.Signal()
	g.mu.Unlock()
	<-c.done
	return c.result, c.err
}

// left says that an item ended; those that called were counted before.
func (g *together) left() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.over {
		g.waiting--
		g.cond.Signal()
	}
}

// send waits for all items to call or end, and makes the calls.
func (g *together) send(ctx context.Context, runs []*itemRun) {
	g.mu.Lock()
	for g.waiting > 0 {
		g.cond.Wait()
	}
	g.over = true
	calls := g.calls
	g.mu.Unlock()
	slices.SortFunc(calls, func(a, b *pendingCall) int { return a.place - b.place })
	for _, part := range bySession(calls) {
		part.make(ctx)
	}
}

// callGroup is a run of calls for the same runner.
type callGroup []*pendingCall

// bySession splits the calls where the user they run as changes (a become_user
// that depends on the item).
func bySession(calls []*pendingCall) []callGroup {
	var groups []callGroup
	identity := ""
	for _, c := range calls {
		id := c.item.identity()
		if len(groups) == 0 || id != identity {
			groups = append(groups, nil)
		}
		identity = id
		groups[len(groups)-1] = append(groups[len(groups)-1], c)
	}
	return groups
}

func (i *itemRun) identity() string {
	t, err := i.connectTo(i.where())
	if err != nil || t.Become == nil {
		return ""
	}
	return t.Become.Method + "\x00" + t.Become.User
}

func (g callGroup) make(ctx context.Context) {
	finish := func(c *pendingCall) { close(c.done) }
	s, err := g[0].item.session(ctx)
	answered := 0
	if err == nil {
		reqs := make([]*remote.Request, len(g))
		for n, c := range g {
			reqs[n] = c.req
		}
		err = s.Batch(ctx, reqs, remote.BatchOptions{}, func(n int, result *value.Dict) bool {
			g[n].result = result
			finish(g[n])
			answered = n + 1
			return true
		})
	}
	for _, c := range g[answered:] {
		c.err = err
		finish(c)
	}
}
