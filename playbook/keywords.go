package playbook

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// baseKeyword is a keyword that several kinds of things share.
type baseKeyword struct {
	on   owner
	read func(r *reader, name string, b *Base, n *yaml.Node)
}

// one makes a keyword that keeps a single value.
func one(on owner, k kind, into func(*Base) *value.Value) baseKeyword {
	return baseKeyword{on, func(r *reader, name string, b *Base, n *yaml.Node) {
		*into(b) = k(r, name, n)
	}}
}

// baseKeywords are the keywords of Base and who has them.
var baseKeywords = map[string]baseKeyword{
	"name":               one(ownAll, shown, func(b *Base) *value.Value { return &b.Name }),
	"no_log":             one(ownAll, boolean, func(b *Base) *value.Value { return &b.NoLog }),
	"become":             one(ownAll, boolean, func(b *Base) *value.Value { return &b.Become }),
	"become_user":        one(ownAll, text, func(b *Base) *value.Value { return &b.BecomeUser }),
	"become_method":      one(ownAll, text, func(b *Base) *value.Value { return &b.BecomeMethod }),
	"become_flags":       one(ownAll, text, func(b *Base) *value.Value { return &b.BecomeFlags }),
	"become_exe":         one(ownAll, text, func(b *Base) *value.Value { return &b.BecomeExe }),
	"connection":         one(ownAll, text, func(b *Base) *value.Value { return &b.Connection }),
	"port":               one(ownAll, integer, func(b *Base) *value.Value { return &b.Port }),
	"remote_user":        one(ownAll, text, func(b *Base) *value.Value { return &b.RemoteUser }),
	"any_errors_fatal":   one(ownAll, boolean, func(b *Base) *value.Value { return &b.AnyErrorsFatal }),
	"ignore_errors":      one(ownAll, boolean, func(b *Base) *value.Value { return &b.IgnoreErrors }),
	"ignore_unreachable": one(ownAll, boolean, func(b *Base) *value.Value { return &b.IgnoreUnreachable }),
	"check_mode":         one(ownAll, boolean, func(b *Base) *value.Value { return &b.CheckMode }),
	"diff":               one(ownAll, boolean, func(b *Base) *value.Value { return &b.Diff }),
	"run_once":           one(ownAll, boolean, func(b *Base) *value.Value { return &b.RunOnce }),
	"throttle":           one(ownAll, integer, func(b *Base) *value.Value { return &b.Throttle }),
	"timeout":            one(ownAll, integer, func(b *Base) *value.Value { return &b.Timeout }),
	"delegate_to":        one(ownRole|ownSteps, text, func(b *Base) *value.Value { return &b.DelegateTo }),
	"delegate_facts":     one(ownRole|ownSteps, boolean, func(b *Base) *value.Value { return &b.DelegateFacts }),
	"debugger": one(ownAll, oneOf("always", "never", "on_failed", "on_unreachable", "on_skipped"),
		func(b *Base) *value.Value { return &b.Debugger }),

	"vars": {ownAll, func(r *reader, name string, b *Base, n *yaml.Node) { b.Vars = r.vars(name, n) }},
	"tags": {ownAll, func(r *reader, name string, b *Base, n *yaml.Node) { b.Tags = r.tags(name, n) }},
	"when": {ownRole | ownSteps | ownImport, func(r *reader, name string, b *Base, n *yaml.Node) {
		b.When = r.conds(name, n)
	}},
	"notify":      {ownSteps, func(r *reader, name string, b *Base, n *yaml.Node) { b.Notify = r.scalars(name, n) }},
	"environment": {ownAll, func(r *reader, name string, b *Base, n *yaml.Node) { b.Environment = r.values(n) }}, // what is no mapping warns when it is used
	"module_defaults": {ownAll, func(r *reader, name string, b *Base, n *yaml.Node) {
		b.ModuleDefaults = r.mappings(name, n)
		r.checkGroups(n)
	}},
	"collections": {ownAll, func(r *reader, name string, b *Base, n *yaml.Node) { b.Collections = r.strings(name, n) }},
}

// label takes the label of a loop, which is text.
func (r *reader) label(n *yaml.Node) value.Value {
	if n.Kind != yaml.Scalar {
		r.wrongKind("label", n, "a string")
		return nil
	}
	return r.keep(n)
}

// mappings takes a mapping or a list of mappings. Templates can't stand for
// them: the names must be known before the run.
func (r *reader) mappings(name string, n *yaml.Node) []value.Value {
	for _, item := range elements(n) {
		if item.Kind != yaml.Mapping {
			r.wrongKind(name, item, "a mapping of names to values; only the values may be templates")
			return nil
		}
	}
	return r.values(n)
}

