package action

import (
	"bytes"
	"context"
	"io"
	"sync"

	"drover/modules"
	"drover/playbook/value"
	"drover/transport"
)

type rawArgs struct {
	Cmd        string `arg:"cmd" alias:"_raw_params" required:"true" doc:"The command line, for the login shell as it is."`
	Executable string `arg:"executable" doc:"Shell to run it with, by its full path."`
}

// rawSpec documents the arguments.
var rawSpec = sync.OnceValue(func() *modules.Spec {
	return modules.SpecOf[rawArgs](modules.Spec{
		Name:     "ansible.builtin.raw",
		Summary:  "Run a command line over bare SSH",
		Doc:      "Sends a command line to the host's login shell, without the runner: for network devices and hosts where nothing can be written. In check mode it is skipped.",
		FreeForm: "cmd",
		Examples: "- ansible.builtin.raw: show version\n",
		Returns: []modules.Return{
			{Name: "stdout", Type: "str", When: "always", Doc: "Its output; stdout_lines has it split. stderr likewise."},
			{Name: "rc", Type: "int", When: "always", Doc: "Its exit code."},
		},
	})
})

// raw runs a command line without the runner.
func raw(ctx context.Context, t Task) (*value.Dict, error) {
	a, err := decode[rawArgs](t, rawSpec())
	if err != nil {
		return nil, err
	}
	if t.Check() {
		return value.DictOf("changed", false, "skipped", true), nil
	}
	line := a.Cmd
	if a.Executable != "" {
		line = a.Executable + " -c " + transport.Quote(line)
	}
	conn, target, err := t.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if len(t.Env()) > 0 {
		t.Warn("raw module does not support the environment keyword")
	}
	out, err := execute(ctx, conn, target, line, nil)
	if err != nil {
		return nil, err
	}
	return out.result(), nil
}

// spoken is what a command line said.
type spoken struct {
	stdout, stderr string
	rc             int
}

// execute runs a command line as the task's user and waits for its end.
func execute(ctx context.Context, conn transport.Conn, t *transport.Target, line string, env map[string]string) (*spoken, error) {
	p, err := transport.ExecBecome(ctx, conn, t, line, transport.ExecOptions{Env: env})
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = p.Kill() })
	defer stop()
	_ = p.Stdin().Close()
	var stdout, stderr bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(&stderr, p.Stderr())
	}()
	// A connection that breaks shows in Wait.
	_, _ = io.Copy(&stdout, p.Stdout())
	<-done
	rc, err := p.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return &spoken{stdout.String(), stderr.String(), rc}, err
}

// result gives it in the form of a task's result.
func (s *spoken) result() *value.Dict {
	r := &modules.Result{Changed: true, Failed: s.rc != 0}
	r.Set("rc", s.rc).Set("stdout", s.stdout).Set("stderr", s.stderr)
	if r.Failed {
		r.Msg = "non-zero return code"
	}
	return r.Dict()
}
