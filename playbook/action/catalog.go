package action

import (
	"slices"
	"strings"
	"sync"

	"drover/modules"
)

// Catalog gives the specifications of everything that a task can call, of
// modules and of actions, sorted by name.
var Catalog = sync.OnceValue(func() []*modules.Spec {
	byName := map[string]*modules.Spec{}
	for _, m := range modules.Builtin() {
		byName[m.Spec().Name] = m.Spec()
	}
	for _, s := range Specs() {
		byName[s.Name] = s
	}
	all := make([]*modules.Spec, 0, len(byName))
	for _, s := range byName {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *modules.Spec) int { return strings.Compare(a.Name, b.Name) })
	return all
})

// Spec finds a specification by a full, legacy or short name.
func Spec(name string) (*modules.Spec, bool) {
	full := name
	if rest, ok := strings.CutPrefix(name, "ansible.legacy."); ok {
		full = "ansible.builtin." + rest
	} else if !strings.Contains(name, ".") {
		full = "ansible.builtin." + name
	}
	if spec, ok := actionSpecs()[full]; ok {
		return spec(), true
	}
	if m, ok := modules.Lookup(name); ok {
		return m.Spec(), true
	}
	return nil, false
}
