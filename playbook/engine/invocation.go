package engine

import (
	"drover/modules"
	"drover/playbook/value"
)

// Results show from -vvv on how their module was called, as Ansible's do; what
// register keeps does not have it.

const (
	invocationKey       = "invocation"
	invocationVerbosity = 3
	hiddenArg           = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
)

// addInvocation puts the call of a module into its result.
func (i *itemRun) addInvocation(spec *modules.Spec, args, result *value.Dict) {
	if i.batch.run.cfg.Verbosity < invocationVerbosity || spec == nil || result == nil {
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
	result.Put(invocationKey, value.DictOf("module_args", shown))
}

// withoutInvocation gives a result as register keeps it.
func withoutInvocation(result *value.Dict) *value.Dict {
	_, has := result.Lookup(invocationKey)
	items, looped := result.At("results").(*value.List)
	if !has && !looped {
		return result
	}
	kept := result.Clone()
	kept.Delete(value.Str(invocationKey))
	if looped {
		list := value.NewList()
		for _, e := range items.Elems {
			if d, ok := e.(*value.Dict); ok {
				e = withoutInvocation(d)
			}
			list.Append(e)
		}
		kept.Put("results", list)
	}
	return kept
}
