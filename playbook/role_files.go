package playbook

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// foundRole says where a role is.
type foundRole struct{ name, fqcn, collection, path string }

// findRole finds the folder of a role: in the collections it may come from,
// then in roles/ beside the playbook, in the configured paths, beside the role
// that asks, and beside the playbook.
func (r *reader) findRole(use *roleUse, at place) *foundRole {
	dir := filepath.Dir(r.playbook)
	if found := r.collectionRole(use.Name, dir, at); found != nil {
		return found
	}
	roots := append([]string{filepath.Join(dir, "roles")}, r.l.RolePaths...)
	if at.role != nil {
		roots = append(roots, filepath.Dir(at.role.Path))
	}
	roots = append(roots, dir)
	candidates := make([]string, len(roots))
	for i, root := range roots {
		if candidates[i] = filepath.Join(root, use.Name); filepath.IsAbs(use.Name) {
			candidates[i] = filepath.Clean(use.Name)
		}
		if isDir(candidates[i]) {
			return &foundRole{name: roleName(use.Name), fqcn: roleName(use.Name), path: candidates[i]}
		}
	}
	e := notFound("there is no role '"+use.Name+"'"+source.DidYouMean(use.Name, roleNames(roots)), candidates, use.pos)
	r.errs.Add(wide(e, use.Name))
	return nil
}

