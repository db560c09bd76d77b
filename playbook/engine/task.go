package engine

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// taskRun is one task on one host, items and all.
type taskRun struct {
	batch *batch
	step  *step
	seat  *seat
	out   *outcome
	// secrets are those that went into the calls so far.
	secrets *secrets
	// overlay holds what earlier items of the loop changed for later ones.
	overlay *vars.Store
	// together is set while items run side by side.
	together *together
}

func (b *batch) newTaskRun(st *step, s *seat) *taskRun {
	known := &secrets{}
	return &taskRun{
		secrets: known,
		batch:   b, step: st, seat: s, overlay: &vars.Store{},
		out: &outcome{step: st, seat: s, start: time.Now(), secrets: known},
	}
}

// execute runs a step's task on one host to its end. It runs beside others
// and changes nothing of the batch.
func (b *batch) execute(ctx context.Context, st *step, s *seat) *outcome {
	b.run.emit(event.HostStart{Task: st.info, Host: s.name})
	t := b.newTaskRun(st, s)
	result := t.guarded(func() *value.Dict { return t.runAll(ctx) })
	t.out.end = time.Now()
	t.out.result = result
	t.out.classify()
	t.censor()
	t.out.result = registered(t.out.result, t.out.looped)
	return t.out
}

// guarded turns a panic, which is a fault of drover, into a failure of the one
// task on the one host; the others go on.
func (t *taskRun) guarded(work func() *value.Dict) (result *value.Dict) {
	defer func() {
		if fault := recover(); fault != nil {
			t.out.err = t.faultError(fault)
			result = value.DictOf("failed", true, "changed", false, "msg", errorText(t.out.err))
		}
	}()
	return work()
}

// faultError says that drover itself is at fault, with where for -vvvv.
func (t *taskRun) faultError(fault any) error {
	t.batch.run.emit(event.Message{Verbosity: 4, Host: t.seat.name, Text: string(debug.Stack())})
	return source.Errorf(t.step.task.Pos, "a fault of drover itself ended this task: %v", fault).
		WithHint("please report it, with the task and the output of a run with -vvvv")
}

// runAll gives the task's whole result: of its one run, or of its loop.
func (t *taskRun) runAll(ctx context.Context) *value.Dict {
	task := t.step.task
	if task.Loop == nil {
		r := t.item(nil).run(ctx)
		t.out.notifyWhen(r)
		t.out.ignored = t.out.ignored && (hasFailed(r.dict, false) || isTrue(r, "unreachable"))
		return r.dict
	}
	base := t.item(nil)
	items, skip, err := base.loopItems()
	switch {
	case err != nil:
		return base.failed(err).dict
	case skip != nil:
		return skip
	}
	return t.runLoop(ctx, items)
}

// classify reads the status from the result.
func (o *outcome) classify() {
	is := func(key string) bool {
		v, ok := o.result.Lookup(key)
		return ok && value.Truth(v)
	}
	switch {
	case is("unreachable"):
		o.status = event.Unreachable
	case hasFailed(o.result, o.looped):
		o.status = event.Failed
	case is("skipped"):
		o.status = event.Skipped
	case is("changed"):
		o.status = event.Changed
	default:
		o.status = event.OK
	}
	if o.status != event.Failed && o.status != event.Unreachable {
		o.ignored = false
	}
}

// errorText is an error's message for a result, with its place.
func errorText(err error) string {
	var e *source.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return err.Error()
}

// item prepares one run of the task; loop holds the loop's variables.
func (t *taskRun) item(loop *value.Dict) *itemRun {
	i := &itemRun{taskRun: t, loop: loop, local: &vars.Store{}}
	recent := []vars.Layer{t.overlay}
	if t.together != nil && t.step.task.Register != "" {
		recent = append(recent, registerWatch{t.step.task.Register, t.together})
	}
	i.stack = t.batch.taskScope(t.seat, t.step.plan, recent...)
	i.stack.Layers = append(i.stack.Layers, vars.Dict{D: t.step.assigned}, t.loopLayer(loop), i.local)
	i.jinja = t.batch.run.context(i.stack)
	i.jinja.OnSecret(t.secrets.add)
	i.jinja.Host = &controller{item: i}
	i.jinja.Inline = inlineLoader{t.batch.run}
	return i
}

// itemRun is one run of a task on a host: the whole task, or one item of it.
type itemRun struct {
	*taskRun
	loop  *value.Dict
	local *vars.Store // the result while until, failed_when and changed_when look at it
	stack *vars.Stack
	jinja *jinja.Context
	kw    taskKeywords
	warns []string
	// module is the full name of what is called.
	module string
	own    *playbook.OwnModule // the module's file when it is one of the user's own
	try    int                 // which attempt it is, 0 for tasks that are tried once
	place  int                 // among the items that run side by side
}

// taskKeywords are a task's keywords, evaluated for one item.
type taskKeywords struct {
	check, diff, noLog              bool
	ignoreErrors, ignoreUnreachable bool
	delegate                        *host
	delegateFacts                   bool
	timeout                         time.Duration
	env                             map[string]string
	retries                         int
	delay                           time.Duration
	async, poll                     int
}

