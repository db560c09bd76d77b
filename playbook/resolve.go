package playbook

import (
	"maps"
	"slices"
	"strings"

	"drover/modules"
	"drover/playbook/source"
)

// builtin is the collection of the names without one.
const builtin = "ansible.builtin."

// own are the modules that the loader itself carries out or understands; they
// need no spec.
var own = []string{"import_tasks", "include_tasks", "import_role", "include_role", "meta"}

// redirects are names that moved to another place than the rules of module
// would find.
var redirects = map[string]string{
	"ansible.builtin.acl":               "ansible.posix.acl",
	"ansible.builtin.synchronize":       "ansible.posix.synchronize",
	"ansible.builtin.authorized_key":    "ansible.posix.authorized_key",
	"ansible.builtin.mount":             "ansible.posix.mount",
	"ansible.builtin.sysctl":            "ansible.posix.sysctl",
	"ansible.builtin.seboolean":         "ansible.posix.seboolean",
	"ansible.builtin.selinux":           "ansible.posix.selinux",
	"ansible.builtin.firewalld":         "ansible.posix.firewalld",
	"ansible.builtin.at":                "ansible.posix.at",
	"ansible.builtin.patch":             "ansible.posix.patch",
	"ansible.builtin.docker":            "community.docker.docker_container",
	"ansible.builtin.systemd_service":   "ansible.builtin.systemd",
	"ansible.builtin.yum":               "ansible.builtin.dnf",
	"community.general.docker_service":  "community.docker.docker_compose",
	"community.general.postgresql_user": "community.postgresql.postgresql_user",
}

// ResolveModule gives the fully qualified name of a module as a task names it:
// in the given collections first, then among Ansible's own, then where a short
// name has moved to.
func (l *Loader) ResolveModule(name string, collections []string) (fqcn string, ok bool) {
	if rest, legacy := strings.CutPrefix(name, "ansible.legacy."); legacy {
		name = builtin + rest
	}
	if strings.Count(name, ".") >= 2 {
		return l.qualified(name)
	}
	if strings.Contains(name, ".") {
		return "", false
	}
	for _, c := range collections {
		if c == "ansible.legacy" {
			c = "ansible.builtin"
		}
		if fqcn, ok := l.qualified(c + "." + name); ok {
			return fqcn, true
		}
	}
	if fqcn, ok := l.qualified(builtin + name); ok {
		return fqcn, true
	}
	return l.anywhere(name)
}

// ModuleOf resolves the name of a task's module that is known only while the
// playbook runs. own is its file when it is one of the user's own.
func (l *Loader) ModuleOf(t *Task, name string) (fqcn string, own *OwnModule, ok bool) {
	m, ok := l.includeReader(t).module(name, t.Collections)
	return m.module, m.own, ok
}

// qualified resolves a fully qualified name.
func (l *Loader) qualified(name string) (string, bool) {
	if l.known(name) {
		return name, true
	}
	if to, ok := redirects[name]; ok && l.known(to) {
		return to, true
	}
	if short, ok := strings.CutPrefix(name, "community.general."); ok {
		return l.anywhere(short)
	}
	return "", false
}

func (l *Loader) known(fqcn string) bool {
	if l.rejects(fqcn) {
		return false
	}
	if short, ok := strings.CutPrefix(fqcn, builtin); ok && slices.Contains(own, short) {
		return true
	}
	if l.Modules == nil {
		return false
	}
	_, ok := l.Modules(fqcn)
	return ok
}

// rejects reports whether a module must not be used. The list has the names
// that tasks write: those of Ansible's own modules are short.
func (l *Loader) rejects(name string) bool {
	short := strings.TrimPrefix(strings.TrimPrefix(name, builtin), "ansible.legacy.")
	return slices.Contains(l.Rejected, short)
}

// anywhere finds a short name in any known collection, the well-known ones
// first.
func (l *Loader) anywhere(short string) (string, bool) {
	found := ""
	for _, name := range l.names() {
		if strings.HasSuffix(name, "."+short) && !l.rejects(name) && (found == "" || rank(name) < rank(found)) {
			found = name
		}
	}
	return found, found != ""
}

// rank orders collections: Ansible's own, then the community's, then others.
func rank(fqcn string) int {
	for i, prefix := range []string{"ansible.", "community.general.", "community."} {
		if strings.HasPrefix(fqcn, prefix) {
			return i
		}
	}
	return 3
}

