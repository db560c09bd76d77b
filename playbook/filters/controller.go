package filters

import (
	"fmt"
	"os"
	"path/filepath"

	"drover/internal/homedir"
	"drover/playbook/jinja"
	"drover/playbook/value"
)

// Controller is what lookups see of the task they serve. The engine puts one
// into Context.Host; it may implement the optional interfaces below too.
type Controller interface {
	// SearchPath lists the folders in which a task's controller files are
	// looked for, first match first; kind is "files", "templates", "vars" or
	// "" for the plain folders.
	SearchPath(kind string) []string
	// ReadFile reads a file, decrypting a vaulted one; secret says that it was.
	ReadFile(path string) (data []byte, secret bool, err error)
	// PlaybookDir is the folder of the playbook, where commands run and
	// relative paths start.
	PlaybookDir() string
}

// Optional capabilities of a Controller.
type (
	// HostMatcher finds inventory hosts by pattern.
	HostMatcher interface {
		MatchHosts(pattern string) ([]string, error)
	}
	// Configured knows the settings that the config lookup shows, and where
	// they were set: "default", "env: NAME", or a file's path.
	Configured interface {
		Setting(name string) (v value.Value, origin string, ok bool)
	}
	// FileKinder says which kind of file the task is about, where that is not
	// "files"; with_first_found looks for those.
	FileKinder interface {
		FileKind() string
	}
	// TemplateLoader finds what templates include.
	TemplateLoader interface {
		Loader() jinja.Loader
	}
)

// plainFiles is the Controller of evaluations that have no task: files below
// the working directory.
type plainFiles struct{}

func (plainFiles) PlaybookDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	return dir
}

func (p plainFiles) SearchPath(kind string) []string {
	dir := p.PlaybookDir()
	if kind == "" {
		return []string{dir}
	}
	return []string{filepath.Join(dir, kind), dir}
}

func (plainFiles) ReadFile(path string) ([]byte, bool, error) {
	data, err := os.ReadFile(path)
	return data, false, err
}

// controllerOf gives the Controller of an evaluation; one without a task sees
// plain files below the working directory.
func controllerOf(c *jinja.Context) Controller {
	if c != nil {
		if h, ok := c.Host.(Controller); ok {
			return h
		}
	}
	return plainFiles{}
}

// findFile gives the path of a controller file of the given kind.
func findFile(h Controller, kind, name string) (string, error) {
	name = homedir.Expand(name)
	if filepath.IsAbs(name) {
		if _, err := os.Stat(name); err != nil {
			return "", notFound(name, nil)
		}
		return name, nil
	}
	dirs := h.SearchPath(kind)
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", notFound(name, dirs)
}

func notFound(name string, dirs []string) error {
	msg := fmt.Sprintf("Unable to access the file '%s': File not found.", name)
	for i, d := range dirs {
		if i == 0 {
			msg += " Searched in:"
		}
		msg += "\n  " + d
	}
	return fmt.Errorf("%s", msg)
}
