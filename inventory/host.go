package inventory

import (
	"cmp"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Host is one machine.
type Host struct {
	Name string
	// Vars are the variables that inventory sources (not host_vars files) set
	// for this host. Hosts defined together share one dict: it is replaced,
	// never altered.
	Vars *value.Dict
	// Port is the port of "host:port", 0 without one. It is in Vars too, as
	// ansible_port.
	Port int
	// File is the source that defined the host first: the variable
	// inventory_file; "" for hosts added at run time.
	File string
	// Changed says that Vars holds what was added at run time, which may have
	// come from other hosts.
	Changed bool
	// Implicit is set for the localhost that is not in the inventory.
	Implicit bool

	inv     *Inventory
	direct  []*Group
	origins origins

	sorted   []*Group // groups, computed at sortedAt
	sortedAt uint64
}

// origins says where variables were set.
type origins map[string]source.Pos

// Dir is the folder of File, the variable inventory_dir; "" without a file.
func (h *Host) Dir() string {
	if h.File == "" || strings.Contains(h.File, ",") {
		return ""
	}
	return filepath.Dir(h.File)
}

// Groups gives every group the host is in, directly or through child groups,
// in the order in which their variables overrule one another: by depth, then
// ansible_group_priority, then name. Do not alter the slice.
func (h *Host) Groups() []*Group {
	h.inv.mu.Lock()
	defer h.inv.mu.Unlock()
	return h.groups()
}

func (h *Host) groups() []*Group {
	if h.sorted != nil && h.sortedAt == h.inv.gen {
		return h.sorted
	}
	h.sortedAt = h.inv.gen
	if len(h.direct) == 1 {
		h.sorted = h.direct[0].lineage()
		return h.sorted
	}
	seen := map[*Group]bool{}
	var all []*Group
	for _, d := range h.direct {
		for _, g := range d.lineage() {
			if !seen[g] {
				seen[g] = true
				all = append(all, g)
			}
		}
	}
	sortGroups(all)
	h.sorted = all
	return all
}

// GroupNames gives the names of the host's groups in alphabetical order,
// without "all": the variable group_names.
func (h *Host) GroupNames() []string { return groupNames(h.Groups()) }

// ShortName is the name up to the first dot, or the whole of an IP address:
// the variable inventory_hostname_short.
func (h *Host) ShortName() string {
	if _, err := netip.ParseAddr(h.Name); err == nil {
		return h.Name
	}
	short, _, _ := strings.Cut(h.Name, ".")
	return short
}

// Origin gives the place where the inventory set a variable of this host; the
// zero Pos when it did not or the place is not known.
func (h *Host) Origin(name string) source.Pos { return origin(h.Vars, h.origins, name) }

func origin(vars *value.Dict, o origins, name string) source.Pos {
	if pos, ok := o[name]; ok {
		return pos
	}
	if v, ok := vars.Lookup(name); ok {
		if t, ok := v.(*value.Template); ok {
			return t.Pos
		}
	}
	return source.Pos{}
}

// setVars lays vars over those the host has. The first dict is shared with the
// caller, a second makes a copy.
func (h *Host) setVars(vars *value.Dict, o origins) {
	if vars.Len() == 0 {
		return
	}
	if h.Vars.Len() == 0 {
		h.Vars, h.origins = vars, o
		return
	}
	h.Vars, h.origins = h.inv.overlay(h.Vars, vars), h.origins.with(o)
}

// with gives a copy of o with those of more.
func (o origins) with(more origins) origins {
	if len(more) == 0 {
		return o
	}
	c := make(origins, len(o)+len(more))
	for k, v := range o {
		c[k] = v
	}
	for k, v := range more {
		c[k] = v
	}
	return c
}

// overlay gives a copy of base with over's variables, dicts combined when
// hash_behaviour says so.
func (inv *Inventory) overlay(base, over *value.Dict) *value.Dict {
	c := base.Clone()
	if inv.opts.HashMerge {
		mergeInto(c, over)
		return c
	}
	return c.Update(over)
}

func sortGroups(gs []*Group) {
	slices.SortStableFunc(gs, func(a, b *Group) int {
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.Priority, b.Priority), strings.Compare(a.Name, b.Name))
	})
}

// Stray gives a host that is not in the inventory (the target of a
// delegate_to), with no variables and only the group all above it.
func (inv *Inventory) Stray(name string) *Host {
	return &Host{Name: name, Vars: value.NewDict(0), Implicit: true, inv: inv}
}
