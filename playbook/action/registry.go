package action

import (
	"maps"
	"slices"
	"strings"

	"drover/modules"
)

// Builtin gives the actions by the fully qualified name of their module. The
// map is the caller's own.
func Builtin() map[string]Action {
	all := controlActions()
	maps.Copy(all, fileActions())
	return all
}

// Specs gives the specifications of the actions whose modules do not exist on
// the host, or are chosen there, sorted by name.
func Specs() []*modules.Spec {
	var specs []*modules.Spec
	for _, c := range slices.Concat(control(), fileOnly()) {
		specs = append(specs, c.spec)
	}
	slices.SortFunc(specs, func(a, b *modules.Spec) int { return strings.Compare(a.Name, b.Name) })
	return specs
}
