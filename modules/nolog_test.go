package modules

import (
	"context"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

type confidingArgs struct {
	Name  string            `arg:"name"`
	Key   value.Value       `arg:"key" alias:"token" type:"raw" nolog:"true"`
	Inner []confidingOption `arg:"inner"`
}

type confidingOption struct {
	Secret string `arg:"secret" nolog:"true"`
	Open   string `arg:"open"`
}

// confiding reports what it is told to.
func confiding(report func() (*Result, error), keep []string) Module {
	return Define(Spec{Name: "test.confiding", KeepKeys: keep, Check: CheckFull},
		func(context.Context, target.Host, *Call, *confidingArgs) (*Result, error) { return report() })
}

// The expectations are what a module of ansible-core 2.19.11 answers.
func TestResultsKeepSecrets(t *testing.T) {
	for _, tt := range []struct {
		name   string
		args   []any
		report *value.Dict
		want   string
	}{
		{"whole", []any{"key", "hunter2"}, value.DictOf("a", "hunter2", "b", "x hunter2 y hunter2"), "{'a': 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER', 'b': 'x ******** y ********'}"},
		{"alias", []any{"token", "hunter2"}, value.DictOf("a", "-hunter2"), "{'a': '-********'}"},
		{"short", []any{"key", "p"}, value.DictOf("url", "http://x", "p", 1), "{'url': 'htt********://x', 'p': 1}"},
		{"numbers", []any{"key", "12"}, value.DictOf("a", 12, "b", 3124, "c", 1.5, "d", true, "e", nil), "{'a': 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER', 'b': 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER', 'c': 1.5, 'd': True, 'e': None}"},
		{"number given", []any{"key", 7}, value.DictOf("a", "7 of 77"), "{'a': '******** of ****************'}"},
		{"empty", []any{"key", ""}, value.DictOf("a", "", "b", "x"), "{'a': '', 'b': 'x'}"},
		{"boolean given", []any{"key", true}, value.DictOf("a", "True", "b", true), "{'a': 'True', 'b': True}"},
		{"zero given", []any{"key", 0}, value.DictOf("a", 0, "b", "0"), "{'a': 0, 'b': '0'}"},
		{"none given", []any{"key", nil}, value.DictOf("a", "None"), "{'a': 'None'}"},
		{"list given", []any{"key", []any{"abc", map[string]any{"k": "de"}}}, value.DictOf("a", []any{"abc", "xde"}), "{'a': ['VALUE_SPECIFIED_IN_NO_LOG_PARAMETER', 'x********']}"},
		{"longest first", []any{"key", []any{"ab", "abc"}}, value.DictOf("a", "xabcab"), "{'a': 'x****************'}"},
		{"nested", []any{"key", "sec"}, value.DictOf("a", map[string]any{"sec": []any{"1sec"}}), "{'a': {'sec': ['1********']}}"},
		{"options", []any{"inner", []any{map[string]any{"secret": "s3", "open": "o"}}}, value.DictOf("a", "s3 o", "b", "o"), "{'a': '******** o', 'b': 'o'}"},
		{"nothing secret", []any{"name", "n"}, value.DictOf("a", "n"), "{'a': 'n'}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := confiding(func() (*Result, error) { return &Result{Data: tt.report}, nil }, nil)
			r, err := m.Run(t.Context(), target.NewFake(), &Call{Args: value.DictOf(tt.args...)})
			if err != nil || value.Repr(r.Data) != tt.want {
				t.Errorf("got %s, %v\nwant %s", value.Repr(r.Data), err, tt.want)
			}
		})
	}
}

func TestFailuresKeepSecrets(t *testing.T) {
	m := confiding(func() (*Result, error) {
		return nil, FailWith(value.DictOf("cmd", "login hunter2"), "hunter2 is wrong")
	}, nil)
	_, err := m.Run(t.Context(), target.NewFake(), &Call{Args: value.DictOf("key", "hunter2")})
	r := FailResult(err)
	if got, want := value.Repr(r.Dict()), "{'changed': False, 'cmd': 'login ********', 'failed': True, 'msg': '******** is wrong'}"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestDiffsKeepSecrets(t *testing.T) {
	m := confiding(func() (*Result, error) {
		return &Result{Diff: []Diff{{Before: "a hunter2", AfterState: value.DictOf("k", "hunter2")}}, Warnings: []string{"hunter2!"}}, nil
	}, nil)
	r, err := m.Run(t.Context(), target.NewFake(), &Call{Args: value.DictOf("key", "hunter2")})
	if err != nil {
		t.Fatal(err)
	}
	if d := r.Diff[0]; d.Before != "a ********" || value.Repr(d.AfterState) != "{'k': 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'}" || r.Warnings[0] != "********!" {
		t.Errorf("got %+v, warnings %q", d, r.Warnings)
	}
}

func TestKeysKeepSecrets(t *testing.T) {
	m := confiding(func() (*Result, error) {
		return &Result{Data: value.DictOf("path", "pa", "json", map[string]any{"key-pa": []any{map[string]any{"pa": 1}}})}, nil
	}, []string{"path"})
	r, err := m.Run(t.Context(), target.NewFake(), &Call{Args: value.DictOf("key", "pa")})
	if err != nil {
		t.Fatal(err)
	}
	want := "{'path': 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER', 'json': {'key-********': [{'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER': 1}]}}"
	if got := value.Repr(r.Data); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
