package engine

import (
	"slices"
	"sync"
	"sync/atomic"

	"drover/playbook/value"
)

// standing is whether a host still takes part. Only the batch's goroutine
// changes it; tasks at work read it.
type standing struct {
	failed, unreachable atomic.Bool
	// removed: out of the play's own count of hosts, for the rest of the play.
	removed atomic.Bool
	// changes counts those of all hosts of the run.
	changes *atomic.Int64
}

// mark sets one of the host's flags.
func (s *standing) mark(flag *atomic.Bool, on bool) {
	if flag.Swap(on) != on {
		s.changes.Add(1)
	}
}

// counts reports whether the host is among those that ansible_play_hosts names.
func (s *standing) counts() bool {
	return !s.unreachable.Load() && !s.failed.Load() && !s.removed.Load()
}

// roster is a list of hosts that magic variables name. Each variable's value is
// made once for as long as it stays the same: a condition on it is met by every
// host of a fleet.
type roster struct {
	changes *atomic.Int64 // of the hosts' standing

	mu          sync.Mutex
	hosts       []*host
	every       value.Value // made of all; nil: not yet
	counting    value.Value // made of those that count
	countedWhen int64       // what changes was then
}

// add puts hosts on the list.
func (r *roster) add(hosts ...*host) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hosts = append(r.hosts, hosts...)
	r.every, r.counting = nil, nil
}

// has reports whether a host is on the list.
func (r *roster) has(h *host) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.hosts, h)
}

// all gives the names of the hosts.
func (r *roster) all() value.Value {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.every == nil {
		r.every = hostNames(r.hosts, func(*host) bool { return true })
	}
	return r.every
}

// counted gives the names of the hosts that count.
func (r *roster) counted() value.Value {
	now := r.changes.Load()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counting == nil || r.countedWhen != now {
		r.counting, r.countedWhen = hostNames(r.hosts, func(h *host) bool { return h.counts() }), now
	}
	return r.counting
}

func hostNames(hosts []*host, keep func(*host) bool) value.Value {
	l := value.NewList()
	for _, h := range hosts {
		if keep(h) {
			l.Append(value.Str(h.name))
		}
	}
	return l
}
