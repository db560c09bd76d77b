package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
)

type sysctlArgs struct {
	Name         string `arg:"name" alias:"key" required:"true" doc:"The setting, with dots or slashes."`
	Value        string `arg:"value" alias:"val" doc:"Its value."`
	State        string `arg:"state" default:"present" choices:"present,absent" doc:"Whether the file has it."`
	IgnoreErrors bool   `arg:"ignoreerrors" default:"false" doc:"Do not fail on settings the kernel does not know."`
	Reload       bool   `arg:"reload" default:"true" doc:"Load the file after a change."`
	File         string `arg:"sysctl_file" type:"path" default:"/etc/sysctl.conf" doc:"The file."`
	Set          bool   `arg:"sysctl_set" default:"false" doc:"Set the running kernel's value too, where it differs."`
}

// sysctlModule keeps a setting of the kernel in a file and in the kernel.
func sysctlModule() Module {
	return Define(Spec{
		Name:     "ansible.posix.sysctl",
		Summary:  "Manage kernel settings",
		Doc:      "Makes a setting be in sysctl.conf (or not), loads the file after a change, and with sysctl_set makes the running kernel agree.",
		Check:    CheckFull,
		Examples: "- ansible.posix.sysctl:\n    name: net.ipv4.ip_forward\n    value: '1'\n    sysctl_set: true\n",
		Returns:  []Return{{"changed", "bool", "always", "Whether the file or the running kernel's setting was changed."}},
		RequiredIf: []RequiredIf{
			{Arg: "state", Value: "present", Needs: []string{"value"}},
		},
	}, runSysctl)
}

func runSysctl(ctx context.Context, h target.Host, c *Call, a *sysctlArgs) (*Result, error) {
	if strings.TrimSpace(a.Name) == "" {
		return nil, Failf("name cannot be blank")
	}
	a.Value = sysctlValue(a.Value)
	data, _ := h.ReadFile(a.File)
	lines, fileChanged := editSysctl(strings.Split(strings.TrimSuffix(string(data), "\n"), "\n"), a)
	kernelChanged := false
	if a.Set && a.State == "present" {
		out, err := runTool(ctx, h, "sysctl", "-e", "-n", a.Name)
		if err != nil {
			return nil, err
		}
		kernelChanged = !slices.Equal(strings.Fields(out.Stdout), strings.Fields(a.Value))
	}
	res := &Result{Changed: fileChanged || kernelChanged}
	if c.Check || !res.Changed {
		return res, nil
	}
	if kernelChanged {
		if err := a.sysctl(ctx, h, "-w", a.Name+"="+a.Value); err != nil {
			return nil, err
		}
	}
	if !fileChanged {
		return res, nil
	}
	if err := replaceContent(h, a.File, []byte(strings.TrimLeft(strings.Join(lines, "\n")+"\n", "\n"))); err != nil {
		return nil, Failf("Failed to write to file %s: %w", a.File, reason(err))
	}
	if a.Reload {
		return res, a.sysctl(ctx, h, "-p", a.File)
	}
	return res, nil
}

// sysctl runs the program. With ignoreerrors it passes over settings that the
// kernel does not know; what the kernel refuses is a failure all the same.
func (a *sysctlArgs) sysctl(ctx context.Context, h target.Host, args ...string) error {
	argv := append([]string{"sysctl"}, flags(a.IgnoreErrors, "-e")...)
	out, err := runTool(ctx, h, append(argv, args...)...)
	if err == nil && (out.RC != 0 || strings.Contains(out.Stderr, "Invalid argument") || strings.Contains(out.Stderr, "Read-only file system")) {
		what := "setting " + a.Name + " failed"
		if args[0] == "-p" {
			what = "Failed to reload sysctl"
		}
		err = Failf("%s: %s", what, out.said())
	}
	return err
}

// sysctlValue turns words for booleans into what the kernel takes.
func sysctlValue(v string) string {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "yes", "true", "on":
		return "1"
	case "no", "false", "off":
		return "0"
	}
	return strings.TrimSpace(v)
}

// editSysctl puts the setting where it stands, once, or at the end.
func editSysctl(lines []string, a *sysctlArgs) (edited []string, changed bool) {
	found := false
	for _, line := range lines {
		key, val, ok := strings.Cut(line, "=")
		comment := strings.HasPrefix(strings.TrimSpace(line), "#") || strings.HasPrefix(strings.TrimSpace(line), ";")
		if !ok || comment || !sameSetting(strings.TrimSpace(key), a.Name) {
			edited = append(edited, line)
			continue
		}
		if a.State == "absent" || found {
			changed = true
			continue
		}
		found = true
		if strings.TrimSpace(val) != a.Value {
			changed = true
			line = a.Name + "=" + a.Value
		}
		edited = append(edited, line)
	}
	if a.State == "present" && !found {
		return append(edited, a.Name+"="+a.Value), true
	}
	return edited, changed
}

// sameSetting compares names that may be written with dots or slashes.
func sameSetting(a, b string) bool {
	return strings.ReplaceAll(a, "/", ".") == strings.ReplaceAll(b, "/", ".")
}
