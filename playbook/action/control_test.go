package action

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drover/modules"
	"drover/playbook/value"
)

func TestEveryActionIsDocumented(t *testing.T) {
	specs := Specs()
	if !slices.IsSortedFunc(specs, func(a, b *modules.Spec) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the specs are not sorted")
	}
	actions := Builtin()
	for name, spec := range actionSpecs() {
		if spec().Name != name {
			t.Errorf("%s is listed as %s", spec().Name, name)
		}
	}
	for _, s := range specs {
		if _, ok := actions[s.Name]; !ok {
			t.Errorf("%s has a spec but no action", s.Name)
		}
		if s.Summary == "" || s.Doc == "" || s.Examples == "" {
			t.Errorf("%s lacks documentation", s.Name)
		}
		for _, a := range s.Args {
			if a.Doc == "" {
				t.Errorf("%s: argument %s lacks documentation", s.Name, a.Name)
			}
		}
	}
}

func TestDebug(t *testing.T) {
	vars := value.DictOf("x", 5, "d", value.DictOf("k", tpl("{{ x }}")), "name", "x", "evil", "lookup('pipe', 'id')")
	tests := []struct {
		name string
		args []any
		want *value.Dict
	}{
		{"default", nil, value.DictOf("msg", "Hello world!")},
		{"message", []any{"msg", tpl("x is {{ x }}")}, value.DictOf("msg", "x is 5")},
		{"variable", []any{"var", "x"}, value.DictOf("x", 5)},
		{"expression", []any{"var", "x + 1"}, value.DictOf("x + 1", 6)},
		{"lazy", []any{"var", "d"}, value.DictOf("d", value.DictOf("k", 5))},
		{"name in a variable", []any{"var", tpl("{{ name }}")}, value.DictOf("x", 5)},
		{"data is not evaluated", []any{"var", tpl("{{ evil }}")}, value.DictOf("lookup('pipe', 'id')", "lookup('pipe', 'id')")},
		{"undefined", []any{"var", "nope"}, value.DictOf("nope", "<< error 1 - 'nope' is undefined >>")},
		{"undefined inside", []any{"var", "[x, nope, d.none]"}, value.DictOf("[x, nope, d.none]",
			value.NewList(value.Int(5), value.Str("<< error 1 - 'nope' is undefined >>"), value.Str("<< error 2 - object of type 'dict' has no attribute 'none' >>")))},
		{"verbosity", []any{"msg", "m", "verbosity", 2}, value.DictOf("skipped", true, "skipped_reason", "Verbosity threshold not met.")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect(t, debug, newTask(t, vars, tt.args...), tt.want) })
	}
	if msg := expectError(t, debug, newTask(t, vars, "msg", "a", "var", "x")); !strings.Contains(msg, "mutually exclusive") {
		t.Errorf("msg and var: %s", msg)
	}
}

func TestAssert(t *testing.T) {
	vars := value.DictOf("x", 5, "checks", value.Strings("x == 5", "x > 7"))
	tests := []struct {
		name string
		args []any
		want *value.Dict
	}{
		{"one", []any{"that", "x == 5"}, value.DictOf("changed", false, "msg", "All assertions passed")},
		{"list", []any{"that", value.Strings("x == 5", "x > 5")}, value.DictOf("failed", true, "assertion", "x > 5", "evaluated_to", false, "msg", "Assertion failed")},
		{"booleans", []any{"that", value.NewList(value.Bool(true), value.Bool(false))}, value.DictOf("failed", true, "assertion", false)},
		{"messages", []any{"that", "x == 6", "fail_msg", tpl("x is {{ x }}")}, value.DictOf("msg", "x is 5")},
		{"msg is fail_msg", []any{"that", "x == 6", "msg", "no"}, value.DictOf("msg", "no")},
		{"success", []any{"that", "x == 5", "success_msg", value.Strings("a", "b")}, value.DictOf("msg", value.Strings("a", "b"))},
		{"list in a variable", []any{"that", tpl("{{ checks }}")}, value.DictOf("failed", true, "assertion", "x > 7")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			task := newTask(t, vars, tt.args...)
			if err := task.evaluate("that"); err != nil {
				t.Fatal(err)
			}
			expect(t, assert, task, tt.want)
		})
	}
	for want, args := range map[string][]any{
		"missing required arguments: that":    {"quiet", true},
		"'fail_msg' is of type list":          {"that", "x", "fail_msg", value.NewList(value.Int(1))},
		"a string or list of strings is req":  {"that", "x", "success_msg", 1},
		"nope":                                {"that", "nope == 1"},
		"Conditionals must have a boolean":    {"that", "x"},
		"Unsupported parameters for (assert)": {"that", "x", "thatt", 1},
	} {
		task := newTask(t, vars, args...)
		if err := task.evaluate("that"); err != nil {
			t.Fatal(err)
		}
		if msg := expectError(t, assert, task); !strings.Contains(msg, want) {
			t.Errorf("%v: got %q, want %q", args, msg, want)
		}
	}
}