// taskKeywords are the keywords that only tasks have; those of playKeywords,
// blockKeywords and handlerKeywords likewise. The words that the reader of the
// thing handles itself have no function.
var (
	taskKeywords = map[string]func(r *reader, name string, t *Task, n *yaml.Node){
		"action": nil, "local_action": nil, "args": nil,
		"loop": (*reader).loop, "loop_control": (*reader).loopControl,
		"register":     (*reader).register,
		"until":        func(r *reader, name string, t *Task, n *yaml.Node) { t.Until = r.conds(name, n) },
		"changed_when": func(r *reader, name string, t *Task, n *yaml.Node) { t.ChangedWhen = r.conds(name, n) },
		"failed_when":  func(r *reader, name string, t *Task, n *yaml.Node) { t.FailedWhen = r.conds(name, n) },
		"retries":      func(r *reader, name string, t *Task, n *yaml.Node) { t.Retries = integer(r, name, n) },
		"delay":        func(r *reader, name string, t *Task, n *yaml.Node) { t.Delay = decimal(r, name, n) },
		"async":        func(r *reader, name string, t *Task, n *yaml.Node) { t.Async = integer(r, name, n) },
		"poll":         func(r *reader, name string, t *Task, n *yaml.Node) { t.Poll = integer(r, name, n) },
	}
	handlerKeywords = map[string]func(r *reader, name string, t *Task, n *yaml.Node){
		"listen": (*reader).listen,
	}
	blockKeywords = []string{"block", "rescue", "always"}

	playKeywords = map[string]func(r *reader, name string, p *Play, n *yaml.Node){
		"hosts": nil, "user": nil,
		"pre_tasks": nil, "roles": nil, "tasks": nil, "post_tasks": nil, "handlers": nil,
		"gather_facts":        playValue(boolean, func(p *Play) *value.Value { return &p.GatherFacts }),
		"gather_subset":       playValue(listOrText, func(p *Play) *value.Value { return &p.GatherSubset }),
		"gather_timeout":      playValue(integer, func(p *Play) *value.Value { return &p.GatherTimeout }),
		"fact_path":           playValue(text, func(p *Play) *value.Value { return &p.FactPath }),
		"serial":              playValue(listOrText, func(p *Play) *value.Value { return &p.Serial }),
		"max_fail_percentage": playValue(percent, func(p *Play) *value.Value { return &p.MaxFailPercentage }),
		"strategy":            playValue(text, func(p *Play) *value.Value { return &p.Strategy }),
		"force_handlers":      playValue(boolean, func(p *Play) *value.Value { return &p.ForceHandlers }),
		"order": playValue(oneOf("inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle"),
			func(p *Play) *value.Value { return &p.Order }),
		"vars_files":  (*reader).varsFiles,
		"vars_prompt": (*reader).varsPrompt,
	}
)

func playValue(k kind, into func(*Play) *value.Value) func(*reader, string, *Play, *yaml.Node) {
	return func(r *reader, name string, p *Play, n *yaml.Node) { *into(p) = k(r, name, n) }
}

// keywordNames lists the keywords of a kind of thing, sorted.
// IsKeyword reports whether plays, roles, blocks or tasks have a keyword of this
// name, so that a variable had better another one.
func IsKeyword(name string) bool {
	for _, names := range allKeywordNames() {
		if slices.Contains(names, name) {
			return true
		}
	}
	return name == "action" || name == "local_action"
}

func keywordNames(own owner) []string { return allKeywordNames()[own] }

var allKeywordNames = sync.OnceValue(func() map[owner][]string {
	names := map[owner][]string{
		ownPlay:    slices.Collect(maps.Keys(playKeywords)),
		ownRole:    {"role"},
		ownBlock:   slices.Clone(blockKeywords),
		ownTask:    slices.Collect(maps.Keys(taskKeywords)),
		ownHandler: slices.Collect(maps.Keys(taskKeywords)),
		ownImport:  {"import_playbook"},
	}
	for name := range handlerKeywords {
		names[ownHandler] = append(names[ownHandler], name)
	}
	for own := range names {
		for name, k := range baseKeywords {
			if k.on&own != 0 {
				names[own] = append(names[own], name)
			}
		}
		slices.Sort(names[own])
	}
	return names
})

