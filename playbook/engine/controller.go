package engine

import (
	"errors"
	"path/filepath"
	"strings"

	"drover/playbook/filters"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
)

// controller is what lookups see of the task that evaluates.
type controller struct{ item *itemRun }

func (c *controller) SearchPath(kind string) []string {
	dirs := searchPath(c.item.step.task, c.item.batch.run.playbookDir)
	if kind == "" {
		return dirs
	}
	var out []string
	for _, d := range dirs {
		out = append(out, d+"/"+kind, d)
	}
	return out
}

func (c *controller) ReadFile(path string) ([]byte, bool, error) {
	return c.item.batch.run.cfg.Loader.ReadFile(path)
}

func (c *controller) PlaybookDir() string { return c.item.batch.run.playbookDir }

// MatchHosts implements filters.HostMatcher.
func (c *controller) MatchHosts(pattern string) ([]string, error) {
	found, err := c.item.batch.run.inventory().Match(pattern)
	names := make([]string, len(found))
	for i, h := range found {
		names[i] = h.Name
	}
	return names, err
}

// FileKind implements filters.FileKinder. As in Ansible, the task's action
// tells by its name.
func (c *controller) FileKind() string {
	for _, kind := range []string{"template", "var"} {
		if strings.Contains(c.item.step.task.Action, kind) {
			return kind + "s"
		}
	}
	return "files"
}

// Setting implements filters.Configured.
func (c *controller) Setting(name string) (v value.Value, origin string, ok bool) {
	if get := c.item.batch.run.cfg.Setting; get != nil {
		return get(name)
	}
	return nil, "", false
}

// Loader implements filters.TemplateLoader: the lookup template looks in the
// folder of its file first.
func (c *controller) Loader() jinja.Loader {
	return &templateLoader{view: &taskView{item: c.item}, beside: true}
}

// HasModule implements filters.ModuleFinder.
func (c *controller) HasModule(name string) bool {
	_, ok := c.item.batch.run.cfg.Loader.ResolveModule(name, c.item.step.task.Collections)
	return ok
}

// templateLoader finds the files that a template includes: where the task's
// templates are, and beside the template file that is rendered.
type templateLoader struct {
	view   *taskView
	beside bool // looks beside the file first
}

// Load implements jinja.Loader.
func (l *templateLoader) Load(name, from string) (src, path string, err error) {
	near := filepath.Join(filepath.Dir(from), name)
	path = near
	if !l.beside || !isFile(near) {
		if path, err = l.view.Find("templates", name); err != nil && from != "" && isFile(near) {
			path, err = near, nil
		}
	}
	if err != nil {
		return "", "", placeless(err)
	}
	return l.view.item.batch.run.readTemplate(path)
}

// placeless takes the task's place from an error: the template that asks for
// another one has a better place.
func placeless(err error) error {
	var e *source.Error
	if !errors.As(err, &e) {
		return err
	}
	c := *e
	c.Pos = source.Pos{}
	return &c
}

// inlineLoader finds the files that other templates include: those in the
// playbook's folder.
type inlineLoader struct{ run *run }

// Load implements jinja.Loader.
func (l inlineLoader) Load(name, _ string) (src, path string, err error) {
	path = filepath.Join(l.run.playbookDir, name)
	if !isFile(path) {
		return "", "", &jinja.NotFoundError{Name: name, Looked: []string{l.run.playbookDir}}
	}
	return l.run.readTemplate(path)
}

func (r *run) readTemplate(path string) (src, where string, err error) {
	data, _, err := r.cfg.Loader.ReadFile(path)
	return string(data), path, err
}

var _ interface {
	filters.Controller
	filters.HostMatcher
	filters.FileKinder
	filters.Configured
	filters.TemplateLoader
	filters.ModuleFinder
} = (*controller)(nil)
