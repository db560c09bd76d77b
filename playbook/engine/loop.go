package engine

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/value"
)

// step is one task at work on some hosts.
type step struct {
	task *playbook.Task
	plan *plan
	info *event.TaskInfo
	// seats take part; runners do the work (one of them for run_once).
	seats, runners []*seat
	runOnce        bool
	// forAll: what the one run returns counts for all hosts (run_once, but
	// not modules that run once by nature).
	forAll   bool
	gate     chan struct{} // of a throttled task, else nil
	outcomes []*outcome
	lost     map[*seat]bool // by includes of what is not there
	// assigned holds variables set in the debugger; they rank above all others.
	assigned *value.Dict
	pending  int
	// claims are the pairs of a group and a parent that hosts of the step add.
	claims *sync.Map
}

// outcome is how a task ended on one host.
type outcome struct {
	step    *step
	seat    *seat
	status  event.Status
	ignored bool
	looped  bool
	// cancelled: the run was interrupted before the task began on the host.
	cancelled bool
	result    *value.Dict // what register sees
	shown     *value.Dict // what people see
	target    string      // delegate_to
	diff      bool        // diff mode is on
	err       error       // the failure with its place, when it has one
	// effects change the state of the run, in the order of the items.
	effects  []effect
	joins    []groupJoin
	includes []*inclusion
	notify   []string
	start    time.Time
	end      time.Time
	// absent counts the names of an include, one for each item of its loop, that
	// are not there. ignore_errors does not count for that, and a rescue keeps the
	// host for this play only.
	absent int
	// told: people know of it already.
	told bool
	// edited is the step as it was changed in the debugger and then run.
	edited *step
	// secrets are those that went into the task's calls.
	secrets *secrets
}

// effect is a change that a result makes to a host of the batch.
type effect func(b *batch, s *seat)

// loop runs the batch to its end.
func (b *batch) loop(ctx context.Context, s strategy) {
	for {
		var ws []work
		if ctx.Err() == nil && !b.stop && b.run.faulted() == nil {
			ws = s.next(b)
		}
		over := false
		for _, w := range ws {
			if b.start(ctx, w) {
				over = true
				b.wake(w.seats...)
			}
		}
		switch {
		case over:
			continue
		case b.inFlight == 0:
			return
		}
		o := <-b.done
		if b.debug(ctx, o) {
			continue
		}
		b.inFlight--
		b.apply(o)
		st := o.step
		st.outcomes = append(st.outcomes, o)
		if st.pending--; st.pending == 0 {
			b.finish(st)
			b.wake(st.seats...)
		}
	}
}

// start begins a step. Meta tasks and steps for which nothing has to be done
// on hosts are over at once.
func (b *batch) start(ctx context.Context, w work) (over bool) {
	for _, s := range w.seats {
		s.cursor.consume()
		delete(s.notified, w.task)
	}
	p := b.run.plans.get(w.task)
	if w.task.Meta != "" {
		b.meta(ctx, p, w.seats)
		return true
	}
	st := &step{lost: map[*seat]bool{}, claims: &sync.Map{}, task: w.task, plan: p, info: b.infoFor(w.task, w.seats[0]), seats: w.seats, runners: w.seats}
	if !b.prepare(st) {
		return true
	}
	if b.run.cfg.Step && !b.confirm(ctx, st) {
		return true
	}
	for _, s := range st.runners {
		s.busy = true
	}
	b.run.emit(event.TaskStart{Task: st.info, Hosts: seatNames(st.runners), Time: time.Now()})
	st.pending = len(st.runners)
	b.inFlight += st.pending
	b.dispatch(ctx, st)
	return false
}

func seatNames(seats []*seat) []string {
	names := make([]string, len(seats))
	for i, s := range seats {
		names[i] = s.name
	}
	return names
}

// prepare reads the keywords that concern the step as a whole, in the
// variables of its first host.
func (b *batch) prepare(st *step) bool {
	p := st.plan
	if p.runOnce == nil && p.throttle == nil && !bypassesHosts(p.task.Module) {
		return true
	}
	ev := keywordReader{ctx: b.run.context(b.taskScope(st.seats[0], p)), base: &p.task.Base}
	st.forAll = ev.boolean("run_once", p.runOnce, false)
	st.runOnce = st.forAll || bypassesHosts(p.task.Module)
	if n := int(ev.number("throttle", p.throttle, 0)); n > 0 {
		st.gate = b.gate(p.task, n)
	}
	if ev.err != nil {
		b.run.fault(asRunError(ev.err))
		return false
	}
	if st.runOnce {
		st.runners = st.seats[:1]
	}
	return true
}

// bypassesHosts names the modules that run once for all hosts.
func bypassesHosts(module string) bool {
	return module == "ansible.builtin.add_host" || module == "ansible.builtin.pause"
}

// dispatch runs the step's task on its hosts, at most forks at a time, and
// sends each outcome to the batch.
func (b *batch) dispatch(ctx context.Context, st *step) {
	workers := min(len(st.runners), b.run.cfg.Forks)
	var next atomic.Int64
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(st.runners) {
				return
			}
			if ctx.Err() != nil {
				b.done <- &outcome{step: st, seat: st.runners[i], cancelled: true}
				continue
			}
			b.done <- b.executeInTurn(ctx, st, st.runners[i])
		}
	}
	for range workers {
		go work()
	}
}

// executeInTurn waits until the task may run: fewer hosts than its throttle
// are at it, in whatever step, and a fork is free.
func (b *batch) executeInTurn(ctx context.Context, st *step, s *seat) *outcome {
	if st.gate != nil {
		st.gate <- struct{}{}
		defer func() { <-st.gate }()
	}
	b.run.forks <- struct{}{}
	defer func() { <-b.run.forks }()
	return b.execute(ctx, st, s)
}

// gate gives the tokens of a throttled task, shared by all of its steps.
func (b *batch) gate(t *playbook.Task, n int) chan struct{} {
	g, ok := b.gates[t]
	if !ok {
		g = make(chan struct{}, n)
		b.gates[t] = g
	}
	return g
}

// confirm asks for --step whether to run a task: y, c for all the rest,
// and anything else is no. At the end of the input nothing more is run.
func (b *batch) confirm(ctx context.Context, st *step) bool {
	kind := "TASK"
	if st.task.Handler {
		kind = "HANDLER"
	}
	line, err := b.run.cfg.Prompt.ReadLine(ctx, "Perform task: "+kind+": "+st.info.Heading()+" (N)o/(y)es/(c)ontinue: ", true)
	if err != nil {
		return false
	}
	switch strings.ToLower(line) {
	case "y", "yes":
		return true
	case "c", "continue":
		b.run.cfg.Step = false
		return true
	}
	return false
}
