package modules

import (
	"context"
	"regexp"
	"strings"

	"drover/modules/target"
)

type modprobeArgs struct {
	Name       string `arg:"name" required:"true" doc:"The kernel module."`
	State      string `arg:"state" default:"present" choices:"absent,present" doc:"Whether it is loaded."`
	Params     string `arg:"params" default:"" doc:"Parameters for loading it."`
	Persistent string `arg:"persistent" default:"disabled" choices:"disabled,present,absent" doc:"Whether it is loaded at boot as well: files in modules-load.d and modprobe.d."`
}

// modprobeModule loads and unloads kernel modules.
func modprobeModule() Module {
	return Define(Spec{
		Name:     "community.general.modprobe",
		Summary:  "Load and unload kernel modules",
		Doc:      "Makes a kernel module be loaded or not, now and with persistent after the next boot.",
		Check:    CheckFull,
		Examples: "- community.general.modprobe:\n    name: br_netfilter\n    persistent: present\n",
		Returns: []Return{
			{"name", "str", "always", "The kernel module."},
			{"state", "str", "always", "As asked for."},
			{"params", "str", "always", "Its parameters, as given."},
		},
	}, runModprobe)
}

func runModprobe(ctx context.Context, h target.Host, c *Call, a *modprobeArgs) (*Result, error) {
	res := new(Result).Set("name", a.Name).Set("state", a.State).Set("params", a.Params)
	if a.loaded(h) != (a.State == "present") {
		res.Changed = true
		argv := append([]string{"modprobe", a.Name}, strings.Fields(a.Params)...)
		if a.State == "absent" {
			argv = []string{"modprobe", "-r", a.Name}
		}
		if !c.Check {
			if _, err := mustRun(ctx, h, argv...); err != nil {
				return nil, err
			}
		}
	}
	changed, err := a.persist(h, c.Check)
	res.Changed = res.Changed || changed
	return res, err
}

// loaded looks into the list of loaded modules and of those built in.
func (a *modprobeArgs) loaded(h target.Host) bool {
	name := strings.ReplaceAll(a.Name, "-", "_")
	data, _ := h.ReadFile("/proc/modules")
	if strings.Contains("\n"+string(data), "\n"+name+" ") {
		return true
	}
	release, _ := h.ReadFile("/proc/sys/kernel/osrelease")
	builtin, _ := h.ReadFile("/lib/modules/" + strings.TrimSpace(string(release)) + "/modules.builtin")
	return strings.Contains(strings.ReplaceAll(string(builtin), "-", "_"), "/"+name+".ko")
}

// persist makes the files for the next boot agree: ours with the wanted line,
// and no other file naming the module where it shall not be loaded.
func (a *modprobeArgs) persist(h target.Host, check bool) (changed bool, err error) {
	if a.Persistent == "disabled" {
		return false, nil
	}
	options := ""
	if a.Params != "" {
		options = "options " + a.Name + " " + a.Params + "\n"
	}
	for _, f := range []struct{ dir, text string }{
		{"/etc/modules-load.d/", a.Name + "\n"}, {"/etc/modprobe.d/", options},
	} {
		want := f.text
		if a.Persistent == "absent" {
			want = ""
		}
		did, err := a.bootFile(h, f.dir, want, check)
		changed = changed || did
		if err != nil {
			return changed, err
		}
	}
	return changed, nil
}

func (a *modprobeArgs) bootFile(h target.Host, dir, want string, check bool) (changed bool, err error) {
	line := regexp.MustCompile(`(?m)^\s*(?:options\s+)?` + regexp.QuoteMeta(a.Name) + `\b.*\n?`)
	own := dir + a.Name + ".conf"
	for _, file := range globHost(h, dir+"*.conf") {
		data, err := h.ReadFile(file)
		if err != nil || !line.Match(data) || string(data) == want && file == own {
			continue
		}
		changed = true
		if check {
			continue
		}
		if err := replaceContent(h, file, line.ReplaceAll(data, nil)); err != nil {
			return changed, Failf("can't write %s: %w", file, reason(err))
		}
	}
	now, _ := h.ReadFile(own)
	if want == "" || string(now) == want {
		return changed, nil
	}
	if !check {
		if err := replaceContent(h, own, []byte(want)); err != nil {
			return true, Failf("can't write %s: %w", own, reason(err))
		}
	}
	return true, nil
}
