package playbook

import (
	"path/filepath"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// special finishes the tasks that the loader itself understands: imports are
// expanded, includes and meta checked. Other tasks are checked against their
// module's spec.
func (r *reader) special(t *Task, c *call, at place, broken bool) Step {
	name, isBuiltin := strings.CutPrefix(t.Module, builtin)
	if !isBuiltin {
		name = ""
	}
	switch name {
	case "import_tasks":
		if broken || !r.includeArgs(t, importTasksArgs) {
			return nil
		}
		return r.importTasks(t, at)
	case "import_role":
		if broken || !r.includeArgs(t, importRoleArgs) {
			return nil
		}
		return r.importRole(t, at)
	case "include_tasks":
		r.includeKeywords(t)
		if r.includeArgs(t, includeTasksArgs) {
			t.Include = &Include{File: t.Args.At("file"), Apply: r.apply(t, c.apply)}
		}
	case "include_role":
		if at.handler {
			r.errorf(t.Pos, "Using '%s' as a handler is not supported.", t.Action).WithHint("notify a handler of the role, or include its tasks with include_tasks")
			return nil
		}
		r.includeKeywords(t)
		if r.includeArgs(t, includeRoleArgs) {
			t.Include = r.includeRole(t, c)
		}
	case "meta":
		r.meta(t, at)
	default:
		if !broken {
			r.checkArgs(t, at)
		}
	}
	return t
}

// The arguments of imports and includes; the first one takes free text and is
// required.
var (
	importTasksArgs  = []string{"file"}
	includeTasksArgs = []string{"file", "apply"}
	importRoleArgs   = []string{"name", "tasks_from", "vars_from", "defaults_from", "handlers_from", "public",
		"allow_duplicates", "rolespec_validate"}
	includeRoleArgs = append(slices.Clip(importRoleArgs), "apply")
)

// includeArgs checks the arguments of an import or include, whose names the
// task gets in their usual form.
func (r *reader) includeArgs(t *Task, known []string) bool {
	main := known[0]
	for _, alias := range []string{rawParams, "role"} {
		if v, ok := t.Args.Lookup(alias); ok && (alias == rawParams) == (main == "file") {
			t.Args.Delete(value.Str(alias))
			t.Args.Put(main, v)
			t.ArgPos[main] = t.ArgPos[alias]
		}
	}
	ok := true
	for _, e := range t.Args.Entries() {
		name := value.String(e.Key)
		if slices.Contains(known, name) {
			continue
		}
		ok = false
		err := wide(r.errorf(t.ArgPos[name], "'%s' is not an argument of %s%s", name, t.Action, source.DidYouMean(name, known)), name)
		if name == "apply" {
			err.Hint = "an import hands on its own keywords: write them beside it instead"
		} else {
			err.Hint = "variables are handed over with 'vars:'"
		}
	}
	if v, given := t.Args.Lookup(main); !given || v == value.None || v == value.Str("") {
		ok = false
		e := r.errorf(t.Pos, "%s needs '%s'", t.Action, main)
		if main == "file" {
			e.Hint = "write: " + t.Action + ": tasks.yml"
		} else {
			e.Hint = "write the role's name below it: name: …"
		}
	}
	return ok
}

// includeKeywordSet are the keywords that apply to an include itself.
var includeKeywordSet = []string{"action", "local_action", "args", "collections", "debugger", "ignore_errors", "loop", "loop_control",
	"name", "no_log", "register", "run_once", "tags", "timeout", "vars", "when", "listen"}

// includeKeywords refuses keywords that would not reach the included tasks.
func (r *reader) includeKeywords(t *Task) {
	for name, pos := range t.Keys {
		if slices.Contains(includeKeywordSet, name) || strings.HasPrefix(name, "with_") || name == t.Action {
			continue
		}
		e := wide(r.errorf(pos, "'%s' can't be given to %s itself", name, t.Action), name)
		e.Hint = "put it below 'apply:' to give it to the included tasks, or use " + strings.Replace(t.Action, "include_", "import_", 1)
	}
}

// apply reads the keywords below apply: for the included tasks.
func (r *reader) apply(t *Task, n *yaml.Node) *Base {
	if n.IsNull() {
		return nil
	}
	if n.Kind != yaml.Mapping {
		r.errorf(t.ArgPos["apply"], "'apply' must be a mapping of keywords for the included tasks")
		return nil
	}
	b := &Base{}
	r.base(ownBlock, b, n, nil)
	return b
}

func (r *reader) includeRole(t *Task, c *call) *Include {
	a := t.Args
	get := func(name string) value.Value {
		v, _ := a.Lookup(name)
		return v
	}
	return &Include{
		Role: true, Name: get("name"), Apply: r.apply(t, c.apply),
		TasksFrom: get("tasks_from"), VarsFrom: get("vars_from"), DefaultsFrom: get("defaults_from"), HandlersFrom: get("handlers_from"),
		Public: get("public"), AllowDuplicates: get("allow_duplicates"), RolespecValidate: get("rolespec_validate"),
	}
}

// importTasks expands import_tasks into a frame with its keywords.
func (r *reader) importTasks(t *Task, at place) Step {
	if t.Loop != nil {
		r.errorf(t.Pos, "%s can't be looped: it is expanded before anything is known", t.Action).
			WithHint("use include_tasks for a loop")
		return nil
	}
	name, fault := r.staticName(t.Args.At("file"), t.ArgPos["file"], at, t.Vars)
	if fault != nil {
		return nil
	}
	path, err := r.l.findTasks(t, name, true)
	if err != nil {
		r.errs.Add(err)
		return nil
	}
	f := r.importFrame(t, path, at)
	in := at.in(f)
	in.file = path
	f.Body = r.taskFile(path, t.ArgPos["file"], in)
	return f
}

// importFrame carries an import's keywords to what it brings in.
func (r *reader) importFrame(t *Task, path string, at place) *Block {
	b := t.Base
	b.Name = nil
	return r.frame(b, path, at)
}

// findTasks finds a file of tasks that a task names: among its role's tasks or
// handlers, beside its own file and those that included that, and in the
// playbook's folder. An import looks beside its file before it asks the role.
func (l *Loader) findTasks(t *Task, name string, static bool) (string, error) {
	pos := t.Pos
	if p, ok := t.ArgPos["file"]; ok {
		pos = p
	}
	if filepath.IsAbs(name) || strings.HasPrefix(name, "~") {
		return firstOf([]string{absolute(name)}, "tasks", name, pos)
	}
	role, beside := roleTaskPaths(t, name), besidePaths(t, name)
	c := append(role, beside...)
	if static {
		c = append(beside, role...)
	}
	if t.Role != nil {
		c = append(c, filepath.Join(t.Role.Path, name))
	}
	if t.Play != nil {
		dir := filepath.Dir(t.Play.Playbook)
		c = append(c, filepath.Join(dir, name), filepath.Join(dir, "tasks", name))
	}
	return firstOf(c, "tasks", name, pos)
}

// roleTaskPaths are the paths that a name has among the tasks of a task's role.
func roleTaskPaths(t *Task, name string) []string {
	switch {
	case t.Role == nil:
		return nil
	case t.Handler:
		return []string{filepath.Join(t.Role.Path, "handlers", name), filepath.Join(t.Role.Path, "tasks", name)}
	}
	return []string{filepath.Join(t.Role.Path, "tasks", name)}
}

// besidePaths are the paths that a name has beside a task's file and beside
// the files that brought that one.
func besidePaths(t *Task, name string) []string {
	var c []string
	if t.File != "" {
		c = append(c, filepath.Join(filepath.Dir(t.File), name))
	}
	for b := t.Parent; b != nil; b = b.Parent {
		if b.File != "" {
			c = append(c, filepath.Join(filepath.Dir(b.File), name))
		}
	}
	return c
}

// taskFile reads a file of tasks as the steps of a frame. What was read before
// is cloned.
func (r *reader) taskFile(path string, pos source.Pos, at place) []Step {
	if slices.Contains(r.importing, path) {
		chain := append(slices.Clone(r.importing[slices.Index(r.importing, path):]), path)
		r.errorf(pos, "this import goes round in a circle").WithHint("it goes:\n%s", strings.Join(chain, "\n"))
		return nil
	}
	key := r.stepsKey(path, at)
	if steps, ok := r.l.cachedSteps(key, path); ok {
		return cloneSteps(steps, at.parent, r.play, at.role)
	}
	f := r.l.parse(path)
	if f.err != nil {
		r.failsAt(pos, f.err)
		return nil
	}
	if f.node.IsNull() {
		return nil
	}
	r.importing = append(r.importing, path)
	wasUnique, failures := r.unique, len(r.errs)
	r.unique = false
	steps := r.steps("a file of tasks", f.node, at)
	if !r.unique && len(r.errs) == failures {
		r.l.cacheSteps(key, path, steps)
	}
	r.unique = r.unique || wasUnique
	r.importing = r.importing[:len(r.importing)-1]
	return steps
}

// metaActions are what a meta task can do.
var metaActions = []string{"clear_facts", "clear_host_errors", "end_batch", "end_host", "end_play", "end_role", "flush_handlers", "noop",
	"refresh_inventory", "reset_connection"}

// meta checks a meta task.
func (r *reader) meta(t *Task, at place) {
	v, _ := t.Args.Lookup(rawParams)
	pos, ok := t.ArgPos[rawParams]
	if !ok {
		pos = t.Pos
	}
	s, isText := value.AsString(v)
	if !isText || !slices.Contains(metaActions, s) {
		if v == nil {
			v = value.Str("")
		}
		general(wide(r.errorf(pos, "'%s' is not an action of meta%s", value.String(v), source.DidYouMean(s, metaActions)), value.String(v))).
			WithHint("there are: %s", strings.Join(metaActions, ", "))
		return
	}
	t.Meta = s
	switch {
	case s == "end_role" && at.handler:
		r.errorf(pos, "Cannot execute 'end_role' from a handler")
	case s == "end_role" && at.role == nil:
		r.errorf(pos, "Cannot execute 'end_role' from outside of a role")
	case s == "flush_handlers" && at.handler:
		r.errorf(pos, "flush_handlers cannot be used as a handler")
	}
}
