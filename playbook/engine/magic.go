package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"

	"drover/inventory"
	"drover/playbook"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// hostMagic gives the magic variables that every host has, in and out of a
// play. See "Special variables" in Ansible's reference.
type hostMagic struct {
	run  *run
	host *host
	// viewed magic is what hostvars shows: there is no hostvars within.
	viewed bool
}

var hostMagicNames = []string{
	"ansible_check_mode", "ansible_config_file", "ansible_diff_mode", "ansible_facts", "ansible_forks",
	"ansible_inventory_sources", "ansible_playbook_python", "ansible_run_tags", "ansible_skip_tags",
	"ansible_verbosity", "ansible_version", "group_names", "groups", "inventory_dir", "inventory_file",
	"inventory_hostname", "inventory_hostname_short", "playbook_dir",
}

// Names implements vars.Layer.
func (m *hostMagic) Names() []string {
	if m.run.cfg.limited() {
		return append([]string{"ansible_limit"}, hostMagicNames...)
	}
	return hostMagicNames
}

// Lookup implements vars.Layer.
func (m *hostMagic) Lookup(name string) (value.Value, bool) {
	switch name {
	case "inventory_hostname":
		return value.Str(m.host.name), true
	case "inventory_hostname_short":
		return value.Str(m.host.inv.ShortName()), true
	case "ansible_facts":
		return m.host.facts.Dict(), true
	case "hostvars":
		return &hostVars{run: m.run}, !m.viewed
	case "group_names":
		return value.Strings(m.host.inv.GroupNames()...), true
	case "inventory_dir":
		if m.listed() {
			return value.None, true
		}
		return optionalPath(m.host.inv.Dir())
	case "inventory_file":
		if m.listed() {
			return value.Str(m.host.inv.File), true
		}
		return optionalPath(m.host.inv.File)
	case "groups":
		return m.run.groups(), true
	}
	return m.run.magic(name)
}

// listed reports whether the host stands in a list of hosts, not in a file.
func (m *hostMagic) listed() bool { return strings.Contains(m.host.inv.File, ",") }

func optionalPath(p string) (value.Value, bool) {
	if p == "" {
		return value.None, true
	}
	if abs, err := filepath.Abs(p); err == nil {
		p = abs
	}
	return value.Str(p), true
}

// magic gives the variables that are the same for all hosts of a run.
func (r *run) magic(name string) (value.Value, bool) {
	c := &r.cfg
	switch name {
	case "omit":
		return value.Omit, true
	case "playbook_dir":
		return value.Str(r.playbookDir), true
	case "ansible_check_mode":
		return value.Bool(c.Check), true
	case "ansible_diff_mode":
		return value.Bool(c.Diff), true
	case "ansible_forks":
		return value.Int(c.Forks), true
	case "ansible_verbosity":
		return value.Int(c.Verbosity), true
	case "ansible_version":
		return ansibleVersion(r.cfg.Env.Lenient), true
	case "ansible_run_tags":
		return value.Strings(r.tags.only...), true
	case "ansible_skip_tags":
		return value.Strings(r.tags.skip...), true
	case "ansible_inventory_sources":
		return value.Strings(c.InventorySources...), true
	case "ansible_playbook_python":
		return value.Str(inventory.Python), true
	case "ansible_limit":
		return value.Str(cmp.Or(c.LimitText, c.Limit)), c.limited()
	case "ansible_config_file":
		return optionalPath(c.ConfigFile)
	}
	return nil, false
}

// ansibleVersion is the version of the language that drover speaks.
func ansibleVersion(lenient bool) value.Value {
	minor, rev, full := 19, 11, "2.19.11"
	if lenient {
		minor, rev, full = 18, 16, "2.18.16"
	}
	return value.DictOf("string", full, "full", full, "major", 2, "minor", minor, "revision", rev)
}

// groups gives the magic variable groups: each group's hosts by name; made
// once for each state of the inventory.
func (r *run) groups() value.Value {
	gen := r.inventoryGeneration.Load()
	if c := r.groupsMade.Load(); c != nil && c.generation == gen {
		return c.dict
	}
	d := value.NewDict(16)
	for _, g := range r.inventory().Groups() {
		names := value.NewList()
		for _, h := range g.AllHosts() {
			names.Append(value.Str(h.Name))
		}
		d.Put(g.Name, names)
	}
	r.groupsMade.Store(&groupsMade{generation: gen, dict: d})
	return d
}

type groupsMade struct {
	generation int64
	dict       *value.Dict
}

