package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
)

// batch is one serial batch of a play while it runs. Everything in it is
// changed by one goroutine only, the one in runBatch; tasks at work only read.
type batch struct {
	run   *run
	play  *playRun
	seats []*seat
	names roster // of the seats
	// size is the number of hosts with those that failed in former plays.
	size int
	// taskIDs numbers the tasks for events.
	taskIDs map[*playbook.Task]*event.TaskInfo
	gates   map[*playbook.Task]chan struct{} // of throttled tasks
	// meant are the handlers that notifications mean, among the first meantOf of
	// the play's handlers.
	meant   map[string][]*playbook.Task
	meantOf int
	// stop ends the batch after what is at work, for all hosts.
	stop bool
	// broke says that too many hosts failed: the playbook ends.
	broke    bool
	done     chan *outcome
	inFlight int
	// woken are the hosts that something happened to since the strategy last
	// looked: those that may have a next task while others are at work.
	woken []*seat
}

// runBatch runs the play for some of its hosts and reports whether the run
// goes on.
func (pr *playRun) runBatch(ctx context.Context, members []*host) bool {
	b := pr.newBatch(members)
	pr.run.emit(event.PlayStart{Name: pr.name, Pos: pr.play.Pos, Hosts: seatNames(b.seats)})
	s, err := newStrategy(pr.keywords.strategy, pr.play, pr.run.cfg.Forks)
	if err != nil {
		pr.run.fault(err)
		return false
	}
	b.loop(ctx, s)
	failed := 0
	for _, s := range b.seats {
		if s.failed.Load() || s.unreachable.Load() || s.doomed {
			failed++
		}
	}
	if b.broke { // as it was told when that happened, too
		pr.run.emit(event.NoHosts{Remaining: true})
	}
	return !b.broke && failed < b.size
}

func (pr *playRun) newBatch(members []*host) *batch {
	b := &batch{run: pr.run, play: pr, taskIDs: map[*playbook.Task]*event.TaskInfo{}, gates: map[*playbook.Task]chan struct{}{}, done: make(chan *outcome)}
	root := &playbook.Block{Play: pr.play, Implicit: true, Body: pr.steps()}
	b.names.changes = &pr.run.hosts.changes
	b.size = len(members)
	for _, h := range members {
		if !h.counts() {
			continue
		}
		s := &seat{host: h, notified: map[*playbook.Task]bool{}, ran: map[string]bool{}, worked: map[string]bool{}, waiting: pr.startAt != ""}
		s.cursor = cursor{
			selected: func(t *playbook.Task) bool { return s.started(b, t) && b.takesPart(t) },
			notified: func(t *playbook.Task) bool { return s.notified[t] },
			enter:    func(blk *playbook.Block) bool { return s.entersRole(blk) },
			leave:    func(blk *playbook.Block) { s.leftRole(blk) },
		}
		s.cursor.push(root, 0)
		b.seats = append(b.seats, s)
		b.names.add(h)
		b.readVarsFiles(s)
	}
	return b
}

// steps lays out the play: facts, pre_tasks, roles, tasks, post_tasks, with a
// flush of the handlers after each section that Ansible has one after. A flush
// after nothing runs the handlers that handlers before it notified.
func (pr *playRun) steps() []playbook.Step {
	p := pr.play
	var steps []playbook.Step
	if gather := pr.gatherTask(); gather != nil {
		steps = append(steps, gather)
	}
	var roles []playbook.Step
	for _, r := range p.Roles {
		if r.Tasks != nil {
			roles = append(roles, r.Tasks)
		}
	}
	for _, section := range [][]playbook.Step{p.PreTasks, append(roles, p.Tasks...), p.PostTasks} {
		steps = append(steps, pr.section(section))
	}
	return steps
}

// section frames a list of steps so that its handlers are flushed after it,
// also for hosts that failed when handlers are forced.
func (pr *playRun) section(body []playbook.Step) playbook.Step {
	b := &playbook.Block{Play: pr.play, Implicit: true}
	flush := &playbook.Task{
		Base: playbook.Base{Pos: pr.play.Pos, Tags: []value.Value{value.Str("always")}},
		Play: pr.play, Parent: b, Action: "meta", Module: "ansible.builtin.meta", Meta: "flush_handlers", Implicit: true,
	}
	if pr.keywords.forceHandlers {
		b.Body, b.Always = body, []playbook.Step{flush}
	} else {
		b.Body = append(append([]playbook.Step{}, body...), flush)
	}
	return b
}

// entersRole reports whether a block is entered: a role that ran already for
// the host is skipped unless duplicates are allowed.
func (s *seat) entersRole(b *playbook.Block) bool {
	return !b.RoleEnd || b.Role == nil || b.Role.AllowDuplicates || !s.ran[b.Role.Hash]
}

// leftRole notes that a role came to its end; one of which no task ran has not.
func (s *seat) leftRole(b *playbook.Block) {
	if b.RoleEnd && b.Role != nil && s.worked[b.Role.Hash] {
		s.ran[b.Role.Hash] = true
	}
}

// started reports whether the host has come to --start-at-task; tasks of the
// engine itself (gathering facts) run before it too.
func (s *seat) started(b *batch, t *playbook.Task) bool {
	if s.waiting && !t.Implicit && matchesStart(b.info(t), b.play.startAt) {
		s.waiting = false
	}
	return !s.waiting || t.Implicit
}

// takesPart decides by tags whether a task runs at all.
func (b *batch) takesPart(t *playbook.Task) bool {
	return t.Implicit && t.Meta != "" || t.Handler || b.run.tags.runs(b.info(t).Tags)
}

