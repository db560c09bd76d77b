package engine

import (
	"context"
	"strings"

	"drover/modules"
	"drover/playbook/action"
	"drover/playbook/event"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
	"drover/transport"
	"drover/transport/remote"
)

// taskView is what an action sees of one run of a task.
type taskView struct {
	item *itemRun
	ctx  context.Context
	args *value.Dict
}

func (v *taskView) Module() string         { return v.item.module }
func (v *taskView) Args() *value.Dict      { return v.args }
func (v *taskView) RawArgs() *value.Dict   { return v.item.step.task.Args }
func (v *taskView) Pos() source.Pos        { return v.item.step.task.Pos }
func (v *taskView) Name() string           { return v.item.step.info.Heading() }
func (v *taskView) Host() string           { return v.item.seat.name }
func (v *taskView) Check() bool            { return v.item.kw.check }
func (v *taskView) Diff() bool             { return v.item.kw.diff }
func (v *taskView) Verbosity() int         { return v.item.batch.run.cfg.Verbosity }
func (v *taskView) Registered() bool       { return v.item.step.task.Register != "" }
func (v *taskView) Jinja() *jinja.Context  { return v.item.jinja }
func (v *taskView) Env() map[string]string { return v.item.kw.env }
func (v *taskView) Warn(text string)       { v.item.warns = append(v.item.warns, text) }
func (v *taskView) Run() action.Run        { return &runView{item: v.item} }

func (v *taskView) With(d *value.Dict) *jinja.Context {
	ctx := v.item.jinja.With(v.item.stack.Over(vars.Dict{D: d}))
	ctx.Host = v.item.jinja.Host
	return ctx
}

func (v *taskView) Find(kind, name string) (string, error) {
	path, err := v.item.batch.run.cfg.Loader.Find(v.item.step.task, kind, name)
	return path, source.Wrap(v.Pos(), err)
}

func (v *taskView) ReadFile(path string) ([]byte, bool, error) {
	return v.item.batch.run.cfg.Loader.ReadFile(path)
}

func (v *taskView) VarsFile(path string) (*value.Dict, error) {
	return v.item.batch.run.cfg.Loader.VarsFile(path)
}

func (v *taskView) Delegate() string {
	if d := v.item.kw.delegate; d != nil {
		return d.name
	}
	return ""
}

func (v *taskView) Loader() jinja.Loader { return &templateLoader{view: v} }

// Invoke calls a module on the task's host.
func (v *taskView) Invoke(ctx context.Context, module string, args *value.Dict, o *action.InvokeOptions) (*value.Dict, error) {
	if o == nil {
		o = &action.InvokeOptions{}
	}
	req := v.request(module, args, o)
	if result := v.uncheckable(module, req); result != nil {
		return result, nil
	}
	v.item.traceCall(module)
	result, err := v.item.call(ctx, req)
	if err != nil {
		return nil, err
	}
	v.item.batch.run.addException(result)
	if module == v.item.module {
		v.item.addInvocation(v.item.step.plan.spec, args, result)
	}
	return result, nil
}

// uncheckable is the result of a module that does nothing in check mode, nil for
// all others. Wrong arguments fail there too.
func (v *taskView) uncheckable(module string, req *remote.Request) *value.Dict {
	spec, ok := v.item.batch.run.cfg.Modules(module)
	if !ok || !req.Check || spec.Check != modules.CheckNone {
		return nil
	}
	if errs := modules.Check(spec, req.Args); len(errs) > 0 && module == v.item.module {
		return value.DictOf("changed", false, "failed", true, "msg", errs[0].Error())
	}
	return value.DictOf("changed", false, "skipped", true,
		"msg", "remote module ("+module[strings.LastIndexByte(module, '.')+1:]+") does not support check mode")
}

// call makes a call alone, or with those of the items that run side by side.
func (i *itemRun) call(ctx context.Context, req *remote.Request) (*value.Dict, error) {
	if i.together != nil {
		return i.together.call(ctx, i, req)
	}
	s, err := i.session(ctx)
	if err != nil {
		return nil, err
	}
	return s.Call(ctx, req)
}

