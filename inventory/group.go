package inventory

import (
	"slices"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Group is a named set of hosts and of other groups.
type Group struct {
	Name string
	// Vars are the variables that inventory sources (not group_vars files)
	// set for this group; the dict is replaced, never altered.
	Vars *value.Dict
	// Children and Parents are in the order in which they were added.
	Children, Parents []*Group
	// Depth is the longest way from "all", which has 0.
	Depth int
	// Priority is ansible_group_priority, 1 when not set: among groups of one
	// depth the higher wins.
	Priority int

	inv     *Inventory
	hosts   []*Host
	members map[string]bool
	origins origins

	chain   []*Group // lineage, computed at chainAt
	chainAt uint64
	all     []*Host // allHosts, computed at allAt
	allAt   uint64
}

// Hosts gives the hosts that are in the group itself, in the order in which
// they were added.
func (g *Group) Hosts() []*Host {
	g.inv.mu.RLock()
	defer g.inv.mu.RUnlock()
	return slices.Clone(g.hosts)
}

// AllHosts gives the hosts of the group and of all groups below it, each once,
// in Ansible's order: own hosts first, then level by level. Do not alter the
// slice.
func (g *Group) AllHosts() []*Host {
	g.inv.mu.Lock()
	defer g.inv.mu.Unlock()
	return g.allHosts()
}

func (g *Group) allHosts() []*Host {
	if g.all != nil && g.allAt == g.inv.gen {
		return g.all
	}
	seen := map[*Host]bool{}
	hosts := []*Host{}
	for _, d := range g.descendants() {
		for _, h := range d.hosts {
			if !seen[h] && (g.Name != "all" || !h.Implicit) {
				seen[h] = true
				hosts = append(hosts, h)
			}
		}
	}
	g.all, g.allAt = hosts, g.inv.gen
	return hosts
}

// Origin gives the place where the inventory set a variable of this group.
func (g *Group) Origin(name string) source.Pos { return origin(g.Vars, g.origins, name) }

// descendants gives the group and all below it, level by level.
func (g *Group) descendants() []*Group {
	return walk(g, func(g *Group) []*Group { return g.Children })
}

// ancestors gives the group and all above it.
func (g *Group) ancestors() []*Group {
	return walk(g, func(g *Group) []*Group { return g.Parents })
}

func walk(start *Group, next func(*Group) []*Group) []*Group {
	seen := map[*Group]bool{start: true}
	order := []*Group{start}
	for i := 0; i < len(order); i++ {
		for _, g := range next(order[i]) {
			if !seen[g] {
				seen[g] = true
				order = append(order, g)
			}
		}
	}
	return order
}

// lineage gives the group and its ancestors, sorted by precedence.
func (g *Group) lineage() []*Group {
	if g.chain == nil || g.chainAt != g.inv.gen {
		g.chain, g.chainAt = g.ancestors(), g.inv.gen
		sortGroups(g.chain)
	}
	return g.chain
}

// sink gives the group at least the depth d, and those below it accordingly.
func (g *Group) sink(d int) {
	if g.Depth >= d {
		return
	}
	g.Depth = d
	for _, c := range g.Children {
		c.sink(d + 1)
	}
}

// setVars lays vars over those the group has; ansible_group_priority sets the
// priority instead of a variable.
func (g *Group) setVars(vars *value.Dict, o origins) error {
	if p, ok := vars.Lookup("ansible_group_priority"); ok {
		n, err := toInt(p)
		if err != nil {
			return source.Errorf(o["ansible_group_priority"], "ansible_group_priority of group '%s' must be an integer, got %s", g.Name, value.Repr(p))
		}
		g.Priority = n
		vars = vars.Clone()
		vars.Delete(value.Str("ansible_group_priority"))
		g.inv.changed()
	}
	if vars.Len() > 0 {
		g.Vars, g.origins = g.inv.overlay(g.Vars, vars), g.origins.with(o)
	}
	return nil
}
