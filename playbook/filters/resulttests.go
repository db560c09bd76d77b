package filters

import (
	"errors"
	"fmt"
	"math"

	"drover/playbook/value"
)

// resultTests ask a task's result how the task went.
var resultTests = []entry{
	{"failed", "result", flagTest("failed"), lazy},
	{"failure", "result", flagTest("failed"), lazy},
	{"succeeded", "result", notTest("failed"), lazy},
	{"success", "result", notTest("failed"), lazy},
	{"successful", "result", notTest("failed"), lazy},
	{"skipped", "result", flagTest("skipped"), lazy},
	{"skip", "result", flagTest("skipped"), lazy},
	{"unreachable", "result", flagTest("unreachable"), lazy},
	{"reachable", "result", notTest("unreachable"), lazy},
	{"changed", "result", changedTest, lazy},
	{"change", "result", changedTest, lazy},
	{"started", "result", asyncTest("started"), lazy},
	{"finished", "result", asyncTest("finished"), lazy},
	{"timedout", "result", timedOutTest, lazy},
	{"truthy", "value convert_bool?", truthyTest, lazy},
	{"falsy", "value convert_bool?", falsyTest, lazy},
	{"nan", "value", nanTest, 0},
	{"isnan", "value", nanTest, 0},
}

// result gives the tested value, which must be a task's result.
func (a *args) result(test string) value.Mapping {
	m, ok := a.val("result").(value.Mapping)
	if !ok {
		a.fail("The '%s' test expects a dictionary", test)
		return &value.Dict{}
	}
	return m
}

// field gives a resolved field of a result; nil when it is not there.
func (a *args) field(m value.Mapping, name string) value.Value {
	v, ok, err := m.Get(value.Str(name))
	if err != nil && a.err == nil {
		a.err = err
	}
	if !ok {
		return nil
	}
	return a.resolve(v)
}

func flagTest(name string) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		return value.Bool(value.Truth(a.field(a.result(name), name))), nil
	}
}

func notTest(name string) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		return value.Bool(!value.Truth(a.field(a.result(name), name))), nil
	}
}

// changedTest looks at the items of a loop when the result itself does not say.
func changedTest(a *args) (value.Value, error) {
	result := a.result("changed")
	if v := a.field(result, "changed"); v != nil {
		return value.Bool(value.Truth(v)), nil
	}
	items, ok := a.field(result, "results").(*value.List)
	if !ok {
		return value.Bool(false), nil
	}
	if items.Len() == 0 {
		return nil, errors.New("list index out of range")
	}
	for _, item := range items.Elems {
		m, ok := a.resolve(item).(value.Mapping)
		if !ok {
			return value.Bool(false), nil
		}
		if value.Truth(a.field(m, "changed")) {
			return value.Bool(true), nil
		}
	}
	return value.Bool(false), nil
}

// asyncTest is true for the result of a task that was not asynchronous.
func asyncTest(name string) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		v := a.field(a.result(name), name)
		return value.Bool(v == nil || value.Truth(v)), nil
	}
}

func timedOutTest(a *args) (value.Value, error) {
	v := a.field(a.result("timedout"), "timedout")
	if v == nil || !value.Truth(v) {
		return value.Bool(false), nil
	}
	m, ok := v.(value.Mapping)
	if !ok {
		return nil, fmt.Errorf("'%s' object has no attribute 'get'", v.Type())
	}
	return value.Bool(value.Truth(a.field(m, "period"))), nil
}

func truthyTest(a *args) (value.Value, error) { return value.Bool(a.isTruthy()), nil }
func falsyTest(a *args) (value.Value, error)  { return value.Bool(!a.isTruthy()), nil }

func (a *args) isTruthy() bool {
	v := a.val("value")
	if a.truth("convert_bool") {
		if b, ok := parseBool(v); ok {
			return b
		}
	}
	return value.Truth(v)
}

func nanTest(a *args) (value.Value, error) {
	f, ok := a.val("value").(value.Float)
	return value.Bool(ok && math.IsNaN(float64(f))), nil
}
