package modules

import (
	"context"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/target"
	"drover/playbook/value"
)

type serviceArgs struct {
	Name      string `arg:"name" doc:"The service."`
	State     string `arg:"state" choices:"started,stopped,reloaded,restarted" doc:"restarted and reloaded always act; started and stopped only where needed."`
	Sleep     *int   `arg:"sleep" doc:"Seconds between stop and start of a restart, for services that need it. Not with systemd."`
	Pattern   string `arg:"pattern" doc:"Text of the process list that shows the service runs, where its script cannot tell. Not with systemd."`
	Enabled   *bool  `arg:"enabled" doc:"Whether it starts with the system."`
	Runlevel  string `arg:"runlevel" default:"default" doc:"Runlevel of OpenRC to enable it in."`
	Arguments string `arg:"arguments" alias:"args" doc:"Further arguments for the init script. Not with systemd."`
	Use       string `arg:"use" default:"auto" doc:"The service manager, where the one that is found is not the right one."`

	// What systemd alone understands may be written here too.
	Force        bool   `arg:"force" default:"false" doc:"Overwrite links that are in the way. With systemd."`
	Masked       *bool  `arg:"masked" doc:"Whether starting it is made impossible. With systemd."`
	DaemonReload bool   `arg:"daemon_reload" alias:"daemon-reload" default:"false" doc:"Make systemd read its units again first."`
	DaemonReexec bool   `arg:"daemon_reexec" alias:"daemon-reexec" default:"false" doc:"Make systemd start itself again first."`
	Scope        string `arg:"scope" default:"system" choices:"system,user,global" doc:"The system's manager, the user's, or that of all users. With systemd."`
	NoBlock      bool   `arg:"no_block" default:"false" doc:"Do not wait until the unit has done it. With systemd."`
}

// serviceModule controls a service through whatever manages services here.
func serviceModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.service",
		Summary:  "Control services",
		Doc:      "Starts, stops and enables a service: with systemd where that runs, else through OpenRC or the init script.",
		Check:    CheckFull,
		Examples: "- name: sshd runs\n  ansible.builtin.service:\n    name: ssh\n    state: started\n    enabled: true\n",
		Returns: []Return{
			{"state", "str", "when asked for", "The state it has now."},
			{"enabled", "bool", "when asked for", "Whether it starts with the system now."},
			{"status", "dict", "with systemd", "The unit's properties before the change."},
		},
		RequiredOneOf: [][]string{{"state", "enabled", "masked", "daemon_reload", "daemon_reexec"}},
		RequiredBy:    map[string][]string{"state": {"name"}, "enabled": {"name"}, "masked": {"name"}},
	}, runService)
}

func runService(ctx context.Context, h target.Host, c *Call, a *serviceArgs) (*Result, error) {
	switch a.manager(h) {
	case "systemd":
		return runSystemd(ctx, h, c, a.unit())
	case "openrc":
		return (&oldService{a, h, c, &Result{}, openRC(a)}).apply(ctx)
	}
	return (&oldService{a, h, c, &Result{}, sysV(h, a)}).apply(ctx)
}

// unit gives the arguments as the systemd module takes them.
func (a *serviceArgs) unit() *systemdArgs {
	return &systemdArgs{
		Name: a.Name, State: a.State, Enabled: a.Enabled, Masked: a.Masked, Force: a.Force,
		DaemonReload: a.DaemonReload, DaemonReexec: a.DaemonReexec, Scope: a.Scope, NoBlock: a.NoBlock,
	}
}

// manager names what manages services here.
func (a *serviceArgs) manager(h target.Host) string {
	switch a.Use {
	case "systemd", "ansible.builtin.systemd", "ansible.builtin.systemd_service":
		return "systemd"
	case "openrc":
		return "openrc"
	case "auto", "":
	default:
		return "sysvinit"
	}
	if _, err := h.Stat("/run/systemd/system"); err == nil {
		return "systemd"
	}
	if _, err := h.LookPath("rc-service"); err == nil {
		return "openrc"
	}
	if _, err := h.Stat("/etc/init.d/" + a.Name); err != nil {
		if _, err := h.LookPath("systemctl"); err == nil {
			return "systemd"
		}
	}
	return "sysvinit"
}

// initSystem is how an older manager is spoken to.
type initSystem struct {
	control         []string // followed by start, stop, status …
	enable, disable []string
	enabled         func(ctx context.Context, h target.Host) (bool, error)
}

