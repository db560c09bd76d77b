package modules

import (
	"context"
	"strings"

	"drover/modules/target"
)

type dpkgSelectionsArgs struct {
	Name      string `arg:"name" required:"true" doc:"The package."`
	Selection string `arg:"selection" required:"true" choices:"install,hold,deinstall,purge" doc:"What dpkg shall want of it; hold keeps it from being changed."`
}

// dpkgSelectionsModule sets what dpkg wants of a package, above all hold.
func dpkgSelectionsModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.dpkg_selections",
		Summary:  "Hold packages and set other dpkg selections",
		Doc:      "Makes the selection state of a package the given one. It installs and removes nothing.",
		Check:    CheckFull,
		Examples: "- name: No upgrades of postgres\n  ansible.builtin.dpkg_selections:\n    name: postgresql-15\n    selection: hold\n",
		Returns:  []Return{{"before", "str", "always", "The selection before."}, {"after", "str", "always", "The selection now."}},
	}, runDpkgSelections)
}

func runDpkgSelections(ctx context.Context, h target.Host, c *Call, a *dpkgSelectionsArgs) (*Result, error) {
	out, err := mustRun(ctx, h, "dpkg", "--get-selections", a.Name)
	if err != nil {
		return nil, err
	}
	if strings.Contains(out.Stderr, "no packages found matching") {
		return nil, Failf("Failed to find package '%s' to perform selection '%s'.", a.Name, a.Selection)
	}
	before := "not present"
	if f := strings.Fields(out.Stdout); len(f) > 1 {
		before = f[1]
	}
	res := (&Result{Changed: before != a.Selection}).Set("before", before).Set("after", a.Selection)
	if c.Check || !res.Changed {
		return res, nil
	}
	argv := []string{"dpkg", "--set-selections"}
	set, err := runToolWith(ctx, h, target.Cmd{Argv: argv, Stdin: strings.NewReader(a.Name + " " + a.Selection)})
	if err != nil {
		return nil, err
	}
	return res, set.failure(argv)
}
