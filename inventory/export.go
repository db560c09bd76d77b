package inventory

import (
	"fmt"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

// View shows an inventory as "ansible-inventory" does: with the variables of
// group_vars and host_vars folders laid over those of the sources. Templates
// are shown as they are written.
type View struct {
	Inventory *Inventory
	// PlaybookDir has group_vars and host_vars too (--playbook-dir). Without
	// one, the current folder counts where a host's variables are merged.
	PlaybookDir string
	// Limit keeps only the hosts of a pattern in lists; "" means all.
	Limit string
	// Export gives each group and host only its own variables (--export),
	// instead of merging them all into the hosts'.
	Export bool
	// ExtraVars overrule everything; may be nil.
	ExtraVars *value.Dict
	// Read reads a file of variables.
	Read VarsFile

	reader *VarsReader
}

func (v *View) vars() *VarsReader {
	if v.reader == nil {
		v.reader = &VarsReader{Read: v.Read, Warn: v.Inventory.opts.Warn}
	}
	return v.reader
}

// dirs are the folders beside the sources and that of the playbook.
func (v *View) dirs(merged bool) (inventory, playbook []string) {
	switch {
	case v.PlaybookDir != "":
		playbook = []string{v.PlaybookDir}
	case merged:
		playbook = []string{"."}
	}
	return v.Inventory.Sources(), playbook
}

// HostVars gives a host's variables: with Export only its own, else with those
// of its groups, in Ansible's order of precedence.
func (v *View) HostVars(h *Host) (*value.Dict, error) {
	m := &merger{merge: v.Inventory.opts.HashMerge, reader: v.vars()}
	inv, play := v.dirs(!v.Export)
	if !v.Export {
		v.layGroups(m, h, inv, play)
	}
	m.add(h.Vars)
	for _, dir := range slices.Concat(inv, play) {
		m.folder(dir, HostVars, h.Name)
	}
	if !v.Export {
		m.add(v.ExtraVars)
	}
	return m.result()
}

// layGroups adds the variables of a host's groups: those in sources, then the
// folders' for "all", then the folders' for the other groups.
func (v *View) layGroups(m *merger, h *Host, inv, play []string) {
	groups := h.Groups()
	if len(groups) == 0 || groups[0].Name != "all" {
		if all, ok := v.Inventory.Group("all"); ok {
			groups = append([]*Group{all}, groups...)
		}
	}
	for _, g := range groups {
		m.add(g.Vars)
	}
	for _, part := range [][]*Group{groups[:1], groups[1:]} {
		for _, dirs := range [][]string{inv, play} {
			for _, dir := range dirs {
				for _, g := range part {
					m.folder(dir, GroupVars, g.Name)
				}
			}
		}
	}
}

// GroupVars gives a group's own variables, with those of the folders and with
// ansible_group_priority when it is set.
func (v *View) GroupVars(g *Group) (*value.Dict, error) {
	m := &merger{merge: v.Inventory.opts.HashMerge, reader: v.vars()}
	m.add(g.Vars)
	inv, play := v.dirs(false)
	for _, dir := range slices.Concat(inv, play) {
		m.folder(dir, GroupVars, g.Name)
	}
	if g.Priority != 1 {
		m.add(value.DictOf("ansible_group_priority", g.Priority))
	}
	return m.result()
}

// Host gives the variables of the one host that a pattern names (--host).
func (v *View) Host(pattern string) (*value.Dict, error) {
	hosts, err := v.Inventory.Match(pattern)
	if err != nil {
		return nil, err
	}
	if len(hosts) != 1 {
		return nil, source.Errorf(source.Pos{}, "You must pass a single valid host to --host parameter, '%s' names %d hosts", pattern, len(hosts))
	}
	return v.HostVars(hosts[0])
}

// available gives the hosts of a list, in order.
func (v *View) available() ([]*Host, error) {
	hosts, err := v.Inventory.Match("all")
	if err != nil || v.Limit == "" {
		return hosts, err
	}
	within, err := v.Inventory.Match(v.Limit)
	if err != nil {
		return nil, err
	}
	return keep(hosts, within, true), nil
}

// Tree gives the whole inventory in the form of --list: groups with their
// hosts and children, and the hosts' variables under _meta.
func (v *View) Tree() (*value.Dict, error) {
	hosts, err := v.available()
	if err != nil {
		return nil, err
	}
	t := &treeView{View: v, shown: map[*Host]bool{}, done: map[*Group]bool{}, tree: value.NewDict(8)}
	for _, h := range hosts {
		t.shown[h] = true
	}
	all, _ := v.Inventory.Group("all")
	if err := t.group(all); err != nil {
		return nil, err
	}
	hostvars := value.NewDict(len(hosts))
	for _, h := range hosts {
		d, err := v.HostVars(h)
		if err != nil {
			return nil, err
		}
		if d.Len() > 0 {
			hostvars.Put(h.Name, d)
		}
	}
	t.tree.Put("_meta", value.DictOf("hostvars", hostvars, "profile", "inventory_legacy"))
	return t.tree, nil
}

// treeView collects the groups of a list.
type treeView struct {
	*View
	shown map[*Host]bool
	done  map[*Group]bool
	tree  *value.Dict
}

func (t *treeView) group(g *Group) error {
	entry := value.NewDict(3)
	t.tree.Put(g.Name, entry)
	if names := t.hostNames(g); names.Len() > 0 {
		entry.Put("hosts", names)
	}
	children := value.NewList()
	for _, c := range g.Children {
		children.Append(value.Str(c.Name))
		if !t.done[c] {
			if err := t.group(c); err != nil {
				return err
			}
			t.done[c] = true
		}
	}
	if children.Len() > 0 {
		entry.Put("children", children)
	}
	if t.Export {
		vars, err := t.GroupVars(g)
		if err != nil {
			return err
		}
		if vars.Len() > 0 {
			entry.Put("vars", vars)
		}
	}
	if entry.Len() == 0 {
		t.tree.Delete(value.Str(g.Name))
	}
	return nil
}

// hostNames lists a group's own hosts that are shown; "all" lists none.
func (t *treeView) hostNames(g *Group) *value.List {
	names := value.NewList()
	if g.Name == "all" {
		return names
	}
	for _, h := range g.Hosts() {
		if t.shown[h] {
			names.Append(value.Str(h.Name))
		}
	}
	return names
}

// ListJSON gives --list as Ansible prints it: sorted keys, four blanks of
// indentation.
func (v *View) ListJSON() (string, error) {
	tree, err := v.Tree()
	if err != nil {
		return "", err
	}
	return JSON(tree)
}

// JSON prints what HostVars, Host and Tree give, as Ansible prints it: with
// sorted keys, unless there are keys that can't be compared.
func JSON(d *value.Dict) (string, error) {
	plain := written(d)
	o := value.JSONOptions{Pretty: true, Indent: "    ", SortKeys: true, RawUTF8: true}
	out, err := value.AppendJSON(nil, plain, o)
	if err != nil {
		o.SortKeys = false
		out, err = value.AppendJSON(nil, plain, o)
	}
	return string(out), err
}

// written gives v with its templates as the text they are written as.
func written(v value.Value) value.Value {
	switch v := v.(type) {
	case *value.Template:
		return value.Str(v.Src)
	case *value.List:
		l := &value.List{Elems: make([]value.Value, len(v.Elems))}
		for i, e := range v.Elems {
			l.Elems[i] = written(e)
		}
		return l
	case *value.Dict:
		d := value.NewDict(v.Len())
		for _, e := range v.Entries() {
			d.Set(e.Key, written(e.Val))
		}
		return d
	}
	return v
}

// Graph draws the tree of groups and hosts below a group (--graph), with
// their variables when vars is set.
func (v *View) Graph(group string, vars bool) (string, error) {
	g, ok := v.Inventory.Group(group)
	if !ok {
		return "", source.Errorf(source.Pos{}, "Pattern must be valid group name when using --graph, there is no group '%s'%s", group, source.DidYouMean(group, v.Inventory.allNames()))
	}
	d := &drawing{View: v, vars: vars}
	if err := d.group(g, 0); err != nil {
		return "", err
	}
	return strings.Join(d.lines, "\n"), nil
}

func (inv *Inventory) allNames() []string {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	return inv.names()
}

type drawing struct {
	*View
	vars  bool
	lines []string
}

func (d *drawing) line(depth int, text string) {
	if depth > 0 {
		text = strings.Repeat("  |", depth) + "--" + text
	}
	d.lines = append(d.lines, text)
}

func (d *drawing) group(g *Group, depth int) error {
	d.line(depth, "@"+g.Name+":")
	for _, c := range g.Children {
		if err := d.group(c, depth+1); err != nil {
			return err
		}
	}
	if g.Name != "all" {
		for _, h := range g.Hosts() {
			d.line(depth+1, h.Name)
			if err := d.variables(depth+2, func() (*value.Dict, error) { return d.HostVars(h) }); err != nil {
				return err
			}
		}
	}
	return d.variables(depth+1, func() (*value.Dict, error) { return d.GroupVars(g) })
}

// variables draws "{name = value}" lines, sorted.
func (d *drawing) variables(depth int, get func() (*value.Dict, error)) error {
	if !d.vars {
		return nil
	}
	vars, err := get()
	if err != nil {
		return err
	}
	entries, err := value.SortedEntries(vars.Entries())
	if err != nil {
		return err
	}
	for _, e := range entries {
		d.line(depth, fmt.Sprintf("{%s = %s}", value.String(e.Key), value.String(e.Val)))
	}
	return nil
}

// Nested gives the whole inventory in the form of a YAML inventory (--list
// --yaml): each group below its parent, a host's variables where the host
// comes first.
func (v *View) Nested() (*value.Dict, error) {
	hosts, err := v.available()
	if err != nil {
		return nil, err
	}
	n := &nestedView{View: v, shown: map[*Host]bool{}, seenHosts: map[*Host]bool{}, seenGroups: map[*Group]bool{}}
	for _, h := range hosts {
		n.shown[h] = true
	}
	all, _ := v.Inventory.Group("all")
	tree := value.NewDict(1)
	body, err := n.group(all)
	if err == nil && body.Len() > 0 {
		tree.Put("all", body)
	}
	return written(tree).(*value.Dict), err
}

type nestedView struct {
	*View
	shown, seenHosts map[*Host]bool
	seenGroups       map[*Group]bool
}

func (n *nestedView) group(g *Group) (*value.Dict, error) {
	body, children, hosts := value.NewDict(3), value.NewDict(len(g.Children)), value.NewDict(4)
	for _, c := range g.Children {
		if n.seenGroups[c] {
			children.Put(c.Name, &value.Dict{})
			continue
		}
		below, err := n.group(c)
		if err != nil {
			return nil, err
		}
		if below.Len() > 0 {
			children.Put(c.Name, below)
		}
		n.seenGroups[c] = true
	}
	if err := n.hosts(g, hosts); err != nil {
		return nil, err
	}
	parts := []value.Entry{{Key: value.Str("children"), Val: children}, {Key: value.Str("hosts"), Val: hosts}}
	if n.Export {
		vars, err := n.GroupVars(g)
		if err != nil {
			return nil, err
		}
		parts = append(parts, value.Entry{Key: value.Str("vars"), Val: vars})
	}
	for _, p := range parts {
		if p.Val.(*value.Dict).Len() > 0 {
			body.Set(p.Key, p.Val)
		}
	}
	return body, nil
}

func (n *nestedView) hosts(g *Group, into *value.Dict) error {
	if g.Name == "all" {
		return nil
	}
	for _, h := range g.Hosts() {
		if !n.shown[h] {
			continue
		}
		vars := &value.Dict{}
		if !n.seenHosts[h] {
			n.seenHosts[h] = true
			var err error
			if vars, err = n.HostVars(h); err != nil {
				return err
			}
		}
		into.Put(h.Name, vars)
	}
	return nil
}
