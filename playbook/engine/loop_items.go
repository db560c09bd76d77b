package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"drover/playbook/event"
	"drover/playbook/filters"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// loopItems evaluates what the task loops over. When that needs a name which is
// undefined but the task's conditions say skip, skip holds the skipped result,
// as in Ansible.
func (i *itemRun) loopItems() (items []value.Value, skip *value.Dict, err error) {
	items, err = i.evalLoop()
	if err == nil {
		return items, nil, nil
	}
	if jinja.KindOf(err) != jinja.KindUndefined {
		return nil, nil, err
	}
	if skip, whenErr := i.skip(); whenErr == nil && skip != nil {
		return nil, skip, nil
	}
	return nil, nil, err
}

func (i *itemRun) evalLoop() ([]value.Value, error) {
	task := i.step.task
	if task.LoopWith != "" {
		return i.lookupItems()
	}
	v, err := i.jinja.Evaluate(task.Loop)
	if err != nil {
		return nil, source.Wrap(task.Keys["loop"], err)
	}
	switch v := v.(type) {
	case *value.List:
		return v.Elems, nil
	case value.Tuple:
		return v, nil
	}
	e := source.Errorf(task.Keys["loop"], "loop needs a list, but its value is of type '%s': %s", v.Type(), shorten(value.Repr(v)))
	if _, isDict := v.(value.Mapping); isDict {
		return nil, e.WithHint("use \"{{ … | dict2items }}\" to loop over a dictionary")
	}
	return nil, e.WithHint("write a list, or wrap the value: loop: [\"{{ … }}\"]")
}

