package engine

import (
	"context"
	"slices"
	"strings"

	"drover/playbook/action"
	"drover/playbook/source"
	"drover/playbook/value"
)

// act evaluates the arguments and runs the action, or the module where there
// is no action of that name.
func (i *itemRun) act(ctx context.Context) (*value.Dict, error) {
	if err := i.resolveModule(); err != nil {
		return nil, err
	}
	args, err := i.args()
	if err != nil {
		return nil, err
	}
	i.recallSecrets(args)
	view := &taskView{item: i, ctx: ctx, args: args}
	if i.kw.async > 0 {
		return i.runAsync(ctx, view)
	}
	return i.perform(ctx, view)
}

// perform runs the action, the module of the user's own, or the module on the
// host.
func (i *itemRun) perform(ctx context.Context, t action.Task) (*value.Dict, error) {
	if i.own != nil {
		return i.runOwn(ctx, t)
	}
	if a, ok := i.batch.run.actions[i.module]; ok {
		return a.Run(ctx, t)
	}
	if _, ok := i.batch.run.cfg.Modules(i.module); !ok {
		return nil, source.Errorf(i.step.task.Pos, "drover has no module '%s'", i.step.task.Action).
			WithHint("'drover doc --list' shows the modules there are; command, shell and script run other programs")
	}
	return t.Invoke(ctx, i.module, t.Args(), nil)
}

// resolveModule finds the task's module; one whose name is a template is known
// only now.
func (i *itemRun) resolveModule() error {
	task := i.step.task
	i.module, i.own = task.Module, task.Own
	if task.Module != "" {
		return nil
	}
	v, err := i.jinja.Evaluate(&value.Template{Src: task.Action, Pos: task.Pos})
	if err != nil {
		return err
	}
	name, ok := value.String(v), false
	if i.module, i.own, ok = i.batch.run.cfg.Loader.ModuleOf(task, name); !ok {
		return source.Errorf(task.Pos, "there is no module '%s'", name)
	}
	return nil
}

// ownTemplates are arguments that an action evaluates itself.
var ownTemplates = map[string][]string{
	"ansible.builtin.assert": {"that"},
}

// args evaluates the task's arguments over its module defaults.
func (i *itemRun) args() (*value.Dict, error) {
	task := i.step.task
	raw := value.NewDict(8)
	if err := i.moduleDefaults(raw); err != nil {
		return nil, err
	}
	if task.ArgsTemplate != nil {
		v, err := i.jinja.Evaluate(task.ArgsTemplate)
		if err != nil {
			return nil, source.Wrap(task.Keys["args"], err)
		}
		d, ok := v.(*value.Dict)
		if !ok && v != value.None && v != value.Omit {
			return nil, source.Errorf(task.Keys["args"], "invalid or malformed argument: %s; args must be a dictionary of arguments", value.Repr(v))
		}
		raw.Update(d)
	}
	own := ownTemplates[i.module]
	for _, e := range task.Args.Entries() {
		name := value.String(e.Key)
		if slices.Contains(own, name) {
			raw.Put(name, e.Val)
			continue
		}
		v, err := i.jinja.Evaluate(e.Val)
		if err != nil {
			return nil, source.Wrap(task.ArgPos[name], err)
		}
		if v == value.Omit {
			raw.Delete(e.Key)
			continue
		}
		raw.Put(name, v)
	}
	return raw, nil
}

// moduleDefaults puts the defaults that module_defaults has for the task's
// module and for the action groups that it is in.
func (i *itemRun) moduleDefaults(into *value.Dict) error {
	p := i.step.plan
	for _, md := range p.moduleDefaults {
		v, err := i.jinja.Evaluate(md)
		if err != nil {
			return source.Wrap(i.step.task.Keys["module_defaults"], err)
		}
		d, ok := v.(*value.Dict)
		if !ok {
			continue
		}
		for _, groups := range []bool{true, false} {
			for _, e := range d.Entries() {
				name := value.String(e.Key)
				if strings.HasPrefix(name, "group/") != groups || !i.defaultsApply(name) {
					continue
				}
				args, ok := e.Val.(*value.Dict)
				if !ok && e.Val != value.None {
					return source.Errorf(i.step.task.Pos, "module_defaults: the defaults of '%s' must be a mapping of arguments, not %s", name, value.Repr(e.Val))
				}
				into.Update(args)
			}
		}
	}
	return nil
}

func (i *itemRun) defaultsApply(name string) bool {
	task := i.step.task
	if group, ok := strings.CutPrefix(name, "group/"); ok {
		return i.batch.run.cfg.Loader.InActionGroup(task, group, i.module)
	}
	if name == i.module || name == task.Action {
		return true
	}
	full, ok := i.batch.run.cfg.Loader.ResolveModule(name, nil)
	return ok && (full == i.module || full == i.managerOf())
}

// managerOf gives the module that a task's module hands its work to on this
// host, as far as facts tell; "" when it does it itself.
func (i *itemRun) managerOf() string {
	fact, ok := map[string]string{"ansible.builtin.service": "service_mgr", "ansible.builtin.package": "pkg_mgr"}[i.module]
	if !ok {
		return ""
	}
	v, err := i.jinja.Expr("ansible_facts."+fact+" | default('')", i.step.task.Pos)
	if err != nil {
		return ""
	}
	return "ansible.builtin." + value.String(v)
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

var _ action.Task = (*taskView)(nil)
