package playbook

import (
	"path/filepath"
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

// absent are modules of Ansible's own that drover does not bring. A playbook
// for several systems names them in tasks that are skipped elsewhere, so that
// only running one is an error.
var absent = []string{"dnf", "dnf5", "yum", "expect", "iptables", "known_hosts", "mount_facts", "pip", "rpm_key", "subversion", "sysvinit", "yum_repository"}

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
	found := ""
	for _, name := range l.names() {
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

// module resolves a name as a task at a place writes it. A module of the
// user's own, found as a file, is taken as it is: only running it fails.
func (r *reader) module(name string, collections []string) (string, bool) {
	if fqcn, ok := r.l.ResolveModule(name, collections); ok {
		return fqcn, true
	}
	if file := r.customModule(name, collections); file != "" {
		if !strings.Contains(name, ".") {
			name = "ansible.legacy." + name
		}
		return name, true
	}
	if short := strings.TrimPrefix(strings.TrimPrefix(name, "ansible.legacy."), builtin); slices.Contains(absent, short) {
		return builtin + short, true
	}
	return "", false
}

// customModule finds the file of a module that came with the playbook: in
// library/ of the playbook or of a role being loaded, or in a collection.
func (r *reader) customModule(name string, collections []string) string {
	if strings.ContainsAny(name, `/\ `) || r.playbook == "" {
		return ""
	}
	name = strings.TrimPrefix(name, "ansible.legacy.")
	dir := filepath.Dir(r.playbook)
	dirs := append([]string{filepath.Join(dir, "library"), filepath.Join(dir, "action_plugins")}, r.l.LibraryPaths...)
	for _, role := range r.roleFolders() {
		dirs = append(dirs, filepath.Join(role, "library"), filepath.Join(role, "action_plugins"))
	}
	short := name
	if parts := strings.SplitN(name, ".", 3); len(parts) == 3 {
		collections, short, dirs = []string{parts[0] + "." + parts[1]}, parts[2], nil
	}
	for _, c := range collections {
		ns, coll, ok := strings.Cut(c, ".")
		if !ok {
			continue
		}
		for _, root := range r.l.collectionRoots(dir) {
			plugins := filepath.Join(root, ns, coll, "plugins")
			dirs = append(dirs, filepath.Join(plugins, "modules"), filepath.Join(plugins, "action"))
		}
	}
	for _, d := range dirs {
		for _, ext := range []string{".py", ""} {
			if file := filepath.Join(d, short+ext); exists(file) && !isDir(file) {
				return file
			}
		}
	}
	return r.movedModule(name)
}

// movedModule finds the file of a module that moved to a collection, by the
// short name that it had before.
func (r *reader) movedModule(name string) string {
	if strings.ContainsAny(name, ".*?[") {
		return ""
	}
	for _, root := range r.l.collectionRoots(filepath.Dir(r.playbook)) {
		if found, err := filepath.Glob(filepath.Join(root, "*", "*", "plugins", "modules", name+".py")); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// roleFolders gives the folders of the roles whose own modules and plugins can
// be used here: those being loaded, those around an include, and the play's.
func (r *reader) roleFolders() []string {
	dirs := slices.Clone(r.including)
	for _, role := range r.roles {
		dirs = append(dirs, role.path)
	}
	if r.play != nil {
		for _, role := range r.play.Roles {
			dirs = append(dirs, role.Path)
		}
	}
	return dirs
}

// unknownModule explains a name that is no module.
func (r *reader) unknownModule(name string, pos source.Pos, own owner) {
	what, known := "module", r.l.names()
	if !strings.Contains(name, ".") {
		what = "module or keyword"
		known = slices.Clone(keywordNames(own))
		for _, fqcn := range r.l.names() {
			known = append(known, fqcn[strings.LastIndexByte(fqcn, '.')+1:])
		}
	}
	similar := source.DidYouMean(name, known)
	e := wide(r.errorf(pos, "there is no %s '%s'%s", what, name, similar), name)
	if similar == "" {
		e.Hint = "drover brings its own modules and runs no Python ones; 'drover doc --list' shows them"
	}
}

func (l *Loader) names() []string {
	if l.Names == nil {
		return nil
	}
	return l.Names()
}
