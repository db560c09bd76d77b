package engine

import (
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"drover/inventory"
	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// host is what a run knows of one host, over all plays.
type host struct {
	name string
	inv  *inventory.Host

	facts      *vars.Shared // ansible_facts
	factVars   *vars.Shared // the same under their full names
	variables  vars.Layer   // what of factVars are variables
	included   *vars.Store  // include_vars
	registered *vars.Store  // register, set_fact

	recalled bool // facts were taken from the cache
	standing
	// doomed: failed from the next play on, though a rescue took it in this one.
	doomed bool
	stats  event.HostStats

	inventoryLayersOf struct { // what run.inventoryLayers made
		sync.Mutex
		playbook   string
		generation int64
		layers     []vars.Layer
	}
}

func newHost(name string, inv *inventory.Host, hideFacts bool) *host {
	h := &host{
		name: name, inv: inv,
		facts: &vars.Shared{}, factVars: &vars.Shared{},
		included: vars.NewTrusted(), registered: &vars.Store{},
		stats: event.HostStats{Host: name},
	}
	h.variables = h.factVars
	if hideFacts {
		h.variables = localFacts{h.factVars}
	}
	return h
}

// localFacts are all that is left of the facts' variables when
// inject_facts_as_vars is off.
type localFacts struct{ facts *vars.Shared }

// Lookup implements vars.Layer.
func (l localFacts) Lookup(name string) (value.Value, bool) {
	if name != "ansible_local" {
		return nil, false
	}
	if v, ok := l.facts.Lookup(name); ok {
		return v, true
	}
	return value.NewDict(0), true
}

// Names implements vars.Layer.
func (l localFacts) Names() []string { return []string{"ansible_local"} }

// FromHosts says that facts are data.
func (l localFacts) FromHosts() bool { return true }

// enterPlay makes the host ready for another play.
func (h *host) enterPlay() {
	if h.doomed {
		h.mark(&h.failed, true)
	}
	h.mark(&h.removed, false)
}

// setFacts merges facts that a module returned under their full names
// ("ansible_distribution") into both forms.
func (h *host) setFacts(facts *value.Dict) {
	short := value.NewDict(facts.Len())
	for _, e := range facts.Entries() {
		short.Put(shortFact(value.String(e.Key)), e.Val)
	}
	h.facts.Update(short)
	h.factVars.Update(facts)
}

// include takes what include_vars read; with merge, dicts are merged into those
// that were included before.
func (h *host) include(read *value.Dict, merge bool) {
	if merge {
		read = vars.Merge(h.included.Snapshot(), read)
	}
	h.included.Update(read)
}

// shortFact gives a fact's key in ansible_facts: without "ansible_", except for
// ansible_local, which keeps its name there.
func shortFact(name string) string {
	if name == "ansible_local" {
		return name
	}
	return strings.TrimPrefix(name, "ansible_")
}

// hosts keeps the states of all hosts of a run.
type hosts struct {
	mu        sync.Mutex
	byName    map[string]*host
	hideFacts bool         // for those to come
	changes   atomic.Int64 // of their standing
}

// get gives the state of a host of the inventory, making it on first use.
func (hs *hosts) get(inv *inventory.Host) *host {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h, ok := hs.byName[inv.Name]
	if !ok {
		h = newHost(inv.Name, inv, hs.hideFacts)
		h.changes = &hs.changes
		hs.byName[inv.Name] = h
	}
	return h
}

// stats gives the recap's lines of every host that took part, by name.
func (hs *hosts) stats() []event.HostStats {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	var out []event.HostStats
	for _, h := range hs.byName {
		if h.stats != (event.HostStats{Host: h.name}) {
			out = append(out, h.stats)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Host < out[j].Host })
	return out
}

// seat is a host's part in one batch of a play.
type seat struct {
	*host
	cursor   cursor
	notified map[*playbook.Task]bool
	// notifications are what tasks notified since the last flush.
	notifications []string
	worked        map[string]bool // hashes of roles of which a task ran
	ran           map[string]bool // hashes of roles that ran to their end
	busy          bool            // a task is in flight
	woken         bool            // it stands in the batch's list of that name
	waiting       bool            // for --start-at-task
	lost          bool            // failed with no rescue, always or forced handler to come
	varsFiles     []vars.Layer
}

// peek gives the host's next task; nil at its end of the play. A failure that
// waited for the end of an always counts from there on.
func (s *seat) peek() *playbook.Task {
	t := s.cursor.peek()
	if s.cursor.failed {
		s.mark(&s.failed, true)
	}
	return t
}

// live reports whether the host still takes part in the batch.
func (s *seat) live() bool { return !s.unreachable.Load() && !s.cursor.failed }
