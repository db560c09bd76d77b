package engine

import (
	"context"
	"time"

	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
)

// metaAction is what an action of meta does.
type metaAction struct {
	// each: done for each host; the others are done once, for the first.
	each bool
	// always: conditions don't count.
	always bool
	// do does it for a host and gives the words that tell people.
	do func(ctx context.Context, b *batch, p *plan, s *seat) string
	// skipped says what happens instead when the conditions are not met.
	skipped func(p *plan, s *seat) string
}

func sayAlways(text string) func(*plan, *seat) string {
	return func(*plan, *seat) string { return text }
}

func sayHost(text string) func(*plan, *seat) string {
	return func(_ *plan, s *seat) string { return text + " for " + s.name }
}

var metaActions = map[string]metaAction{
	"noop": {each: true, always: true, do: func(context.Context, *batch, *plan, *seat) string { return "noop" }},
	"flush_handlers": {each: true, skipped: sayHost("not running handlers"),
		do: func(_ context.Context, b *batch, _ *plan, s *seat) string {
			b.flush(s)
			return "triggered running handlers for " + s.name
		}},
	"end_host": {each: true, skipped: sayHost("continuing execution"),
		do: func(_ context.Context, _ *batch, _ *plan, s *seat) string {
			s.stop()
			return "ending play for " + s.name
		}},
	"end_role": {each: true,
		skipped: func(p *plan, s *seat) string {
			return "continuing role " + p.task.Role.Role + " for " + s.name
		},
		do: func(_ context.Context, _ *batch, p *plan, s *seat) string {
			s.cursor.endRole()
			return "ending role " + p.task.Role.Role + " for " + s.name
		}},
	"end_play": {skipped: sayAlways("continuing play"),
		do: func(_ context.Context, b *batch, _ *plan, _ *seat) string {
			b.stopAll()
			b.play.ended = true
			return "ending play"
		}},
	"end_batch": {skipped: sayAlways("continuing current batch"),
		do: func(_ context.Context, b *batch, _ *plan, _ *seat) string {
			b.stopAll()
			return "ending batch"
		}},
	"clear_facts": {skipped: sayHost("not clearing facts and fact cache"),
		do: func(_ context.Context, b *batch, _ *plan, _ *seat) string {
			for _, h := range b.play.hosts {
				h.facts.Clear()
				h.factVars.Clear()
				b.run.forgetFacts(h.name)
			}
			return "facts cleared"
		}},
	"clear_host_errors": {skipped: sayHost("not clearing host error state"),
		do: func(_ context.Context, b *batch, _ *plan, _ *seat) string {
			for _, s := range b.seats {
				if s.unreachable.Load() {
					s.mark(&s.removed, true) // from the play's list
				}
				s.mark(&s.failed, false)
				s.mark(&s.unreachable, false)
				s.doomed, s.lost = false, false
				s.cursor.forgive()
			}
			return "cleared host errors"
		}},
	"reset_connection": {each: true, always: true,
		do: func(ctx context.Context, b *batch, p *plan, s *seat) string {
			if err := b.resetConnection(ctx, p, s); err != nil {
				b.run.fault(err)
			}
			return "reset connection"
		}},
	"refresh_inventory": {always: true,
		do: func(_ context.Context, b *batch, _ *plan, _ *seat) string {
			b.refreshInventory()
			return "inventory successfully refreshed"
		}},
}

// meta does a meta action for the hosts that came to it. None of them needs a
// host's connection, so they take no part in forks and strategies.
func (b *batch) meta(ctx context.Context, p *plan, seats []*seat) {
	a := metaActions[p.task.Meta]
	if !a.each {
		seats = seats[:1]
	}
	if !p.task.Implicit {
		b.run.emit(event.TaskStart{Task: b.infoFor(p.task, seats[0]), Hosts: seatNames(seats), Time: time.Now()})
	}
	if a.always && len(p.when) > 0 {
		b.run.warn(p.task.Pos, p.task.Meta+" task does not support when conditional")
	}
	for _, s := range seats {
		b.metaOn(ctx, a, p, s)
	}
}

