package modules

import (
	"context"
	"fmt"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type systemdArgs struct {
	Name         string `arg:"name" alias:"service,unit" doc:"The unit, with or without .service."`
	State        string `arg:"state" choices:"reloaded,restarted,started,stopped" doc:"restarted always and reloaded always act; started and stopped only where needed."`
	Enabled      *bool  `arg:"enabled" doc:"Whether it starts with the system."`
	Force        bool   `arg:"force" default:"false" doc:"Overwrite links that are in the way."`
	Masked       *bool  `arg:"masked" doc:"Whether starting it is made impossible."`
	DaemonReload bool   `arg:"daemon_reload" alias:"daemon-reload" default:"false" doc:"Make systemd read its units again first."`
	DaemonReexec bool   `arg:"daemon_reexec" alias:"daemon-reexec" default:"false" doc:"Make systemd start itself again first."`
	Scope        string `arg:"scope" default:"system" choices:"system,user,global" doc:"The system's manager, the user's, or that of all users."`
	NoBlock      bool   `arg:"no_block" default:"false" doc:"Do not wait until the unit has done it."`
}

// systemdModule controls a systemd unit.
func systemdModule(name string) Module {
	return Define(Spec{
		Name:    "ansible.builtin." + name,
		Summary: "Control systemd units",
		Doc:     "Starts, stops, enables and masks one unit. Reloading the manager's configuration is never reported as a change.",
		Check:   CheckFull,
		Examples: "- name: Web server runs, also after a reboot\n  ansible.builtin." + name + ":\n    name: nginx\n    state: started\n    enabled: true\n\n" +
			"- name: After changing a unit file\n  ansible.builtin." + name + ":\n    name: app\n    state: restarted\n    daemon_reload: true\n",
		Returns: []Return{
			{"status", "dict", "when a unit is named", "The unit's properties, as systemctl show gives them, before the change."},
			{"state", "str", "when asked for", "The state it has now."},
			{"enabled", "bool", "when asked for", "Whether it starts with the system now."},
		},
		RequiredOneOf: [][]string{{"state", "enabled", "masked", "daemon_reload", "daemon_reexec"}},
		RequiredBy:    map[string][]string{"state": {"name"}, "enabled": {"name"}, "masked": {"name"}},
	}, runSystemd)
}

// unit is one use of the module.
type unit struct {
	*systemdArgs
	h      target.Host
	c      *Call
	res    *Result
	status *value.Dict
	known  bool // systemd or an init script knows it
	initd  bool
}

func runSystemd(ctx context.Context, h target.Host, c *Call, a *systemdArgs) (*Result, error) {
	if i := strings.IndexAny(a.Name, "*?["); i >= 0 {
		return nil, Failf("This module does not currently support using glob patterns, found '%c' in service name: %s", a.Name[i], a.Name)
	}
	if _, err := requireTool(h, "systemctl"); err != nil {
		return nil, err
	}
	u := &unit{systemdArgs: a, h: h, c: c, res: &Result{}, status: value.NewDict(0)}
	u.res.Set("name", orNone(a.Name))
	steps := []func(context.Context) error{u.reload}
	if a.Name != "" {
		steps = append(steps, u.read, u.mask, u.enable, u.run)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	u.res.Set("status", u.status)
	return u.res, nil
}

// systemctl runs systemctl in the wanted scope.
func (u *unit) systemctl(ctx context.Context, args ...string) (toolOutput, error) {
	argv := []string{"systemctl"}
	if u.Scope != "system" {
		argv = append(argv, "--"+u.Scope)
	}
	argv = append(argv, flags(u.NoBlock, "--no-block", u.Force, "--force")...)
	cmd := target.Cmd{Argv: append(argv, args...)}
	if u.h.Getenv("XDG_RUNTIME_DIR") == "" {
		cmd.Env = []string{fmt.Sprintf("XDG_RUNTIME_DIR=/run/user/%d", u.h.Users().Current().UID)}
	}
	return runToolWith(ctx, u.h, cmd)
}

func (u *unit) reload(ctx context.Context) error {
	for _, action := range flags(u.DaemonReload, "daemon-reload", u.DaemonReexec, "daemon-reexec") {
		if u.c.Check {
			continue
		}
		out, err := u.systemctl(ctx, action)
		if err != nil {
			return err
		}
		if out.RC != 0 && !u.offline() {
			return FailWith(value.DictOf("rc", out.RC), "failure %d during %s: %s", out.RC, action, out.said())
		}
		if out.RC != 0 {
			u.res.Warnings = append(u.res.Warnings, fmt.Sprintf("%s failed, but systemd is not running here. Continuing. Error was: %d / %s", action, out.RC, out.said()))
		}
	}
	return nil
}

// offline: there is no systemd to talk to (a chroot, an image being built).
func (u *unit) offline() bool {
	if u.h.Getenv("SYSTEMD_OFFLINE") == "1" || u.h.Getenv("debian_chroot") != "" {
		return true
	}
	_, err := u.h.Stat("/run/systemd/system")
	return err != nil
}

// read asks for the unit's properties.
func (u *unit) read(ctx context.Context) error {
	_, err := u.h.Stat("/etc/init.d/" + u.Name)
	u.initd = err == nil
	out, err := u.systemctl(ctx, "show", u.Name)
	if err != nil {
		return err
	}
	bySystemd := false
	if out.RC == 0 && !requestIgnored(out) {
		u.status = parseProperties(out.Stdout)
		load := value.String(u.status.At("LoadState"))
		bySystemd = load != "not-found" && load != "None"
		if problem, ok := u.status.Lookup("LoadError"); ok && bySystemd && load != "masked" {
			return Failf("Error loading unit file '%s': %s", u.Name, value.String(problem))
		}
	} else if bySystemd, err = u.hasUnitFile(ctx); err != nil {
		return err
	}
	u.known = bySystemd || u.initd
	if u.initd && !bySystemd {
		u.res.Warnings = append(u.res.Warnings, fmt.Sprintf("The service (%s) is actually an init script but the system is managed by systemd", u.Name))
	}
	return nil
}

// hasUnitFile asks without a running systemd.
func (u *unit) hasUnitFile(ctx context.Context) (bool, error) {
	out, err := u.systemctl(ctx, "is-enabled", u.Name)
	if err != nil {
		return false, err
	}
	switch strings.TrimSpace(out.Stdout) {
	case "enabled", "enabled-runtime", "linked", "linked-runtime", "masked", "masked-runtime",
		"static", "indirect", "disabled", "generated", "transient":
		return true, nil
	}
	out, err = u.systemctl(ctx, "list-unit-files", u.Name)
	if err != nil || out.RC == 0 {
		return err == nil, err
	}
	return false, u.answers(ctx)
}

// answers tells of a manager that can't be asked at all, such as that of a
// user who is not logged in.
func (u *unit) answers(ctx context.Context) error {
	out, err := u.systemctl(ctx)
	if err != nil || out.RC == 0 {
		return err
	}
	cmd, _ := u.h.LookPath("systemctl")
	if u.Scope != "system" {
		cmd += " --" + u.Scope
	}
	data := value.DictOf("cmd", cmd, "rc", out.RC, "stdout", out.Stdout, "stderr", out.Stderr)
	return FailWith(data, "%s", out.said())
}

func requestIgnored(out toolOutput) bool {
	text := out.Stdout + out.Stderr
	return strings.Contains(text, "ignoring request") || strings.Contains(text, "ignoring command")
}

// parseProperties reads systemctl show. A value that begins with a brace may
// go on over several lines, until one ends with a brace.
func parseProperties(text string) *value.Dict {
	props := value.NewDict(200)
	var key string
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		if lines != nil {
			lines = append(lines, line)
			if strings.HasSuffix(strings.TrimRight(line, " "), "}") {
				props.Put(key, value.Str(strings.Join(lines, "\n")))
				lines = nil
			}
			continue
		}
		k, val, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		if strings.HasPrefix(val, "{") && !strings.HasSuffix(strings.TrimRight(val, " "), "}") && strings.HasPrefix(k, "Exec") {
			key, lines = k, []string{val}
			continue
		}
		props.Put(k, value.Str(strings.TrimSpace(val)))
	}
	return props
}

// mustKnow refuses a unit that nobody knows.
func (u *unit) mustKnow() error {
	if u.known {
		return nil
	}
	return Failf("Could not find the requested service %s: host", u.Name)
}

// act runs an action unless in check mode.
func (u *unit) act(ctx context.Context, action, failure string) error {
	u.res.Changed = true
	if u.c.Check {
		return nil
	}
	out, err := u.systemctl(ctx, action, u.Name)
	if err != nil {
		return err
	}
	if out.RC != 0 {
		said := orText(out.Stderr, out.Stdout)
		if strings.HasSuffix(action, "mask") {
			said = strings.TrimSpace(said)
		}
		return Failf("%s: %s", fmt.Sprintf(failure, action, u.Name), said)
	}
	return nil
}
