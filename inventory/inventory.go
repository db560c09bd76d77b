// Package inventory knows whom a run can talk to: hosts, the groups they are
// in, and the variables that the inventory's own files give them. It reads
// INI, YAML, TOML, scripts, folders, host lists and the constructed and
// generator plugins, and resolves host patterns.
//
// It does not merge variables for a host: each Host and Group has only what was
// written for it, and VarsReader reads group_vars and host_vars folders, so
// that the engine can lay the levels over one another in Ansible's order.
package inventory

import (
	"slices"
	"sync"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Inventory is the set of hosts and groups. Its methods are safe for
// concurrent use; the exported fields of a Host or Group may be read while no
// method that adds something runs.
type Inventory struct {
	opts    Options
	sources []string // as given
	folders sync.Once
	besides []string // see Sources

	mu        sync.RWMutex
	hosts     map[string]*Host
	hostList  []*Host
	groups    map[string]*Group
	groupList []*Group
	implicit  *Host
	matches   map[string][]*Host // of single patterns, dropped by every change
	gen       uint64             // counts the changes, so that what was computed can age
	dynamic   []func(*Inventory) error
}

// New makes an inventory with the groups "all" and "ungrouped" and no hosts.
func New(o Options) *Inventory {
	inv := &Inventory{opts: o, hosts: map[string]*Host{}, groups: map[string]*Group{}}
	all, ungrouped := inv.addGroup("all"), inv.addGroup("ungrouped")
	if err := inv.addChild(all, ungrouped); err != nil {
		panic(err) // two fresh groups can't form a loop
	}
	return inv
}

// Given lists what the inventory was loaded from, as given to Load.
func (inv *Inventory) Given() []string { return slices.Clone(inv.sources) }

// Sources gives the folders beside the sources, in which group_vars and
// host_vars are looked for: a source that is a folder itself, else the one it
// is in, with links resolved, each once and in order. Lists of hosts have none.
// The slice belongs to the inventory: read only.
func (inv *Inventory) Sources() []string {
	inv.folders.Do(func() {
		for _, src := range inv.sources {
			if dir, ok := folderOf(src); ok && !slices.Contains(inv.besides, dir) {
				inv.besides = append(inv.besides, dir)
			}
		}
	})
	return inv.besides
}

// Hosts gives all hosts in the order of their definition.
func (inv *Inventory) Hosts() []*Host {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	return slices.Clone(inv.hostList)
}

// Host gives the host called name; the implicit localhost is not one of them.
func (inv *Inventory) Host(name string) (*Host, bool) {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	h, ok := inv.hosts[name]
	return h, ok
}

// Groups gives all groups, also "all" and "ungrouped", in the order of their
// definition.
func (inv *Inventory) Groups() []*Group {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	return slices.Clone(inv.groupList)
}

// Group gives the group called name.
func (inv *Inventory) Group(name string) (*Group, bool) {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	g, ok := inv.groups[name]
	return g, ok
}

// Python is where the controller's Python would be: playbooks that ask for it
// mean to start a script with it.
const Python = "/usr/bin/python3"

// Localhost gives the host that stands for the controller: the inventory's own
// "localhost" when it has one, else an implicit host with
// ansible_connection=local and the Python of the controller, that is in no
// group. The implicit host is always the same one, under the name by which it
// was asked for first: localhost, 127.0.0.1 or ::1.
func (inv *Inventory) Localhost(name string) *Host {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return inv.localhost(name)
}

// localhostNames are the names under which the controller can be addressed
// without being in the inventory.
var localhostNames = []string{"127.0.0.1", "::1", "localhost"}

// localhost gives the explicit or implicit localhost; the name of the implicit
// one is the first name it was asked for.
func (inv *Inventory) localhost(name string) *Host {
	for _, h := range inv.hostList {
		if slices.Contains(localhostNames, h.Name) {
			return h
		}
	}
	if inv.implicit == nil {
		inv.implicit = &Host{Name: name, Implicit: true, inv: inv, Vars: value.DictOf("ansible_connection", "local", "ansible_python_interpreter", Python)}
	}
	return inv.implicit
}

// addGroup gives the group called name, making it when it is not there.
func (inv *Inventory) addGroup(name string) *Group {
	if g, ok := inv.groups[name]; ok {
		return g
	}
	g := &Group{Name: name, Vars: value.NewDict(0), Priority: 1, inv: inv}
	inv.groups[name] = g
	inv.groupList = append(inv.groupList, g)
	inv.changed()
	return g
}

// addHost gives the host called name, making it when it is not there.
func (inv *Inventory) addHost(name string) *Host {
	if h, ok := inv.hosts[name]; ok {
		return h
	}
	h := &Host{Name: name, Vars: value.NewDict(0), inv: inv}
	inv.hosts[name] = h
	inv.hostList = append(inv.hostList, h)
	inv.changed()
	return h
}

// join puts a host into a group and reports whether it was not there before.
func (inv *Inventory) join(g *Group, h *Host) bool {
	if g.members[h.Name] {
		return false
	}
	if g.members == nil {
		g.members = map[string]bool{}
	}
	g.members[h.Name] = true
	g.hosts = append(g.hosts, h)
	h.direct = append(h.direct, g)
	inv.changed()
	return true
}

// addChild makes child a child group of parent. A loop is an error.
func (inv *Inventory) addChild(parent, child *Group) error {
	if slices.Contains(parent.Children, child) {
		return nil
	}
	if parent == child || slices.Contains(parent.ancestors(), child) {
		return source.Errorf(source.Pos{}, "group '%s' can't be a child of '%s': that makes a loop", child.Name, parent.Name).
			WithHint("a group may not contain itself, directly or through other groups")
	}
	parent.Children = append(parent.Children, child)
	child.Parents = append(child.Parents, parent)
	child.sink(parent.Depth + 1)
	inv.changed()
	return nil
}

// changed makes everything that was computed from the graph out of date.
func (inv *Inventory) changed() {
	inv.matches = nil
	inv.gen++
}

// reconcile applies the rules that hold between groups after a change: every
// group descends from "all", and "ungrouped" holds exactly the hosts that are
// in no other group.
func (inv *Inventory) reconcile() {
	all, ungrouped := inv.groups["all"], inv.groups["ungrouped"]
	for _, g := range inv.groupList {
		if g != all && len(g.Parents) == 0 {
			if err := inv.addChild(all, g); err != nil {
				panic(err) // a group without parents is no ancestor of "all"
			}
		}
	}
	var strays map[*Host]bool
	for _, h := range inv.hostList {
		grouped := slices.ContainsFunc(h.direct, func(g *Group) bool { return g != all && g != ungrouped })
		switch in := ungrouped.members[h.Name]; {
		case grouped && in:
			if strays == nil {
				strays = map[*Host]bool{}
			}
			strays[h] = true
		case !grouped && !in:
			inv.join(ungrouped, h)
		}
	}
	inv.leaveAll(ungrouped, strays)
}

// leaveAll takes several hosts out of a group in one pass.
func (inv *Inventory) leaveAll(g *Group, hosts map[*Host]bool) {
	if len(hosts) == 0 {
		return
	}
	g.hosts = slices.DeleteFunc(slices.Clone(g.hosts), func(h *Host) bool { return hosts[h] })
	for h := range hosts {
		delete(g.members, h.Name)
		h.direct = slices.DeleteFunc(slices.Clone(h.direct), func(x *Group) bool { return x == g })
	}
	inv.changed()
}

// clashes gives the names that are both a group's and a host's.
func (inv *Inventory) clashes() []string {
	var names []string
	for _, g := range inv.groupList {
		if _, ok := inv.hosts[g.Name]; ok {
			names = append(names, g.Name)
		}
	}
	return names
}