// traceCall tells from -vvv on, or in the log, which module is called on the
// task's host, and with which command the login user becomes another one.
func (i *itemRun) traceCall(module string) {
	if cfg := &i.batch.run.cfg; max(cfg.Verbosity, cfg.LogVerbosity) < invocationVerbosity {
		return
	}
	text := module
	if t, err := i.connectTo(i.where()); err == nil && t.Become != nil {
		if cmd, err := transport.BecomeLine(t.Become, module, ""); err == nil {
			text = cmd.Line
		}
	}
	i.batch.run.emit(event.Message{Verbosity: invocationVerbosity, Host: i.where().name, Text: "EXEC " + text})
}

func (v *taskView) request(module string, args *value.Dict, o *action.InvokeOptions) *remote.Request {
	i := v.item
	spec, _ := i.batch.run.cfg.Modules(module)
	i.secrets.addCall(spec, args)
	req := &remote.Request{
		Module: module, Args: args, Check: i.kw.check, Diff: i.kw.diff, Env: i.kw.env,
		Verbosity: v.Verbosity(), Blobs: o.Blobs, Receive: o.Receive,
		Progress: func(text string) { i.batch.run.emit(event.Progress{Host: i.seat.name, Text: i.secrets.mask(text)}) },
	}
	if spec != nil && spec.Account != "" {
		req.Leaving = account(spec, args)
	}
	if o.Check != nil {
		req.Check = *o.Check
	}
	if o.Diff != nil {
		req.Diff = *o.Diff
	}
	return req
}

// account gives the user whose account a module is about to change.
func account(spec *modules.Spec, args *value.Dict) string {
	for _, a := range spec.Args {
		if a.Name != spec.Account {
			continue
		}
		for _, name := range append([]string{a.Name}, a.Aliases...) {
			if v, given := args.Lookup(name); given {
				return value.String(v)
			}
		}
	}
	return ""
}

// Conn gives the bare connection for raw and script.
func (v *taskView) Conn(ctx context.Context) (transport.Conn, *transport.Target, error) {
	t, err := v.item.connectTo(v.item.where())
	if err != nil {
		return nil, nil, err
	}
	conn, err := v.item.batch.run.cfg.Pool.Conn(ctx, t)
	return conn, t, err
}

// session gives the runner on the task's host, as the user it runs as.
func (i *itemRun) session(ctx context.Context) (remote.Session, error) {
	t, err := i.connectTo(i.where())
	if err != nil {
		return nil, err
	}
	return i.batch.run.cfg.Pool.Session(ctx, t)
}

// where is the host that the task runs on.
func (i *itemRun) where() *host {
	if i.kw.delegate != nil {
		return i.kw.delegate
	}
	return i.seat.host
}

// runView is what an action sees of the run.
type runView struct{ item *itemRun }

func (r *runView) ReadKeys(ctx context.Context, text string, k action.Keys) (string, bool, error) {
	t := r.item.batch.run.cfg.Terminal
	if t == nil || !t.Interactive() {
		return "", false, nil
	}
	typed, err := t.ReadKeys(ctx, text, k)
	return typed, true, err
}

func (r *runView) ResetConnection(string) {
	if t, err := r.item.connectTo(r.item.where()); err == nil {
		r.item.batch.run.cfg.Pool.Reset(t)
	}
}

// Ping tries a fresh connection and one call.
func (r *runView) Ping(ctx context.Context, _ string) error {
	r.ResetConnection("")
	s, err := r.item.session(ctx)
	if err != nil {
		return err
	}
	_, err = s.Call(ctx, &remote.Request{Module: "ansible.builtin.ping", Args: value.NewDict(0)})
	return err
}

func (r *runView) Print(text string) {
	r.item.batch.run.emit(event.Prompted{Text: text})
}
