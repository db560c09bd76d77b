package modules

import (
	"context"
	"strconv"

	"drover/modules/target"
	"drover/playbook/value"
)

type makeArgs struct {
	Chdir   string      `arg:"chdir" type:"path" required:"true" doc:"Folder in which make runs."`
	Target  string      `arg:"target" doc:"What to make; the first of the Makefile when not given."`
	Targets []string    `arg:"targets" doc:"Several of them."`
	Params  *value.Dict `arg:"params" doc:"Variables for make; one without a value is passed as a bare word."`
	File    string      `arg:"file" type:"path" doc:"Another Makefile."`
	Make    string      `arg:"make" type:"path" doc:"The program make; gmake is preferred to make."`
	Jobs    *int        `arg:"jobs" doc:"How many commands run at a time."`
}

// makeModule brings targets of a Makefile up to date.
func makeModule() Module {
	return Define(Spec{
		Name:              "community.general.make",
		Summary:           "Run targets of a Makefile",
		Doc:               "Makes targets of a Makefile be up to date. Whether they are is what make -q says: a target that is no file is a change every time.",
		Check:             CheckFull,
		Examples:          "- community.general.make:\n    chdir: /usr/src/app\n    target: install\n    params:\n      PREFIX: /opt/app\n",
		Returns:           []Return{{"command", "str", "always", "The command; target, targets, params, chdir, file and jobs are returned as they were given."}},
		MutuallyExclusive: [][]string{{"target", "targets"}},
	}, runMake)
}

func runMake(ctx context.Context, h target.Host, c *Call, a *makeArgs) (*Result, error) {
	argv, err := a.command(h)
	if err != nil {
		return nil, err
	}
	out, err := runToolWith(ctx, h, target.Cmd{Argv: append(argv[:len(argv):len(argv)], "-q"), Dir: a.Chdir})
	if err != nil {
		return nil, err
	}
	res := &Result{Changed: out.RC != 0}
	if res.Changed && !c.Check {
		if out, err = runToolWith(ctx, h, target.Cmd{Argv: argv, Dir: a.Chdir}); err != nil {
			return nil, err
		}
		if err := out.failure(argv); err != nil {
			return nil, err
		}
	}
	res.Set("stdout", trimEnd(out.Stdout)).Set("stderr", trimEnd(out.Stderr))
	res.Set("target", orNone(a.Target)).Set("targets", value.None).Set("params", value.None)
	if a.Targets != nil {
		res.Set("targets", a.Targets)
	}
	if a.Params != nil {
		res.Set("params", a.Params)
	}
	res.Set("chdir", a.Chdir).Set("file", orNone(a.File)).Set("jobs", value.None)
	if a.Jobs != nil {
		res.Set("jobs", *a.Jobs)
	}
	return res.Set("command", quoteWords(argv)), nil
}

func (a *makeArgs) command(h target.Host) ([]string, error) {
	program := a.Make
	if program == "" {
		var err error
		if program, err = h.LookPath("gmake"); err != nil {
			if program, err = requireTool(h, "make"); err != nil {
				return nil, err
			}
		}
	}
	argv := []string{program}
	if a.Jobs != nil {
		argv = append(argv, "-j", strconv.Itoa(*a.Jobs))
	}
	if a.File != "" {
		argv = append(argv, "-f", a.File)
	}
	if a.Target != "" {
		argv = append(argv, a.Target)
	}
	argv = append(argv, a.Targets...)
	for _, e := range a.Params.Entries() {
		word := value.String(e.Key)
		if e.Val != value.None {
			word += "=" + value.String(e.Val)
		}
		argv = append(argv, word)
	}
	return argv, nil
}
