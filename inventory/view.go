package inventory

import (
	"errors"
	"slices"

	"drover/playbook/source"
	"drover/playbook/value"
)

// ErrSelection is inside errors about a host or group of the command line that
// a view can't be made of.
var ErrSelection = errors.New("no such selection")

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
	// NoProfile leaves out _meta.profile, which Ansible before 2.19 has not.
	NoProfile bool
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
		e := source.Errorf(source.Pos{}, "You must pass a single valid host to --host parameter, '%s' names %d hosts", pattern, len(hosts))
		e.Err = ErrSelection
		return nil, e
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
