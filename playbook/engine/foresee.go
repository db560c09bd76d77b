package engine

import (
	"slices"
	"strings"

	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
)

// foresee tells of the mistakes in tasks before the first of them runs. One
// that is reached for sure, when nothing fails before it, is an error, unless
// its task ignores errors and will show it; the others are warned of, as a
// condition may spare the run from them.
func (r *run) foresee(books []*playbook.Playbook) error {
	var sure source.List
	for _, book := range books {
		faults := book.Faults()
		if len(faults) == 0 {
			continue
		}
		here, ignored := r.sureFaults(book)
		for _, fault := range faults {
			switch {
			case slices.Contains(here, fault):
				sure.Add(fault)
			case !slices.Contains(ignored, fault):
				r.warnFault(fault)
			}
		}
	}
	return sure.Err()
}

func (r *run) warnFault(fault error) {
	r.emit(event.Warning{Text: "this fails where it is reached: " + source.Format(fault)})
}

// sureFaults gives the mistakes in tasks that every run of the book comes to,
// and apart from them those in tasks that ignore errors.
func (r *run) sureFaults(book *playbook.Playbook) (sure, ignored source.List) {
	if r.cfg.StartAt != "" || r.cfg.Step {
		return nil, nil
	}
	for _, p := range book.Plays {
		pr := r.newPlay(p)
		pr.vars = appendDict(appendDict(nil, p.ImportVars), p.Vars)
		if hosts, err := pr.matchHosts(); err != nil || len(hosts) == 0 {
			continue
		}
		f := &foresight{batch: pr.newBatch(nil)}
		f.walk(pr.steps())
		sure = append(sure, f.faults...)
		ignored = append(ignored, f.ignored...)
	}
	return sure, ignored
}

// foresight goes through a play's tasks as long as they run for sure.
type foresight struct {
	batch   *batch
	faults  source.List
	ignored source.List
	over    bool // a task came that may end the play
}

func (f *foresight) walk(steps []playbook.Step) {
	for _, s := range steps {
		if len(playbook.BaseOf(s).When) > 0 {
			f.over = f.over || mayEnd(s)
			continue
		}
		switch s := s.(type) {
		case *playbook.Block:
			f.walk(s.Body)
			f.over = f.over || mayEnd(s)
		case *playbook.Task:
			f.task(s)
		}
	}
}

func (f *foresight) task(t *playbook.Task) {
	p := f.batch.run.plans.get(t)
	if f.over = f.over || mayEnd(t); f.over || len(p.faults) == 0 || t.Loop != nil {
		return
	}
	switch {
	case !f.batch.takesPart(t):
	case p.ignoreErrors == value.Bool(true):
		f.ignored = append(f.ignored, p.faults...)
	case !mayFail(p):
		f.faults = append(f.faults, p.faults...)
	}
}

// mayFail reports whether the play goes on after a failure of the task: it is
// ignored or rescued.
func mayFail(p *plan) bool {
	if p.ignoreErrors != nil && p.ignoreErrors != value.Bool(false) {
		return true
	}
	for b := p.task.Parent; b != nil; b = b.Parent {
		if len(b.Rescue) > 0 {
			return true
		}
	}
	return false
}

// mayEnd reports whether a task, or one in a block, may end the play or the
// role early.
func mayEnd(s playbook.Step) bool {
	switch s := s.(type) {
	case *playbook.Task:
		return strings.HasPrefix(s.Meta, "end_")
	case *playbook.Block:
		for _, part := range [][]playbook.Step{s.Body, s.Rescue, s.Always} {
			for _, inner := range part {
				if mayEnd(inner) {
					return true
				}
			}
		}
	}
	return false
}
