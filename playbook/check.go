package playbook

import (
	"slices"
	"strings"

	"drover/modules"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// checkArgs checks the arguments of a task against its module's spec as far as
// they are known before they are evaluated. module_defaults and a template of
// arguments may still give what is missing, and wrong arguments of a task whose
// failure is provided for are that failure, when it runs.
func (r *reader) checkArgs(t *Task, at place) {
	spec := r.spec(t)
	if spec == nil || r.toleratesFailure(t, at) {
		return
	}
	before := len(t.Faults)
	for _, e := range t.Args.Entries() {
		r.checkArg(t, spec, value.String(e.Key), e.Val)
	}
	if t.ArgsTemplate != nil || r.hasDefaults(&t.Base, at) {
		return
	}
	r.missingArgs(t, spec)
	if len(t.Faults) == before {
		r.checkRules(t, spec)
	}
}

// toleratesFailure reports whether the playbook goes on after a failure of the
// task: it is ignored, judged by failed_when, or rescued.
func (r *reader) toleratesFailure(t *Task, at place) bool {
	if len(t.FailedWhen) > 0 || at.rescued || ignored(&t.Base) || r.play != nil && ignored(&r.play.Base) {
		return true
	}
	for b := at.parent; b != nil; b = b.Parent {
		if len(b.Rescue) > 0 || ignored(&b.Base) {
			return true
		}
	}
	return false
}

// tolerate leaves mistakes in values of a task that may fail to the run, which
// makes them failures of the task. The result ends that.
func (r *reader) tolerate(n *yaml.Node, at place) func() {
	t := &Task{Parent: at.parent, Play: r.play}
	if n.Get("failed_when") != nil {
		t.FailedWhen = []Cond{{}}
	}
	if ignore := n.Get("ignore_errors"); ignore != nil {
		t.IgnoreErrors = ignore.Scalar
	}
	before := r.tolerant
	r.tolerant = r.toleratesFailure(t, at)
	return func() { r.tolerant = before }
}

func ignored(b *Base) bool {
	return b.IgnoreErrors != nil && b.IgnoreErrors != value.None && b.IgnoreErrors != value.Bool(false)
}

// checkRules checks combinations of arguments. A template may turn out to be
// omitted, so it excludes nothing.
func (r *reader) checkRules(t *Task, spec *modules.Spec) {
	static := value.NewDict(t.Args.Len())
	for _, e := range t.Args.Entries() {
		if _, lazy := e.Val.(*value.Template); !lazy {
			static.Set(e.Key, e.Val)
		}
	}
	exclusive := modules.Spec{Name: spec.Name, AnyArgs: true, Args: optional(spec.Args), MutuallyExclusive: spec.MutuallyExclusive}
	others := *spec
	others.AnyArgs, others.Args, others.MutuallyExclusive = true, exclusive.Args, nil
	for _, err := range append(modules.Check(&exclusive, static), modules.Check(&others, t.Args)...) {
		wide(r.faultf(t.callPos(), "%s: %s", t.Action, err), t.Action)
	}
}

// checkArg checks one argument: its name, its type and its choices.
func (r *reader) checkArg(t *Task, spec *modules.Spec, name string, v value.Value) {
	i := slices.IndexFunc(spec.Args, func(a modules.Arg) bool { return a.Name == name || slices.Contains(a.Aliases, name) })
	if i < 0 {
		if !spec.AnyArgs && !strings.HasPrefix(name, "_") {
			r.unknownArg(t, spec, name)
		}
		return
	}
	arg := spec.Args[i]
	arg.Required = false
	alone := modules.Spec{Name: spec.Name, Args: []modules.Arg{arg}}
	for _, err := range modules.Check(&alone, value.DictOf(name, v)) {
		wide(r.faultf(t.ArgPos[name], "%s: %s", t.Action, err), name)
	}
}

func (r *reader) unknownArg(t *Task, spec *modules.Spec, name string) {
	var known []string
	for _, a := range spec.Args {
		known = append(append(known, a.Name), a.Aliases...)
	}
	e := wide(r.faultf(t.ArgPos[name], "'%s' is not an argument of %s%s", name, t.Action, source.DidYouMean(name, known)), name)
	if slices.Contains(keywordNames(taskOwner(t)), name) {
		e.Hint = "'" + name + "' is a keyword of tasks: indent it as deep as '" + t.Action + "'"
		return
	}
	if names := argNames(spec); len(names) > 0 {
		e.Hint = "its arguments are: " + strings.Join(names, ", ")
	}
}

func argNames(spec *modules.Spec) []string {
	names := make([]string, len(spec.Args))
	for i, a := range spec.Args {
		names[i] = a.Name
	}
	slices.Sort(names)
	return names
}

func (r *reader) missingArgs(t *Task, spec *modules.Spec) {
	var missing []string
	for _, a := range spec.Args {
		given := func(name string) bool {
			v, ok := t.Args.Lookup(name)
			return ok && v != value.None
		}
		if a.Required && !given(a.Name) && !slices.ContainsFunc(a.Aliases, given) {
			missing = append(missing, "'"+a.Name+"'")
		}
	}
	if len(missing) > 0 {
		wide(r.faultf(t.callPos(), "%s needs %s", t.Action, strings.Join(missing, " and ")), t.Action)
	}
}

// callPos is the place of the module's name in a task.
func (t *Task) callPos() source.Pos {
	if pos, ok := t.Keys[t.Action]; ok {
		return pos
	}
	return t.Pos
}

// optional copies arguments as ones that may be missing.
func optional(args []modules.Arg) []modules.Arg {
	out := slices.Clone(args)
	for i := range out {
		out[i].Required = false
	}
	return out
}