// keywords evaluates them.
func (i *itemRun) keywords() error {
	p, task := i.step.plan, i.step.task
	ev := &keywordReader{ctx: i.jinja, base: &task.Base}
	cfg := &i.batch.run.cfg
	k := &i.kw
	k.ignoreErrors = ev.boolean("ignore_errors", p.ignoreErrors, false)
	k.ignoreUnreachable = ev.boolean("ignore_unreachable", p.ignoreUnreachable, false)
	k.check = ev.boolean("check_mode", p.checkMode, cfg.Check)
	k.diff = ev.boolean("diff", p.diff, cfg.Diff)
	k.noLog = ev.boolean("no_log", p.noLog, false)
	k.delegateFacts = ev.boolean("delegate_facts", p.delegateFacts, false)
	k.timeout = seconds(ev.number("timeout", p.timeout, cfg.TaskTimeout.Seconds()))
	k.async = int(ev.number("async", task.Async, 0))
	k.poll = int(ev.number("poll", task.Poll, float64(*cfg.Poll)))
	k.delay = seconds(ev.number("delay", task.Delay, 5))
	k.retries = i.attempts(ev)
	ev.check("any_errors_fatal", p.anyErrorsFatal)
	ev.check("become", p.become)
	ev.check("become_user", p.becomeUser)
	ev.check("become_method", p.becomeMethod)
	if ev.err != nil {
		return ev.err
	}
	var err error
	k.env, err = i.environment()
	return err
}

func seconds(f float64) time.Duration { return time.Duration(f * float64(time.Second)) }

// attempts is how often the task is tried at most.
func (i *itemRun) attempts(ev *keywordReader) int {
	task := i.step.task
	if task.Retries == nil && len(task.Until) == 0 {
		return 1
	}
	return 1 + max(0, int(ev.number("retries", task.Retries, 3)))
}

// delegation finds the host that the task runs on instead. Conditions may look
// at its variables, so it comes before them.
func (i *itemRun) delegation() error {
	to := i.step.plan.delegateTo
	if to == nil {
		return nil
	}
	ev := &keywordReader{ctx: i.jinja, base: &i.step.task.Base}
	v := ev.value("delegate_to", to)
	if ev.err != nil || v == nil || to == value.Str("") {
		return ev.err
	}
	name := value.String(v)
	if name == "" || v == value.None {
		return source.Errorf(ev.pos("delegate_to"), "Empty hostname produced from delegate_to").
			WithHint("a template that may give no host gives omit instead: delegate_to: \"{{ … | default(omit) }}\"")
	}
	i.kw.delegate = i.batch.run.delegateHost(name)
	i.local.Set("ansible_delegated_vars", i.delegatedVars(name))
	i.seeAddress(name)
	return nil
}

// seeAddress lets the task see how the host is reached that it runs on, and
// people where it is, unless that is the host's name.
func (i *itemRun) seeAddress(name string) {
	if i.out.target = name; i.kw.delegate == i.seat.host {
		return // by its own variables, as ever
	}
	c := i.connectionVars(i.kw.delegate)
	address := c.text(name, "ansible_host", "ansible_ssh_host")
	if address != name && !i.kw.delegate.inv.Implicit {
		i.out.target += "(" + address + ")"
	}
	reached := *i.stack.Layers[0].(*connectionLayer)
	reached.other = c
	i.stack.Layers[0] = &reached
}

// delegatedVars is the variable ansible_delegated_vars of a delegated task: what
// the task's variables are on the host that it runs on.
func (i *itemRun) delegatedVars(name string) value.Value {
	scope := i.delegatedScope(i.kw.delegate)
	// Of how it is reached by default only the address is a variable here.
	address := vars.Dict{D: value.DictOf("ansible_host", name)}
	shown := &vars.Stack{Layers: append([]vars.Layer{address}, scope.Layers[1:]...), Merge: scope.Merge}
	return value.DictOf(name, &varsView{run: i.batch.run, scope: scope, shown: shown})
}

// environment merges the environment keywords, outermost first.
func (i *itemRun) environment() (map[string]string, error) {
	if len(i.step.plan.environment) == 0 {
		return nil, nil
	}
	env := map[string]string{}
	for _, e := range i.step.plan.environment {
		if err := i.addEnvironment(env, e); err != nil {
			return nil, err
		}
	}
	return env, nil
}

// addEnvironment adds one environment keyword's variables: a dictionary, a
// list of some, or a template that gives either.
func (i *itemRun) addEnvironment(env map[string]string, e value.Value) error {
	switch e := e.(type) {
	case *value.Dict:
		return i.addVariables(env, e)
	case *value.List:
		for _, x := range e.Elems {
			if err := i.addEnvironment(env, x); err != nil {
				return err
			}
		}
		return nil
	case *value.Template:
		v, err := i.jinja.Evaluate(e)
		if err != nil {
			return source.Wrap(i.step.task.Keys["environment"], err)
		}
		return i.addEnvironment(env, v)
	}
	if e != value.None && e != value.Omit && value.String(e) != "" {
		i.batch.run.warn(i.step.task.Pos, "environment must be a mapping of names to values; skipping "+value.Repr(e))
	}
	return nil
}

// addVariables evaluates variables one by one. A task that finds out
// ansible_env goes without those that build on it.
func (i *itemRun) addVariables(env map[string]string, d *value.Dict) error {
	for _, e := range d.Entries() {
		v, err := i.jinja.Evaluate(e.Val)
		var missing *jinja.UndefinedError
		if errors.As(err, &missing) && missing.Undefined.Name == "ansible_env" && i.gathersEnv() {
			continue
		}
		if err != nil {
			return source.Wrap(i.step.task.Keys["environment"], err)
		}
		if v != value.Omit {
			env[value.String(e.Key)] = value.String(v)
		}
	}
	return nil
}

func (i *itemRun) gathersEnv() bool {
	m := i.step.task.Module
	return m == "ansible.builtin.setup" || m == "ansible.builtin.gather_facts"
}

// evalCond evaluates one condition of when, until, failed_when, ….
func evalCond(ctx *jinja.Context, c playbook.Cond) (bool, error) {
	switch e := c.Expr.(type) {
	case value.Bool:
		return bool(e), nil
	case value.Str:
		return ctx.Condition(string(e), c.Pos)
	}
	return ctx.ConditionValue(c.Expr, c.Pos)
}
