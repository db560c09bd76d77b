package filters_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"drover/playbook/filters"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// knownDifferences are the recorded cases in which drover means to differ from
// the original, each with the reason.
var knownDifferences = map[string]string{}

// TestConformance runs the recorded cases of testdata/conformance/jinja, or
// those of the folder that DROVER_CASES names.
func TestConformance(t *testing.T) {
	dir := os.Getenv("DROVER_CASES")
	if dir == "" {
		dir = filepath.Join("..", "testdata", "conformance", "jinja")
	}
	runCases(t, dir)
}

// TestPythonCases runs cases of our own, answered by ansible-core 2.19.11: calls,
// failures, addresses, documents, blocks, variables and the like, right and wrong.
func TestPythonCases(t *testing.T) {
	runCases(t, filepath.Join("..", "testdata", "cases"))
}

func runCases(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s (%v)", dir, err)
	}
	t.Setenv("TZ", "UTC")
	t.Setenv("HOME", "/root")
	time.Local = time.UTC
	env := jinja.NewEnv()
	filters.Register(env, filters.Options{})
	passed, total := 0, 0
	sort.Strings(files)
	for _, file := range files {
		cases := readCases(t, file)
		ok := 0
		for _, c := range cases {
			if why := c.check(t, env); why == "" {
				ok++
			} else if reason, known := knownDifferences[c.ID]; known {
				t.Logf("%s differs: %s", c.ID, reason)
			} else {
				t.Errorf("%s %q: %s", c.ID, c.Template, why)
			}
		}
		fmt.Printf("%-26s %4d of %4d\n", strings.TrimSuffix(filepath.Base(file), ".jsonl"), ok, len(cases))
		passed, total = passed+ok, total+len(cases)
	}
	fmt.Printf("passed %d of %d\n", passed, total)
}

// testCase is one line of a file of cases.
type testCase struct {
	ID, Template, Mode string
	vars               *value.Dict
	files              *value.Dict
	options            *value.Dict
	yaml               string
	want               value.Value
	kind               string // of the error, "" for a case that succeeds
	unordered          bool
	trusted            bool
}

func readCases(t *testing.T, file string) []*testCase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []*testCase
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		v, err := value.ParseJSON([]byte(line))
		if err != nil {
			t.Fatalf("%s:%d: %v", file, i+1, err)
		}
		cases = append(cases, newCase(v.(*value.Dict)))
	}
	return cases
}

func newCase(d *value.Dict) *testCase {
	text := func(key string) string {
		s, _ := value.AsString(d.At(key))
		return s
	}
	dict := func(key string) *value.Dict {
		m, _ := d.At(key).(*value.Dict)
		return m
	}
	c := &testCase{
		ID: text("id"), Template: text("template"), Mode: text("mode"), yaml: text("vars_yaml"),
		vars: value.NewDict(0), files: dict("files"), options: dict("options"),
		want: d.At("result"), unordered: value.Truth(d.At("unordered")),
	}
	if value.Truth(d.At("error")) {
		if c.kind = text("error_kind"); c.kind == "" {
			c.kind = "other"
		}
	}
	c.trusted = value.Truth(d.At("vars_templated"))
	for _, e := range dict("vars").Entries() {
		c.vars.Set(e.Key, recorded(e.Val, c.trusted))
	}
	return c
}

// recorded decodes a recorded value; trusted text with markup is a template.
func recorded(v value.Value, trusted bool) value.Value {
	switch v := v.(type) {
	case value.Str:
		if trusted && jinja.HasMarkup(string(v)) {
			return &value.Template{Src: string(v)}
		}
	case *value.List:
		l := value.NewList()
		for _, e := range v.Elems {
			l.Append(recorded(e, trusted))
		}
		return l
	case *value.Dict:
		return recordedDict(v, trusted)
	}
	return v
}

func recordedDict(d *value.Dict, trusted bool) value.Value {
	out := value.NewDict(d.Len())
	if pairs, ok := d.Lookup("$pairs"); ok && d.Len() == 1 {
		for _, p := range pairs.(*value.List).Elems {
			kv := p.(*value.List).Elems
			out.Set(recorded(kv[0], trusted), recorded(kv[1], trusted))
		}
		return out
	}
	for _, e := range d.Entries() {
		out.Set(e.Key, recorded(e.Val, trusted))
	}
	return out
}

// check runs the case and says what is wrong with the outcome, or "".
func (c *testCase) check(t *testing.T, env *jinja.Env) string {
	restore := c.enterFiles(t)
	defer restore()
	got, err := c.run(env)
	switch {
	case err != nil && c.kind == "":
		return "fails: " + source.Format(err) + "; want " + describe(c.want)
	case err != nil && c.kind != "" && string(jinja.KindOf(err)) != c.kind:
		return fmt.Sprintf("fails with an error of kind %s, want %s: %v", jinja.KindOf(err), c.kind, err)
	case err != nil:
		return ""
	case c.kind != "":
		return "gives " + describe(got) + ", want an error: " + c.kind
	case !sameValue(got, recorded(c.want, false), c.unordered):
		return "gives " + describe(got) + ", want " + describe(c.want)
	}
	return ""
}

