package modules

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"drover/modules/target"
)

// venvArgs say which virtual environment, and how one is made.
type venvArgs struct {
	Path    string `arg:"virtualenv" type:"path" doc:"Folder of a virtual environment to install into; made when it is missing."`
	Site    bool   `arg:"virtualenv_site_packages" default:"false" doc:"A new environment sees the system's packages."`
	Command string `arg:"virtualenv_command" type:"path" default:"virtualenv" doc:"Program that makes an environment; python3 -m venv needs no further package on most systems."`
	Python  string `arg:"virtualenv_python" doc:"Python for a new environment, with virtualenv only."`
}

// ensureVenv makes the virtual environment that was asked for and reports
// whether it was missing.
func (w *pipWork) ensureVenv(ctx context.Context) (made bool, err error) {
	if w.Path == "" {
		return false, nil
	}
	if _, err := w.h.Stat(filepath.Join(w.Path, "bin", "activate")); err == nil {
		return false, nil
	}
	if w.c.Check {
		return true, nil
	}
	argv, err := w.venvCommand(ctx)
	if err != nil {
		return false, err
	}
	out, err := runToolWith(ctx, w.h, target.Cmd{Argv: argv, Dir: w.Chdir, Umask: w.umask})
	if err != nil {
		return false, err
	}
	w.stdout, w.stderr = out.Stdout, out.Stderr
	if out.RC != 0 {
		return false, w.failed(argv)
	}
	return true, nil
}

func (w *pipWork) venvCommand(ctx context.Context) ([]string, error) {
	argv, err := SplitWords(w.Command)
	if err != nil || len(argv) == 0 {
		return nil, Failf("virtualenv_command %q is no command", w.Command)
	}
	isVenv := makesVenv(argv)
	if isVenv && w.Python != "" {
		return nil, Failf("virtualenv_python should not be used when using the venv module or pyvenv as virtualenv_command")
	}
	if !strings.Contains(argv[0], "/") {
		if argv[0], err = requireTool(w.h, argv[0]); err != nil {
			return nil, err
		}
	}
	switch {
	case w.Site:
		argv = append(argv, "--system-site-packages")
	case !isVenv && w.knowsOption(ctx, argv[0], "--no-site-packages"):
		argv = append(argv, "--no-site-packages")
	}
	if !isVenv {
		python := w.Python
		if python == "" {
			if python, err = requireTool(w.h, "python3"); err != nil {
				return nil, err
			}
		}
		argv = append(argv, "-p"+python)
	}
	return append(argv, w.Path), nil
}

// knowsOption reports whether a program's help names an option: virtualenv had
// to be told before version 20 what it does by itself since.
func (w *pipWork) knowsOption(ctx context.Context, program, option string) bool {
	out, err := runTool(ctx, w.h, program, "--help")
	return err == nil && slices.Contains(strings.Fields(out.Stdout), option)
}

// makesVenv reports whether a command is Python's own venv, which has no option
// for the Python to use.
func makesVenv(argv []string) bool {
	if argv[0] == "pyvenv" {
		return true
	}
	for i, word := range argv[1:] {
		if word == "-mvenv" || word == "-m" && i+2 < len(argv) && argv[i+2] == "venv" {
			return true
		}
	}
	return false
}

// venvPip finds the pip of the virtual environment.
func (w *pipWork) venvPip() ([]string, error) {
	const execute = 1
	for _, name := range []string{"pip3", "pip"} {
		path := filepath.Join(w.Path, "bin", name)
		if w.h.Access(path, execute) == nil {
			return []string{path}, nil
		}
	}
	return nil, Failf("Unable to find pip in the virtualenv, %s, under any of these names: pip3, pip. Make sure pip is present in the virtualenv.", w.Path)
}
