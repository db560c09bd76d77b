package engine

import (
	"slices"

	"drover/playbook/source"
	"drover/playbook/value"
)

// effects notes what a result changes besides being registered: facts and
// variables are seen by the items after this one, and by the rest of the run
// when the task is over.
func (i *itemRun) effects(result *value.Dict) {
	if isTrue(itemResult{dict: result}, "unreachable") {
		return
	}
	if facts, ok := result.At("ansible_facts").(*value.Dict); ok {
		i.factEffect(result, facts)
	}
	if d, ok := result.At("ansible_stats").(*value.Dict); ok {
		i.effect(func(b *batch, s *seat) { b.run.setStats(s.name, d) })
	}
}

// inventoryEffects changes the inventory as add_host asks, at once, and says in
// the result whether that changed anything. What group_by asks is done when all
// hosts of the step are through, in their order: groups keep it.
func (i *itemRun) inventoryEffects(result *value.Dict) {
	if d, ok := result.At("add_host").(*value.Dict); ok {
		i.addHost(result, d)
	}
	if group, ok := value.AsString(result.At("add_group")); ok {
		j := groupJoin{group: group, parents: stringsOf(result.At("parent_groups"))}
		result.Put("changed", value.Bool(i.joins(j)))
		i.out.joins = append(i.out.joins, j)
	}
}

// groupJoin is a group, with its parents, that a host joins.
type groupJoin struct {
	group   string
	parents []string
}

// joins reports whether joining changes anything, now or by an earlier item.
func (i *itemRun) joins(j groupJoin) bool {
	joins, below := i.batch.run.inventory().WouldJoin(i.seat.name, j.group, j.parents...)
	changed := joins && !slices.ContainsFunc(i.out.joins, func(o groupJoin) bool { return o.group == j.group })
	for _, parent := range below { // the first host of the step that asks changes that
		_, claimed := i.step.claims.LoadOrStore([2]string{j.group, parent}, true)
		changed = changed || !claimed
	}
	return changed
}

// joinGroups lets the hosts of a step join what their results say.
func (b *batch) joinGroups(st *step) {
	var joins map[*seat][]groupJoin
	for _, o := range st.outcomes {
		if len(o.joins) == 0 {
			continue
		}
		if joins == nil {
			joins = map[*seat][]groupJoin{}
		}
		joins[o.seat] = append(joins[o.seat], o.joins...)
	}
	if joins == nil {
		return
	}
	for _, s := range st.runners {
		for _, j := range joins[s] {
			changed, err := b.run.inventory().AddHostToGroup(s.name, j.group, j.parents...)
			if err != nil {
				b.run.fault(source.Wrap(st.task.Pos, err))
				return
			}
			if changed {
				b.run.inventoryGeneration.Add(1)
			}
		}
	}
}

func (i *itemRun) effect(e effect) { i.out.effects = append(i.out.effects, e) }

func (i *itemRun) factEffect(result, facts *value.Dict) {
	to := func(s *seat) *host { return s.host }
	if i.kw.delegate != nil && i.kw.delegateFacts {
		delegate := i.kw.delegate
		to = func(*seat) *host { return delegate }
	}
	switch i.module {
	case "ansible.builtin.set_fact":
		i.overlay.Update(facts)
		cacheable := isTrue(itemResult{dict: result}, "_ansible_facts_cacheable")
		classes := i.textClasses()
		i.effect(func(b *batch, s *seat) {
			to(s).registered.Update(facts)
			for name, class := range classes {
				to(s).registered.Classify(name, class)
			}
			if cacheable {
				b.run.storeFacts(to(s), facts)
			}
		})
	case "ansible.builtin.include_vars":
		i.overlay.Update(facts)
		i.effect(func(b *batch, s *seat) { to(s).include(facts, b.run.cfg.HashMerge) })
	default:
		i.overlay.Update(facts)
		i.effect(func(b *batch, s *seat) {
			b.run.storeFacts(to(s), facts)
			b.readVarsFiles(s)
		})
	}
}

// ownFacts are modules whose results hold what the playbook says, not a host.
var ownFacts = map[string]bool{"ansible.builtin.set_fact": true, "ansible.builtin.include_vars": true}

// textClasses gives the classes that versions before 2.19 have for the text in
// what set_fact sets; none when such a version is not imitated.
func (i *itemRun) textClasses() map[string]string {
	if !i.batch.run.cfg.Env.Lenient {
		return nil
	}
	classes := map[string]string{}
	for _, e := range i.step.task.Args.Entries() {
		classes[value.String(e.Key)] = i.jinja.TextClass(e.Val)
	}
	return classes
}

// addHost does what add_host asks for; its result is {host_name, groups,
// host_vars}.
func (i *itemRun) addHost(result, d *value.Dict) {
	vars, _ := d.At("host_vars").(*value.Dict)
	added, changed, err := i.batch.run.inventory().AddHost(value.String(d.At("host_name")), stringsOf(d.At("groups")), vars)
	i.inventoryChanged(result, changed, err)
	if err == nil && changed {
		i.effect(func(b *batch, _ *seat) { b.play.know(b.run.hosts.get(added)) })
	}
}

// know makes a host that add_host brought one of those that the play's magic
// variables name; it takes part from the next play on.
func (pr *playRun) know(h *host) {
	if !pr.matched.has(h) {
		pr.matched.add(h)
	}
}

func (i *itemRun) inventoryChanged(result *value.Dict, changed bool, err error) {
	if err != nil {
		i.batch.run.fault(source.Wrap(i.step.task.Pos, err))
		return
	}
	result.Put("changed", value.Bool(changed))
	if changed {
		i.batch.run.inventoryGeneration.Add(1)
	}
}

func stringsOf(v value.Value) []string {
	seq, ok := v.(value.Sequence)
	if !ok {
		return nil
	}
	out := make([]string, seq.Len())
	for i := range out {
		out[i] = value.String(seq.Index(i))
	}
	return out
}

// setStats takes the result of set_stats: {data, per_host, aggregate}.
func (r *run) setStats(hostName string, d *value.Dict) {
	key := "_run"
	if value.Truth(d.At("per_host")) {
		key = hostName
	}
	data, _ := d.At("data").(*value.Dict)
	have := r.custom[key]
	if have == nil {
		have = value.NewDict(data.Len())
		r.custom[key] = have
	}
	aggregate := value.Truth(d.At("aggregate"))
	for _, e := range data.Entries() {
		old, there, _ := have.Get(e.Key)
		if aggregate && there {
			have.Set(e.Key, sumStats(old, e.Val))
			continue
		}
		have.Set(e.Key, e.Val)
	}
}

// sumStats adds numbers and joins lists and dicts; anything else is replaced.
func sumStats(old, add value.Value) value.Value {
	if a, ok := value.AsInt(old); ok {
		if b, ok := value.AsInt(add); ok {
			return value.Int(a + b)
		}
	}
	switch a := old.(type) {
	case *value.List:
		if b, ok := add.(*value.List); ok {
			return value.NewList(append(append([]value.Value{}, a.Elems...), b.Elems...)...)
		}
	case *value.Dict:
		if b, ok := add.(*value.Dict); ok {
			return a.Clone().Update(b)
		}
	case value.Str:
		if b, ok := value.AsString(add); ok {
			return a + value.Str(b)
		}
	}
	return add
}

// notifyWhen notes the handlers of a result. They are notified when the task
// as a whole changed something and did not fail: of a loop those of all items.
func (o *outcome) notifyWhen(r itemResult) {
	o.notify = append(o.notify, r.notify...)
}
