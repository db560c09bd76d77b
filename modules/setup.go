package modules

import (
	"context"
	"time"

	"drover/modules/facts"
	"drover/modules/target"
)

type setupArgs struct {
	Subset   []string `arg:"gather_subset" default:"all" doc:"Which facts to gather: all, min, hardware, network, virtual, facter, ohai, the name of one group; with ! before it a group is left out."`
	Timeout  int      `arg:"gather_timeout" default:"10" doc:"Seconds after which a program or file system that does not answer is given up."`
	Filter   []string `arg:"filter" doc:"Give only the facts whose names match one of these shell patterns; the prefix ansible_ may be left out."`
	FactPath string   `arg:"fact_path" type:"path" default:"/etc/ansible/facts.d" doc:"Folder on the host with the administrator's own *.fact files (JSON, INI, or programs that print these)."`
}

// setupModule gathers the facts of a host. It changes nothing.
func setupModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.setup",
		Summary: "Gather facts about a host",
		Doc: "Finds out system, hardware, network, users and the administrator's own facts under Ansible's names. " +
			"The facts ansible_python and ansible_python_version do not exist, since no Python is involved.",
		Check:    CheckFull,
		Examples: "- name: Network facts only\n  ansible.builtin.setup:\n    gather_subset: ['!all', '!min', network]\n",
		Returns:  []Return{{"ansible_facts", "dict", "always", "The facts."}},
	}, runSetup)
}

func runSetup(ctx context.Context, h target.Host, _ *Call, a *setupArgs) (*Result, error) {
	found, err := facts.Gather(ctx, h, facts.Options{
		Subset: a.Subset, Filter: a.Filter, FactPath: a.FactPath,
		Timeout: time.Duration(a.Timeout) * time.Second,
	})
	if err != nil {
		return nil, Failf("%w", err)
	}
	return &Result{Facts: found.Facts, Warnings: found.Warnings}, nil
}
