package action

import (
	"maps"
	"slices"
	"sync"

	"drover/modules"
)

// Builtin gives the actions by the fully qualified name of their module. The
// map is the caller's own.
func Builtin() map[string]Action {
	all := controlActions()
	maps.Copy(all, fileActions())
	return all
}

// Exists reports whether there is an action for a module of this fully
// qualified name.
func Exists(module string) bool {
	_, ok := names()[module]
	return ok
}

// names are the modules that have an action.
var names = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for name := range Builtin() {
		all[name] = true
	}
	return all
})

// Specs gives the specifications of the actions whose modules do not exist on
// the host, or are chosen there, sorted by name.
func Specs() []*modules.Spec {
	var specs []*modules.Spec
	for _, name := range slices.Sorted(maps.Keys(actionSpecs())) {
		specs = append(specs, actionSpecs()[name]())
	}
	return specs
}

// actionSpecs finds the specifications of actions that are no modules by their
// full name.
var actionSpecs = sync.OnceValue(func() map[string]func() *modules.Spec {
	m := map[string]func() *modules.Spec{}
	for _, c := range slices.Concat(control(), fileOnly()) {
		m[c.name] = sync.OnceValue(c.spec)
	}
	return m
})