// enterFiles makes the folder of the case's files the working directory.
func (c *testCase) enterFiles(t *testing.T) (restore func()) {
	if c.files.Len() == 0 {
		return func() {}
	}
	dir := t.TempDir()
	for _, e := range c.files.Entries() {
		path := filepath.Join(dir, value.String(e.Key))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(value.String(e.Val)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.Getwd()
	if err == nil {
		err = os.Chdir(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Chdir(old); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *testCase) run(env *jinja.Env) (value.Value, error) {
	if c.yaml != "" {
		d, err := yaml.Vars([]byte(c.yaml), "vars.yml", yaml.Options{Timestamp: filters.Timestamp})
		if err != nil {
			return nil, err
		}
		c.vars.Update(d)
	}
	ctx := jinja.NewContext(env, caseScope{c.vars, c.trusted})
	ctx.Inline = caseLoader{"."}
	switch c.Mode {
	case "condition":
		ok, err := ctx.Condition(c.Template, source.Pos{})
		return value.Bool(ok), err
	case "expr":
		v, err := ctx.Evaluate(recorded(value.Str(c.Template), true))
		if v == value.Omit {
			return nil, errors.New("a template was resolved to an Omit scalar")
		}
		return v, err
	}
	text, err := ctx.RenderFile(c.Template, "template.j2", c.fileOptions(), caseLoader{"templates", "."})
	return value.Str(text), err
}

// fileOptions are the options of the template module.
func (c *testCase) fileOptions() jinja.FileOptions {
	o := jinja.DefaultFileOptions()
	for _, e := range c.options.Entries() {
		text, _ := value.AsString(e.Val)
		switch value.String(e.Key) {
		case "trim_blocks":
			o.TrimBlocks = value.Truth(e.Val)
		case "lstrip_blocks":
			o.LstripBlocks = value.Truth(e.Val)
		case "newline_sequence":
			o.NewlineSequence = text
		case "block_start_string":
			o.BlockStart = text
		case "block_end_string":
			o.BlockEnd = text
		case "variable_start_string":
			o.VariableStart = text
		case "variable_end_string":
			o.VariableEnd = text
		case "comment_start_string":
			o.CommentStart = text
		case "comment_end_string":
			o.CommentEnd = text
		}
	}
	return o
}

// caseScope is a dict of variables.
type caseScope struct {
	d       *value.Dict
	trusted bool
}

func (s caseScope) Trusted(string) bool { return s.trusted }

func (s caseScope) Lookup(name string) (value.Value, bool) { return s.d.Lookup(name) }

func (s caseScope) Names() []string {
	var names []string
	for _, k := range s.d.Keys() {
		names = append(names, value.String(k))
	}
	return names
}

// caseLoader finds templates below folders of the working directory, which a
// playbook would stand in.
type caseLoader []string

func (l caseLoader) Load(name, from string) (src, path string, err error) {
	for _, dir := range l {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err == nil {
			return string(data), path, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", "", err
		}
	}
	return "", "", &jinja.NotFoundError{Name: name, Looked: l}
}

func describe(v value.Value) string {
	if v == nil {
		return "nothing"
	}
	return v.Type() + " " + value.Repr(v)
}

// sameValue compares types, values and the order of dicts strictly.
func sameValue(got, want value.Value, unordered bool) bool {
	switch w := want.(type) {
	case *value.List:
		g, ok := got.(*value.List)
		if !ok || len(g.Elems) != len(w.Elems) {
			return false
		}
		if unordered {
			return sameElements(g.Elems, w.Elems)
		}
		for i := range w.Elems {
			if !sameValue(g.Elems[i], w.Elems[i], false) {
				return false
			}
		}
		return true
	case *value.Dict:
		g, ok := got.(*value.Dict)
		if !ok || g.Len() != w.Len() {
			return false
		}
		for i, e := range w.Entries() {
			o := g.Entries()[i]
			if !sameValue(o.Key, e.Key, false) || !sameValue(o.Val, e.Val, false) {
				return false
			}
		}
		return true
	}
	return got.Type() == want.Type() && value.Repr(got) == value.Repr(want)
}

func sameElements(got, want []value.Value) bool {
	left := append([]value.Value{}, want...)
next:
	for _, g := range got {
		for i, w := range left {
			if sameValue(g, w, false) {
				left = append(left[:i], left[i+1:]...)
				continue next
			}
		}
		return false
	}
	return len(left) == 0
}
