package modules

import (
	"context"
	"errors"
	"os/exec"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// toolOutput is what a program of the system said.
type toolOutput struct {
	Stdout, Stderr string
	RC             int
}

// runTool runs a program of the system for a module. A program that fails is no error; one that cannot be started is.
func runTool(ctx context.Context, h target.Host, argv ...string) (toolOutput, error) {
	return runToolWith(ctx, h, target.Cmd{Argv: argv})
}

// runToolWith is runTool for a command that needs more than arguments.
func runToolWith(ctx context.Context, h target.Host, cmd target.Cmd) (toolOutput, error) {
	out, err := h.Run(ctx, cmd)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return toolOutput{}, missingTool(cmd.Argv[0])
	case err != nil:
		return toolOutput{}, Failf("can't run %s: %w", cmd.Argv[0], err)
	}
	return toolOutput{string(out.Stdout), string(out.Stderr), out.RC}, nil
}

// mustRun runs a program that has to succeed; its failure is the module's, with
// what the program said.
func mustRun(ctx context.Context, h target.Host, argv ...string) (toolOutput, error) {
	out, err := runTool(ctx, h, argv...)
	if err != nil {
		return out, err
	}
	return out, out.failure(argv)
}

// failure gives the error of a command that ended with a status other than 0.
func (o toolOutput) failure(argv []string) error {
	if o.RC == 0 {
		return nil
	}
	return FailWith(o.data(argv), "%s failed with exit code %d: %s", strings.Join(argv, " "), o.RC, o.said())
}

// data gives what a result tells of a command.
func (o toolOutput) data(argv []string) *value.Dict {
	return new(Result).Set("cmd", quoteWords(argv)).Set("rc", o.RC).Set("stdout", o.Stdout).Set("stderr", o.Stderr).Data
}

// said gives the program's complaint, or its output where it complained there.
func (o toolOutput) said() string {
	if s := strings.TrimSpace(o.Stderr); s != "" {
		return s
	}
	return strings.TrimSpace(o.Stdout)
}

// requireTool finds a program or says that it has to be installed.
func requireTool(h target.Host, name string) (string, error) {
	path, err := h.LookPath(name)
	if err != nil {
		return "", missingTool(name)
	}
	return path, nil
}

func missingTool(name string) error {
	return Failf("Failed to find required executable %q in paths of the host; install the package that brings it", name)
}
