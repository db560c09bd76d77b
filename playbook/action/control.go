package action

import (
	"drover/modules"
	"drover/playbook/value"
)

// controlled is an action together with the specification of its module, for
// those that have no module on the host.
type controlled struct {
	spec *modules.Spec
	run  Func
}

// control lists the actions that steer the run rather than move files, sorted
// by name. To add one, write its file and add a line here.
func control() []controlled {
	return []controlled{
		{addHostSpec(), addHost},
		{assertSpec(), assert},
		{debugSpec(), debug},
		{failSpec(), fail},
		{gatherFactsSpec(), gatherFacts},
		{groupBySpec(), groupBy},
		{includeVarsSpec(), includeVars},
		{packageSpec(), packageManager},
		{pauseSpec(), pause},
		{rebootSpec(), reboot},
		{setFactSpec(), setFact},
		{setStatsSpec(), setStats},
		{validateSpec(), validateArgumentSpec},
		{waitSpec(), waitForConnection},
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
		all[c.spec.Name] = c.run
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
