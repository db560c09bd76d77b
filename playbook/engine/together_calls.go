package engine

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"drover/playbook/value"
	"drover/transport"
	"drover/transport/remote"
)

// together collects the calls of items that run side by side.
type together struct {
	// dependent: an item asked for the result of the one before.
	dependent atomic.Bool
	decided   chan struct{} // closed when it is known whether one did

	mu      sync.Mutex
	ready   *sync.Cond
	waiting int // items that have neither called nor ended
	calls   []*pendingCall
	over    bool // all have
}

func newTogether(items int) *together {
	g := &together{waiting: items, decided: make(chan struct{})}
	g.ready = sync.NewCond(&g.mu)
	return g
}

type pendingCall struct {
	item   *itemRun
	target *transport.Target
	req    *remote.Request
	result *value.Dict
	err    error
	done   chan struct{}
}

func (c *pendingCall) finish(result *value.Dict, err error) {
	c.result, c.err = result, err
	close(c.done)
}

// call waits until the batch with the item's call is done.
func (g *together) call(ctx context.Context, item *itemRun, req *remote.Request) (*value.Dict, error) {
	target, err := item.connectTo(item.where())
	if err != nil {
		return nil, err
	}
	c := &pendingCall{item: item, target: target, req: req, done: make(chan struct{})}
	if !g.join(c) { // a second call of the same item, after the batch
		s, err := item.session(ctx)
		if err != nil {
			return nil, err
		}
		return s.Call(ctx, req)
	}
	<-c.done
	return c.result, c.err
}

// join adds a call, if it is not too late.
func (g *together) join(c *pendingCall) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return false
	}
	g.calls = append(g.calls, c)
	g.waiting--
	g.ready.Signal()
	return true
}

// left says that an item ended; those that called were counted before.
func (g *together) left() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.over {
		g.waiting--
		g.ready.Signal()
	}
}

// collect waits for all items to call or end and gives the calls, in order.
func (g *together) collect() []*pendingCall {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.waiting > 0 {
		g.ready.Wait()
	}
	g.over = true
	slices.SortFunc(g.calls, func(a, b *pendingCall) int { return a.item.place - b.item.place })
	return g.calls
}

// send makes the calls. After a lost host the rest is not tried: the loop ends
// with the first item that finds it unreachable.
func (g *together) send(ctx context.Context) {
	calls := g.collect()
	defer close(g.decided)
	if g.dependent.Load() {
		for _, c := range calls {
			c.finish(nil, errDependent)
		}
		return
	}
	go g.make(ctx, calls)
}

func (g *together) make(ctx context.Context, calls []*pendingCall) {
	var lost error
	for _, group := range byTarget(calls) {
		if lost == nil {
			lost = group.make(ctx)
			continue
		}
		for _, c := range group {
			c.finish(nil, lost)
		}
	}
}

// callGroup is a run of calls for the same runner.
type callGroup []*pendingCall

// byTarget splits the calls where what they connect to or the user they become
// changes (both may depend on the item).
func byTarget(calls []*pendingCall) []callGroup {
	var groups []callGroup
	for n, c := range calls {
		if n == 0 || !reflect.DeepEqual(calls[n-1].target, c.target) {
			groups = append(groups, nil)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], c)
	}
	return groups
}

// make makes the calls of a group; its error is one that all later calls would
// meet too.
func (g callGroup) make(ctx context.Context) error {
	s, err := g[0].item.batch.run.cfg.Pool.Session(ctx, g[0].target)
	answered := 0
	if err == nil {
		reqs := make([]*remote.Request, len(g))
		for n, c := range g {
			reqs[n] = c.req
		}
		err = s.Batch(ctx, reqs, remote.BatchOptions{}, func(n int, result *value.Dict) bool {
			g[n].finish(result, nil)
			answered = n + 1
			return true
		})
	}
	var fault *remote.CallError
	if errors.As(err, &fault) { // one of them can't be sent: the others can
		for _, c := range g[answered:] {
			c.finish(s.Call(ctx, c.req))
		}
		return nil
	}
	for _, c := range g[answered:] {
		c.finish(nil, err)
	}
	return err
}
