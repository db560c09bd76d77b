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
	Name  value.Value `arg:"name" type:"raw" doc:"The package, or a list of them; what else the package manager's module calls it (pkg) goes as well."`
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
		Returns:  []modules.Return{{Name: "changed", Type: "bool", When: "always", Doc: "Whether packages were changed. Further keys are those of the package manager's module."}},
	})
}

func packageManager(ctx context.Context, t Task) (*value.Dict, error) {
	name, err := wantedManager(ctx, t)
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

// wantedManager gives the package manager that the task asks for, or the
// variable ansible_package_use, else the host's.
func wantedManager(ctx context.Context, t Task) (string, error) {
	if use := firstOf(t.Args(), "use"); use != value.None && value.String(use) != "auto" {
		return value.String(use), nil
	}
	v, ok, err := t.Jinja().Lookup("ansible_package_use")
	if err != nil {
		return "", err
	}
	if ok && value.Truth(v) && value.String(v) != "auto" {
		return value.String(v), nil
	}
	return packageManagerOf(ctx, t)
}

// packageManagerOf gives the host's package manager: the one that its facts
// name, else what the host says now; "" when it has none.
func packageManagerOf(ctx context.Context, t Task) (string, error) {
	if name := knownFact(t, "pkg_mgr"); name != "" {
		return name, nil
	}
	args := value.DictOf("gather_subset", value.Strings("!all"), "filter", value.Strings("ansible_pkg_mgr"))
	no := false
	result, err := t.Invoke(ctx, "ansible.builtin.setup", args, &InvokeOptions{Check: &no, Diff: &no})
	if err != nil {
		return "", err
	}
	if value.Truth(result.At("failed")) {
		return "", modules.Failf("Failed to fetch ansible_pkg_mgr to determine the package action backend: %s", value.String(result.At("msg")))
	}
	facts, _ := result.At("ansible_facts").(*value.Dict)
	for _, key := range []string{"ansible_pkg_mgr", "pkg_mgr"} {
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