// register takes the name of the variable for a task's result.
func (r *reader) register(name string, t *Task, n *yaml.Node) {
	s, ok := n.Text()
	if !ok && n.IsNull() {
		r.wrongKind(name, n, "the name of a variable")
		return
	}
	if !ok {
		s = value.String(n.Value())
	}
	if why := badVariableName(s); why != "" {
		wide(r.errorf(n.Pos, "Invalid variable name in 'register' specified: '%s': %s", s, why), s)
	}
	t.Register = s
}

// listen takes the topics that a handler hears of.
func (r *reader) listen(name string, t *Task, n *yaml.Node) {
	for _, item := range elements(n) {
		if _, ok := item.Text(); !ok && !item.IsNull() {
			r.wrongKind(name, item, "a string or a list of strings")
		}
	}
	t.Listen = r.values(n)
}

// loop takes the list to go through.
func (r *reader) loop(name string, t *Task, n *yaml.Node) {
	if n.Kind != yaml.List && !n.IsTemplate() {
		e := r.faultf(n.Pos, "'loop' needs a list, not %s", n.What())
		if n.Kind == yaml.Mapping {
			e.Hint = "go through a mapping with: loop: \"{{ … | dict2items }}\""
		} else if s, ok := n.Text(); ok {
			wide(e, s).Hint = "a variable needs braces: loop: \"{{ " + s + " }}\""
		}
	}
	r.setLoop(t, "", t.Keys[name], n)
}

// loopWith takes a with_x, whose x must be a lookup. One of a collection may be
// a plugin that is not here, which counts only where the task runs.
func (r *reader) loopWith(t *Task, lookup string, p yaml.Pair) {
	if r.l.HasLookup != nil && !strings.Contains(lookup, ".") && !r.l.HasLookup(lookup) {
		wide(r.errorf(p.Key.Pos, "'%s' is no keyword, for there is no lookup '%s'", p.Name(), lookup), p.Name()).
			WithHint("go through a list with: loop: [ … ]")
	}
	r.setLoop(t, lookup, p.Key.Pos, p.Value)
}

func (r *reader) setLoop(t *Task, with string, pos source.Pos, n *yaml.Node) {
	if t.Loop != nil {
		general(r.errorf(pos, "a task can have only one loop, and this one has two"))
		return
	}
	t.Loop, t.LoopWith = r.keep(n), with
}

// loopControl takes loop_control.
func (r *reader) loopControl(name string, t *Task, n *yaml.Node) {
	if n.Kind != yaml.Mapping {
		r.wrongKind(name, n, "a mapping")
		return
	}
	c := &LoopControl{Pos: n.Pos, LoopVar: "item"}
	t.LoopCtl = c
	for _, p := range n.Pairs {
		read, ok := loopControlKeywords[p.Name()]
		if !ok {
			known := slices.Sorted(maps.Keys(loopControlKeywords))
			wide(r.errorf(p.Key.Pos, "'%s' is not a keyword of loop_control%s", p.Name(), source.DidYouMean(p.Name(), known)), p.Name())
			continue
		}
		if !p.Value.IsNull() {
			read(r, p.Name(), c, p.Value)
		}
	}
}

var loopControlKeywords = map[string]func(r *reader, name string, c *LoopControl, n *yaml.Node){
	"loop_var": func(r *reader, name string, c *LoopControl, n *yaml.Node) {
		if n.IsTemplate() {
			c.LoopVarSet = r.keep(n)
			return
		}
		c.LoopVar = r.variableName(name, n)
	},
	"index_var":         func(r *reader, name string, c *LoopControl, n *yaml.Node) { c.IndexVar = r.variableName(name, n) },
	"label":             func(r *reader, _ string, c *LoopControl, n *yaml.Node) { c.Label = r.label(n) },
	"pause":             func(r *reader, name string, c *LoopControl, n *yaml.Node) { c.Pause = decimal(r, name, n) },
	"extended":          func(r *reader, name string, c *LoopControl, n *yaml.Node) { c.Extended = boolean(r, name, n) },
	"extended_allitems": func(r *reader, name string, c *LoopControl, n *yaml.Node) { c.ExtendedAllItems = boolean(r, name, n) },
	"break_when":        func(r *reader, name string, c *LoopControl, n *yaml.Node) { c.BreakWhen = r.conds(name, n) },
}

func (r *reader) variableName(name string, n *yaml.Node) string {
	s, ok := n.Text()
	if !ok {
		r.wrongKind(name, n, "the name of a variable")
	} else if why := badVariableName(s); why != "" {
		wide(r.errorf(n.Pos, "'%s' is not a name for a variable: %s", s, why), s)
	}
	return s
}
