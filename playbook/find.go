package playbook

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"drover/playbook/source"
)

// SearchPath gives the folders in which a task's files are looked for, nearest
// first: its role, the roles that brought that one, the folder of the task's
// file and those of the files that included it, and the playbook's folder.
func SearchPath(t *Task) []string {
	var dirs []string
	add := func(dir string) {
		if dir != "" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
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
	for b := t.Parent; b != nil; b = b.Parent {
		if b.File != "" {
			add(filepath.Dir(b.File))
		}
	}
	if t.Play != nil {
		add(filepath.Dir(t.Play.Playbook))
	}
	return dirs
}

// Find gives the path of a controller file that a task names. kind is the
// folder of its sort: "files", "templates", "vars" or "tasks". The error lists
// where it looked.
func (l *Loader) Find(t *Task, kind, name string) (string, error) {
	return l.find(SearchPath(t), kind, name, t.Pos)
}

// FindVarsFile gives the path of a file of a play's vars_files.
func (l *Loader) FindVarsFile(p *Play, name string) (string, error) {
	return l.find([]string{filepath.Dir(p.Playbook)}, "vars", name, p.Pos)
}

// find looks for a name in each folder, below the folder of its kind first.
func (l *Loader) find(dirs []string, kind, name string, pos source.Pos) (string, error) {
	if filepath.IsAbs(name) || strings.HasPrefix(name, "~") {
		return firstOf([]string{absolute(name)}, kind, name, pos)
	}
	var candidates []string
	for _, dir := range dirs {
		if filepath.Base(filepath.Dir(dir)) == "tasks" {
			// A folder below a role's tasks: the role's own folders count too.
			candidates = append(candidates, filepath.Join(filepath.Dir(filepath.Dir(dir)), kind, name))
		}
		if first, _, _ := strings.Cut(filepath.ToSlash(name), "/"); first != kind {
			candidates = append(candidates, filepath.Join(dir, kind, name))
		}
		candidates = append(candidates, filepath.Join(dir, name))
	}
	return firstOf(candidates, kind, name, pos)
}

// firstOf gives the first candidate that exists.
func firstOf(candidates []string, kind, name string, pos source.Pos) (string, error) {
	for _, c := range candidates {
		if exists(c) {
			return c, nil
		}
	}
	return "", notFound("Could not find or access '"+name+"' ("+kind+")", candidates, pos)
}

// notFound lists where something was looked for.
func notFound(what string, places []string, pos source.Pos) *source.Error {
	var seen []string
	for _, p := range places {
		if !slices.Contains(seen, p) {
			seen = append(seen, p)
		}
	}
	e := source.Errorf(pos, "%s", what).WithHint("looked for:\n%s", strings.Join(seen, "\n"))
	e.Err = fs.ErrNotExist
	return e
}
