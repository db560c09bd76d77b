package inventory

import "drover/playbook/value"

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
	meta := value.DictOf("hostvars", hostvars)
	if !v.NoProfile {
		meta.Put("profile", value.Str("inventory_legacy"))
	}
	t.tree.Put("_meta", meta)
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

// JSON prints what HostVars, Host and Tree give, as Ansible prints it: with
// sorted keys, unless there are keys that can't be compared.
func JSON(d *value.Dict) (string, error) {
	o := value.JSONOptions{Pretty: true, Indent: "    ", SortKeys: true, RawUTF8: true}
	out, err := value.AppendJSON(nil, d, o)
	if err != nil {
		o.SortKeys = false
		out, err = value.AppendJSON(nil, d, o)
	}
	return string(out), err
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
	return tree, err
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
