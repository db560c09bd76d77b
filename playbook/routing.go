package playbook

import (
	"path/filepath"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/yaml"
)

// What a collection says in meta/runtime.yml: under which names its modules are
// found now, which are gone, and which of them form groups that module_defaults
// may name.

// runtime gives a collection's meta/runtime.yml, nil where there is none, and
// whether the collection is there at all; dir is the playbook's folder.
func (l *Loader) runtime(collection, dir string) (meta *yaml.Node, installed bool) {
	ns, name, _ := strings.Cut(collection, ".")
	for _, root := range l.collectionRoots(dir) {
		at := filepath.Join(root, ns, name)
		if !isDir(at) {
			continue
		}
		if path := filepath.Join(at, "meta", "runtime.yml"); exists(path) {
			if f := l.parse(path); f.err == nil && f.node.Kind == yaml.Mapping {
				return f.node, true
			}
		}
		return nil, true
	}
	return nil, false
}

// at walks down mappings by their keys; nil where one is missing.
func at(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		if n == nil || n.Kind != yaml.Mapping {
			return nil
		}
		n = n.Get(key)
	}
	return n
}

func textAt(n *yaml.Node, keys ...string) string {
	found := at(n, keys...)
	if found == nil {
		return ""
	}
	text, _ := found.Text()
	return text
}

// routed follows the redirections of a module's full name. What is gone from its
// collection gives why. The chain may not go round in a circle.
func (r *reader) routed(name string) (to, gone string) {
	for seen := []string{}; strings.Count(name, ".") >= 2 && !slices.Contains(seen, name); {
		seen = append(seen, name)
		parts := strings.SplitN(name, ".", 3)
		meta, _ := r.l.runtime(parts[0]+"."+parts[1], filepath.Dir(r.playbook))
		entry := at(meta, "plugin_routing", "modules", parts[2])
		if grave := at(entry, "tombstone"); grave != nil {
			return name, strings.TrimSpace("it has been removed from " + parts[0] + "." + parts[1] + ". " + textAt(grave, "warning_text"))
		}
		next := textAt(entry, "redirect")
		if next == "" {
			break
		}
		name = next
	}
	return name, ""
}

// checkRoute tells of a module that a collection has no more, which ends the run
// wherever it stands, or will drop.
func (r *reader) checkRoute(name string, m resolved, pos source.Pos) {
	if m.gone != "" {
		general(wide(r.errorf(pos, "the module '%s' can't be used: %s", name, m.gone), name))
		return
	}
	parts := strings.SplitN(name, ".", 3)
	if len(parts) < 3 || r.l.Warn == nil || r.l.known(name) {
		return
	}
	meta, _ := r.l.runtime(parts[0]+"."+parts[1], filepath.Dir(r.playbook))
	if d := at(meta, "plugin_routing", "modules", parts[2], "deprecation"); d != nil {
		r.l.Warn(pos, strings.TrimSpace(name+" is deprecated. "+textAt(d, "warning_text")))
	}
}

// checkGroups refuses groups of module_defaults that there are not.
func (r *reader) checkGroups(n *yaml.Node) {
	for _, defaults := range elements(n) {
		for _, p := range defaults.Pairs {
			group, ok := strings.CutPrefix(p.Name(), "group/")
			if !ok || yaml.HasMarkup(group) {
				continue
			}
			if _, may := r.l.actionGroup(filepath.Dir(r.playbook), group, ""); !may {
				wide(r.errorf(p.Key.Pos, "module_defaults: there is no group of modules '%s'", group), p.Name()).
					WithHint("a collection defines its groups in meta/runtime.yml; the defaults of one module stand below its name")
			}
		}
	}
}

// oldGroups are the action groups that have always been there under a short
// name; those of collections have full ones.
var oldGroups = []string{"acme", "aws", "azure", "cpm", "docker", "gcp", "k8s", "os", "ovirt", "vmware"}

// InActionGroup reports whether a module is in a group of module_defaults, as
// the collections that the task's playbook can see define it.
func (l *Loader) InActionGroup(t *Task, group, module string) bool {
	in, _ := l.actionGroup(filepath.Dir(t.Play.Playbook), group, module)
	return in
}

// actionGroup also tells whether there may be such a group: one of a collection
// that is not here may.
func (l *Loader) actionGroup(dir, group, module string) (in, may bool) {
	if !strings.Contains(group, ".") {
		group = builtin + group
	}
	collection, name, _ := cutLast(group)
	if name == "all" && strings.HasPrefix(module, collection+".") && collection != "ansible.builtin" {
		return true, true
	}
	if short, ok := strings.CutPrefix(group, builtin); ok {
		return false, slices.Contains(oldGroups, short)
	}
	return l.inGroup(dir, group, module, nil)
}

func cutLast(name string) (before, after string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// inGroup looks through a group and those that it extends.
func (l *Loader) inGroup(dir, group, module string, seen []string) (in, may bool) {
	collection, name, ok := cutLast(group)
	meta, installed := l.runtime(collection, dir)
	members := at(meta, "action_groups", name)
	if !ok || !installed || members == nil {
		return false, !installed
	}
	seen = append(seen, group)
	extends := func(g *yaml.Node) bool {
		full := inCollection(collection, g)
		if slices.Contains(seen, full) {
			return false
		}
		more, _ := l.inGroup(dir, full, module, seen)
		return more
	}
	for _, item := range elements(members) {
		if extended := at(item, "metadata", "extend_group"); extended != nil {
			if slices.ContainsFunc(elements(extended), extends) {
				return true, true
			}
		} else if inCollection(collection, item) == module {
			return true, true
		}
	}
	return false, true
}

// inCollection gives the full name of what a collection names.
func inCollection(collection string, n *yaml.Node) string {
	name, _ := n.Text()
	if strings.Count(name, ".") < 2 {
		return collection + "." + name
	}
	return name
}