func openRC(a *serviceArgs) initSystem {
	return initSystem{
		control: []string{"rc-service", a.Name},
		enable:  []string{"rc-update", "add", a.Name, a.Runlevel},
		disable: []string{"rc-update", "delete", a.Name, a.Runlevel},
		enabled: func(ctx context.Context, h target.Host) (bool, error) {
			out, err := runTool(ctx, h, "rc-update", "show", a.Runlevel)
			for _, line := range strings.Split(out.Stdout, "\n") {
				if name, _, _ := strings.Cut(line, "|"); strings.TrimSpace(name) == a.Name {
					return true, err
				}
			}
			return false, err
		},
	}
}

func sysV(h target.Host, a *serviceArgs) initSystem {
	control := []string{"/etc/init.d/" + a.Name}
	if _, err := h.LookPath("service"); err == nil {
		control = []string{"service", a.Name}
	}
	return initSystem{
		control: control,
		enable:  []string{"update-rc.d", a.Name, "defaults"},
		disable: []string{"update-rc.d", a.Name, "disable"},
		enabled: func(context.Context, target.Host) (bool, error) {
			return len(globHost(h, "/etc/rc?.d/S??"+a.Name)) > 0, nil
		},
	}
}

// oldService is one use of the module without systemd.
type oldService struct {
	*serviceArgs
	h   target.Host
	c   *Call
	res *Result
	sys initSystem
}

func (s *oldService) apply(ctx context.Context) (*Result, error) {
	s.res.Set("name", s.Name)
	if s.Enabled != nil {
		if err := s.setEnabled(ctx); err != nil {
			return nil, err
		}
	}
	if s.State != "" {
		if err := s.setState(ctx); err != nil {
			return nil, err
		}
	}
	return s.res, nil
}

func (s *oldService) setEnabled(ctx context.Context) error {
	now, err := s.sys.enabled(ctx, s.h)
	if err != nil {
		return err
	}
	s.res.Set("enabled", *s.Enabled)
	switch {
	case now == *s.Enabled:
		return nil
	case *s.Enabled:
		return s.do(ctx, s.sys.enable)
	}
	return s.do(ctx, s.sys.disable)
}

func (s *oldService) setState(ctx context.Context) error {
	running, err := s.running(ctx)
	if err != nil {
		return err
	}
	s.res.Set("state", s.State)
	if s.State == "restarted" || s.State == "reloaded" {
		s.res.Set("state", "started")
	}
	action := unitAction(s.State, map[bool]string{true: "active", false: "inactive"}[running])
	switch {
	case action == "":
		return nil
	case action == "restart" && s.Sleep != nil:
		if err := s.do(ctx, s.command("stop")); err != nil {
			return err
		}
		if err := pause(ctx, wholeSeconds(*s.Sleep)); err != nil {
			return err
		}
		return s.do(ctx, s.command("start"))
	}
	return s.do(ctx, s.command(action))
}

func (s *oldService) command(action string) []string {
	argv := append(append([]string{}, s.sys.control...), action)
	return append(argv, strings.Fields(s.Arguments)...)
}

func (s *oldService) do(ctx context.Context, argv []string) error {
	s.res.Changed = true
	if s.c.Check {
		return nil
	}
	out, err := runTool(ctx, s.h, argv...)
	if err == nil && out.RC != 0 {
		err = FailWith(value.DictOf("rc", out.RC), "Unable to change service %s: %s", s.Name, out.said())
	}
	return err
}

var notRunning = lazyre.New(`(?i)\b(not running|stopped|dead|inactive|unused)\b`)

// running asks the init script; one that cannot tell is judged by its words.
func (s *oldService) running(ctx context.Context) (bool, error) {
	if s.Pattern != "" {
		out, err := runTool(ctx, s.h, "ps", "auxww")
		return strings.Contains(out.Stdout, s.Pattern), err
	}
	out, err := runTool(ctx, s.h, append(append([]string{}, s.sys.control...), "status")...)
	if err != nil {
		return false, err
	}
	if out.RC == 0 {
		return !notRunning.MatchString(out.Stdout), nil
	}
	if out.RC == 127 || strings.Contains(out.said(), "unrecognized service") {
		return false, Failf("Could not find the requested service %s", s.Name)
	}
	return false, nil
}