// spec gives the spec of a task's module, or nil.
func (r *reader) spec(t *Task) *modules.Spec {
	short, ok := strings.CutPrefix(t.Module, builtin)
	if r.l.Modules == nil || t.Own != nil || ok && slices.Contains(own, short) {
		return nil
	}
	s, ok := r.l.Modules(t.Module)
	if !ok {
		return nil
	}
	return s
}

// resolved is what a task's module name means.
type resolved struct {
	module string     // fully qualified
	own    *OwnModule // its file, when it is the user's own
	// missing: Ansible or a collection has such a module, and drover not. It
	// is an error when a task gets there.
	missing bool
	// gone says why a collection has the module no more, else "".
	gone string
}

// module resolves a name as a task at a place writes it.
func (r *reader) module(name string, collections []string) (resolved, bool) {
	if r.l.rejects(name) {
		return resolved{}, false
	}
	short, legacy := strings.CutPrefix(name, "ansible.legacy.")
	switch {
	case legacy || !strings.Contains(name, "."):
		return r.shortName(short, collections)
	case strings.Count(name, ".") < 2:
		return resolved{}, false
	}
	if fqcn, ok := r.l.ResolveModule(name, nil); ok {
		return resolved{module: fqcn}, true
	}
	if to, gone := r.routed(name); gone != "" {
		return resolved{module: to, gone: gone}, true
	} else if to != name {
		return r.module(to, nil)
	}
	parts := strings.SplitN(name, ".", 3)
	if m := r.collectionModule(parts[0]+"."+parts[1], parts[2]); m != nil {
		return resolved{module: name, own: m}, true
	}
	return r.missing(name)
}

// shortName resolves a name without a collection: in the collections that are
// in force, among the user's own modules, then among Ansible's.
func (r *reader) shortName(name string, collections []string) (resolved, bool) {
	for _, c := range collections {
		if c == "ansible.builtin" || c == "ansible.legacy" {
			continue
		}
		if fqcn, ok := r.l.qualified(c + "." + name); ok {
			return resolved{module: fqcn}, true
		}
		if m := r.collectionModule(c, name); m != nil {
			return resolved{module: c + "." + name, own: m}, true
		}
	}
	fqcn, known := r.l.ResolveModule(name, collections)
	m := r.ownModule(name)
	switch {
	case m != nil && known && (!m.Kind.Runnable() || r.l.onController(fqcn)):
		r.shadowed(fqcn, m)
		return resolved{module: fqcn}, true
	case m != nil:
		return resolved{module: "ansible.legacy." + name, own: m}, true
	case known:
		return resolved{module: fqcn}, true
	}
	if m = r.ownAction(name); m != nil {
		return resolved{module: "ansible.legacy." + name, own: m}, true
	}
	return r.missing(name)
}

// onController reports whether a module's work begins on the controller, which
// a file of its name does not replace.
func (l *Loader) onController(fqcn string) bool {
	short, ok := strings.CutPrefix(fqcn, builtin)
	return ok && slices.Contains(own, short) || l.HasAction != nil && l.HasAction(fqcn)
}

// unknownModule explains a name that is no module.
func (r *reader) unknownModule(name string, pos source.Pos, own owner) {
	if r.l.rejects(name) {
		wide(r.errorf(pos, "the module '%s' must not be used", name), name).
			WithHint("it is in the module_rejectlist of %s (plugin_filters_cfg)", r.l.RejectedBy)
		return
	}
	what, known := "module", r.l.names()
	if !strings.Contains(name, ".") {
		what = "module or keyword"
		known = slices.Clone(keywordNames(own))
		for _, fqcn := range r.l.names() {
			known = append(known, fqcn[strings.LastIndexByte(fqcn, '.')+1:])
		}
		for _, dir := range r.libraries() {
			known = append(known, slices.Sorted(maps.Keys(r.l.modulesIn(dir)))...)
		}
	}
	similar := source.DidYouMean(name, known)
	e := wide(r.errorf(pos, "there is no %s '%s'%s", what, name, similar), name)
	if similar == "" {
		e.Hint = "'drover doc --list' shows drover's modules; your own stand in library/ beside the playbook or in a role"
	}
}

func (l *Loader) names() []string {
	if l.Names == nil {
		return nil
	}
	return l.Names()
}