func TestFail(t *testing.T) {
	expect(t, fail, newTask(t, nil), value.DictOf("failed", true, "msg", "Failed as requested from task"))
	expect(t, fail, newTask(t, nil, "msg", "no"), value.DictOf("failed", true, "msg", "no"))
	expect(t, fail, newTask(t, nil, "msg", []any{1}), value.DictOf("failed", true, "msg", []any{1}))
}

func TestSetFact(t *testing.T) {
	vars := value.DictOf("x", 5)
	got := expect(t, setFact, newTask(t, vars, "a", tpl("{{ x }}"), "{{ 'k' }}_x", "v", "cacheable", "yes"),
		value.DictOf("_ansible_facts_cacheable", true))
	if facts := value.Repr(got.At("ansible_facts")); facts != "{'a': 5, 'k_x': 'v'}" {
		t.Errorf("got %s", facts)
	}
	if msg := expectError(t, setFact, newTask(t, vars, "1x", "v")); !strings.Contains(msg, "Invalid variable name '1x'.") {
		t.Error(msg)
	}
	if msg := expectError(t, setFact, newTask(t, vars, "cacheable", true)); !strings.Contains(msg, "No key/value pairs") {
		t.Error(msg)
	}
}

func TestSetStats(t *testing.T) {
	got := expect(t, setStats, newTask(t, nil, "data", value.DictOf("n", 1), "per_host", "yes"), value.DictOf("changed", false))
	if s := value.Repr(got.At("ansible_stats")); s != "{'data': {'n': 1}, 'per_host': True, 'aggregate': True}" {
		t.Errorf("got %s", s)
	}
	if msg := expectError(t, setStats, newTask(t, nil, "data", "x")); !strings.Contains(msg, "needs to be a dictionary") {
		t.Error(msg)
	}
}

func TestAddHost(t *testing.T) {
	tests := map[string][]any{
		"{'host_name': 'h', 'groups': [], 'host_vars': {}}":                          {"name", "h"},
		"{'host_name': 'h', 'groups': ['a', 'b'], 'host_vars': {'x': 1}}":            {"hostname", "h", "groups", "a, b,a", "x", 1},
		"{'host_name': 'h', 'groups': ['a'], 'host_vars': {'ansible_ssh_port': 22}}": {"name", "h:22", "groupname", value.Strings("a")},
		"{'host_name': '::1', 'groups': [], 'host_vars': {}}":                        {"name", "::1"},
	}
	for want, args := range tests {
		got := expect(t, addHost, newTask(t, nil, args...), value.DictOf("changed", false))
		if s := value.Repr(got.At("add_host")); s != want {
			t.Errorf("%v: got %s, want %s", args, s, want)
		}
	}
	if msg := expectError(t, addHost, newTask(t, nil, "groups", "a")); !strings.Contains(msg, "name, host or hostname needs to be provided") {
		t.Error(msg)
	}
}

func TestGroupBy(t *testing.T) {
	expect(t, groupBy, newTask(t, nil, "key", "a b"), value.DictOf("add_group", "a-b", "parent_groups", value.Strings("all")))
	expect(t, groupBy, newTask(t, nil, "key", "a", "parents", value.Strings("p q", "r")), value.DictOf("parent_groups", value.Strings("p-q", "r")))
	expectError(t, groupBy, newTask(t, nil))
}

func TestPause(t *testing.T) {
	task := newTask(t, nil, "prompt", "Sure?")
	expect(t, pause, task, value.DictOf("user_input", "", "echo", true, "rc", 0))
	if !slices.Contains(task.warnings, "Not waiting for response to prompt as stdin is not interactive") {
		t.Errorf("warnings: %q", task.warnings)
	}
	task = newTask(t, nil, "prompt", "Sure?", "echo", false)
	task.terminal.interactive, task.terminal.lines = true, []string{"yes"}
	expect(t, pause, task, value.DictOf("user_input", "yes", "echo", false))
	if got := task.terminal.printed; len(got) != 1 || got[0] != "[a task]\nSure? (output is hidden):" {
		t.Errorf("printed %q", got)
	}
	expectError(t, pause, newTask(t, nil, "minutes", 1, "seconds", 1))
	expectError(t, pause, newTask(t, nil, "seconds", "1.5"))
	task = newTask(t, nil)
	task.terminal.interactive, task.terminal.lines = true, []string{"^C", "c"}
	expect(t, pause, task, value.DictOf("user_input", ""))
	task = newTask(t, nil, "minutes", 1)
	task.terminal.interactive, task.terminal.lines = true, []string{"^C", "a"}
	expectError(t, pause, task)
}

