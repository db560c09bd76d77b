package playbook

import (
	"errors"
	"slices"

	"drover/playbook/source"
	"drover/playbook/yaml"
)

// What Ansible would make of a mistake that drover finds while it reads a
// playbook is inside the *source.Error: it decides the exit code.
var (
	// ErrGeneral is that of an error that ends the run, and no fault of syntax.
	ErrGeneral = errors.New("general error")
	// ErrSyntax is that of a playbook that can't be read, as without any of these.
	ErrSyntax = errors.New("syntax error")
	// ErrTaskFails is that of a task that fails when it runs.
	ErrTaskFails = errors.New("the task fails")
)

// general marks a mistake as an ErrGeneral.
func general(e *source.Error) *source.Error {
	e.Err = ErrGeneral
	return e
}

// Faults gives the mistakes in what the tasks and blocks of a list say that end
// a run only where a task is reached (Base.Faults), in the order in which they
// stand.
func Faults(steps []Step) source.List {
	var all source.List
	for _, s := range steps {
		switch s := s.(type) {
		case *Task:
			all = append(all, s.Faults...)
		case *Block:
			all = append(all, s.Faults...)
			for _, part := range [][]Step{s.Body, s.Rescue, s.Always} {
				all = append(all, Faults(part)...)
			}
		}
	}
	return all
}

// Faults gives those of all tasks of the playbook that are known before it runs.
func (p *Playbook) Faults() source.List {
	var all source.List
	for _, play := range p.Plays {
		for _, part := range [][]Step{play.PreTasks, roleSteps(play), play.Tasks, play.PostTasks, play.Handlers} {
			all = append(all, Faults(part)...)
		}
	}
	return all
}

func roleSteps(p *Play) []Step {
	var steps []Step
	for _, r := range p.Roles {
		if r.Tasks != nil {
			steps = append(steps, r.Tasks)
		}
	}
	return steps
}

// faultf records a mistake in what a task says: one that Ansible would find
// when the task runs, so that a playbook which never gets there works.
// Elsewhere it is an error like any other.
func (r *reader) faultf(pos source.Pos, format string, args ...any) *source.Error {
	e := source.Errorf(pos, format, args...)
	r.fault(e)
	return e
}

func (r *reader) fault(err error) {
	if r.faults != nil {
		var e *source.Error
		if errors.As(err, &e) && e.Err == nil {
			e.Err = ErrTaskFails
		}
		r.faults.Add(err)
		r.late.Add(err)
		return
	}
	r.errs.Add(err)
}

// err gives what keeps the file from being run at all, if anything does, and
// then the mistakes of tasks too.
func (r *reader) err() error {
	if len(r.errs) == 0 {
		return nil
	}
	all := append(slices.Clip(r.errs), r.late...)
	if len(r.late) > 0 {
		inOrder(all)
	}
	return all.Err()
}

// inOrder sorts the errors of each file by line, the files as they came.
func inOrder(errs source.List) {
	files := map[string]int{}
	for _, err := range errs {
		if file := placeOf(err).File; files[file] == 0 {
			files[file] = len(files) + 1
		}
	}
	slices.SortStableFunc(errs, func(a, b error) int {
		p, q := placeOf(a), placeOf(b)
		if p.File != q.File {
			return files[p.File] - files[q.File]
		}
		return p.Line - q.Line
	})
}

// collectFaults makes mistakes ones of the task, block or role that is being
// read. The result ends that.
func (r *reader) collectFaults(b *Base) func() {
	before := r.faults
	r.faults = &b.Faults
	return func() { r.faults = before }
}

// promote makes the mistakes of an import that brought nothing in ones that
// count now: it is gone when the playbook runs.
func (r *reader) promote(t *Task) {
	for _, fault := range t.Faults {
		r.errs.Add(fault)
	}
	r.late = slices.DeleteFunc(r.late, func(err error) bool { return slices.Contains(t.Faults, err) })
}

// wrongValue is wrongKind for the value of a keyword that Ansible looks at when
// the task runs.
func (r *reader) wrongValue(name string, n *yaml.Node, want string) {
	r.fault(kindError(name, n, want))
}
