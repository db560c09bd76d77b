package modules

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

// runArgs are what command and shell have in common.
type runArgs struct {
	Argv            []string `arg:"argv" doc:"The command as a list of words, instead of cmd."`
	Cmd             string   `arg:"cmd" alias:"_raw_params" doc:"The command line."`
	Chdir           string   `arg:"chdir" type:"path" doc:"Folder to run it in."`
	Creates         string   `arg:"creates" type:"path" doc:"Path or glob: when something is there, the command is not run."`
	Removes         string   `arg:"removes" type:"path" doc:"Path or glob: when nothing is there, the command is not run."`
	Executable      string   `arg:"executable" type:"path" doc:"Shell to use instead of /bin/sh (shell module)."`
	Stdin           *string  `arg:"stdin" doc:"Text for its standard input."`
	StdinAddNewline bool     `arg:"stdin_add_newline" default:"true" doc:"End the text for standard input with a newline."`
	StripEmptyEnds  bool     `arg:"strip_empty_ends" default:"true" doc:"Cut empty lines at the end of its output."`
}

type commandArgs struct {
	runArgs
	ExpandVars bool `arg:"expand_argument_vars" default:"true" doc:"Expand $VAR and ~ in the words."`
	UsesShell  bool `arg:"_uses_shell" hidden:"true"`
}

// shellArgs know command's expand_argument_vars only to refuse it: in a shell,
// the shell alone expands.
type shellArgs struct {
	runArgs
	ExpandVars value.Value `arg:"expand_argument_vars" type:"raw" hidden:"true"`
}

var commandReturns = []Return{
	{"cmd", "raw", "always", "The command that was run: words for command, text for shell."},
	{"stdout", "str", "always", "Its standard output; stdout_lines has it split."},
	{"stderr", "str", "always", "Its error output; stderr_lines has it split."},
	{"rc", "int", "always", "Its exit code."},
	{"start", "str", "when run", "When it started."},
	{"end", "str", "when run", "When it ended."},
	{"delta", "str", "when run", "How long it took."},
	{"msg", "str", "always", "Why it was not run, or that it failed."},
}

// commandModule runs a program. It can't know what the program changes: it
// says changed whenever it ran, unless creates or removes tell better.
func commandModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.command",
		Summary:  "Run a program without a shell",
		Doc:      "Runs a program with its arguments. No shell sees them: pipes, redirections and && are ordinary words (use shell for these). In check mode it is skipped, unless creates or removes say whether it would run.",
		FreeForm: "cmd",
		Check:    CheckPart,
		Examples: "- name: Make the database once\n  ansible.builtin.command:\n    argv: [/usr/bin/make_database.sh, db_user, db name]\n    creates: /path/to/database\n",
		Returns:  commandReturns,
	}, runCommand)
}

// shellModule runs a command line under /bin/sh.
func shellModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.shell",
		Summary:  "Run a command line in a shell",
		Doc:      "Gives a command line to /bin/sh (or executable), so that pipes, redirections and variables work. Quote what comes from variables with the quote filter. Check mode is as command's.",
		FreeForm: "cmd",
		Check:    CheckPart,
		Examples: "- name: Count the lines of all logs\n  ansible.builtin.shell: cat *.log | wc -l\n  args:\n    chdir: /var/log\n",
		Returns:  commandReturns,
	}, func(ctx context.Context, h target.Host, c *Call, a *shellArgs) (*Result, error) {
		if a.ExpandVars != nil {
			return nil, Failf("Unsupported parameters for (shell) module: expand_argument_vars")
		}
		return runCommand(ctx, h, c, &commandArgs{runArgs: a.runArgs, UsesShell: true})
	})
}

// The failures of command and shell that got nothing to run, or two commands.
const (
	NoCommand   = "one of the following is required: _raw_params, cmd, argv"
	TwoCommands = "parameters are mutually exclusive: _raw_params|cmd|argv"
)

func runCommand(ctx context.Context, h target.Host, c *Call, a *commandArgs) (*Result, error) {
	argv, shown, err := a.words(h)
	if err != nil {
		return nil, err
	}
	o := outcome{cmd: shown}
	if a.Executable != "" && !a.UsesShell {
		o.warnings = []string{"The parameter 'executable' is no longer supported with the 'command' module. Not using '" + a.Executable + "'."}
	}
	if a.Chdir != "" {
		if info, err := h.Stat(a.Chdir); err != nil || !info.IsDir() {
			if err == nil {
				err = syscall.ENOTDIR
			}
			o.msg = "Unable to change directory before execution. " + osError(err, a.Chdir)
			return o.failed().Set("rc", nil), nil
		}
	}
	if why := a.needless(h, c.Check); why.msg != "" {
		o.msg, o.stdout = why.msg, why.stdout
		return o.result(), nil
	}
	if c.Check {
		o.msg = "Command would have run if not in check mode"
		r := o.result()
		r.Skipped = a.Creates == "" && a.Removes == ""
		r.Changed = !r.Skipped
		return r, nil
	}
	return a.run(ctx, h, argv, &o)
}

