package inventory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

// AddHost adds a host at run time (add_host), or lays vars over a host that is
// there, and puts it into the groups, which are made when missing. changed
// says whether anything is different from before.
func (inv *Inventory) AddHost(name string, groups []string, vars *value.Dict) (h *Host, changed bool, err error) {
	if name == "" {
		return nil, false, source.Errorf(source.Pos{}, "a host needs a name, got an empty one")
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.remember(func(n *Inventory) error { _, _, err := n.AddHost(name, groups, vars); return err })
	_, known := inv.hosts[name]
	h = inv.addHost(name)
	if !known {
		inv.join(inv.groups["all"], h) // as Ansible does, so that it comes before all others there
		changed = true
	}
	if merged := inv.overlay(h.Vars, vars); !value.Equal(merged, h.Vars) {
		h.Vars, h.Changed, changed = merged, true, true
	}
	for _, g := range groups {
		if g == "" {
			return nil, false, source.Errorf(source.Pos{}, "a group needs a name, got an empty one for host '%s'", name)
		}
		if inv.join(inv.addGroup(g), h) {
			changed = true
		}
	}
	inv.reconcile()
	return h, changed, nil
}

// AddGroup makes a group below its parents at run time; both are made when
// missing. changed says whether anything is different from before.
func (inv *Inventory) AddGroup(name string, parents ...string) (g *Group, changed bool, err error) {
	if name == "" {
		return nil, false, source.Errorf(source.Pos{}, "a group needs a name, got an empty one")
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.remember(func(n *Inventory) error { _, _, err := n.AddGroup(name, parents...); return err })
	return inv.addGroupBelow(name, parents)
}

func (inv *Inventory) addGroupBelow(name string, parents []string) (g *Group, changed bool, err error) {
	_, known := inv.groups[name]
	g = inv.addGroup(name)
	changed = !known
	for _, p := range parents {
		parent := inv.addGroup(p)
		before := len(parent.Children)
		if err := inv.addChild(parent, g); err != nil {
			return nil, false, err
		}
		changed = changed || len(parent.Children) > before
	}
	inv.reconcile()
	return g, changed, nil
}

// AddHostToGroup puts a host that is in the inventory, or the implicit
// localhost, into a group below its parents (group_by); groups are made when
// missing. changed says whether anything is different from before.
func (inv *Inventory) AddHostToGroup(host, group string, parents ...string) (changed bool, err error) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	h, ok := inv.hosts[host]
	if !ok && inv.implicit != nil && inv.implicit.Name == host {
		h, ok = inv.implicit, true
	}
	if !ok {
		return false, source.Errorf(source.Pos{}, "host '%s' is not in the inventory, so it can't join group '%s'", host, group)
	}
	inv.remember(func(n *Inventory) error {
		if _, ok := n.Host(host); !ok {
			return nil // the host went with the refresh
		}
		_, err := n.AddHostToGroup(host, group, parents...)
		return err
	})
	g, changed, err := inv.addGroupBelow(group, parents)
	if err != nil {
		return false, err
	}
	if inv.join(g, h) {
		changed = true
	}
	inv.reconcile()
	return changed, nil
}

// WouldJoin tells what AddHostToGroup with the same arguments would change:
// whether the host is new in the group, and below which parents the group is.
func (inv *Inventory) WouldJoin(host, group string, parents ...string) (joins bool, below []string) {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	g, ok := inv.groups[group]
	for _, p := range parents {
		if parent, known := inv.groups[p]; !ok || !known || !slices.Contains(parent.Children, g) {
			below = append(below, p)
		}
	}
	return !ok || !g.members[host], below
}

func (inv *Inventory) remember(op func(*Inventory) error) { inv.dynamic = append(inv.dynamic, op) }

// CarryOver repeats on inv what was added to old at run time; it is for an
// inventory that was read again during a run.
func (inv *Inventory) CarryOver(old *Inventory) error {
	old.mu.RLock()
	ops := old.dynamic
	old.mu.RUnlock()
	for _, op := range ops {
		if err := op(inv); err != nil {
			return err
		}
	}
	return nil
}

// toInt reads a number as Python's int() does.
func toInt(v value.Value) (int, error) {
	if n, ok := value.AsInt(v); ok {
		return int(n), nil
	}
	if f, ok := v.(value.Float); ok {
		return int(f), nil
	}
	if s, ok := value.AsString(v); ok {
		return strconv.Atoi(strings.TrimSpace(s))
	}
	return 0, fmt.Errorf("%s is not a number", value.Repr(v))
}
