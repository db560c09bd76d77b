package action

import (
	"drover/modules"
	"drover/playbook/value"
)

// controlled is an action together with the specification of its module, for
// those that have no module on the host. The specification is worked out only
// when a task asks for it.
type controlled struct {
	name string
	spec func() *modules.Spec
	run  Func
}

// control lists the actions that steer the run rather than move files, sorted
// by name. To add one, write its file and add a line here.
func control() []controlled {
	return []controlled{
		{"ansible.builtin.add_host", addHostSpec, addHost},
		{"ansible.builtin.assert", assertSpec, assert},
		{"ansible.builtin.debug", debugSpec, debug},
		{"ansible.builtin.fail", failSpec, fail},
		{"ansible.builtin.gather_facts", gatherFactsSpec, gatherFacts},
		{"ansible.builtin.group_by", groupBySpec, groupBy},
		{"ansible.builtin.include_vars", includeVarsSpec, includeVars},
		{"ansible.builtin.package", packageSpec, packageManager},
		{"ansible.builtin.pause", pauseSpec, pause},
		{"ansible.builtin.reboot", rebootSpec, reboot},
		{"ansible.builtin.set_fact", setFactSpec, setFact},
		{"ansible.builtin.set_stats", setStatsSpec, setStats},
		{"ansible.builtin.validate_argument_spec", validateSpec, validateArgumentSpec},
		{"ansible.builtin.wait_for_connection", waitSpec, waitForConnection},
	}
}

// controlActions gives those and the controller's half of modules that the
// host has.
func controlActions() map[string]Action {
	all := map[string]Action{
		"ansible.builtin.async_status": Func(asyncStatus),
		"ansible.builtin.uri":          Func(uri),
	}
	for _, c := range control() {
		all[c.name] = c.run
	}
	return all
}

// decode reads a task's arguments into a struct.
func decode[A any](t Task, spec *modules.Spec) (*A, error) {
	a := new(A)
	return a, modules.Decode(spec, t.Args(), a)
}

// given tells whether a task sets an argument to anything but None.
func given(t Task, name string) bool {
	v, ok := t.Args().Lookup(name)
	return ok && v != value.None
}
