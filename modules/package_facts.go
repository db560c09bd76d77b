package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type packageFactsArgs struct {
	Manager  []string `arg:"manager" default:"auto" doc:"Where to look: auto, apt or rpm."`
	Strategy string   `arg:"strategy" default:"first" choices:"first,all" doc:"Take the first manager that works, or all."`
}

// packageFactsModule lists the installed packages as facts.
func packageFactsModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.package_facts",
		Summary:  "List installed packages as facts",
		Doc:      "Gives the fact packages: each name to the list of its installed versions. dpkg's status file is read directly.",
		Check:    CheckFull,
		Examples: "- ansible.builtin.package_facts:\n- ansible.builtin.debug:\n    msg: nginx is here\n  when: \"'nginx' in ansible_facts.packages\"\n",
		Returns:  []Return{{"ansible_facts", "dict", "always", "The fact packages."}},
	}, runPackageFacts)
}

func runPackageFacts(ctx context.Context, h target.Host, _ *Call, a *packageFactsArgs) (*Result, error) {
	packages := value.NewDict(256)
	auto := slices.Contains(a.Manager, "auto")
	found := false
	for _, m := range []struct {
		name string
		list func(context.Context, target.Host, *value.Dict) bool
	}{{"apt", listDpkg}, {"rpm", listRPM}} {
		if (auto || slices.Contains(a.Manager, m.name)) && (!found || a.Strategy == "all") {
			found = m.list(ctx, h, packages) || found
		}
	}
	if !found {
		return nil, Failf("Could not detect a supported package manager from the following list: %s", strings.Join(a.Manager, ", "))
	}
	return &Result{Facts: value.DictOf("packages", packages)}, nil
}

func listDpkg(_ context.Context, h target.Host, into *value.Dict) bool {
	data, err := h.ReadFile("/var/lib/dpkg/status")
	if err != nil {
		return false
	}
	for _, paragraph := range strings.Split(string(data), "\n\n") {
		field := paragraphFields(paragraph)
		if !strings.HasSuffix(field["Status"], " installed") {
			continue
		}
		section := field["Section"]
		category, _, ok := strings.Cut(section, "/")
		if !ok {
			category = section
		}
		addPackage(into, field["Package"], value.DictOf(
			"name", field["Package"], "version", field["Version"], "arch", field["Architecture"],
			"category", category, "origin", "", "source", "apt"))
	}
	return true
}

func paragraphFields(paragraph string) map[string]string {
	fields := map[string]string{}
	for _, line := range strings.Split(paragraph, "\n") {
		if key, val, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, " ") {
			fields[key] = val
		}
	}
	return fields
}

func listRPM(ctx context.Context, h target.Host, into *value.Dict) bool {
	if _, err := h.LookPath("rpm"); err != nil {
		return false
	}
	out, err := runTool(ctx, h, "rpm", "-qa", "--qf", "%{NAME}\t%{VERSION}\t%{RELEASE}\t%{EPOCH}\t%{ARCH}\n")
	if err != nil || out.RC != 0 {
		return false
	}
	for _, line := range strings.Split(out.Stdout, "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 5 {
			continue
		}
		epoch := value.Value(value.None)
		if n, ok := lookupID(f[3], func(string) (int, bool) { return 0, false }); ok {
			epoch = value.Int(n)
		}
		arch := value.Value(value.Str(f[4]))
		if f[4] == "(none)" {
			arch = value.None
		}
		addPackage(into, f[0], value.DictOf("name", f[0], "version", f[1], "release", f[2], "epoch", epoch, "arch", arch, "source", "rpm"))
	}
	return true
}

func addPackage(into *value.Dict, name string, entry *value.Dict) {
	list, ok := into.At(name).(*value.List)
	if !ok {
		list = value.NewList()
		into.Put(name, list)
	}
	list.Append(entry)
}
