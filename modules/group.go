package modules

import (
	"context"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type groupArgs struct {
	Name      string `arg:"name" required:"true" doc:"The group's name."`
	State     string `arg:"state" default:"present" choices:"absent,present" doc:"Whether the group exists."`
	GID       *int   `arg:"gid" doc:"Number of the group."`
	System    bool   `arg:"system" default:"false" doc:"Make a system group."`
	Local     bool   `arg:"local" default:"false" doc:"Look only at /etc/group, not at directory services, and change it with the programs of libuser."`
	NonUnique bool   `arg:"non_unique" default:"false" doc:"Allow a number that another group has."`
	Force     bool   `arg:"force" default:"false" doc:"Delete a group even where it is somebody's primary group."`
	GIDMin    *int   `arg:"gid_min" doc:"Lowest number for a new group."`
	GIDMax    *int   `arg:"gid_max" doc:"Highest number for a new group."`
}

// groupModule makes groups exist or not, with groupadd, groupmod and groupdel.
func groupModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.group",
		Summary:  "Manage groups",
		Doc:      "Makes a group exist, with a number where one is given, or not exist.",
		Check:    CheckFull,
		Examples: "- name: A group for the application\n  ansible.builtin.group:\n    name: app\n    system: true\n",
		Returns: []Return{
			{"gid", "int", "when present", "The group's number."},
			{"system", "bool", "when present", "Whether a system group was asked for."},
		},
	}, runGroup)
}

func runGroup(ctx context.Context, h target.Host, c *Call, a *groupArgs) (*Result, error) {
	if a.NonUnique && a.GID == nil {
		return nil, Failf("non_unique is True but all of the following are missing: gid")
	}
	if a.Local && (a.GIDMin != nil || a.GIDMax != nil) {
		return nil, Failf("gid_min and gid_max can't be used with local: lgroupadd knows no such limits")
	}
	res := new(Result).Set("name", a.Name).Set("state", a.State)
	argv := a.command(h)
	if argv == nil {
		return a.describe(h, res), nil
	}
	res.Changed = true
	if _, exists := a.find(h); c.Check && exists && a.State == "present" {
		return a.describe(h, res), nil
	}
	if c.Check {
		return &Result{Changed: true}, nil
	}
	out, err := runTool(ctx, h, argv...)
	if err != nil {
		return nil, err
	}
	if out.RC != 0 {
		return nil, FailWith(value.DictOf("name", a.Name), "%s", orText(out.Stderr, out.said()))
	}
	if out.Stderr != "" {
		res.Set("stderr", out.Stderr)
	}
	return a.describe(h, res), nil
}

// command gives what has to be run, nil when the group is as wanted.
func (a *groupArgs) command(h target.Host) []string {
	now, exists := a.find(h)
	switch {
	case a.State == "absent" && !exists:
		return nil
	case a.State == "absent":
		return append(append([]string{localTool(a.Local, "groupdel")}, flags(a.Force && !a.Local, "-f")...), a.Name)
	case !exists:
		argv := append([]string{localTool(a.Local, "groupadd")}, a.numberOptions()...)
		argv = append(argv, flags(a.System, "-r")...)
		if a.GIDMin != nil {
			argv = append(argv, "-K", "GID_MIN="+strconv.Itoa(*a.GIDMin))
		}
		if a.GIDMax != nil {
			argv = append(argv, "-K", "GID_MAX="+strconv.Itoa(*a.GIDMax))
		}
		return append(argv, a.Name)
	case a.GID != nil && *a.GID != now.GID:
		return append(append([]string{localTool(a.Local, "groupmod")}, a.numberOptions()...), a.Name)
	}
	return nil
}

func (a *groupArgs) numberOptions() []string {
	if a.GID == nil {
		return nil
	}
	return append([]string{"-g", strconv.Itoa(*a.GID)}, flags(a.NonUnique, "-o")...)
}

func (a *groupArgs) find(h target.Host) (target.Group, bool) {
	if a.Local {
		data, _ := h.ReadFile("/etc/group")
		if !strings.Contains("\n"+string(data), "\n"+a.Name+":") {
			return target.Group{}, false
		}
	}
	return h.Users().Group(a.Name)
}

func (a *groupArgs) describe(h target.Host, res *Result) *Result {
	if g, ok := a.find(h); ok && a.State == "present" {
		res.Set("system", a.System).Set("gid", g.GID)
	}
	return res
}