// words gives the argv to run and the command as the result shows it.
func (a *commandArgs) words(h target.Host) (argv []string, shown value.Value, err error) {
	switch {
	case a.Argv != nil && a.Cmd != "":
		return nil, nil, Failf(TwoCommands)
	case a.UsesShell && a.Argv != nil:
		return []string{a.shell(), "-c", quoteWords(a.Argv)}, value.Strings(a.Argv...), nil
	case a.UsesShell && a.Cmd != "":
		return []string{a.shell(), "-c", a.Cmd}, value.Str(a.Cmd), nil
	case a.Argv != nil:
		argv = a.Argv
	default:
		if argv, err = SplitWords(a.Cmd); err != nil {
			return nil, nil, Failf("can't split the command into words: %w in %q", err, a.Cmd)
		}
	}
	if len(argv) == 0 {
		return nil, nil, Failf(NoCommand)
	}
	shown = value.Strings(argv...)
	if a.ExpandVars {
		expanded := make([]string, len(argv))
		for i, w := range argv {
			expanded[i] = expandPath(h, w)
		}
		argv = expanded
	}
	return argv, shown, nil
}

func (a *runArgs) shell() string { return orText(a.Executable, "/bin/sh") }

// needless says why creates or removes make the command needless.
func (a *runArgs) needless(h target.Host, check bool) (o outcome) {
	did := "Did"
	if check {
		did = "Would"
	}
	if a.Creates != "" && anyMatch(h, a.inDir(a.Creates)) {
		o.msg = fmt.Sprintf("%s not run command since '%s' exists", did, a.Creates)
		o.stdout = fmt.Sprintf("skipped, since %s exists", a.Creates)
	} else if a.Removes != "" && !anyMatch(h, a.inDir(a.Removes)) {
		o.msg = fmt.Sprintf("%s not run command since '%s' does not exist", did, a.Removes)
		o.stdout = fmt.Sprintf("skipped, since %s does not exist", a.Removes)
	}
	return o
}

// inDir makes a relative path one below chdir.
func (a *runArgs) inDir(p string) string {
	if a.Chdir == "" || strings.HasPrefix(p, "/") {
		return p
	}
	return strings.TrimRight(a.Chdir, "/") + "/" + p
}

func (a *commandArgs) run(ctx context.Context, h target.Host, argv []string, o *outcome) (*Result, error) {
	cmd := target.Cmd{Argv: argv, Dir: a.Chdir, KeepLocale: true}
	if a.Stdin != nil {
		text := *a.Stdin
		if a.StdinAddNewline && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		cmd.Stdin = strings.NewReader(text)
	}
	out, err := h.Run(ctx, cmd)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, startError(err, argv)
	}
	o.ran, o.rc = out, out.RC
	o.stdout, o.stderr = string(out.Stdout), string(out.Stderr)
	if a.StripEmptyEnds {
		o.stdout, o.stderr = strings.TrimRight(o.stdout, "\r\n"), strings.TrimRight(o.stderr, "\r\n")
	}
	if out.RC != 0 {
		o.msg = "non-zero return code"
		r := o.failed()
		r.Changed = true
		return r, nil
	}
	r := o.result()
	r.Changed = true
	return r, nil
}

// startError tells why a program could not be started, with the errno as rc.
func startError(err error, argv []string) error {
	rc := int(syscall.ENOENT)
	var errno syscall.Errno
	if errors.As(err, &errno) {
		rc = int(errno)
	}
	data := value.DictOf("rc", rc, "cmd", quoteWords(argv), "stdout", "", "stderr", "")
	return FailWith(data, "Error executing command. %s", osError(syscall.Errno(rc), argv[0]))
}

// outcome is what a use of command reports.
type outcome struct {
	cmd                 value.Value
	stdout, stderr, msg string
	rc                  int
	ran                 *target.Output // nil when it was not run
	warnings            []string
}

func (o *outcome) result() *Result {
	r := &Result{Msg: o.msg, Warnings: o.warnings}
	r.Set("stdout", o.stdout).Set("stderr", o.stderr).Set("rc", o.rc).Set("cmd", o.cmd)
	if o.ran == nil {
		return r.Set("start", nil).Set("end", nil).Set("delta", nil).Set("msg", o.msg)
	}
	return setTimes(r, o.ran).Set("msg", o.msg)
}

// setTimes tells when a command ran, and for how long.
func setTimes(r *Result, ran *target.Output) *Result {
	const stamp = "2006-01-02 15:04:05.000000"
	r.Set("start", ran.Start.Format(stamp)).Set("end", ran.End.Format(stamp))
	return r.Set("delta", deltaText(ran.End.Sub(ran.Start)))
}

func (o *outcome) failed() *Result {
	r := o.result()
	r.Failed = true
	return r
}

// deltaText prints a duration as 0:00:01.000321.
func deltaText(d time.Duration) string {
	s := int(d / time.Second)
	days := ""
	if n := s / 86400; n == 1 {
		days = "1 day, "
	} else if n > 1 {
		days = fmt.Sprintf("%d days, ", n)
	}
	return fmt.Sprintf("%s%d:%02d:%02d.%06d", days, s/3600%24, s/60%60, s%60, int(d%time.Second/time.Microsecond))
}
