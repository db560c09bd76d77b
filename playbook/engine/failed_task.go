package engine

import (
	"drover/playbook"
	"drover/playbook/value"
)

// failedTask is what a rescue sees of the task that failed, as the variable
// ansible_failed_task: every keyword, those that are not set as none.
func failedTask(st *step) value.Value {
	t, p := st.task, st.plan
	d := value.DictOf("name", st.info.Name, "action", t.Action, "args", ansibleArgs(t.Module, t.Args), "tags", value.Strings(st.info.Tags...))
	if t.Role != nil {
		d.Put("role", value.Str(t.Role.Role))
	}
	for _, k := range []struct {
		name string
		v    value.Value
	}{
		{"any_errors_fatal", p.anyErrorsFatal}, {"async", t.Async}, {"async_val", t.Async}, {"poll", t.Poll},
		{"become", p.become}, {"become_exe", p.becomeExe}, {"become_flags", p.becomeFlags},
		{"become_method", p.becomeMethod}, {"become_user", p.becomeUser},
		{"check_mode", p.checkMode}, {"connection", p.connection}, {"debugger", p.debugger},
		{"delay", t.Delay}, {"delegate_facts", p.delegateFacts}, {"delegate_to", p.delegateTo}, {"diff", p.diff},
		{"ignore_errors", p.ignoreErrors}, {"ignore_unreachable", p.ignoreUnreachable}, {"loop", t.Loop},
		{"no_log", p.noLog}, {"port", p.port}, {"remote_user", p.remoteUser}, {"retries", t.Retries},
		{"run_once", p.runOnce}, {"throttle", p.throttle}, {"timeout", p.timeout},
		{"loop_with", orNone(t.LoopWith)}, {"register", orNone(t.Register)}, {"vars", t.Vars},
		{"changed_when", conditions(t.ChangedWhen)}, {"failed_when", conditions(t.FailedWhen)},
		{"until", conditions(t.Until)}, {"when", conditions(p.when)},
		{"collections", value.Strings(t.Collections...)}, {"environment", value.NewList(p.environment...)},
		{"module_defaults", value.NewList(p.moduleDefaults...)}, {"notify", value.NewList(p.notify...)},
	} {
		d.Put(k.name, keywordValue(k.v))
	}
	return d
}

// keywordValue is a keyword's own value, of one that is not set none.
func keywordValue(v value.Value) value.Value {
	switch v := v.(type) {
	case nil:
		return value.None
	case *inherited:
		return v.Value
	case *value.Dict:
		if v == nil {
			return value.NewDict(0)
		}
	}
	return v
}

func orNone(s string) value.Value {
	if s == "" {
		return value.None
	}
	return value.Str(s)
}

// conditions gives conditions as they are written.
func conditions(cs []playbook.Cond) value.Value {
	l := value.NewList()
	for _, c := range cs {
		l.Append(conditionText(c))
	}
	return l
}
