package action

import (
	"context"
	"slices"
	"strings"

	"drover/modules"
	"drover/playbook/source"
	"drover/playbook/value"
)

type packageArgs struct {
	Name  value.Value `arg:"name" type:"raw" required:"true" doc:"The package, or a list of them."`
	State string      `arg:"state" doc:"present, absent, latest, or what else the host's package manager knows."`
	Use   string      `arg:"use" default:"auto" doc:"The package manager to use instead of the one that was found."`
}

func packageSpec() *modules.Spec {
	return modules.SpecOf[packageArgs](modules.Spec{
		Name:     "ansible.builtin.package",
		Summary:  "Manage packages with whatever the host has",
		Doc:      "Calls the module of the host's package manager, which is known from facts or asked for, with all its arguments.",
		AnyArgs:  true,
		Check:    modules.CheckFull,
		Diff:     true,
		Examples: "- ansible.builtin.package:\n    name: [rsync, curl]\n    state: present\n",
	})
}

func packageManager(ctx context.Context, t Task) (*value.Dict, error) {
	use := value.String(firstOf(t.Args(), "use"))
	if use == "None" || use == "auto" {
		if v, ok, err := t.Jinja().Lookup("ansible_package_use"); err == nil && ok && value.Truth(v) {
			use = value.String(v)
		}
	}
	name, err := manager(ctx, t, use, "pkg_mgr")
	if err != nil {
		return nil, err
	}
	if name == "" || name == "unknown" {
		return nil, modules.Failf("Could not detect a package manager. Try using the \"use\" option.")
	}
	module, ok := moduleNamed(name)
	if !ok {
		return nil, modules.Failf("Could not find a matching action for the \"%s\" package manager%s.", name, source.DidYouMean(name, shortNames()))
	}
	return t.Invoke(ctx, module, without(t.Args(), "use"), nil)
}

type serviceArgs struct {
	Name      string `arg:"name" required:"true" doc:"The service."`
	State     string `arg:"state" choices:"reloaded,restarted,started,stopped" doc:"What it should be, or what to do with it."`
	Enabled   *bool  `arg:"enabled" doc:"Whether it starts when the host does."`
	Pattern   string `arg:"pattern" doc:"How to find its process where there is no status command."`
	Arguments string `arg:"arguments" alias:"args" doc:"Further arguments for its init script."`
	Runlevel  string `arg:"runlevel" default:"default" doc:"The run level, for OpenRC."`
	Sleep     *int   `arg:"sleep" doc:"How many seconds to wait between stop and start of a restart."`
	Use       string `arg:"use" default:"auto" doc:"The service manager to use instead of the one that was found."`
}

func serviceSpec() *modules.Spec {
	return modules.SpecOf[serviceArgs](modules.Spec{
		Name:          "ansible.builtin.service",
		Summary:       "Manage services with whatever the host has",
		Doc:           "Calls the module of the host's service manager, which is known from facts or asked for.",
		AnyArgs:       true,
		Check:         modules.CheckFull,
		RequiredOneOf: [][]string{{"state", "enabled"}},
		Examples:      "- ansible.builtin.service:\n    name: nginx\n    state: started\n    enabled: true\n",
	})
}

// unusedBySystemd are arguments of service that systemd has no use for.
var unusedBySystemd = []string{"pattern", "runlevel", "sleep", "arguments", "args"}

func service(ctx context.Context, t Task) (*value.Dict, error) {
	use := strings.ToLower(value.String(firstOf(t.Args(), "use")))
	name, err := manager(ctx, t, use, "service_mgr")
	if err != nil {
		return nil, err
	}
	args := without(t.Args(), "use")
	module, ok := moduleNamed(name)
	if !ok || module == "ansible.builtin.service" {
		if _, ok := modules.Lookup("ansible.builtin.service"); !ok {
			return nil, modules.Failf("there is no module for the service manager '%s' of this host", name)
		}
		return t.Invoke(ctx, "ansible.builtin.service", args, nil)
	}
	if name == "systemd" {
		for _, unused := range unusedBySystemd {
			if args.Delete(value.Str(unused)) {
				t.Warn("Ignoring \"" + unused + "\" as it is not used in \"" + name + "\"")
			}
		}
	}
	return t.Invoke(ctx, module, args, nil)
}

// manager gives which manager to use: the one that was asked for, else the one
// that the facts of the host name, else what the host says now.
func manager(ctx context.Context, t Task, use, fact string) (string, error) {
	if use != "" && use != "None" && use != "auto" {
		return use, nil
	}
	if name := knownFact(t, fact); name != "" && name != "auto" {
		return name, nil
	}
	args := value.DictOf("gather_subset", value.Strings("!all"), "filter", value.Strings("ansible_"+fact))
	no := false
	result, err := t.Invoke(ctx, "ansible.builtin.setup", args, &InvokeOptions{Check: &no, Diff: &no})
	if err != nil {
		return "", err
	}
	if value.Truth(result.At("failed")) {
		return "", modules.Failf("Failed to fetch ansible_%s to determine which module to use: %s", fact, value.String(result.At("msg")))
	}
	facts, _ := result.At("ansible_facts").(*value.Dict)
	for _, key := range []string{"ansible_" + fact, fact} {
		if v, ok := facts.Lookup(key); ok {
			return value.String(v), nil
		}
	}
	return "", nil
}

// knownFact gives a fact of the host that the task runs on, or "".
func knownFact(t Task, fact string) string {
	expr := "ansible_facts." + fact + " | default('')"
	if d := t.Delegate(); d != "" {
		expr = "hostvars[" + value.Repr(value.Str(d)) + "].ansible_facts." + fact + " | default('')"
	}
	v, err := t.Jinja().Expr(expr, t.Pos())
	if err != nil {
		return ""
	}
	if v, err = t.Jinja().Evaluate(v); err != nil {
		return ""
	}
	return value.String(v)
}

// moduleNamed gives the fully qualified name of a manager's module.
func moduleNamed(name string) (string, bool) {
	m, ok := modules.Lookup(name)
	if !ok {
		return "", false
	}
	return m.Spec().Name, true
}

func shortNames() []string {
	var names []string
	for _, m := range modules.Builtin() {
		names = append(names, strings.TrimPrefix(m.Spec().Name, "ansible.builtin."))
	}
	return names
}

// without gives the arguments but for some.
func without(args *value.Dict, names ...string) *value.Dict {
	out := value.NewDict(args.Len())
	for _, e := range args.Entries() {
		if !slices.Contains(names, value.String(e.Key)) {
			out.Set(e.Key, e.Val)
		}
	}
	return out
}
