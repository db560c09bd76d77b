package engine

import (
	"errors"
	"io/fs"
	"slices"

	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// inclusion is what one host wants included by one result of an include task.
type inclusion struct {
	path  string               // include_tasks: the file
	role  playbook.RoleRequest // include_role
	vars  *value.Dict          // loop variables
	label string
}

func (i *inclusion) key() string {
	return i.path + "\x00" + i.role.Name + "\x00" + i.role.TasksFrom + "\x00" + value.Repr(i.vars)
}

// inclusionGroup is one thing to include and the hosts that want it.
type inclusionGroup struct {
	*inclusion
	seats []*seat
}

// include loads what the step's hosts want included, once for all hosts that
// want the same, and puts it next for each of them.
func (b *batch) include(st *step) {
	groups := inclusionGroups(st)
	// The last one goes deepest into the stack's past: push in reverse.
	blocks := make([]*playbook.Block, len(groups))
	for i, g := range groups {
		blocks[i] = b.load(st, g)
	}
	for i := len(groups) - 1; i >= 0; i-- {
		if blocks[i] == nil {
			continue
		}
		for _, s := range groups[i].seats {
			if s.live() && !st.lost[s] && s.entersRole(blocks[i]) {
				s.cursor.push(blocks[i], i)
			}
		}
	}
}

// inclusionGroups joins what hosts want included: the same thing for all of
// them, each host once.
func inclusionGroups(st *step) []*inclusionGroup {
	wanted := map[*seat][]*inclusion{}
	for _, o := range st.outcomes {
		if len(o.includes) > 0 {
			wanted[o.seat] = append(wanted[o.seat], o.includes...)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var groups []*inclusionGroup
	byKey := map[string][]*inclusionGroup{}
	for _, s := range st.runners {
		for _, inc := range wanted[s] {
			key := inc.key()
			i := slices.IndexFunc(byKey[key], func(g *inclusionGroup) bool { return g.seats[len(g.seats)-1] != s })
			if i >= 0 {
				g := byKey[key][i]
				g.seats = append(g.seats, s)
				continue
			}
			g := &inclusionGroup{inclusion: inc, seats: []*seat{s}}
			byKey[key] = append(byKey[key], g)
			groups = append(groups, g)
		}
	}
	return groups
}

// load reads a group's file or role, which counts as ok for its hosts; when that
// fails they have failed.
func (b *batch) load(st *step, g *inclusionGroup) *playbook.Block {
	names := make([]string, len(g.seats))
	for i, s := range g.seats {
		names[i] = s.name
	}
	var block *playbook.Block
	var err error
	if st.task.Include.Role {
		block, err = b.loadRole(st, g)
	} else {
		block, err = b.loadTasks(st, g)
	}
	if err != nil {
		b.failInclude(st, g, err)
		return nil
	}
	for _, fault := range playbook.Faults([]playbook.Step{block}) {
		b.run.warnFault(fault)
	}
	for _, s := range g.seats {
		s.stats.OK++
	}
	what := g.path
	if st.task.Include.Role {
		what = g.role.Name
	}
	b.run.emit(event.Included{Path: what, Hosts: names, Label: g.label, Pos: st.task.Pos})
	return block
}

// adopt gives the play the handlers and exports of the roles that import_role
// brought into something included.
func (b *batch) adopt(roles []*playbook.Role) {
	if len(roles) == 0 {
		return
	}
	for _, r := range roles {
		b.play.handlers = append(b.play.handlers, flattenHandlers(r.Handlers)...)
	}
	b.play.roles = append(b.play.roles, roles...)
	b.play.exportRoles()
}

func (b *batch) loadTasks(st *step, g *inclusionGroup) (*playbook.Block, error) {
	block, err := b.run.cfg.Loader.IncludeTasks(st.task, g.path, g.vars)
	if err == nil {
		b.adopt(block.Imported)
	}
	return block, err
}

func (b *batch) loadRole(st *step, g *inclusionGroup) (*playbook.Block, error) {
	role, err := b.run.cfg.Loader.IncludeRole(st.task, g.role, g.vars)
	if err != nil {
		return nil, err
	}
	b.play.handlers = append(b.play.handlers, flattenHandlers(role.Handlers)...)
	b.adopt(role.Tasks.Imported)
	b.play.roles = append(b.play.roles, role)
	if role.Public {
		b.play.exportRoles()
	}
	return role.Tasks, nil
}

// notLoaded is the result of an include of what is not there, or no list of
// tasks; 2.19 tells the cause under reason.
func (b *batch) notLoaded(st *step, g *inclusionGroup, err error) *value.Dict {
	result := value.DictOf("failed", true, "changed", false, "msg", errorText(err))
	if b.run.cfg.Env.Lenient {
		return result
	}
	result.Put("reason", value.Str(errorText(err)))
	if !st.task.Include.Role {
		result.Put("include", value.Str(g.path))
	}
	b.run.addException(result)
	return result
}

// failInclude fails the hosts that wanted what is not there, or no list of
// tasks. What is there but wrong ends the run; what can't be decrypted fails a task.
func (b *batch) failInclude(st *step, g *inclusionGroup, err error) {
	locked := errors.Is(err, yaml.ErrLocked) && !st.task.Include.Role
	if !locked && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, playbook.ErrNoList) {
		b.run.fault(err)
		return
	}
	for _, s := range g.seats {
		result := b.notLoaded(st, g, err)
		o := &outcome{step: st, seat: s, status: event.Failed, result: result, shown: result, err: err, absent: 1}
		if st.lost[s] { // by another item of its loop
			b.tell(o, false)
			s.stats.Failed++
			continue
		}
		st.lost[s] = true
		b.apply(o)
		st.outcomes = append(st.outcomes, o)
	}
}