func shorten(s string) string {
	const most = 120
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// lookupItems runs the lookup of a with_x.
func (i *itemRun) lookupItems() ([]value.Value, error) {
	task := i.step.task
	pos := task.Keys["with_"+task.LoopWith]
	lookup, ok := filters.Lookup(task.LoopWith)
	if !ok {
		return nil, source.Errorf(pos, "with_%s: there is no lookup '%s'", task.LoopWith, task.LoopWith)
	}
	evaluate := i.jinja.Evaluate
	if strings.TrimPrefix(task.LoopWith, "ansible.builtin.") == "first_found" {
		evaluate = i.jinja.Settle // names that are undefined are no candidates
	}
	terms, err := evaluate(task.Loop)
	if err != nil {
		return nil, source.Wrap(pos, err)
	}
	call := &jinja.Call{Args: []value.Value{terms}, Ctx: i.jinja, Pos: pos}
	if l, ok := terms.(*value.List); ok {
		call.Args = l.Elems
	} else if task.LoopWith == "indexed_items" || task.LoopWith == "list" && i.batch.run.cfg.Env.Lenient {
		return nil, source.Errorf(pos, "with_%s expects a list", task.LoopWith)
	}
	items, err := lookup(call)
	for k, item := range items {
		items[k] = withoutTuples(item)
	}
	return items, source.Wrap(pos, err)
}

// withoutTuples gives a value with lists in place of its tuples, as the items
// of with_x have them since 2.19.
func withoutTuples(v value.Value) value.Value {
	switch v := v.(type) {
	case value.Tuple:
		return withoutTuples(value.NewList(v...))
	case *value.List:
		out := make([]value.Value, len(v.Elems))
		for k, e := range v.Elems {
			out[k] = withoutTuples(e)
		}
		return value.NewList(out...)
	}
	return v
}

// loopLayer gives the variables of an item as a layer: only a list that stands
// in the playbook itself is certain not to hold what hosts said.
func (t *taskRun) loopLayer(loop *value.Dict) vars.Layer {
	if t.step.plan.ownLoop {
		return vars.Dict{D: loop}
	}
	return vars.Data{D: loop}
}

// literal reports whether v holds no template.
func literal(v value.Value) bool {
	switch v := v.(type) {
	case *value.Template:
		return false
	case *value.List:
		return !slices.ContainsFunc(v.Elems, func(e value.Value) bool { return !literal(e) })
	case *value.Dict:
		return !slices.ContainsFunc(v.Entries(), func(e value.Entry) bool { return !literal(e.Val) })
	}
	return true
}

// loopNames are the names of a loop's variables.
type loopNames struct{ item, index string }

func (i *itemRun) loopNames() (loopNames, error) {
	n := loopNames{item: "item"}
	ctl := i.step.task.LoopCtl
	if ctl == nil {
		return n, nil
	}
	if ctl.LoopVarSet != nil {
		v, err := i.jinja.Evaluate(ctl.LoopVarSet)
		if err != nil {
			return n, err
		}
		n.item = value.String(v)
	} else if ctl.LoopVar != "" {
		n.item = ctl.LoopVar
	}
	n.index = ctl.IndexVar
	return n, nil
}

// loopVars makes the variables of item k.
func (t *taskRun) loopVars(names loopNames, items []value.Value, k int, extended, all bool) *value.Dict {
	d := value.DictOf(names.item, items[k], "ansible_loop_var", names.item)
	if names.index != "" {
		d.Put(names.index, value.Int(k))
		d.Put("ansible_index_var", value.Str(names.index))
	}
	if extended {
		d.Put("ansible_loop", extendedLoop(items, k, all))
	}
	return d
}

// extendedLoop is the variable ansible_loop.
func extendedLoop(items []value.Value, k int, all bool) *value.Dict {
	n := len(items)
	d := value.DictOf("index", k+1, "index0", k, "first", k == 0, "last", k == n-1, "length", n,
		"revindex", n-k, "revindex0", n-k-1)
	if all {
		d.Put("allitems", value.NewList(items...))
	}
	if k > 0 {
		d.Put("previtem", items[k-1])
	}
	if k < n-1 {
		d.Put("nextitem", items[k+1])
	}
	return d
}

// runLoop runs the task for every item and sums the results up.
func (t *taskRun) runLoop(ctx context.Context, items []value.Value) *value.Dict {
	t.out.looped = true
	base := t.item(nil)
	names, err := base.loopNames()
	if err != nil {
		return base.failed(err).dict
	}
	ctl, err := base.loopControl()
	if err != nil {
		return base.failed(err).dict
	}
	if _, clash := base.stack.Lookup(names.item); clash && names.item == "item" {
		t.batch.run.warn(t.step.task.Pos, "the loop variable 'item' is already in use; set 'loop_var' in 'loop_control' of the loop to another name to keep both")
	}
	sum := &loopSum{names: names}
	start := 0
	if len(items) > 1 && t.batchable() && t.faraway(t.loopVars(names, items, 0, ctl.extended, ctl.allItems)) {
		start = t.runTogether(ctx, sum, items, ctl)
	}
	for k := start; k < len(items); k++ {
		if k > 0 && ctl.pause > 0 && !sleep(ctx, ctl.pause) {
			break
		}
		item := t.item(t.loopVars(names, items, k, ctl.extended, ctl.allItems))
		r := item.run(ctx)
		item.leaveRegistered(r)
		sum.add(item, r, items[k])
		if ctx.Err() != nil || sum.unreachable {
			break
		}
		if stop, err := item.breaks(sum.last()); err != nil {
			t.out.looped = false // the task failed, not an item
			return item.failed(err).dict
		} else if stop {
			break
		}
	}
	return sum.result(t.out)
}

// leaveRegistered lets the item's label, and later items, see its result under
// the name that the task registers, also when it was skipped.
func (i *itemRun) leaveRegistered(r itemResult) {
	if name := i.step.task.Register; name != "" {
		i.overlay.Set(name, r.dict)
	}
}

// faraway reports whether the task's host is reached over a link: on the
// controller itself nothing is won by sending items together, and an item may
// read files that the one before it made.
func (t *taskRun) faraway(loop *value.Dict) bool {
	item := t.item(loop)
	target, err := item.connectTo(item.where())
	return err == nil && !target.IsLocal()
}

type loopControl struct {
	pause              time.Duration
	extended, allItems bool
}

func (i *itemRun) loopControl() (loopControl, error) {
	c := loopControl{allItems: true}
	ctl := i.step.task.LoopCtl
	if ctl == nil {
		return c, nil
	}
	ev := keywordReader{ctx: i.jinja, base: &i.step.task.Base}
	c.pause = seconds(ev.number("pause", ctl.Pause, 0))
	c.extended = ev.boolean("extended", ctl.Extended, false)
	c.allItems = ev.boolean("extended_allitems", ctl.ExtendedAllItems, true)
	return c, ev.err
}

// breaks evaluates break_when after an item.
func (i *itemRun) breaks(result *value.Dict) (bool, error) {
	ctl := i.step.task.LoopCtl
	if ctl == nil || len(ctl.BreakWhen) == 0 {
		return false, nil
	}
	i.see(result)
	return i.all(ctl.BreakWhen)
}

// loopLabel is how the item is shown: its label, or the item itself, also where
// the label can't be told.
func (i *itemRun) loopLabel() value.Value {
	if ctl := i.step.task.LoopCtl; ctl != nil && ctl.Label != nil {
		if v, err := i.jinja.Evaluate(ctl.Label); err == nil {
			return v
		}
	}
	name, _ := value.AsString(i.loop.At("ansible_loop_var"))
	return i.loop.At(name)
}

// withLabel fails the result of an item whose label can't be told.
func (i *itemRun) withLabel(r itemResult) itemResult {
	ctl := i.step.task.LoopCtl
	if ctl == nil || ctl.Label == nil {
		return r
	}
	_, err := i.jinja.Evaluate(ctl.Label)
	if err == nil {
		return r
	}
	failed := i.failed(err)
	r.dict.Update(value.DictOf("failed", true, "msg", "Failed to template loop_control.label: "+errorText(err)))
	r.ignored = failed.ignored
	return r
}

// loopSum gathers the results of a loop's items.
type loopSum struct {
	names                                    loopNames
	results                                  []value.Value
	changed, failed, skippedAny, unreachable bool
	ranAny, unignored                        bool
}

// add takes an item's result, tells it, and remembers it.
func (s *loopSum) add(i *itemRun, r itemResult, item value.Value) {
	r = i.withLabel(r)
	d := r.dict.Clone()
	d.Put(s.names.item, item)
	d.Put("ansible_loop_var", value.Str(s.names.item))
	if s.names.index != "" {
		d.Put("ansible_index_var", value.Str(s.names.index))
		d.Put(s.names.index, i.loop.At(s.names.index))
	}
	if l, ok := i.loop.Lookup("ansible_loop"); ok {
		d.Put("ansible_loop", l)
	}
	s.results = append(s.results, d)
	s.changed = s.changed || isTrue(r, "changed")
	failed := hasFailed(r.dict, false)
	s.failed = s.failed || isTrue(r, "failed")
	s.unignored = s.unignored || failed && !r.ignored
	if isTrue(r, "unreachable") {
		s.unreachable = true
	}
	if isTrue(r, "skipped") {
		s.skippedAny = true
	} else {
		s.ranAny = true
	}
	i.out.notifyWhen(r)
	i.tellItem(r, d)
}

func (s *loopSum) last() *value.Dict { return s.results[len(s.results)-1].(*value.Dict) }

// result sums the items up as Ansible registers them.
func (s *loopSum) result(o *outcome) *value.Dict {
	d := value.DictOf("results", value.NewList(s.results...))
	d.Put("changed", value.Bool(s.changed))
	d.Put("skipped", value.Bool(!s.ranAny))
	switch {
	case len(s.results) == 0:
		return value.DictOf("changed", false, "skipped", true, "skipped_reason", "No items in the list", "results", value.NewList())
	case s.unreachable:
		d.Put("unreachable", value.Bool(true))
		d.Put("msg", s.last().At("msg"))
	case s.failed:
		d.Put("failed", value.Bool(true))
		d.Put("msg", value.Str("One or more items failed"))
	case !s.ranAny:
		d.Put("msg", value.Str("All items skipped"))
	default:
		d.Put("msg", value.Str("All items completed"))
	}
	o.ignored = (s.failed || s.unreachable) && !s.unignored
	return d
}

// tellItem emits an item's result; what an include includes is told when that
// is known.
func (i *itemRun) tellItem(r itemResult, d *value.Dict) {
	status := event.OK
	switch {
	case isTrue(r, "unreachable"):
		status = event.Unreachable
	case hasFailed(r.dict, false):
		status = event.Failed
	case isTrue(r, "skipped"):
		status = event.Skipped
	case isTrue(r, "changed"):
		status = event.Changed
	}
	if i.step.task.Include != nil && (status == event.OK || status == event.Changed) {
		return
	}
	i.batch.run.emit(event.Item{
		Task: i.step.info, Host: i.seat.name, Target: i.out.target, Label: i.showLabel(), Status: status,
		Result: i.show(d), Ignored: r.ignored, NoDiff: !i.kw.diff, Err: i.out.err,
	})
	i.out.err = nil
}