// taskMagic gives the magic variables of a task in a play.
type taskMagic struct {
	batch *batch
	seat  *seat
	plan  *plan
	// scope is the whole stack this layer is part of; shown is what vars shows
	// of it: not how the host is reached where no variable says so.
	scope, shown *vars.Stack
}

var taskMagicNames = []string{
	"ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all", "ansible_play_name",
	"ansible_play_role_names", "ansible_dependent_role_names", "ansible_role_names", "play_hosts", "role_names",
	"environment", "hostvars",
}

var (
	roleMagicNames  = []string{"ansible_collection_name", "ansible_role_name", "role_name", "role_path", "role_uuid"}
	parentRoleNames = []string{"ansible_parent_role_names", "ansible_parent_role_paths"}
)

// Names implements vars.Layer.
func (m *taskMagic) Names() []string {
	role := m.plan.task.Role
	switch {
	case role == nil:
		return taskMagicNames
	case len(includers(role)) > 0:
		return slices.Concat(taskMagicNames, roleMagicNames, parentRoleNames)
	}
	return slices.Concat(taskMagicNames, roleMagicNames)
}

// Lookup implements vars.Layer.
func (m *taskMagic) Lookup(name string) (value.Value, bool) {
	b := m.batch
	switch name {
	case "play_hosts", "ansible_play_batch":
		return b.names.counted(), true
	case "ansible_play_hosts":
		return b.play.matched.counted(), true
	case "ansible_play_hosts_all":
		return b.play.matched.all(), true
	case "ansible_play_name":
		return value.Str(b.play.name), true
	case "role_names", "ansible_play_role_names":
		return value.Strings(b.play.roleNames()...), true
	case "ansible_dependent_role_names":
		return value.Strings(b.play.dependentRoleNames()...), true
	case "ansible_role_names":
		return value.Strings(b.play.allRoleNames()...), true
	case "ansible_search_path":
		return value.Strings(searchPath(m.plan.task, b.run.playbookDir)...), true
	case "environment":
		return value.NewList(m.plan.environment...), true
	case "vars":
		return &varsView{run: b.run, scope: m.scope, shown: m.shown}, true
	}
	if role := m.plan.task.Role; role != nil {
		return roleMagic(role, name)
	}
	return nil, false
}

func roleMagic(r *playbook.Role, name string) (value.Value, bool) {
	switch name {
	case "role_name":
		return value.Str(r.Role), true
	case "ansible_role_name":
		return value.Str(roleName(r)), true
	case "role_path":
		return value.Str(r.Path), true
	case "ansible_collection_name":
		if c := roleCollection(r); c != "" {
			return value.Str(c), true
		}
		return value.None, true
	case "role_uuid":
		return value.Str(roleUUID(r)), true
	case "ansible_parent_role_names":
		names := value.NewList()
		for _, p := range includers(r) {
			names.Append(value.Str(roleName(p)))
		}
		return names, names.Len() > 0
	case "ansible_parent_role_paths":
		paths := value.NewList()
		for _, p := range includers(r) {
			paths.Append(value.Str(p.Path))
		}
		return paths, paths.Len() > 0
	}
	return nil, false
}

// includers gives the roles whose import_role or include_role brought a role, or
// the one that depends on it, nearest first.
func includers(r *playbook.Role) []*playbook.Role {
	var out []*playbook.Role
	for ; len(r.Parents) > 0; r = r.Parents[0] {
		if r.Included {
			out = append(out, r.Parents[0])
		}
	}
	return out
}

// roleUUID gives an identifier of one use of a role, in the form of a UUID. It is
// the same in every run.
func roleUUID(r *playbook.Role) string {
	sum := sha256.Sum256([]byte(r.Pos.String() + "\x00" + r.Path + "\x00" + r.Hash))
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// searchPath lists the folders in which a task's files are looked for.
func searchPath(t *playbook.Task, playbookDir string) []string {
	var dirs []string
	add := func(d string) {
		for _, have := range dirs {
			if have == d {
				return
			}
		}
		dirs = append(dirs, d)
	}
	if t.Role != nil {
		add(t.Role.Path)
		for _, p := range t.Role.Parents {
			add(p.Path)
		}
	}
	if t.File != "" {
		add(filepath.Dir(t.File))
	}
	add(playbookDir)
	return dirs
}

// roleName gives a role's name with its collection.
func roleName(r *playbook.Role) string {
	if r.FQCN != "" {
		return r.FQCN
	}
	return r.Role
}

func roleCollection(r *playbook.Role) string {
	if parts := strings.Split(r.FQCN, "."); len(parts) >= 3 {
		return parts[0] + "." + parts[1]
	}
	return ""
}