// roleName gives the name of a role given as a path.
func roleName(name string) string {
	if strings.ContainsAny(name, `/\`) && (filepath.IsAbs(name) || strings.HasPrefix(name, ".")) {
		return filepath.Base(name)
	}
	return name
}

// roleNames lists the roles in some folders, for suggestions.
func roleNames(roots []string) []string {
	var names []string
	for _, root := range roots[:len(roots)-1] {
		entries, err := os.ReadDir(root)
		if err != nil {
			continue
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	return names
}

// collectionRoots gives the folders "ansible_collections" for a playbook's
// folder.
func (l *Loader) collectionRoots(dir string) []string {
	var roots []string
	for _, p := range append([]string{filepath.Join(dir, "collections")}, l.CollectionPaths...) {
		if filepath.Base(p) != "ansible_collections" {
			p = filepath.Join(p, "ansible_collections")
		}
		roots = append(roots, p)
	}
	// A playbook inside a collection sees its neighbours.
	for up := dir; up != filepath.Dir(up); up = filepath.Dir(up) {
		if filepath.Base(up) == "ansible_collections" {
			roots = append(roots, up)
		}
	}
	return roots
}

// collectionRole finds "ns.coll.role", or a short name in the collections that
// are in force.
func (r *reader) collectionRole(name, dir string, at place) *foundRole {
	collections := r.collections(nil, at)
	role := name
	if parts := strings.Split(name, "."); len(parts) >= 3 && !strings.ContainsAny(name, `/\`) {
		collections, role = []string{parts[0] + "." + parts[1]}, filepath.Join(parts[2:]...)
	}
	for _, c := range collections {
		ns, coll, ok := strings.Cut(c, ".")
		if !ok {
			continue
		}
		for _, root := range r.l.collectionRoots(dir) {
			if path := filepath.Join(root, ns, coll, "roles", role); isDir(path) {
				return &foundRole{name: role, fqcn: c + "." + strings.ReplaceAll(role, "/", "."), collection: c, path: path}
			}
		}
	}
	return nil
}

var yamlExtensions = []string{".yml", ".yaml", ".json"}

// roleFile finds the main file in one of a role's folders, or the one that a
// *_from argument names, which must be there.
func (r *reader) roleFile(role *Role, dir, from string, pos source.Pos) string {
	if !r.staysInside(role, dir, from, pos) {
		return ""
	}
	candidates := roleCandidates(role, dir, from)
	for _, path := range candidates {
		if exists(path) && !isDir(path) {
			return path
		}
	}
	r.wantRoleFile(role, dir, from, candidates, pos)
	return ""
}

// staysInside refuses names of a role's files that lead out of their folder.
func (r *reader) staysInside(role *Role, dir, from string, pos source.Pos) bool {
	if from == "" {
		return true
	}
	base := filepath.Join(role.Path, dir)
	path := filepath.Join(base, from)
	if filepath.IsAbs(from) {
		path = filepath.Clean(from)
	}
	if strings.HasPrefix(path, base+string(filepath.Separator)) {
		return true
	}
	r.errorf(pos, "Failed to find '%s' for role '%s' as it is not inside the expected role path: '%s'", from, role.Role, base).
		WithHint("name a file below %s/ of the role", dir)
	return false
}

// wantRoleFile records the error of a file that was asked for by name, in a
// folder that the role has.
func (r *reader) wantRoleFile(role *Role, dir, from string, candidates []string, pos source.Pos) {
	if from != "" && from != "main" && isDir(filepath.Join(role.Path, dir)) {
		e := notFound("the role '"+role.Role+"' has no file '"+from+"' in "+dir+"/", candidates, pos)
		e.Err = nil // it ends the run also where a missing role only fails the task
		r.errs.Add(e)
	}
}

// roleCandidates are the paths that a role's file may have, in their order.
func roleCandidates(role *Role, dir, from string) []string {
	base := filepath.Join(role.Path, dir)
	var paths []string
	if from != "" {
		paths = append(paths, filepath.Join(base, from))
	}
	name := from
	if name == "" {
		name = "main"
	}
	for _, ext := range yamlExtensions {
		paths = append(paths, filepath.Join(base, name+ext))
	}
	if from == "" {
		paths = append(paths, filepath.Join(base, "main"))
	}
	return paths
}

// roleVars reads a role's vars or defaults: a file, or a folder of files that
// are merged in the order of their names.
func (r *reader) roleVars(role *Role, dir, from string, pos source.Pos) *value.Dict {
	if !r.staysInside(role, dir, from, pos) {
		return nil
	}
	candidates := roleCandidates(role, dir, from)
	for _, path := range candidates {
		if exists(path) {
			d := value.NewDict(8)
			for _, file := range varsFilesIn(path) {
				d.Update(r.varsFile(file, pos))
			}
			return d
		}
	}
	r.wantRoleFile(role, dir, from, candidates, pos)
	return value.NewDict(0)
}

// varsFile reads a file of variables and records its errors.
func (r *reader) varsFile(path string, pos source.Pos) *value.Dict {
	d, err := r.l.VarsFile(path)
	if err != nil {
		r.failsAt(pos, err)
		return nil
	}
	return d
}

// varsFilesIn gives the path itself when it is a file, else the files of
// variables in the folder and those below it.
func varsFilesIn(path string) []string {
	if !isDir(path) {
		return []string{path}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	var files []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
			continue
		}
		full := filepath.Join(path, name)
		if ext := filepath.Ext(name); isDir(full) || ext == "" || slices.Contains(yamlExtensions, ext) {
			files = append(files, varsFilesIn(full)...)
		}
	}
	return files
}

// roleMeta is what the loader wants of a role's meta/main.yml.
type roleMeta struct {
	dependencies []*yaml.Node
	specs        *yaml.Node // argument_specs
}

// roleMeta reads meta/main.yml and the role's argument specs.
func (r *reader) roleMeta(role *Role, where *foundRole, use *roleUse) *roleMeta {
	if where.collection != "" {
		role.Collections = []string{where.collection}
	}
	m := &roleMeta{}
	n := r.roleDocument(role, "", use.pos)
	if specs := r.roleDocument(role, "argument_specs", use.pos); specs != nil {
		m.specs = specs.Get("argument_specs")
	} else {
		m.specs = n.Get("argument_specs")
	}
	if n == nil {
		return m
	}
	r.metaKeywords(n)
	if allow := n.Get("allow_duplicates"); !allow.IsNull() {
		role.AllowDuplicates = role.AllowDuplicates || isTrue(boolean(r, "allow_duplicates", allow))
	}
	if c := n.Get("collections"); !c.IsNull() {
		role.Collections = append(role.Collections, r.strings("collections", c)...)
	}
	if deps := n.Get("dependencies"); !deps.IsNull() {
		if deps.Kind != yaml.List {
			r.wrongKind("dependencies", deps, "a list of roles")
			return m
		}
		m.dependencies = deps.Items
	}
	return m
}

// metaKeywords refuses what a role's meta/main.yml can't say.
func (r *reader) metaKeywords(n *yaml.Node) {
	known := []string{"allow_duplicates", "argument_specs", "collections", "dependencies", "galaxy_info"}
	for _, p := range n.Pairs {
		name := p.Name()
		if _, base := baseKeywords[name]; !base && !slices.Contains(known, name) {
			wide(r.errorf(p.Key.Pos, "'%s' is not a keyword of a role's metadata%s", name, source.DidYouMean(name, known)), name)
		}
	}
}

// roleDocument reads a mapping in a role's meta folder, nil when there is none.
func (r *reader) roleDocument(role *Role, name string, pos source.Pos) *yaml.Node {
	for _, path := range roleCandidates(role, "meta", name) {
		if !exists(path) || isDir(path) {
			continue
		}
		f := r.l.parse(path)
		switch {
		case f.err != nil:
			r.failsAt(pos, f.err)
		case f.node.IsNull():
		case f.node.Kind != yaml.Mapping:
			r.errorf(f.node.Pos, "a role's metadata must be a mapping, not %s", f.node.What())
		default:
			return f.node
		}
		return nil
	}
	return nil
}

// validateTask makes the task that checks a role's arguments against its
// specification, nil when it has none.
func (r *reader) validateTask(role *Role, use *roleUse, meta *roleMeta, at place) Step {
	if !use.Validate || meta.specs.IsNull() {
		return nil
	}
	entry := use.TasksFrom
	if entry == "" {
		entry = "main"
	}
	spec := meta.specs.Get(entry)
	if spec == nil {
		spec = meta.specs.Get(strings.TrimSuffix(entry, filepath.Ext(entry)))
	}
	if spec.IsNull() || spec.Kind != yaml.Mapping {
		return nil
	}
	role.ArgSpec = spec.Dict()
	name := "Validating arguments against arg spec '" + entry + "'"
	if short, ok := spec.Get("short_description").Text(); ok {
		name += " - " + short
	}
	var options value.Value = value.NewDict(0)
	if o := spec.Get("options"); !o.IsNull() {
		options = o.Value()
	}
	t := &Task{
		Base:   Base{Pos: spec.Pos, Keys: map[string]source.Pos{}, Name: value.Str(name), Tags: []value.Value{value.Str("always")}},
		Parent: at.parent, Play: r.play, Role: role, File: spec.Pos.File, Implicit: true,
		Action: builtin + "validate_argument_spec", Module: builtin + "validate_argument_spec",
		ArgPos: map[string]source.Pos{},
	}
	t.Args = value.DictOf("argument_spec", options, "provided_arguments", role.Params,
		"validate_args_context", value.DictOf("type", "role", "name", role.Role, "argument_spec_name", entry, "path", role.Path))
	return t
}
