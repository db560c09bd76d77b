package modules

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type packageFactsArgs struct {
	Manager  []string `arg:"manager" default:"auto" doc:"Where to look: auto, apk, apt, pacman or rpm (also dnf, dnf5, yum, zypper), in this order."`
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

// packageLister lists the packages that one manager knows.
type packageLister struct {
	name  string
	names []string // of managers that keep their packages in the same place
	tool  string   // the program it needs
	list  func(ctx context.Context, h target.Host, into *value.Dict) error
}

// packageListers gives the managers in the order in which auto tries them.
func packageListers() []packageLister {
	return []packageLister{
		{"apk", nil, "apk", listAPK},
		{"apt", nil, "", listDpkg},
		{"pacman", nil, "pacman", listPacman},
		{"rpm", []string{"dnf", "dnf5", "yum", "zypper"}, "rpm", listRPM},
	}
}

func runPackageFacts(ctx context.Context, h target.Host, _ *Call, a *packageFactsArgs) (*Result, error) {
	listers, err := a.listers()
	if err != nil {
		return nil, err
	}
	res, packages := new(Result), value.NewDict(256)
	for _, l := range listers {
		if a.Strategy == "first" && packages.Len() > 0 {
			break
		}
		l.add(ctx, h, packages, res, slices.Contains(a.Manager, l.name))
	}
	if packages.Len() == 0 {
		return nil, FailWith(value.DictOf("warnings", value.Strings(res.Warnings...)),
			"Could not detect a supported package manager from the following list: %s, or the required Python library is not installed. Check warnings for details.", value.Repr(value.Strings(a.Manager...)))
	}
	res.Facts = value.DictOf("packages", packages)
	return res, nil
}

// listers gives the managers that are asked for, each once.
func (a *packageFactsArgs) listers() ([]packageLister, error) {
	var chosen []packageLister
	add := func(l packageLister) {
		if !slices.ContainsFunc(chosen, func(c packageLister) bool { return c.name == l.name }) {
			chosen = append(chosen, l)
		}
	}
	all := packageListers()
	for _, name := range a.Manager {
		name = strings.ToLower(name)
		i := slices.IndexFunc(all, func(l packageLister) bool { return l.name == name || slices.Contains(l.names, name) })
		if i >= 0 {
			add(all[i])
		} else if name != "auto" {
			return nil, Failf("Unsupported package managers requested: %s", name)
		}
	}
	if slices.Contains(a.Manager, "auto") {
		for _, l := range all {
			add(l)
		}
	}
	return chosen, nil
}

// add lists the manager's packages. What it can't list is a warning; a
// manager that is not there is one only if it was asked for.
func (l packageLister) add(ctx context.Context, h target.Host, packages *value.Dict, res *Result, asked bool) {
	warn := func(format string, args ...any) { res.Warnings = append(res.Warnings, fmt.Sprintf(format, args...)) }
	if err := l.missing(h); err != nil {
		if asked {
			warn("Requested package manager %s was not usable by this module: %s", l.name, err)
		}
		return
	}
	before := packages.Len()
	if err := l.list(ctx, h, packages); err != nil {
		warn("Failed to retrieve packages with %s: %s", l.name, err)
	}
	if packages.Len() == before {
		warn("Found \"%s\" but no associated packages", l.name)
	}
}

// missing tells what the manager lacks on this host.
func (l packageLister) missing(h target.Host) error {
	if l.tool != "" {
		_, err := requireTool(h, l.tool)
		return err
	}
	if _, err := h.Stat(dpkgStatusPath); err != nil {
		return Failf("there is no %s", dpkgStatusPath)
	}
	return nil
}

const dpkgStatusPath = "/var/lib/dpkg/status"

func listDpkg(_ context.Context, h target.Host, into *value.Dict) error {
	data, err := h.ReadFile(dpkgStatusPath)
	if err != nil {
		return err
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
	return nil
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

// packageList runs the program that lists packages.
func packageList(ctx context.Context, h target.Host, argv ...string) (string, error) {
	out, err := runTool(ctx, h, argv...)
	if err == nil && out.RC != 0 {
		err = Failf("Unable to list packages rc=%d : %s", out.RC, out.Stderr)
	}
	return out.Stdout, err
}

func listRPM(ctx context.Context, h target.Host, into *value.Dict) error {
	list, err := packageList(ctx, h, "rpm", "-qa", "--qf", "%{NAME}\t%{VERSION}\t%{RELEASE}\t%{EPOCH}\t%{ARCH}\n")
	if err != nil {
		return err
	}
	for _, line := range strings.Split(list, "\n") {
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
	return nil
}

// listAPK reads names such as musl-utils-1.2.4-r2: name, version, release.
func listAPK(ctx context.Context, h target.Host, into *value.Dict) error {
	list, err := packageList(ctx, h, "apk", "info", "-v")
	if err != nil {
		return err
	}
	for _, full := range splitLines(list) {
		name, version, release := full, "", ""
		if f := strings.Split(full, "-"); len(f) > 2 {
			n := len(f) - 2
			name, version, release = strings.Join(f[:n], "-"), f[n], f[n+1]
		}
		addPackage(into, name, value.DictOf("name", name, "version", version, "release", release, "source", "apk"))
	}
	return nil
}

func listPacman(ctx context.Context, h target.Host, into *value.Dict) error {
	list, err := packageList(ctx, h, "pacman", "-Qi")
	if err != nil {
		return err
	}
	for _, paragraph := range strings.Split(strings.TrimSpace(list), "\n\n") {
		f := pacmanFields(paragraph)
		provides := value.Value(value.None)
		if f["Provides"] != "None" {
			l := value.NewList()
			for _, p := range strings.Fields(f["Provides"]) {
				name, _, _ := strings.Cut(p, "=")
				l.Append(value.Str(name))
			}
			provides = l
		}
		addPackage(into, f["Name"], value.DictOf("name", f["Name"], "version", f["Version"], "arch", f["Architecture"],
			"provides", provides, "source", "pacman"))
	}
	return nil
}

// pacmanFields reads one package's block, where a value may go on in the lines
// below it.
func pacmanFields(paragraph string) map[string]string {
	fields, last := map[string]string{}, ""
	for _, line := range splitLines(paragraph) {
		key, val, ok := strings.Cut(line, " : ")
		if ok && !strings.HasPrefix(line, " ") {
			last = strings.TrimSpace(key)
			fields[last] = val
		} else {
			fields[last] += "  " + strings.TrimSpace(line)
		}
	}
	return fields
}

func addPackage(into *value.Dict, name string, entry *value.Dict) {
	list, ok := into.At(name).(*value.List)
	if !ok {
		list = value.NewList()
		into.Put(name, list)
	}
	list.Append(entry)
}
