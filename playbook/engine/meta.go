package engine

import (
	"context"

	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
)

// meta does a meta action for the hosts that came to it. None of them needs a
// host's connection, so they take no part in forks and strategies.
func (b *batch) meta(ctx context.Context, p *plan, seats []*seat) {
	hit := seats
	if len(p.when) > 0 {
		hit = nil
		for _, s := range seats {
			ok, err := b.metaWhen(p, s)
			if err != nil {
				b.run.fault(err)
				return
			}
			if ok {
				hit = append(hit, s)
			}
		}
	}
	if len(hit) > 0 {
		b.metaAction(ctx, p, hit)
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

func (b *batch) metaAction(ctx context.Context, p *plan, seats []*seat) {
	switch p.task.Meta {
	case "noop":
	case "flush_handlers":
		b.flush(seats)
	case "end_host":
		for _, s := range seats {
			s.cursor.stop()
			b.run.emit(event.Message{Host: s.name, Text: "META: ending play for " + s.name})
		}
	case "end_role":
		for _, s := range seats {
			s.cursor.endRole()
		}
	case "end_play", "end_batch":
		for _, s := range b.seats {
			if s.live() {
				s.cursor.stop()
			}
		}
		b.play.ended = b.play.ended || p.task.Meta == "end_play"
	case "clear_facts":
		for _, s := range seats {
			s.facts.Clear()
			s.factVars.Clear()
			b.run.forgetFacts(s.name)
		}
	case "clear_host_errors":
		for _, s := range b.seats {
			s.failed, s.host.unreachable, s.cursor.failed = false, false, false
		}
	case "reset_connection":
		for _, s := range seats {
			if err := b.resetConnection(ctx, p, s); err != nil {
				b.run.fault(err)
			}
		}
	case "refresh_inventory":
		b.refreshInventory()
	default:
		b.run.fault(source.Errorf(p.task.Pos, "meta: '%s' is not known", p.task.Meta))
	}
}

func (b *batch) resetConnection(ctx context.Context, p *plan, s *seat) error {
	t := &taskRun{batch: b, step: &step{task: p.task, plan: p, info: b.info(p.task)}, seat: s}
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
