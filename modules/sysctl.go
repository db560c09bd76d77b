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
	present := a.State == "present"
	switch {
	case a.Name == "":
		return nil, Failf("name cannot be blank")
	case present && a.Value == "":
		return nil, Failf("value cannot be blank")
	}
	a.Name, a.Value = strings.TrimSpace(a.Name), sysctlValue(a.Value)
	data, _ := h.ReadFile(a.File)
	lines, inFile := editSysctl(splitLines(string(data)), a)
	now, _ := h.ReadFile(sysctlFile(a.Name))
	rewrite := inFile == nil && present || inFile != nil && (!present || *inFile != a.Value)
	differs := present && !slices.Equal(strings.Fields(string(now)), strings.Fields(a.Value))
	res := &Result{Changed: rewrite || differs && (a.Set || a.Reload && inFile != nil)}
	if c.Check || !res.Changed {
		return res, nil
	}
	if a.Set && differs {
		if err := a.sysctl(ctx, h, "-w", a.Name+"="+a.Value); err != nil {
			return nil, err
		}
	}
	if rewrite {
		if err := replaceContent(h, a.File, []byte(strings.Join(lines, "\n")+"\n")); err != nil {
			return nil, Failf("Failed to write to file %s: %w", a.File, reason(err))
		}
	}
	if a.Reload {
		return res, a.sysctl(ctx, h, "-p", a.File)
	}
	return res, nil
}

// sysctlFile gives the kernel's file of a setting. The first separator in a
// name tells which one stands for the slash.
func sysctlFile(name string) string {
	if i := strings.IndexAny(name, "./"); i >= 0 && name[i] == '.' {
		name = strings.NewReplacer(".", "/", "/", ".").Replace(name)
	}
	return "/proc/sys/" + name
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
		err = Failf("%s: %s", what, out.Stdout+out.Stderr)
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

// editSysctl puts the setting where it stands, once, or at the end, and writes
// all settings alike, each once. inFile is the value that counted so far, nil
// when there was none.
func editSysctl(lines []string, a *sysctlArgs) (edited []string, inFile *string) {
	seen := map[string]bool{}
	for _, line := range lines {
		line = strings.TrimSpace(line)
		key, val, ok := strings.Cut(line, "=")
		if !ok || line[0] == '#' || line[0] == ';' {
			edited = append(edited, line)
			continue
		}
		key, val = strings.TrimSpace(key), strings.TrimSpace(val)
		wanted := val
		if key == a.Name {
			inFile, wanted = &val, a.Value
		}
		if !seen[key] && (key != a.Name || a.State == "present") {
			edited = append(edited, key+"="+wanted)
		}
		seen[key] = true
	}
	if a.State == "present" && inFile == nil {
		edited = append(edited, a.Name+"="+a.Value)
	}
	return edited, inFile
}
