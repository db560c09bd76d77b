package playbook

import (
	"path/filepath"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// roleUse is one use of a role, before it is loaded.
type roleUse struct {
	RoleRequest
	pos     source.Pos
	base    Base // keywords given where it is used
	params  *value.Dict
	parents []*Role
	tasked  bool       // by a task: import_role or include_role
	where   *foundRole // nil: not looked for yet
}

// playRoles reads the roles of a play.
func (r *reader) playRoles(n *yaml.Node, at place) []*Role {
	if n.IsNull() {
		return nil
	}
	if n.Kind != yaml.List {
		r.errorf(n.Pos, "A malformed role declaration was encountered. 'roles' must be a list of roles, not %s", n.What())
		return nil
	}
	var roles []*Role
	for _, use := range r.roleUses(n.Items, at) {
		if role := r.role(use, at); role != nil {
			roles = append(roles, role)
		}
	}
	return roles
}

// roleUses reads the elements of roles: or of a role's dependencies and finds
// the roles; the files of all of them are read ahead.
func (r *reader) roleUses(items []*yaml.Node, at place) []*roleUse {
	var uses []*roleUse
	for _, item := range items {
		use, ok := r.roleUse(item, at)
		if !ok {
			continue
		}
		if use.where = r.findRole(use, at); use.where != nil {
			r.l.readAhead(use)
			uses = append(uses, use)
		}
	}
	return uses
}

// PublicRole reports whether a role exports its variables that does not say
// so; static roles are those known before the run.
func (l *Loader) PublicRole(static bool) bool {
	if l.PublicRoles != nil {
		return *l.PublicRoles
	}
	return static
}

// roleUse reads an element of roles: or of a role's dependencies: a name, or a
// mapping with keywords and parameters.
func (r *reader) roleUse(n *yaml.Node, at place) (*roleUse, bool) {
	use := &roleUse{pos: n.Pos, params: value.NewDict(0)}
	use.Public, use.Validate = r.l.PublicRole(true), true
	if _, isText := n.Text(); n.Kind == yaml.Scalar && (isText || n.IsTemplate()) {
		var ok bool
		use.Name, ok = r.roleName(literal(n), n.Pos, at, nil)
		if strings.Contains(use.Name, ",") {
			r.errorf(n.Pos, "Invalid old style role requirement: %s", use.Name).WithHint("write the role's name alone")
			return nil, false
		}
		return use, ok
	}
	if n.Kind != yaml.Mapping {
		r.errorf(n.Pos, "a role must be its name, or a mapping with 'role', not %s", n.What())
		return nil, false
	}
	name := n.Get("role")
	if name == nil {
		name = n.Get("name")
	}
	if name.IsNull() {
		e := general(r.errorf(n.Pos, "this role has no name")).WithHint("write 'role: …' with the role's name")
		if n.Get("src") != nil {
			e.Hint = "'src' belongs into the requirements file of ansible-galaxy; write 'role: …' here"
		}
		return nil, false
	}
	ended := r.collectFaults(&use.base)
	r.base(ownRole, &use.base, n, func(word string, p yaml.Pair) bool {
		if word == "role" || word == "name" {
			return true
		}
		if k, ok := baseKeywords[word]; ok && k.on&ownRole != 0 {
			return false
		}
		use.params.Set(p.Key.Value(), p.Value.Value())
		return true
	})
	ended()
	use.pos = name.Pos
	var ok bool
	use.Name, ok = r.roleName(literal(name), name.Pos, at, use.params.Clone().Update(use.base.Vars))
	return use, ok
}

// role loads a use of a role at a place.
func (r *reader) role(use *roleUse, at place) *Role {
	where := use.where
	if where == nil {
		where = r.findRole(use, at)
	}
	if where == nil {
		return nil
	}
	role := &Role{
		Base: use.base, Role: where.name, FQCN: where.fqcn, Path: where.path, Play: r.play,
		Parents: use.parents, Included: use.tasked && len(use.parents) > 0, Params: use.params, Public: use.Public, AllowDuplicates: use.AllowDuplicates,
	}
	id := roleID{role.Path, use.TasksFrom}
	if slices.Contains(r.roles, id) {
		r.circularRole(use, id)
		return nil
	}
	r.l.withModules(id.path)
	r.roles = append(r.roles, id)
	defer func() { r.roles = r.roles[:len(r.roles)-1] }()
	meta := r.roleMeta(role, where, use)
	role.Defaults = r.roleVars(role, "defaults", use.DefaultsFrom, use.pos)
	role.RoleVars = r.roleVars(role, "vars", use.VarsFrom, use.pos)
	role.Hash = roleHash(role, use)
	r.roleTasks(role, use, meta, at)
	return role
}

// roleID tells the entry points of roles apart, to notice circles.
type roleID struct{ path, tasksFrom string }

func (r *reader) circularRole(use *roleUse, id roleID) {
	var chain []string
	for _, o := range append(slices.Clip(r.roles[slices.Index(r.roles, id):]), id) {
		chain = append(chain, filepath.Base(o.path))
	}
	general(wide(r.errorf(use.pos, "the role '%s' needs itself", use.Name), use.Name)).
		WithHint("it goes: %s", strings.Join(chain, " → "))
}

// roleTasks reads a role's tasks and handlers, below those of the roles that
// it depends on.
func (r *reader) roleTasks(role *Role, use *roleUse, meta *roleMeta, at place) {
	base := role.Base
	base.Name, base.Vars = nil, nil
	frame := r.frame(base, "", at)
	frame.Role, frame.RoleEnd = role, true
	role.Tasks = frame
	in := place{parent: frame, role: role}
	for _, d := range r.dependencies(meta.dependencies, role, in) {
		role.Deps = append(role.Deps, d)
		frame.Body = append(frame.Body, d.Tasks)
		role.Handlers = append(role.Handlers, d.Handlers...)
	}
	if t := r.validateTask(role, use, meta, in); t != nil {
		frame.Body = append(frame.Body, t)
	}
	if path := r.roleFile(role, "tasks", use.TasksFrom, use.pos); path != "" {
		frame.File, in.file = path, path
		frame.Body = append(frame.Body, r.taskFile(path, use.pos, in)...)
	}
	if path := r.roleFile(role, "handlers", use.HandlersFrom, use.pos); path != "" {
		hframe := r.frame(base, path, at)
		hframe.Role = role
		in := place{parent: hframe, role: role, file: path, handler: true}
		role.Handlers = append(role.Handlers, r.taskFile(path, use.pos, in)...)
	}
}

// dependencies loads the roles that another one depends on.
func (r *reader) dependencies(items []*yaml.Node, of *Role, in place) []*Role {
	if len(items) == 0 {
		return nil
	}
	in.file = items[0].Pos.File
	var roles []*Role
	for _, use := range r.roleUses(items, in) {
		use.parents = append([]*Role{of}, of.Parents...)
		use.Public = of.Public
		if d := r.role(use, in); d != nil {
			roles = append(roles, d)
		}
	}
	return roles
}

// roleHash identifies a use of a role: the same role with the same parameters,
// tags, conditions and files runs once per play.
func roleHash(role *Role, use *roleUse) string {
	parts := []string{role.Path, value.Repr(role.Params), value.Repr(role.Vars), use.TasksFrom, use.VarsFrom, use.DefaultsFrom, use.HandlersFrom}
	for _, t := range role.Tags {
		parts = append(parts, "t:"+value.String(t))
	}
	for _, c := range role.When {
		parts = append(parts, "w:"+value.String(c.Expr))
	}
	if use.tasked {
		parts = append(parts, "include")
	}
	return strings.Join(parts, "\x00")
}

// importRole expands import_role into a frame with its keywords.
func (r *reader) importRole(t *Task, at place) Step {
	switch {
	case t.Loop != nil:
		r.errorf(t.Pos, "%s can't be looped: it is expanded before anything is known", t.Action).
			WithHint("use include_role for a loop")
		return nil
	case at.handler:
		r.errorf(t.Pos, "Using '%s' as a handler is not supported.", t.Action)
		return nil
	}
	r.unique = true
	use, ok := r.importUse(t, at)
	if !ok {
		return nil
	}
	frame := r.importFrame(t, "", at)
	role := r.role(use, at.in(frame))
	if role == nil {
		return nil
	}
	frame.Body = []Step{role.Tasks}
	r.imported = append(r.imported, role)
	return frame
}

// importUse reads the arguments of import_role.
func (r *reader) importUse(t *Task, at place) (*roleUse, bool) {
	use := &roleUse{pos: t.ArgPos["name"], params: value.NewDict(0), base: Base{Vars: t.Vars}, tasked: true}
	use.Public, use.Validate, use.AllowDuplicates = r.l.PublicRole(true), true, true
	all := true
	for name, into := range map[string]*string{"name": &use.Name, "tasks_from": &use.TasksFrom, "vars_from": &use.VarsFrom,
		"defaults_from": &use.DefaultsFrom, "handlers_from": &use.HandlersFrom} {
		if v, given := t.Args.Lookup(name); given && v != value.None {
			var ok bool
			*into, ok = r.roleName(v, t.ArgPos[name], at, t.Vars)
			all = all && ok
		}
	}
	for name, into := range map[string]*bool{"public": &use.Public, "rolespec_validate": &use.Validate, "allow_duplicates": &use.AllowDuplicates} {
		v, given := t.Args.Lookup(name)
		if tmpl, isTemplate := v.(*value.Template); isTemplate {
			s, ok := r.roleName(tmpl, t.ArgPos[name], at, t.Vars)
			all = all && ok
			v = value.Str(s)
		}
		if given {
			*into = isTrue(v)
		}
	}
	if at.role != nil {
		use.parents = append([]*Role{at.role}, at.role.Parents...)
	}
	return use, all
}

// IncludeRole loads a role for an include_role task while it runs. The frame
// of the role's tasks and that of its handlers hang below t's place, with t's
// variables, further ones (of its loop), and the keywords of the request's Apply.
func (l *Loader) IncludeRole(t *Task, q RoleRequest, vars *value.Dict) (*Role, error) {
	r := l.includeReader(t)
	use := &roleUse{RoleRequest: q, pos: t.Pos, params: value.NewDict(0), base: Base{Vars: t.Vars}, tasked: true}
	if p, ok := t.ArgPos["name"]; ok {
		use.pos = p
	}
	at := place{parent: t.Parent, role: t.Role, file: t.File}
	if t.Role != nil {
		use.parents = append([]*Role{t.Role}, t.Role.Parents...)
	}
	frame := r.includeFrame(t, q.Apply, "", vars)
	role := r.role(use, at.in(frame))
	if err := r.err(); err != nil {
		return nil, err
	}
	frame.Body = []Step{role.Tasks}
	role.Tasks.Imported = r.imported
	return role, nil
}

// IncludeTasks reads a file of tasks as a frame below t's place, with t's
// variables, further ones (of its loop) and its apply keywords. The steps are
// handlers when t is one.
func (l *Loader) IncludeTasks(t *Task, name string, vars *value.Dict) (*Block, error) {
	path, err := l.findTasks(t, name, false)
	if err != nil {
		return nil, err
	}
	r := l.includeReader(t)
	var apply *Base
	if t.Include != nil {
		apply = t.Include.Apply
	}
	frame := r.includeFrame(t, apply, path, vars)
	pos := t.Pos
	if p, ok := t.ArgPos["file"]; ok {
		pos = p
	}
	frame.Body = r.taskFile(path, pos, place{parent: frame, role: t.Role, file: path, handler: t.Handler})
	frame.Imported = r.imported
	if err := r.err(); err != nil {
		return nil, err
	}
	return frame, nil
}

// includeFrame makes the frame of a dynamic include with further variables: of
// the include's own keywords only the variables reach the included tasks.
func (r *reader) includeFrame(t *Task, apply *Base, path string, vars *value.Dict) *Block {
	b := Base{Pos: t.Pos}
	if apply != nil {
		b = *apply
	}
	if b.Collections == nil {
		b.Collections = t.Collections
	}
	f := r.frame(b, path, place{parent: t.Parent, role: t.Role})
	f.Params = t.Vars.Clone().Update(vars)
	return f
}
