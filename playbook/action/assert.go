package action

import (
	"context"
	"maps"

	"drover/modules"
	"drover/playbook/jinja"
	"drover/playbook/value"
)

type assertArgs struct {
	That       value.Value `arg:"that" type:"raw" required:"true" doc:"A conditional as for when, or a list of them; all have to be true."`
	FailMsg    value.Value `arg:"fail_msg" alias:"msg" type:"raw" doc:"The message when one is false: a string or a list of strings."`
	SuccessMsg value.Value `arg:"success_msg" type:"raw" doc:"The message when all are true."`
	Quiet      bool        `arg:"quiet" default:"false" doc:"Whether to show less."`
}

func assertSpec() *modules.Spec {
	return modules.SpecOf[assertArgs](modules.Spec{
		Name:     "ansible.builtin.assert",
		Summary:  "Fail unless conditions are true",
		Doc:      "Evaluates conditionals one after another and fails with a message at the first that is false.",
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.assert:\n    that:\n      - ansible_facts.distribution == 'Debian'\n      - port | int > 1024\n    fail_msg: this needs Debian and an unprivileged port\n",
		Returns: []modules.Return{
			{Name: "assertion", Type: "raw", When: "failed", Doc: "The conditional that was false."},
			{Name: "evaluated_to", Type: "bool", When: "failed", Doc: "What it gave."},
			{Name: "msg", Type: "raw", When: "always", Doc: "fail_msg or success_msg."},
		},
	})
}

func assert(_ context.Context, t Task) (*value.Dict, error) {
	a, err := decode[assertArgs](t, assertSpec())
	if err != nil {
		return nil, err
	}
	failMsg, err := message("fail_msg or msg", a.FailMsg, "Assertion failed")
	if err != nil {
		return nil, err
	}
	successMsg, err := message("success_msg", a.SuccessMsg, "All assertions passed")
	if err != nil {
		return nil, err
	}
	result := value.NewDict(6)
	if !a.Quiet {
		result.Put("_ansible_verbose_always", value.Bool(true))
	}
	conditions, err := assertions(t, a.That)
	if err != nil {
		return nil, err
	}
	for _, c := range conditions {
		ok, err := c.ctx.ConditionValue(c.expr, t.Pos())
		if err != nil {
			return nil, err
		}
		if !ok {
			return result.Update(value.DictOf("failed", true, "evaluated_to", false, "assertion", conditionText(c.expr), "msg", failMsg)), nil
		}
	}
	return result.Update(value.DictOf("changed", false, "msg", successMsg)), nil
}

// message checks a message, a string or a list of strings.
func message(name string, v value.Value, otherwise string) (value.Value, error) {
	switch v := v.(type) {
	case nil:
		return value.Str(otherwise), nil
	case *value.List:
		for _, e := range v.Elems {
			if _, ok := value.AsString(e); !ok {
				return nil, modules.Failf("Type of one of the elements in %s list is not string type", name)
			}
		}
		return v, nil
	}
	if _, ok := value.AsString(v); !ok {
		return nil, modules.Failf("Incorrect type for %s, expected a string or list and got %s", name, v.Type())
	}
	return v, nil
}

// assertion is a conditional and the evaluator that it may use.
type assertion struct {
	expr value.Value
	ctx  *jinja.Context
}

// assertions gives the conditionals of that. A list that a template gives may
// hold text from anywhere: that can use variables, filters and tests, but not
// lookups, which act on the controller.
func assertions(t Task, that value.Value) ([]assertion, error) {
	ctx := t.Jinja()
	if tpl, ok := that.(*value.Template); ok {
		v, err := ctx.Evaluate(tpl)
		if err != nil {
			return nil, err
		}
		list, ok := v.(*value.List)
		if !ok {
			return []assertion{{that, ctx}}, nil
		}
		that, ctx = list, withoutLookups(ctx)
	}
	list, ok := that.(*value.List)
	if !ok {
		return []assertion{{that, ctx}}, nil
	}
	all := make([]assertion, len(list.Elems))
	for i, e := range list.Elems {
		all[i] = assertion{e, ctx}
	}
	return all, nil
}

// withoutLookups gives the same context without the functions that read from
// or act on the controller.
func withoutLookups(ctx *jinja.Context) *jinja.Context {
	env := *ctx.Env()
	env.Globals = maps.Clone(env.Globals)
	for _, name := range []string{"lookup", "query", "q"} {
		delete(env.Globals, name)
	}
	return jinja.NewContext(&env, ctx.Vars())
}

// conditionText gives a conditional as it is written.
func conditionText(expr value.Value) value.Value {
	if t, ok := expr.(*value.Template); ok {
		return value.Str(t.Src)
	}
	return expr
}
