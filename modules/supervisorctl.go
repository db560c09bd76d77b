package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type supervisorArgs struct {
	Name       string `arg:"name" required:"true" doc:"The program; with a colon at its end a group; all stands for every one."`
	State      string `arg:"state" required:"true" choices:"absent,present,restarted,signalled,started,stopped" doc:"present and absent make it known to supervisord or not, started and stopped make it run or not; restarted and signalled are a change every time."`
	Signal     string `arg:"signal" doc:"The signal to send, for state signalled."`
	StopBefore bool   `arg:"stop_before_removing" default:"false" doc:"Stop what is to be removed; else removing what runs fails."`
	Config     string `arg:"config" type:"path" doc:"Configuration of supervisord."`
	ServerURL  string `arg:"server_url" doc:"Where supervisord listens."`
	Username   string `arg:"username" doc:"User to log in as."`
	Password   string `arg:"password" nolog:"true" doc:"That user's password."`
	Program    string `arg:"supervisorctl_path" type:"path" doc:"The program supervisorctl."`
}

// supervisorModule keeps programs of supervisord running or not.
func supervisorModule() Module {
	return Define(Spec{
		Name:     "community.general.supervisorctl",
		Summary:  "Manage programs under supervisord",
		Doc:      "Makes programs or groups be known to supervisord or not, and run or not, with the host's supervisorctl.",
		Check:    CheckFull,
		Examples: "- community.general.supervisorctl:\n    name: shop\n    state: started\n",
		Returns: []Return{
			{"name", "str", "always", "The program or group."},
			{"state", "str", "always", "The state asked for."},
			{"affected", "list", "when programs were started, stopped, restarted or signalled", "These programs."},
		},
		RequiredIf: []RequiredIf{{Arg: "state", Value: "signalled", Needs: []string{"signal"}}},
	}, runSupervisor)
}

// supervisor is one use of the module.
type supervisor struct {
	*supervisorArgs
	h     target.Host
	c     *Call
	argv  []string // the program with its options
	group bool
	res   *Result
}

// supervised is a process as supervisord shows it.
type supervised struct{ name, status string }

func (p supervised) runs() bool { return p.status == "RUNNING" || p.status == "STARTING" }

func runSupervisor(ctx context.Context, h target.Host, c *Call, a *supervisorArgs) (*Result, error) {
	s := &supervisor{supervisorArgs: a, h: h, c: c, group: strings.HasSuffix(a.Name, ":")}
	a.Name = strings.TrimRight(a.Name, ":")
	s.res = new(Result).Set("name", a.Name).Set("state", a.State)
	if err := s.findProgram(); err != nil {
		return nil, err
	}
	if a.State == "restarted" && !c.Check {
		if _, err := s.must(ctx, "update"); err != nil {
			return nil, err
		}
	}
	found, err := s.processes(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case a.State == "present":
		return s.res, s.add(ctx, found)
	case a.State == "absent":
		return s.res, s.remove(ctx, found)
	case len(found) == 0:
		return nil, FailWith(value.DictOf("name", a.Name), "ERROR (no such process)")
	}
	return s.res, s.act(ctx, found)
}

func (s *supervisor) findProgram() (err error) {
	const execute = 1
	program := s.Program
	if program == "" {
		if program, err = requireTool(s.h, "supervisorctl"); err != nil {
			return err
		}
	} else if s.h.Access(program, execute) != nil {
		return Failf("Provided path to supervisorctl does not exist or isn't executable: %s", program)
	}
	s.argv = []string{program}
	for _, o := range [][2]string{{"-c", s.Config}, {"-s", s.ServerURL}, {"-u", s.Username}, {"-p", s.Password}} {
		if o[1] != "" {
			s.argv = append(s.argv, o[0], o[1])
		}
	}
	return nil
}

func (s *supervisor) run(ctx context.Context, args ...string) (toolOutput, error) {
	return runTool(ctx, s.h, append(slices.Clone(s.argv), args...)...)
}

// must is run for what has to succeed. The failure shows no options: a password
// may be among them.
func (s *supervisor) must(ctx context.Context, args ...string) (toolOutput, error) {
	out, err := s.run(ctx, args...)
	if err != nil {
		return out, err
	}
	return out, out.failure(append([]string{"supervisorctl"}, args...))
}

// processes gives the processes that name means. What supervisorctl says when it
// can't reach supervisord is the failure.
func (s *supervisor) processes(ctx context.Context) ([]supervised, error) {
	out, err := s.run(ctx, "status")
	if err != nil {
		return nil, err
	}
	var found []supervised
	for _, line := range splitLines(out.Stdout) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		group, _, grouped := strings.Cut(words[0], ":")
		if s.group && grouped && group == s.Name || !s.group && (words[0] == s.Name || s.Name == "all") {
			found = append(found, supervised{words[0], words[1]})
		}
	}
	return found, nil
}

func (s *supervisor) add(ctx context.Context, found []supervised) error {
	if len(found) > 0 {
		return nil
	}
	return s.register(ctx, "add", ": added process group")
}

func (s *supervisor) remove(ctx context.Context, found []supervised) error {
	if len(found) == 0 {
		return nil
	}
	if s.StopBefore && !s.c.Check {
		for _, p := range found {
			if p.runs() {
				if err := s.one(ctx, p.name, "stop", "stopped"); err != nil {
					return err
				}
			}
		}
	}
	return s.register(ctx, "remove", ": removed process group")
}

// register reads the configuration again and adds or removes the program.
func (s *supervisor) register(ctx context.Context, verb, answer string) error {
	s.res.Changed = true
	if s.c.Check {
		return nil
	}
	if _, err := s.must(ctx, "reread"); err != nil {
		return err
	}
	out, err := s.run(ctx, verb, s.Name)
	if err == nil && !strings.Contains(out.Stdout, s.Name+answer) {
		err = FailWith(s.res.Data, "%s", orText(out.Stdout, out.Stderr))
	}
	return err
}

// act starts, stops, restarts or signals those processes that need it.
func (s *supervisor) act(ctx context.Context, found []supervised) error {
	verb, answer := map[string]string{"restarted": "restart", "started": "start", "stopped": "stop", "signalled": "signal"}[s.State], s.State
	if s.State == "restarted" {
		answer = "started"
	}
	var affected []string
	for _, p := range found {
		needs := s.State == "restarted" || s.State == "started" && !p.runs() || s.State == "stopped" && p.runs() || s.State == "signalled" && p.status == "RUNNING"
		if needs {
			affected = append(affected, p.name)
		}
	}
	if len(affected) == 0 {
		return nil
	}
	s.res.Changed = true
	if s.c.Check {
		return nil
	}
	s.res.Set("affected", affected)
	for _, name := range affected {
		if err := s.one(ctx, name, verb, answer); err != nil {
			return err
		}
	}
	return nil
}

// one has supervisorctl do one thing to one process, and hears that it did.
func (s *supervisor) one(ctx context.Context, process, verb, answer string) error {
	args := []string{verb, process}
	if verb == "signal" {
		args = []string{verb, s.Signal, process}
	}
	out, err := s.must(ctx, args...)
	if err == nil && !strings.Contains(out.Stdout, process+": "+answer) {
		err = Failf("%s", out.said())
	}
	return err
}
