package action

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"drover/inventory"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/transport"
)

// localTask is a Task without a host: arguments and variables are given, the
// template engine is the real one, and modules are answered by a function.
type localTask struct {
	registered bool
	name       string
	raw        *value.Dict
	vars       *value.Dict
	dir        string // where files are found
	check      bool
	verbosity  int
	invoke     func(module string, args *value.Dict) *value.Dict
	terminal   *terminal

	args     *value.Dict
	warnings []string
}

// newTask makes a task whose arguments are evaluated as the engine does it.
func newTask(t *testing.T, vars *value.Dict, args ...any) *localTask {
	t.Helper()
	task := &localTask{name: "test", raw: value.DictOf(args...), vars: vars, dir: t.TempDir(), terminal: &terminal{}}
	if vars == nil {
		task.vars = value.NewDict(0)
	}
	return task
}

func (l *localTask) evaluate(own ...string) error {
	l.args = value.NewDict(l.raw.Len())
	for _, e := range l.raw.Entries() {
		v := e.Val
		if len(own) == 0 || value.String(e.Key) != own[0] {
			var err error
			if v, err = l.Jinja().Evaluate(v); err != nil {
				return err
			}
		}
		l.args.Set(e.Key, v)
	}
	return nil
}

type scope struct{ d *value.Dict }

func (s scope) Lookup(name string) (value.Value, bool) { return s.d.Lookup(name) }

func (s scope) Names() []string {
	var names []string
	for _, k := range s.d.Keys() {
		names = append(names, value.String(k))
	}
	return names
}

func (l *localTask) Module() string       { return l.name }
func (l *localTask) Name() string         { return "a task" }
func (l *localTask) Args() *value.Dict    { return l.args }
func (l *localTask) RawArgs() *value.Dict { return l.raw }
func (l *localTask) Pos() source.Pos {
	return source.Pos{File: filepath.Join(l.dir, "play.yml"), Line: 3, Col: 5}
}
func (l *localTask) Host() string           { return "host1" }
func (l *localTask) Delegate() string       { return "" }
func (l *localTask) Check() bool            { return l.check }
func (l *localTask) Diff() bool             { return false }
func (l *localTask) Verbosity() int         { return l.verbosity }
func (l *localTask) Registered() bool       { return l.registered }
func (l *localTask) Jinja() *jinja.Context  { return jinja.NewContext(jinja.NewEnv(), scope{l.vars}) }
func (l *localTask) Env() map[string]string { return nil }
func (l *localTask) Warn(text string)       { l.warnings = append(l.warnings, text) }
func (l *localTask) Loader() jinja.Loader   { return nil }
func (l *localTask) Run() Run               { return l.terminal }

func (l *localTask) With(vars *value.Dict) *jinja.Context {
	return jinja.NewContext(jinja.NewEnv(), scope{l.vars.Clone().Update(vars)})
}

func (l *localTask) Find(kind, name string) (string, error) {
	path := filepath.Join(l.dir, kind, name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("could not find '%s', looked in %s", name, filepath.Dir(path))
	}
	return path, nil
}

func (l *localTask) ReadFile(path string) ([]byte, bool, error) {
	data, err := os.ReadFile(path)
	return data, false, err
}

func (l *localTask) VarsFile(path string) (*value.Dict, error) {
	return inventory.ReadVarsFile(path, nil)
}

func (l *localTask) Invoke(_ context.Context, module string, args *value.Dict, _ *InvokeOptions) (*value.Dict, error) {
	if l.invoke == nil {
		return nil, errors.New("no module is expected here: " + module)
	}
	return l.invoke(module, args), nil
}

func (l *localTask) Conn(context.Context) (transport.Conn, *transport.Target, error) {
	return nil, nil, errors.New("no connection is expected here")
}

// terminal answers prompts and pings.
type terminal struct {
	lines       []string
	interactive bool
	pings       []error
	printed     []string
}

// ReadKeys answers with the next line; "^C" and a key that interrupts do so.
func (r *terminal) ReadKeys(_ context.Context, text string, k Keys) (string, bool, error) {
	r.printed = append(r.printed, text)
	if !r.interactive {
		return "", false, nil
	}
	line := r.lines[0]
	r.lines = r.lines[1:]
	if line == "^C" || k.Interrupt != "" && line == k.Interrupt {
		return "", true, ErrInterrupted
	}
	return line, true, nil
}

func (r *terminal) ResetConnection(string) {}
func (r *terminal) Print(text string)      { r.printed = append(r.printed, text) }

func (r *terminal) Ping(context.Context, string) error {
	if len(r.pings) == 0 {
		return nil
	}
	err := r.pings[0]
	r.pings = r.pings[1:]
	return err
}

// tpl makes a template as the loader of a playbook does.
func tpl(src string) value.Value { return &value.Template{Src: src} }

// expect runs an action and compares the keys of its result that want has.
func expect(t *testing.T, run Func, task *localTask, want *value.Dict) *value.Dict {
	t.Helper()
	if task.args == nil {
		if err := task.evaluate(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := run(context.Background(), task)
	if err != nil {
		t.Fatal(source.Format(err))
	}
	for _, e := range want.Entries() {
		if v, _, _ := got.Get(e.Key); v == nil || !value.Equal(v, e.Val) {
			t.Errorf("%s is %v, want %s\nin %s", value.String(e.Key), v, value.Repr(e.Val), value.Repr(got))
		}
	}
	return got
}

// expectError runs an action that has to fail with a text in its message.
func expectError(t *testing.T, run Func, task *localTask) string {
	t.Helper()
	if task.args == nil {
		if err := task.evaluate(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := run(context.Background(), task)
	if err == nil {
		t.Fatalf("no error, but %s", value.Repr(got))
	}
	return err.Error()
}
