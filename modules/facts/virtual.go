package facts

import (
	"context"
	"slices"

	"drover/playbook/value"
)

// virt collects the signs of virtualization. The first sign decides the type
// and the role; all signs are listed as technologies.
type virt struct {
	kind, role  string
	found       bool
	guest, host map[string]bool
}

// virtualization tells whether the host is a guest, on what, and what guests
// it could carry itself.
func virtualization(ctx context.Context, m *machine) *value.Dict {
	v := &virt{guest: map[string]bool{}, host: map[string]bool{}}
	v.containers(m)
	v.xen(m)
	v.firmware(m)
	v.processors(m)
	v.kernelModules(m)
	v.dmidecode(ctx, m)
	if m.exists("/dev/kvm") {
		v.hosts("kvm")
	}
	if !v.found {
		v.kind, v.role = "NA", "NA"
	}
	return value.DictOf(
		"virtualization_type", v.kind, "virtualization_role", v.role,
		"virtualization_tech_guest", names(v.guest), "virtualization_tech_host", names(v.host),
	)
}

// is notes that the host is a guest of tech.
func (v *virt) is(tech string) {
	v.guest[tech] = true
	v.decide(tech, "guest")
}

// hosts notes that the host can carry guests of tech.
func (v *virt) hosts(tech string) {
	v.host[tech] = true
	v.decide(tech, "host")
}

func (v *virt) decide(kind, role string) {
	if !v.found {
		v.kind, v.role, v.found = kind, role, true
	}
}

func names(set map[string]bool) []string {
	list := []string{}
	for name := range set {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
