package engine

import (
	"slices"

	"drover/playbook/event"
	"drover/playbook/jinja"
	"drover/playbook/value"
)

// apply takes one host's outcome into the state of the run and tells it.
func (b *batch) apply(o *outcome) {
	st := o.step
	o.seat.busy = false
	if o.cancelled {
		o.seat.stop()
		return
	}
	targets := []*seat{o.seat}
	if st.forAll {
		targets = nil
		for _, s := range b.seats {
			if !s.unreachable.Load() {
				targets = append(targets, s)
			}
		}
	}
	for _, s := range targets {
		if r := st.task.Register; r != "" && o.result != nil {
			s.registered.Set(r, o.result)
			if b.run.cfg.Env.Lenient && ownFacts[st.task.Module] {
				s.registered.Classify(r, jinja.ClassYAML)
			}
		}
		for _, e := range o.effects {
			e(b, s)
		}
	}
	if role := st.task.Role; role != nil && o.status != event.Skipped && o.status != event.Unreachable {
		o.seat.worked[role.Hash] = true
	}
	rescued := false
	switch o.status {
	case event.Failed:
		rescued = b.failed(o)
	case event.Unreachable:
		b.unreachable(o)
	case event.Skipped:
		o.seat.stats.Skipped++
	default:
		if len(o.includes) == 0 { // what it includes counts instead, when that is loaded
			o.seat.stats.OK++
		}
		if o.status == event.Changed {
			o.seat.stats.Changed++
			b.notify(o)
		}
	}
	if !o.told {
		b.tell(o, rescued)
	}
}

// tell emits a host's result.
func (b *batch) tell(o *outcome, rescued bool) {
	b.run.emit(event.Result{
		Task: o.step.info, Host: o.seat.name, Target: o.target, Status: o.status, Ignored: o.ignored, Rescued: rescued,
		Looped: o.looped, NoDiff: !o.diff, Result: o.shown, Err: o.err, Start: o.start, End: o.end,
	})
}

// failed counts a failure and leads the host to where it goes; it reports
// whether a rescue takes it.
func (b *batch) failed(o *outcome) (rescued bool) {
	s := o.seat
	if o.ignored {
		s.stats.OK++
		s.stats.Ignored++
		if changed, _ := o.result.Lookup("changed"); changed == value.Bool(true) {
			s.stats.Changed++
		}
		return false
	}
	rescued = s.cursor.rescuing()
	if rescued { // the host's own failure alone: others that go down with it have none
		s.registered.Set("ansible_failed_task", failedTask(o.step))
		s.registered.Set("ansible_failed_result", o.result)
	}
	if o.step.runOnce {
		for _, other := range b.seats {
			if other != s && !other.unreachable.Load() && !other.cursor.over() {
				other.mark(&other.removed, true)
				other.fail()
			}
		}
	}
	s.mark(&s.removed, !rescued)
	s.fail()
	switch {
	case o.absent > 0: // as Ansible counts it, wherever the failure leads
		s.mark(&s.removed, true)
		s.doomed, s.lost = true, true
		s.stats.Failed += o.absent
	case rescued:
		s.stats.Rescued++
	default:
		s.stats.Failed++
	}
	return rescued
}

// fail leads the host to the rescue, always or end that a failure has.
func (s *seat) fail() {
	s.cursor.fail()
	if s.cursor.over() {
		s.mark(&s.failed, true)
	}
	s.lost = s.lost || s.cursor.failed
}

func (b *batch) unreachable(o *outcome) {
	s := o.seat
	if o.ignored {
		s.stats.OK++
		s.stats.Ignored++
		return
	}
	s.stats.Unreachable++
	s.mark(&s.unreachable, true)
}

// finish does what needs all hosts of a step: includes, and the rules on
// failures that concern the whole batch.
func (b *batch) finish(st *step) {
	b.joinGroups(st)
	b.include(st)
	if b.fatal(st) {
		b.failRest(st)
	}
	b.checkMaxFail()
}

// fatal reports whether a failure of this step ends the play for all hosts.
func (b *batch) fatal(st *step) bool {
	if !slices.ContainsFunc(st.outcomes, (*outcome).broke) {
		return false
	}
	ev := keywordReader{ctx: b.run.context(b.taskScope(st.seats[0], st.plan)), base: &st.task.Base}
	fatal := st.runOnce || ev.boolean("any_errors_fatal", st.plan.anyErrorsFatal, b.play.keywords.anyErrorsFatal)
	if fatal && slices.ContainsFunc(st.outcomes, (*outcome).outOfReach) {
		fatal = !ev.boolean("ignore_errors", st.plan.ignoreErrors, false)
	}
	if ev.err != nil {
		b.run.fault(ev.err)
	}
	return fatal
}

// broke reports whether the task failed on the host, rescued or not, or the
// host could not be reached, which counts here even where it is ignored.
func (o *outcome) broke() bool {
	return o.outOfReach() || !o.ignored && o.status == event.Failed
}

func (o *outcome) outOfReach() bool { return o.status == event.Unreachable }

// failRest fails every host of the batch that the step did not fail itself:
// each goes to its own rescue or always.
func (b *batch) failRest(st *step) {
	failed := map[*seat]bool{}
	for _, o := range st.outcomes {
		if o.broke() && !o.outOfReach() {
			failed[o.seat] = true
		}
	}
	for _, s := range b.seats {
		if s.live() && !failed[s] && !s.cursor.over() {
			s.mark(&s.removed, true)
			s.doomed, s.lost = true, true
			s.fail()
		}
	}
}

// checkMaxFail ends the play when more of the batch than max_fail_percentage
// have failed in it: by a failure that had nowhere to go, neither to a rescue
// or always nor to handlers that are forced. Hosts out of reach don't count, and
// hosts that run on their own (strategy: free) are not stopped.
func (b *batch) checkMaxFail() {
	limit := b.play.keywords.maxFail
	if limit < 0 || b.broke || b.play.alone() {
		return
	}
	failed := 0
	for _, s := range b.seats {
		if s.lost {
			failed++
		}
	}
	if 100*float64(failed)/float64(b.size) > limit {
		for _, s := range b.seats {
			if s.live() && !s.cursor.over() {
				s.cursor.fail()
				s.mark(&s.failed, true)
			}
		}
		b.broke = true
		b.run.emit(event.NoHosts{Remaining: true})
	}
}

// notify notes what a changed task notifies. Which handlers that means is
// found out when they are flushed, or at once while they are.
func (b *batch) notify(o *outcome) {
	for _, name := range o.notify {
		found := b.handlersFor(name)
		if len(found) == 0 {
			b.unknownHandler(o, name)
			continue
		}
		if o.seat.cursor.flushing() {
			b.mark(o.seat, found)
		} else if !slices.Contains(o.seat.notifications, name) {
			o.seat.notifications = append(o.seat.notifications, name)
		}
	}
}
