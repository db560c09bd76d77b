package modules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

type expectArgs struct {
	Command   string      `arg:"command" required:"true" doc:"The program to run, with its arguments; no shell sees it."`
	Responses *value.Dict `arg:"responses" required:"true" doc:"What to answer: Python regular expressions of prompts, and the answer to each. A list gives the answers one after another, a text the same each time."`
	Timeout   value.Value `arg:"timeout" type:"raw" default:"30" doc:"For how many seconds to wait for the next prompt, or the end; null means for ever."`
	Echo      bool        `arg:"echo" default:"false" doc:"Let the output show the answers too."`
	Chdir     string      `arg:"chdir" type:"path" doc:"Folder to run it in."`
	Creates   string      `arg:"creates" type:"path" doc:"When this path is there, the program is not run."`
	Removes   string      `arg:"removes" type:"path" doc:"When this path is not there, the program is not run."`
}

// expectModule runs a program on a terminal and answers what it asks.
func expectModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.expect",
		Summary:  "Run a program and answer its prompts",
		Doc:      "Runs a program on a terminal of its own and types the answer to each prompt that appears. It needs neither Python nor pexpect on the host. The expressions see all output since the last prompt, where a dot matches newlines too.",
		Check:    CheckNone,
		Examples: "- name: Set a password\n  ansible.builtin.expect:\n    command: passwd alice\n    responses:\n      (?i)password: \"{{ alice_password }}\"\n  no_log: true\n",
		Returns: []Return{
			{"cmd", "str", "always", "The command."},
			{"stdout", "str", "always", "What the terminal showed; stdout_lines has it split."},
			{"rc", "int", "when it ended", "Its exit code."},
			{"start", "str", "when run", "When it started."},
			{"end", "str", "when run", "When it ended."},
			{"delta", "str", "when run", "How long it took."},
		},
	}, runExpect)
}

func runExpect(ctx context.Context, h target.Host, c *Call, a *expectArgs) (*Result, error) {
	limit, err := a.limit(c)
	if err != nil {
		return nil, err
	}
	d := &dialogue{limit: limit}
	if err := d.prepare(a.Responses); err != nil {
		return nil, err
	}
	argv, err := SplitWords(a.Command)
	if err != nil {
		return nil, Failf("can't split the command into words: %w in %q", err, a.Command)
	}
	if len(argv) == 0 {
		return nil, FailWith(value.DictOf("rc", 256), "no command given")
	}
	if a.Chdir != "" && !isDir(h, a.Chdir) {
		return nil, Failf("Unable to change directory before execution: %s is not a folder", a.Chdir)
	}
	if why := a.needless(h); why != "" {
		return new(Result).Set("cmd", a.Command).Set("stdout", why).Set("rc", 0), nil
	}
	if _, err := h.LookPath(argv[0]); err != nil {
		return nil, Failf("The command was not found or was not executable: %s.", argv[0])
	}
	out, err := d.run(ctx, h, target.Cmd{Argv: argv, Dir: a.Chdir, TTY: true, Echo: a.Echo, KeepLocale: true})
	if err != nil {
		return nil, err
	}
	return a.report(d, out), nil
}

// limit gives how long to wait for a prompt, 0 for ever.
func (a *expectArgs) limit(c *Call) (time.Duration, error) {
	if v, given := c.Args.Lookup("timeout"); given && v == value.None {
		return 0, nil
	}
	n, err := coerce("int", a.Timeout)
	if err != nil {
		return 0, Failf("argument 'timeout' is of type %s and we were unable to convert to int: %w", a.Timeout.Type(), err)
	}
	secs, _ := n.(value.Int)
	return time.Duration(secs) * time.Second, nil
}

// needless says why creates or removes make the command needless.
func (a *expectArgs) needless(h target.Host) string {
	there := func(path string) bool { _, err := h.Stat(path); return err == nil }
	switch {
	case a.Creates != "" && there(a.Creates):
		return "skipped, since " + a.Creates + " exists"
	case a.Removes != "" && !there(a.Removes):
		return "skipped, since " + a.Removes + " does not exist"
	}
	return ""
}

func (a *expectArgs) report(d *dialogue, out *target.Output) *Result {
	r := new(Result).Set("cmd", a.Command).Set("stdout", strings.TrimRight(string(d.shown), "\r\n"))
	setTimes(r, out)
	r.Changed = true
	switch {
	case d.late || out.RC < 0: // a signal ended it
		r.Failed, r.Msg = true, "command exceeded timeout"
		return r.Set("rc", nil)
	case out.RC != 0:
		r.Failed, r.Msg = true, "non-zero return code"
	}
	return r.Set("rc", out.RC)
}

// run holds the dialogue. A program that says nothing for too long is ended;
// late then says so.
func (d *dialogue) run(ctx context.Context, h target.Host, cmd target.Cmd) (*target.Output, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	typed, keys := io.Pipe()
	defer keys.Close()
	d.keys, d.end = keys, end
	if d.limit > 0 {
		d.patience = time.AfterFunc(d.limit, func() { end(errSilent) })
		defer d.patience.Stop()
	}
	cmd.Stdin, cmd.Stdout = typed, d
	start := h.Now()
	out, err := h.Run(ctx, cmd)
	switch {
	case errors.Is(err, errSilent):
		d.late = true
		return &target.Output{Start: start, End: h.Now()}, nil
	case err != nil:
		return nil, fmt.Errorf("can't run %s: %w", cmd.Argv[0], err)
	}
	return out, nil
}
