package modules

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"drover/modules/target"
)

// withEnv gives the host as a task with an environment sees it: every command
// gets the variables, and programs are found in its PATH.
func withEnv(h target.Host, env map[string]string) target.Host {
	if len(env) == 0 {
		return h
	}
	e := &envHost{Host: h, env: env}
	for _, k := range slices.Sorted(maps.Keys(env)) {
		e.list = append(e.list, k+"="+env[k])
	}
	return e
}

type envHost struct {
	target.Host
	env  map[string]string
	list []string
}

// Getenv prefers the task's environment.
func (e *envHost) Getenv(name string) string {
	if v, ok := e.env[name]; ok {
		return v
	}
	return e.Host.Getenv(name)
}

// Run adds the task's environment.
func (e *envHost) Run(ctx context.Context, c target.Cmd) (*target.Output, error) {
	c.Env = append(slices.Clone(e.list), c.Env...)
	if path, ok := e.inPath(c.Argv); ok {
		c.Argv = append([]string{path}, c.Argv[1:]...)
	}
	return e.Host.Run(ctx, c)
}

// Ask asks a program that has the task's environment, so none that was kept.
func (e *envHost) Ask(ctx context.Context, argv []string, line string) (string, error) {
	return target.AskOnce(ctx, e, argv, line)
}

// LookPath looks into the task's PATH first.
func (e *envHost) LookPath(name string) (string, error) {
	if path, ok := e.inPath([]string{name}); ok {
		return path, nil
	}
	return e.Host.LookPath(name)
}

// Environ gives the task's environment, as name=value.
func (e *envHost) Environ() []string { return e.list }

// inPath finds a bare program name in the PATH of the task's environment.
func (e *envHost) inPath(argv []string) (string, bool) {
	path, ok := e.env["PATH"]
	if !ok || len(argv) == 0 || strings.Contains(argv[0], "/") {
		return "", false
	}
	const execute = 1
	for dir := range strings.SplitSeq(path, ":") {
		p := filepath.Join(dir, argv[0])
		if info, err := e.Stat(p); err == nil && info.Mode.IsRegular() && e.Access(p, execute) == nil {
			return p, true
		}
	}
	return "", false
}
