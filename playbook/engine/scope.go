package engine

import (
	"drover/playbook"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// The levels of precedence, lowest first, as a task on a host sees them
// (docs/variables.md numbers them as Ansible's documentation does):
//
//	how the host is reached · role defaults · inventory group vars, group_vars/ · host vars, host_vars/ ·
//	facts · play vars, vars_prompt, vars_files · role vars · block, include and
//	task vars · include_vars · set_fact and register · role params · include
//	params · extra vars · magic variables

// hostvarsScope is what hostvars shows of a host, without any play's or task's
// variables. Those in it see no hostvars themselves.
func (r *run) hostvarsScope(h *host) *vars.Stack {
	layers := r.hostLayers(h)
	layers = append(layers, h.included, h.registered, vars.Dict{D: r.cfg.ExtraVars}, &hostMagic{run: r, host: h, viewed: true})
	return &vars.Stack{Layers: layers, Merge: r.cfg.HashMerge}
}

// hostLayers gives a fresh list of the inventory's levels and the facts.
func (r *run) hostLayers(h *host) []vars.Layer {
	inv := r.inventoryLayers(h)
	layers := make([]vars.Layer, 0, len(inv)+16)
	layers = append(layers, inv...)
	return append(layers, h.variables)
}

// taskScope is what a task sees on a host, below its loop variables; recent
// holds what the task itself changed so far.
func (b *batch) taskScope(s *seat, p *plan, recent ...vars.Layer) *vars.Stack {
	role := p.task.Role
	reached := &connectionLayer{run: b.run, host: s.host, plan: p}
	layers := append(make([]vars.Layer, 0, 32), reached)
	layers = append(layers, *b.play.roleDefaults.Load()...)
	if role != nil {
		layers = appendDefaults(layers, role)
	}
	layers = append(layers, b.run.inventoryLayers(s.host)...)
	layers = append(layers, s.variables)
	layers = append(layers, b.play.vars...)
	layers = append(layers, s.varsFiles...)
	layers = append(layers, *b.play.roleVars.Load()...)
	if role != nil {
		layers = appendRoleVars(layers, role)
	}
	layers = append(layers, p.varLayers...)
	layers = append(layers, s.included, s.registered)
	layers = append(layers, recent...)
	if role != nil {
		layers = appendParams(layers, role)
	}
	layers = append(layers, p.includeParams...)
	magic := &taskMagic{batch: b, seat: s, plan: p}
	layers = append(layers, vars.Dict{D: b.run.cfg.ExtraVars}, &hostMagic{run: b.run, host: s.host}, magic)
	magic.scope = &vars.Stack{Layers: layers, Merge: b.run.cfg.HashMerge}
	reached.above = &vars.Stack{Layers: layers[1:], Merge: b.run.cfg.HashMerge}
	magic.shown = reached.above
	return magic.scope
}

func appendDict(layers []vars.Layer, d *value.Dict) []vars.Layer {
	if d.Len() == 0 {
		return layers
	}
	return append(layers, vars.Dict{D: d})
}

// appendDefaults adds a role's defaults above those of the roles it depends on
// and of those that depend on it.
func appendDefaults(layers []vars.Layer, r *playbook.Role) []vars.Layer {
	for _, dep := range r.Deps {
		layers = appendDefaults(layers, dep)
	}
	for i := len(r.Parents) - 1; i >= 0; i-- {
		layers = appendDict(layers, r.Parents[i].Defaults)
	}
	return appendDict(layers, r.Defaults)
}

// appendRoleVars adds what a role's own tasks see: vars/main of the role above
// that of the roles that depend on it and of those it depends on, and the vars:
// given where each is used.
func appendRoleVars(layers []vars.Layer, r *playbook.Role) []vars.Layer {
	for i := len(r.Parents) - 1; i >= 0; i-- {
		layers = appendDict(layers, r.Parents[i].Vars)
		layers = appendDict(layers, r.Parents[i].RoleVars)
	}
	for _, dep := range r.Deps {
		layers = appendExports(layers, dep)
	}
	layers = appendDict(layers, r.RoleVars)
	return appendDict(layers, r.Vars)
}

// appendExports adds what a role gives to the whole play: vars/main of the
// roles around it, of those it depends on, and its own.
func appendExports(layers []vars.Layer, r *playbook.Role) []vars.Layer {
	for i := len(r.Parents) - 1; i >= 0; i-- {
		layers = appendDict(layers, r.Parents[i].RoleVars)
	}
	for _, dep := range r.Deps {
		layers = appendExports(layers, dep)
	}
	return appendDict(layers, r.RoleVars)
}

func appendParams(layers []vars.Layer, r *playbook.Role) []vars.Layer {
	for i := len(r.Parents) - 1; i >= 0; i-- {
		layers = appendDict(layers, r.Parents[i].Params)
	}
	return appendDict(layers, r.Params)
}
