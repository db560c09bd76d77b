package engine

import (
	"context"
	"strings"

	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/value"
)

// wantsDebugger reports whether the debugger opens after a task ended so on a
// host: as the keyword says, else as the strategy or the configuration does.
func (b *batch) wantsDebugger(o *outcome) bool {
	everywhere := b.run.cfg.Debugger || b.play.keywords.strategy == "debug"
	if o.cancelled || b.run.cfg.Prompt == nil || !everywhere && o.step.plan.debugger == nil {
		return false
	}
	ev := keywordReader{ctx: b.run.context(b.taskScope(o.seat, o.step.plan)), base: &o.step.task.Base}
	when := ev.text("debugger", o.step.plan.debugger, "")
	if ev.err != nil {
		b.run.fault(ev.err)
		return false
	}
	failed := o.status == event.Failed && (!o.ignored || b.run.cfg.DebugIgnored)
	switch when {
	case "always":
		return true
	case "never":
		return false
	case "on_failed":
		return failed || everywhere && o.status == event.Unreachable
	case "on_unreachable":
		return o.status == event.Unreachable || everywhere && failed
	case "on_skipped":
		return o.status == event.Skipped || everywhere && (failed || o.status == event.Unreachable)
	}
	return everywhere && (failed || o.status == event.Unreachable)
}

// decision is what the person at the debugger wants.
type decision int8

const (
	stay decision = iota
	goOn
	redo
	quit
)

// debug opens the debugger where it is wanted and reports whether the task is
// being done again, in place of this outcome. It is asked before the outcome
// counts for anything, so that nothing has to be undone.
func (b *batch) debug(ctx context.Context, o *outcome) (again bool) {
	if ctx.Err() != nil || !b.wantsDebugger(o) { // after quit nobody is asked again
		return false
	}
	b.tell(o, o.status == event.Failed && !o.ignored && o.seat.cursor.rescuing())
	o.told = true
	d := b.newDebugger(o)
	switch d.session(ctx) {
	case redo:
		go func() { b.done <- b.repeat(ctx, o, d.edited) }()
		return true
	case quit:
		b.run.emit(event.Prompted{Text: "User interrupted execution"})
		b.run.interrupt()
	}
	return false
}

// repeat does a task again on the host of an outcome, as it was changed in the
// debugger.
func (b *batch) repeat(ctx context.Context, o *outcome, edited *step) *outcome {
	if ctx.Err() != nil {
		return &outcome{step: o.step, seat: o.seat, cancelled: true}
	}
	next := b.executeInTurn(ctx, edited, o.seat)
	next.step, next.edited = o.step, edited
	return next
}

// debugger is the prompt at a task that ended on a host.
type debugger struct {
	batch *batch
	out   *outcome
	// edited is the step with what the person changed of its task and
	// variables; the next attempt runs it.
	edited *step
	// names are variables of the prompt itself: x = 1.
	names *value.Dict
}

func (b *batch) newDebugger(o *outcome) *debugger {
	d := &debugger{batch: b, out: o, names: value.NewDict(0)}
	from := o.step
	if o.edited != nil {
		from = o.edited
	}
	edited := *from
	edited.assigned = from.assigned.Clone()
	d.edited = &edited
	d.setArgs(from.task.Args)
	return d
}

// setArgs gives the edited step a task of its own with these arguments.
func (d *debugger) setArgs(args *value.Dict) {
	t := *d.edited.task
	t.Args = args.Clone()
	d.setTask(&t)
}

func (d *debugger) setTask(t *playbook.Task) {
	p := *d.out.step.plan
	p.task = t
	d.edited.task, d.edited.plan = t, &p
}

// session reads commands until one of them ends it. The end of the input ends
// the run, as nobody is there to decide.
func (d *debugger) session(ctx context.Context) decision {
	prompt := "[" + d.out.seat.name + "] " + d.title() + " (debug)> "
	for {
		line, err := d.batch.run.cfg.Prompt.ReadLine(ctx, prompt, true)
		if err != nil {
			return quit
		}
		if next := d.command(strings.TrimSpace(line)); next != stay {
			return next
		}
	}
}

// title names the task at the prompt.
func (d *debugger) title() string {
	if d.out.step.task.Handler {
		return "HANDLER: " + d.out.step.info.Heading()
	}
	return "TASK: " + d.out.step.info.Heading()
}

// say shows text without the secrets in it.
func (d *debugger) say(text string) {
	d.batch.run.emit(event.Prompted{Text: d.out.secrets.mask(text)})
}
