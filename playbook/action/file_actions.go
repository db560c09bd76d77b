package action

// fileOnly lists the actions of this family that have no module of their name
// on the host.
func fileOnly() []controlled {
	return []controlled{
		{"ansible.builtin.raw", rawSpec, raw},
		{"ansible.builtin.script", scriptSpec, script},
		{"ansible.builtin.template", templateSpec, template},
	}
}

// fileActions are the actions that move files between controller and host, or
// need the bare connection.
func fileActions() map[string]Action {
	c := &copier{}
	all := map[string]Action{
		"ansible.builtin.assemble":  Func(c.assemble),
		"ansible.builtin.copy":      Func(c.copy),
		"ansible.builtin.fetch":     Func(fetch),
		"ansible.builtin.unarchive": Func(c.unarchive),
		"drover.builtin.backup":     Func(backup),
	}
	for _, f := range fileOnly() {
		all[f.name] = f.run
	}
	return all
}
