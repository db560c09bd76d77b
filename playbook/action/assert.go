package action

import (
	"context"
	"slices"

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
	failMsg, err := message(t, "fail_msg", a.FailMsg, "Assertion failed")
	if err != nil {
		return nil, err
	}
	successMsg, err := message(t, "success_msg", a.SuccessMsg, "All assertions passed")
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
		if !c.isConditional() && !t.Jinja().Env().Lenient {
			return nil, modules.Failf("Conditional expressions must be strings.")
		}
		ok, err := c.ctx.ConditionValue(c.expr, t.Pos())
		if err != nil {
			return nil, err
		}
		if !ok {
			return result.Update(value.DictOf("failed", true, "evaluated_to", false, "assertion", c.text(t), "msg", failMsg)), nil
		}
	}
	return result.Update(value.DictOf("changed", false, "msg", successMsg)), nil
}

// message checks a message, a string or a list of strings.
func message(t Task, name string, v value.Value, otherwise string) (value.Value, error) {
	if v == nil {
		return value.Str(otherwise), nil
	}
	list, isList := v.(*value.List)
	_, isText := value.AsString(v)
	strange := func(e value.Value) bool { _, ok := value.AsString(e); return !ok }
	switch {
	case isText || isList && !slices.ContainsFunc(list.Elems, strange):
		return v, nil
	case !t.Jinja().Env().Lenient:
		return nil, modules.Failf("argument '%s' is of type %s and we were unable to convert to str_or_list_of_str: a string or list of strings is required", name, v.Type())
	case name == "fail_msg":
		name = "fail_msg or msg"
	}
	if isList {
		return nil, modules.Failf("Type of one of the elements in %s list is not string type", name)
	}
	return nil, modules.Failf("Incorrect type for %s, expected a string or list and got %s", name, v.Type())
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
	if ctx.Env().Lenient {
		ctx = silentOnDelimiters(ctx)
	}
	if tpl, ok := that.(*value.Template); ok {
		v, err := ctx.Evaluate(tpl)
		if err != nil {
			return nil, err
		}
		list, ok := v.(*value.List)
		if !ok {
			return []assertion{{that, ctx}}, nil
		}
		that, ctx = list, ctx.WithoutLookups()
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

// silentOnDelimiters gives the same context without the warning of conditionals
// that are templates: before 2.19 arguments were evaluated first, so that assert
// never saw one.
func silentOnDelimiters(ctx *jinja.Context) *jinja.Context {
	silent := ctx.With(ctx.Vars())
	silent.DelimitersFine = true
	return silent
}

// isConditional: text, what a template gives, and truth values that stand for
// themselves.
func (a assertion) isConditional() bool {
	switch a.expr.(type) {
	case value.Bool, value.Str, *value.Template:
		return true
	}
	return a.expr == value.None
}

// text gives the conditional that was false as a result shows it. Since 2.19 a
// template in its place counts for its value.
func (a assertion) text(t Task) value.Value {
	tpl, ok := a.expr.(*value.Template)
	switch {
	case !ok:
		return a.expr
	case t.Jinja().Env().Lenient:
		return value.Str(tpl.Src)
	}
	if v, err := a.ctx.Evaluate(tpl); err == nil {
		return v
	}
	return value.Str(tpl.Src)
}