func TestWaitForConnection(t *testing.T) {
	task := newTask(t, nil, "sleep", 0)
	task.terminal.pings = []error{errors.New("refused"), errors.New("refused")}
	got := expect(t, waitForConnection, task, value.DictOf("changed", false))
	if got.At("failed") != value.None {
		t.Errorf("got %s", value.Repr(got))
	}
	task = newTask(t, nil, "timeout", 0)
	task.terminal.pings = []error{errors.New("refused")}
	expect(t, waitForConnection, task, value.DictOf("failed", true, "msg", "timed out waiting for ping module test: refused"))
	task = newTask(t, nil)
	task.check = true
	expect(t, waitForConnection, task, value.DictOf("skipped", true))
}

func TestPackage(t *testing.T) {
	called := ""
	answer := func(module string, args *value.Dict) *value.Dict {
		called += module + " " + value.Repr(args) + "\n"
		return value.DictOf("ansible_facts", value.DictOf("ansible_pkg_mgr", "ping"))
	}
	for want, task := range map[string]*localTask{
		"ansible.builtin.ping {'name': 'x'}\n": newTask(t, value.DictOf("ansible_facts", value.DictOf("pkg_mgr", "ping")), "name", "x"),
		"ansible.builtin.ping {'name': 'y'}\n": newTask(t, nil, "name", "y", "use", "ping"),
		"ansible.builtin.setup {'gather_subset': ['!all'], 'filter': ['ansible_pkg_mgr']}\nansible.builtin.ping {'name': 'z'}\n": newTask(t, nil, "name", "z"),
	} {
		called = ""
		task.invoke = answer
		expect(t, packageManager, task, value.NewDict(0))
		if called != want {
			t.Errorf("called %s, want %s", called, want)
		}
	}
	if msg := expectError(t, packageManager, newTask(t, nil, "name", "x", "use", "zypp")); !strings.Contains(msg, "Could not find a matching action") {
		t.Error(msg)
	}
}

func TestGatherFacts(t *testing.T) {
	task := newTask(t, value.DictOf("ansible_facts_modules", value.Strings("smart", "my.own.facts")), "gather_subset", "min")
	task.invoke = func(module string, args *value.Dict) *value.Dict {
		if module == setupModule {
			return value.DictOf("ansible_facts", value.DictOf("a", 1, "args", value.Repr(args)))
		}
		return value.DictOf("failed", true, "msg", "broken")
	}
	got := expect(t, gatherFacts, task, value.DictOf("failed", true, "ansible_facts", value.DictOf("a", 1, "args", "{'gather_subset': 'min'}")))
	if msg := value.String(got.At("msg")); !strings.Contains(msg, "The following modules failed to execute: my.own.facts") || !strings.Contains(msg, "broken") {
		t.Errorf("msg: %s", msg)
	}
}

func TestURI(t *testing.T) {
	task := newTask(t, nil, "url", "http://x", "src", "body.txt", "method", "PUT")
	if err := os.MkdirAll(filepath.Join(task.dir, "files"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(task.dir, "files", "body.txt"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	task.invoke = func(_ string, args *value.Dict) *value.Dict { return args }
	got := expect(t, uri, task, value.DictOf("body", "hello", "method", "PUT"))
	if _, ok := got.Lookup("src"); ok {
		t.Error("src went to the host")
	}
}

func TestAsyncStatus(t *testing.T) {
	task := newTask(t, value.DictOf("ansible_async_dir", "/var/jobs"), "jid", "j1")
	task.invoke = func(_ string, args *value.Dict) *value.Dict {
		return value.DictOf("finished", 1, "dir", args.At("_async_dir"), "stdout", "out")
	}
	expect(t, asyncStatus, task, value.DictOf("started", true, "finished", true, "stdout", "out", "stderr", "",
		"ansible_job_id", "j1", "results_file", "/var/jobs/j1", "dir", "/var/jobs"))
	task = newTask(t, nil, "jid", "j1", "mode", "cleanup")
	task.invoke = func(string, *value.Dict) *value.Dict { return value.NewDict(0) }
	expect(t, asyncStatus, task, value.DictOf("started", false, "finished", false, "erased", "~/.ansible_async/j1"))
}
