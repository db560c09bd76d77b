package playbook

import (
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
	if short, ok := strings.CutPrefix(fqcn, builtin); ok && slices.Contains(own, short) {
		return true
	}
	if l.Modules == nil {
		return false
	}
	_, ok := l.Modules(fqcn)
	return ok
}

// anywhere finds a short name in any known collection, the well-known ones
// first.
func (l *Loader) anywhere(short string) (string, bool) {
	if l.Names == nil {
		return "", false
	}
	found := ""
	for _, name := range l.Names() {
		if strings.HasSuffix(name, "."+short) && (found == "" || rank(name) < rank(found)) {
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

// spec gives a module's spec, or nil.
func (r *reader) spec(fqcn string) *modules.Spec {
	if short, ok := strings.CutPrefix(fqcn, builtin); r.l.Modules == nil || ok && slices.Contains(own, short) {
		return nil
	}
	s, ok := r.l.Modules(fqcn)
	if !ok {
		return nil
	}
	return s
}

// module resolves a name as a task at a place writes it.
func (r *reader) module(name string, collections []string) (string, bool) {
	return r.l.ResolveModule(name, collections)
}

// unknownModule explains a name that is no module.
func (r *reader) unknownModule(name string, pos source.Pos, own owner) {
	known := keywordNames(own)
	if r.l.Names != nil {
		for _, fqcn := range r.l.Names() {
			if strings.Contains(name, ".") {
				known = append(slices.Clip(known), fqcn)
			} else {
				known = append(slices.Clip(known), fqcn[strings.LastIndexByte(fqcn, '.')+1:])
			}
		}
	}
	e := wide(r.errorf(pos, "there is no module or keyword '%s'%s", name, source.DidYouMean(name, known)), name)
	if hint, ok := misplaced[name]; ok {
		e.Hint = hint
	}
}
