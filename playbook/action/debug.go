package action

import (
	"context"
	"errors"
	"fmt"

	"drover/internal/lazyre"
	"drover/modules"
	"drover/playbook/jinja"
	"drover/playbook/value"
)

type debugArgs struct {
	Msg       value.Value `arg:"msg" type:"raw" doc:"The message, any value. Without msg and var it is \"Hello world!\"."`
	Var       value.Value `arg:"var" type:"raw" doc:"An expression, most often a variable's name, whose value is shown."`
	Verbosity int         `arg:"verbosity" default:"0" doc:"The number of -v from which the task shows anything."`
}

func debugSpec() *modules.Spec {
	return modules.SpecOf[debugArgs](modules.Spec{
		Name:              "ansible.builtin.debug",
		Summary:           "Show a message or a variable",
		Doc:               "Shows a message or the value of an expression, without touching the host.",
		Check:             modules.CheckFull,
		MutuallyExclusive: [][]string{{"msg", "var"}},
		Examples:          "- ansible.builtin.debug:\n    msg: \"{{ inventory_hostname }} has {{ ansible_facts.memtotal_mb }} MB\"\n- ansible.builtin.debug:\n    var: result\n    verbosity: 2\n",
		Returns:           []modules.Return{{Name: "msg", Type: "raw", When: "msg was given", Doc: "The message."}},
	})
}

func debug(_ context.Context, t Task) (*value.Dict, error) {
	a, err := decode[debugArgs](t, debugSpec())
	if err != nil {
		return nil, err
	}
	if a.Verbosity > t.Verbosity() {
		return value.DictOf("skipped_reason", "Verbosity threshold not met.", "skipped", true, "failed", false), nil
	}
	result := value.NewDict(4)
	switch msg, given := t.Args().Lookup("msg"); {
	case a.Var != nil && a.Var != value.Value(value.Str("")):
		key, v, err := debugVar(t, a.Var, result)
		if err != nil {
			return nil, err
		}
		result.Put(key, v)
	case given && msg != value.Omit:
		result.Put("msg", msg)
	default:
		result.Put("msg", value.Str("Hello world!"))
	}
	result.Put("_ansible_verbose_always", value.Bool(true))
	result.Put("failed", value.Bool(false))
	return result, nil
}

// debugVar gives what to show for var, and under which name. What is undefined
// in it, or all of it, is shown to be so, with a warning in result; any other
// error is one.
func debugVar(t Task, shown value.Value, result *value.Dict) (key string, v value.Value, err error) {
	name, isText := value.AsString(shown)
	older := t.Jinja().Env().Lenient
	switch {
	case !isText && !older:
		return "", nil, modules.Failf("argument 'var' is of type %s and we were unable to convert to _check_type_str_no_conversion: '%s' is not a string and conversion is not allowed",
			shown.Type(), value.String(shown))
	case !isText:
		return "", nil, modules.Failf("var must be the text of an expression, such as a variable's name, not %s", shown.Type()+" "+value.Repr(shown))
	case !writtenAs(t, "var", name) && !plainReference.MatchString(name):
		return name, shown, nil // text that a template gave is data: only a name is looked up
	}
	v, err = t.Jinja().ExprSettled(name, t.Pos())
	var undef *jinja.UndefinedError
	if errors.As(err, &undef) {
		v, err = undef.Undefined, nil
	}
	if err != nil {
		return name, nil, err
	}
	m := &missing{older: older, verbose: t.Verbosity() > 0}
	v, err = t.Jinja().Evaluate(m.fill(v))
	if m.err != nil {
		err = m.err
	}
	if len(m.warnings) > 0 {
		result.Put("warnings", value.Strings(jinja.FaultsText(m.warnings)))
	}
	return name, v, err
}

// missing puts texts where values are undefined.
type missing struct {
	older, verbose bool     // as Ansible did before 2.19; with -v
	warnings       []string // what was undefined so far
	err            error    // what failed in another way
}

// fill gives v with each undefined value in it replaced.
func (m *missing) fill(v value.Value) value.Value {
	if u, ok := v.(*value.Undefined); ok {
		if u.Err != nil && jinja.KindOf(u.Err) != jinja.KindUndefined {
			m.err = u.Err
		}
		return value.Str(m.text(u))
	}
	return value.Rebuild(v, m.fill)
}

func (m *missing) text(u *value.Undefined) string {
	switch {
	case !m.older:
		text := fmt.Sprintf("error %d - %s", len(m.warnings)+1, u.Msg)
		m.warnings = append(m.warnings, text)
		return "<< " + text + " >>"
	case m.verbose:
		return "VARIABLE IS NOT DEFINED!: " + u.Msg
	}
	return "VARIABLE IS NOT DEFINED!"
}

// plainReference matches a variable's name with attributes and constant
// subscripts, which is harmless to look up wherever it came from.
var plainReference = lazyre.New(`^[A-Za-z_]\w*(?:\.\w+|\[(?:-?\d+|'[^'\\]*'|"[^"\\]*")\])*$`)

// writtenAs reports whether the playbook itself has this text as an argument,
// so that it may be evaluated as an expression.
func writtenAs(t Task, arg, text string) bool {
	v, ok := t.RawArgs().Lookup(arg)
	if !ok {
		return false
	}
	s, ok := value.AsString(v)
	return ok && s == text
}
