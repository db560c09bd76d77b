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
		return pinned{forks: forks}, nil
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
		t := s.cursor.peek()
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

// free lets every host run through the play as fast as it can.
type free struct{}

func (free) next(b *batch) []work {
	var ws []work
	for _, s := range b.seats {
		if w, ok := s.nextAlone(); ok {
			ws = append(ws, w)
		}
	}
	return ws
}

// pinned is free for as many hosts at a time as there are forks: a host that
// began is brought to its end before another one begins.
type pinned struct{ forks int }

func (p pinned) next(b *batch) []work {
	var ws []work
	busy := 0
	for _, s := range b.seats {
		if busy >= p.forks {
			break
		}
		if s.busy {
			busy++
		} else if w, ok := s.nextAlone(); ok {
			busy++
			ws = append(ws, w)
		}
	}
	return ws
}

// nextAlone gives the next task of a host that is not at work.
func (s *seat) nextAlone() (work, bool) {
	if s.busy || !s.live() {
		return work{}, false
	}
	t := s.cursor.peek()
	return work{task: t, seats: []*seat{s}}, t != nil
}
