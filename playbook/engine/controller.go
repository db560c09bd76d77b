package engine

import (
	"strings"

	"drover/playbook/filters"
	"drover/playbook/jinja"
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
func (c *controller) Setting(name string) (value.Value, bool) {
	if get := c.item.batch.run.cfg.Setting; get != nil {
		return get(name)
	}
	return nil, false
}

// Loader implements filters.TemplateLoader.
func (c *controller) Loader() jinja.Loader { return &templateLoader{view: &taskView{item: c.item}} }

// HasModule implements filters.ModuleFinder.
func (c *controller) HasModule(name string) bool {
	_, ok := c.item.batch.run.cfg.Loader.ResolveModule(name, c.item.step.task.Collections)
	return ok
}

// templateLoader finds the files that a template includes: beside the
// template, then where the task's templates are.
type templateLoader struct{ view *taskView }

func (l *templateLoader) Load(name, from string) (src, path string, err error) {
	path, err = findTemplate(l.view, name, from)
	if err != nil {
		return "", "", err
	}
	data, _, err := l.view.ReadFile(path)
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
