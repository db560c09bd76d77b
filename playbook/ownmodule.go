package playbook

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drover/playbook/source"
)

// Modules of the user's own stand in library/ beside the playbook, in library/
// of a role, in the configured folders, and in collections. A short name means
// such a module before it means one of Ansible's own.

// ownModule finds the module that a short name means in library/ or in the
// configured folders.
func (r *reader) ownModule(name string) *OwnModule {
	if strings.ContainsAny(name, `./\ `) {
		return nil
	}
	return r.inFolders(r.libraries(), name)
}

// libraries gives the folders of modules with short names, the first first.
func (r *reader) libraries() []string {
	if r.playbook == "" {
		return nil
	}
	dirs := []string{filepath.Join(filepath.Dir(r.playbook), "library")}
	for _, role := range r.roleFolders() {
		dirs = append(dirs, filepath.Join(role, "library"))
	}
	for _, path := range r.l.LibraryPaths {
		dirs = append(dirs, r.l.moduleFolders(path)...)
	}
	return dirs
}

// ownAction finds the action plugin of a short name: it is Python that Ansible
// would run on the controller, with or without a module of its name.
func (r *reader) ownAction(name string) *OwnModule {
	if strings.ContainsAny(name, `./\ `) || r.playbook == "" {
		return nil
	}
	for _, dir := range append([]string{filepath.Dir(r.playbook)}, r.roleFolders()...) {
		if path, ok := r.l.modulesIn(filepath.Join(dir, "action_plugins"))[name]; ok {
			return &OwnModule{Path: path, Kind: ActionPlugin}
		}
	}
	return nil
}

// collectionModule finds the module "short" of an installed collection, or the
// action plugin of that name where it has no module.
func (r *reader) collectionModule(collection, short string) *OwnModule {
	ns, coll, ok := strings.Cut(collection, ".")
	if !ok || strings.ContainsAny(short, `/\ `) || r.playbook == "" {
		return nil
	}
	for _, root := range r.l.collectionRoots(filepath.Dir(r.playbook)) {
		plugins := filepath.Join(root, ns, coll, "plugins")
		// Names of modules in folders below have dots where paths have slashes.
		dir, name := filepath.Split(strings.ReplaceAll(short, ".", "/"))
		if m := r.inFolders([]string{filepath.Join(plugins, "modules", dir)}, name); m != nil {
			return m
		}
		if path, ok := r.l.modulesIn(filepath.Join(plugins, "action", dir))[name]; ok {
			return &OwnModule{Path: path, Kind: ActionPlugin}
		}
	}
	return nil
}

// inFolders gives the first module of a name.
func (r *reader) inFolders(dirs []string, name string) *OwnModule {
	for _, dir := range dirs {
		path, ok := r.l.modulesIn(dir)[name]
		if !ok {
			continue
		}
		m, err := r.l.readModule(path)
		if err != nil {
			r.errs.Add(err)
			return nil
		}
		return m
	}
	return nil
}

// notModules are the ends of names of files that are no modules.
var notModules = []string{".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".yaml", ".yml", ".ini", ".ps1"}

// modulesIn lists the modules in a folder, by their names without what comes
// after a dot. It looks once.
func (l *Loader) modulesIn(dir string) map[string]string {
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	found, ok := l.cache.modules[dir]
	if ok {
		return found
	}
	found = map[string]string{}
	entries, err := os.ReadDir(dir)
	if err == nil {
		for _, e := range entries {
			name, path := e.Name(), filepath.Join(dir, e.Name())
			short := strings.TrimSuffix(name, filepath.Ext(name))
			ignored := slices.ContainsFunc(notModules, func(end string) bool { return strings.HasSuffix(name, end) })
			if _, taken := found[short]; taken || ignored || short == "__init__" || isDir(path) {
				continue
			}
			found[short] = path
		}
	}
	l.cache.modules[dir] = found
	return found
}

// moduleFolders gives a configured folder of modules and the two levels of
// folders below it, which count too.
func (l *Loader) moduleFolders(path string) []string {
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	if dirs, ok := l.cache.moduleFolders[path]; ok {
		return dirs
	}
	dirs := []string{path}
	for _, pattern := range []string{"*", "*/*"} {
		below, err := filepath.Glob(filepath.Join(path, pattern))
		if err == nil {
			dirs = append(dirs, slices.DeleteFunc(below, func(p string) bool { return !isDir(p) })...)
		}
	}
	l.cache.moduleFolders[path] = dirs
	return dirs
}

// withModules notes a role's folder: once a role was loaded, whatever is loaded
// later can use its modules and plugins.
func (l *Loader) withModules(role string) {
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	if !slices.Contains(l.cache.roleFolders, role) {
		l.cache.roleFolders = append(l.cache.roleFolders, role)
	}
}

// roleFolders gives the folders of the roles whose own modules and plugins can
// be used here: those being loaded, those around an include, the play's, and all
// that were loaded before.
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
	r.l.cache.mu.Lock()
	defer r.l.cache.mu.Unlock()
	return append(dirs, r.l.cache.roleFolders...)
}

// shadowed warns of a module of the user's own that would take the place of
// one of drover's, if it could be run.
func (r *reader) shadowed(name string, m *OwnModule) {
	if r.l.Warn == nil {
		return
	}
	if _, told := r.l.cache.shadowed.LoadOrStore(m.Path, true); !told {
		r.l.Warn(source.Pos{File: m.Path}, "drover runs its own module '"+name+"' instead of this one, which needs Ansible's Python libraries")
	}
}