// metaOn does a meta action for one host, if its conditions are met.
func (b *batch) metaOn(ctx context.Context, a metaAction, p *plan, s *seat) {
	met := true
	if !a.always {
		var err error
		if met, err = b.metaWhen(p, s); err != nil {
			b.run.fault(err)
			return
		}
	}
	if met {
		b.metaSays(p, a.do(ctx, b, p, s))
		return
	}
	reason := p.task.Meta + " conditional evaluated to False, " + a.skipped(p, s)
	b.metaSays(p, reason)
	b.run.emit(event.Result{
		Task: b.infoFor(p.task, s), Host: s.name, Status: event.Skipped, Start: time.Now(), End: time.Now(),
		Result: value.DictOf("msg", p.task.Meta, "skipped", true, "skip_reason", reason),
	})
}

func (b *batch) metaSays(p *plan, text string) {
	if !p.task.Implicit {
		b.run.emit(event.Message{Verbosity: 2, Text: "META: " + text})
	}
}

func (b *batch) metaWhen(p *plan, s *seat) (bool, error) {
	ctx := b.run.context(b.taskScope(s, p))
	for _, c := range p.when {
		if ok, err := evalCond(ctx, c); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// stopAll ends the play for all hosts of the batch that still take part.
func (b *batch) stopAll() {
	for _, s := range b.seats {
		if s.live() {
			s.stop()
		}
	}
}

// stop ends the play for a host.
func (s *seat) stop() {
	s.cursor.stop()
	if s.cursor.failed {
		s.mark(&s.failed, true)
	}
}

func (b *batch) resetConnection(ctx context.Context, p *plan, s *seat) error {
	t := b.newTaskRun(&step{task: p.task, plan: p, info: b.info(p.task)}, s)
	item := t.item(nil)
	target, err := item.connectTo(s.host)
	if err != nil {
		return err
	}
	b.run.cfg.Pool.Reset(target)
	return nil
}

// refreshInventory reads the inventory again; what tasks added to it stays.
func (b *batch) refreshInventory() {
	r := b.run
	if r.cfg.Reload == nil {
		return
	}
	inv, err := r.cfg.Reload()
	if err != nil {
		r.fault(err)
		return
	}
	if err := inv.CarryOver(r.inventory()); err != nil {
		r.fault(err)
		return
	}
	r.inv.Store(inv)
	r.inventoryGeneration.Add(1)
	r.hosts.mu.Lock()
	defer r.hosts.mu.Unlock()
	for name, h := range r.hosts.byName {
		if fresh, ok := inv.Host(name); ok {
			h.inv = fresh
		}
	}
}

// forgetFacts drops a host's cached facts.
func (r *run) forgetFacts(name string) {
	if c := r.cfg.FactCache; c != nil {
		if err := c.Delete(name); err != nil {
			r.warn(source.Pos{}, "the fact cache could not be cleared for "+name+": "+err.Error())
		}
	}
}

// storeFacts takes facts of a module into a host's variables, and into the
// cache between runs.
func (r *run) storeFacts(h *host, facts *value.Dict) {
	h.setFacts(facts)
	if c := r.cfg.FactCache; c != nil {
		if err := c.Set(h.name, h.factVars.Dict()); err != nil {
			r.warn(source.Pos{}, "the fact cache could not be written for "+h.name+": "+err.Error())
		}
	}
}

// recallFacts takes a host's facts from the cache between runs, once.
func (r *run) recallFacts(h *host) {
	if r.cfg.FactCache == nil || h.recalled {
		return
	}
	h.recalled = true
	if r.cfg.FlushCache {
		r.forgetFacts(h.name)
		return
	}
	if facts, ok := r.cfg.FactCache.Get(h.name); ok {
		h.setFacts(facts)
	}
}
