package engine

import (
	"strings"

	"drover/modules"
	"drover/playbook/value"
)

// Results show from -vvv on how their module was called, as Ansible's do; what
// register keeps has it in the items of a loop only.

const (
	invocationKey       = "invocation"
	invocationVerbosity = 3
	hiddenArg           = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
)

// addInvocation puts the call of a module into its result.
func (i *itemRun) addInvocation(spec *modules.Spec, args, result *value.Dict) {
	kept := i.loop != nil && i.step.task.Register != ""
	if !kept && i.batch.run.cfg.Verbosity < invocationVerbosity || spec == nil || result == nil {
		return
	}
	shown := args.Clone()
	for _, a := range spec.Args {
		switch v, given := shown.Lookup(a.Name); {
		case given && (a.NoLog || a.Unshown) && v != value.None:
			shown.Put(a.Name, value.Str(hiddenArg))
		case !given && a.Default != nil:
			shown.Put(a.Name, a.Default)
		case !given:
			shown.Put(a.Name, value.None)
		}
	}
	if withCommands[i.module] {
		shown = ansibleArgs(i.module, shown)
		shown.Put("cmd", value.None)
		shown.Put("_uses_shell", value.Bool(i.module == "ansible.builtin.shell"))
	}
	result.Put(invocationKey, value.DictOf("module_args", shown))
}

// withCommands are the modules whose command Ansible takes for the free text of
// the task, wherever it is written.
var withCommands = map[string]bool{"ansible.builtin.command": true, "ansible.builtin.shell": true, "ansible.builtin.script": true}

// rawParams is Ansible's name for the free text of a task.
const rawParams = "_raw_params"

// ansibleArgs gives a module's arguments under the names that Ansible has.
func ansibleArgs(module string, args *value.Dict) *value.Dict {
	if _, ok := args.Lookup("cmd"); !ok || !withCommands[module] {
		return args
	}
	named := value.NewDict(args.Len())
	for _, e := range args.Entries() {
		if value.String(e.Key) == "cmd" {
			named.Put(rawParams, e.Val)
			continue
		}
		named.Set(e.Key, e.Val)
	}
	return named
}

// shownInvocation gives a result as it is printed: without the calls below -vvv.
func (r *run) shownInvocation(result *value.Dict) *value.Dict {
	if r.cfg.Verbosity >= invocationVerbosity {
		return result
	}
	isCall := func(key string) bool { return key == invocationKey }
	return eachResult(without(result, isCall), func(item *value.Dict) *value.Dict { return without(item, isCall) })
}

// registered gives a result as register keeps it: without the keys that are
// between an action and the engine, and without the call but in a loop's items.
func registered(result *value.Dict, looped bool) *value.Dict {
	isOurs := func(key string) bool { return strings.HasPrefix(key, "_ansible_") }
	if !looped {
		return without(result, func(key string) bool { return isOurs(key) || key == invocationKey })
	}
	return eachResult(without(result, isOurs), func(item *value.Dict) *value.Dict { return without(item, isOurs) })
}

// eachResult gives a loop's result with each item's made by change; one that
// changes nothing leaves it as it is.
func eachResult(result *value.Dict, change func(*value.Dict) *value.Dict) *value.Dict {
	items, looped := result.At("results").(*value.List)
	if !looped {
		return result
	}
	list, changed := value.NewList(), false
	for _, e := range items.Elems {
		if d, ok := e.(*value.Dict); ok {
			n := change(d)
			changed = changed || n != d
			e = n
		}
		list.Append(e)
	}
	if !changed {
		return result
	}
	kept := result.Clone()
	kept.Put("results", list)
	return kept
}

// without gives a dict less some keys: itself, when it has none of them.
func without(d *value.Dict, leave func(key string) bool) *value.Dict {
	kept := d
	for _, e := range d.Entries() {
		if key, ok := value.AsString(e.Key); ok && leave(key) {
			if kept == d {
				kept = d.Clone()
			}
			kept.Delete(e.Key)
		}
	}
	return kept
}
