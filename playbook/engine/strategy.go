package engine

import (
	"drover/playbook"
	"drover/playbook/source"
)

// A strategy decides who runs what next, and nothing else: it never sees
// connections, variables or output.
type strategy interface {
	// next gives the work that can start now; none while something at work
	// must end first, and none at the end of the batch.
	next(b *batch) []work
}

// work is one task for some hosts, to be started together.
type work struct {
	task  *playbook.Task
	seats []*seat
}

func newStrategy(name string, p *playbook.Play, forks int) (strategy, error) {
	switch name {
	case "linear", "debug":
		return linear{}, nil
	case "free":
		return free{}, nil
	case "host_pinned":
		return &pinned{forks: forks}, nil
	}
	known := []string{"linear", "free", "host_pinned", "debug"}
	return nil, &RunError{source.Errorf(p.Keys["strategy"], "the strategy '%s' is not known%s", name, source.DidYouMean(name, known)).
		WithHint("use linear, free, host_pinned or debug")}
}

// alone reports whether the play's strategy lets hosts run on their own.
func (pr *playRun) alone() bool {
	return pr.keywords.strategy == "free" || pr.keywords.strategy == "host_pinned"
}

// linear runs each task on all hosts before the next one: all hosts whose next
// task stands earliest in the play run it, the others wait.
type linear struct{}

func (linear) next(b *batch) []work {
	if b.inFlight > 0 {
		return nil
	}
	var w work
	var first *cursor
	for _, s := range b.seats {
		if !s.live() {
			continue
		}
		t := s.peek()
		if t == nil {
			continue
		}
		order := -1
		if first != nil {
			order = s.cursor.before(first)
		}
		switch {
		case order < 0:
			first = &s.cursor
			w = work{task: t, seats: []*seat{s}}
		case order == 0 && t == w.task:
			w.seats = append(w.seats, s)
		}
	}
	if w.task == nil {
		return nil
	}
	return []work{w}
}

// wake notes hosts whose state changed. It costs nothing to name one twice, and
// nothing but time to forget one: when no task is at work all are looked at.
func (b *batch) wake(seats ...*seat) {
	for _, s := range seats {
		if !s.woken {
			s.woken = true
			b.woken = append(b.woken, s)
		}
	}
}

// candidates gives the hosts that may have a next task. With 10,000 hosts on
// their own, each of which ends a task, it must not be all of them.
func (b *batch) candidates() []*seat {
	woken := b.woken
	b.woken = nil
	for _, s := range woken {
		s.woken = false
	}
	if b.inFlight == 0 {
		return b.seats
	}
	return woken
}

// free lets every host run through the play as fast as it can.
type free struct{}

func (free) next(b *batch) []work { return nextOf(b.candidates()) }

// pinned is free for as many hosts at a time as there are forks: a host that
// began is brought to its end before another one begins.
type pinned struct {
	forks int
	began int // so many of the batch's hosts, from the first
}

func (p *pinned) next(b *batch) []work {
	begun := b.candidates()
	if b.inFlight == 0 {
		begun = begun[:p.began]
	}
	ws := nextOf(begun)
	for ; p.began < len(b.seats) && b.inFlight+len(ws) < p.forks; p.began++ {
		ws = append(ws, nextOf(b.seats[p.began:p.began+1])...)
	}
	return ws
}

// nextOf gives the next task of each of the hosts that is not at work.
func nextOf(seats []*seat) []work {
	var ws []work
	for _, s := range seats {
		if s.busy || !s.live() {
			continue
		}
		if t := s.peek(); t != nil {
			ws = append(ws, work{task: t, seats: []*seat{s}})
		}
	}
	return ws
}