// holdsStart reports whether a play has the task of --start-at-task.
func (pr *playRun) holdsStart() bool {
	b := pr.newBatch(nil)
	found := false
	pr.eachTask(func(t *playbook.Task) {
		found = found || !t.Implicit && matchesStart(b.info(t), pr.run.cfg.StartAt)
	})
	return found
}

// eachTask visits the play's static tasks in the order in which they stand.
func (pr *playRun) eachTask(visit func(*playbook.Task)) {
	var walk func(steps []playbook.Step)
	walk = func(steps []playbook.Step) {
		for _, s := range steps {
			switch s := s.(type) {
			case *playbook.Block:
				walk(s.Body)
				walk(s.Rescue)
				walk(s.Always)
			case *playbook.Task:
				visit(s)
			}
		}
	}
	walk(pr.steps())
}

func matchesStart(info *event.TaskInfo, want string) bool {
	for _, name := range []string{info.Name, info.Heading()} {
		if ok, _ := filepath.Match(want, name); ok || name == want {
			return true
		}
	}
	return false
}

// info gives what events say of a task; the name is evaluated in what is the
// same for all hosts, and stays as written when that is not enough.
func (b *batch) info(t *playbook.Task) *event.TaskInfo {
	if i, ok := b.taskIDs[t]; ok {
		return i
	}
	p := b.run.plans.get(t)
	i := &event.TaskInfo{
		ID: fmt.Sprintf("%s#%d", t.Pos, len(b.taskIDs)), Action: t.Action, Pos: t.Pos, Handler: t.Handler,
	}
	scope := b.run.extraScope(slices.Concat(b.play.vars, p.varLayers, p.includeParams)...)
	ctx := b.run.context(scope)
	if t.Name != nil {
		if v, err := ctx.Evaluate(t.Name); err == nil {
			i.Name = value.String(v)
		} else {
			i.Name = value.String(t.Name)
		}
	}
	i.Args = writtenArgs(t)
	if i.Role = headingRole(t); i.Name == "" && includesRole(t) {
		i.Name = t.Action + " : " + value.String(t.Include.Name)
	}
	for _, tag := range p.tags {
		if v, err := ctx.Evaluate(tag); err == nil {
			i.Tags = append(i.Tags, tagNames(v)...)
		} else {
			b.run.fault(source.Wrap(t.Keys["tags"], err))
		}
	}
	if p.noLog != nil {
		ev := keywordReader{ctx: ctx, base: &t.Base}
		i.NoLog = ev.boolean("no_log", p.noLog, false) || ev.err != nil
	}
	ev := keywordReader{ctx: ctx, base: &t.Base}
	i.Check = ev.boolean("check_mode", p.checkMode, b.run.cfg.Check)
	b.taskIDs[t] = i
	return i
}

// writtenArgs gives a task's arguments as they are written, for headings that
// show them.
func writtenArgs(t *playbook.Task) string {
	words := make([]string, 0, t.Args.Len())
	for _, e := range ansibleArgs(t.Module, t.Args).Entries() {
		words = append(words, value.String(e.Key)+"="+value.String(redact(e.Val)))
	}
	return strings.Join(words, ", ")
}

func includesRole(t *playbook.Task) bool { return t.Include != nil && t.Include.Role }

// headingRole gives the role that a task's heading names. Those of
// include_role name the role they bring, if any.
func headingRole(t *playbook.Task) string {
	if t.Role == nil || includesRole(t) {
		return ""
	}
	return roleName(t.Role)
}

// infoFor is info with the name and no_log evaluated in the variables of a
// host, as far as that can be done.
func (b *batch) infoFor(t *playbook.Task, s *seat) *event.TaskInfo {
	i, p := *b.info(t), b.run.plans.get(t)
	name, hasName := t.Name.(*value.Template)
	noLog, hasNoLog := p.noLog.(*value.Template)
	if !hasName && !hasNoLog {
		return b.info(t)
	}
	ctx := b.run.context(b.taskScope(s, p))
	if hasName {
		i.Name = b.shownName(t, ctx, name)
	}
	if hasNoLog {
		ev := keywordReader{ctx: ctx, base: &t.Base}
		i.NoLog = ev.boolean("no_log", noLog, false) || ev.err != nil
	}
	return &i
}

// shownName gives a task's name as its heading shows it. What can't be evaluated
// in it is warned of; before 2.19 it stayed as it is written then.
func (b *batch) shownName(t *playbook.Task, ctx *jinja.Context, name *value.Template) string {
	if b.run.cfg.Env.Lenient {
		if v, err := ctx.Evaluate(name); err == nil {
			return value.String(redact(v))
		}
		return b.info(t).Name
	}
	v, faults := ctx.Show(name)
	if len(faults) > 0 {
		b.run.warn(t.Keys["name"], jinja.FaultsText(faults))
	}
	return value.String(redact(v))
}

// readVarsFiles reads the play's vars_files for a host. Names that need facts
// which are not there yet are tried again when facts come.
func (b *batch) readVarsFiles(s *seat) {
	if len(b.play.play.VarsFiles) == 0 {
		return
	}
	p := &plan{task: &playbook.Task{Play: b.play.play}, play: b.play.play}
	s.varsFiles = nil
	for _, entry := range b.play.play.VarsFiles {
		ctx := b.run.context(b.taskScope(s, p))
		d, err := b.varsFile(s, ctx, entry)
		if err != nil {
			b.run.fault(source.Wrap(b.play.play.Keys["vars_files"], err))
			return
		}
		s.varsFiles = appendDict(s.varsFiles, d)
	}
}
