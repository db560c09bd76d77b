package playbook

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"drover/modules"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
)

var update = flag.Bool("update", false, "rewrite the expected results in testdata")

// testSpecs are the modules that the tests know.
var testSpecs = []*modules.Spec{
	{Name: "ansible.builtin.debug", Args: []modules.Arg{
		{Name: "msg", Type: "raw"}, {Name: "var", Type: "str"}, {Name: "verbosity", Type: "int"},
	}, MutuallyExclusive: [][]string{{"msg", "var"}}},
	{Name: "ansible.builtin.command", FreeForm: "cmd", Args: []modules.Arg{
		{Name: "cmd", Type: "str"}, {Name: "argv", Type: "list", Elements: "str"}, {Name: "chdir", Type: "path"},
		{Name: "creates", Type: "path"}, {Name: "removes", Type: "path"},
	}},
	{Name: "ansible.builtin.shell", FreeForm: "cmd", Args: []modules.Arg{{Name: "cmd", Type: "str"}, {Name: "chdir", Type: "path"}}},
	{Name: "ansible.builtin.copy", Args: []modules.Arg{
		{Name: "src", Type: "path"}, {Name: "content", Type: "raw"}, {Name: "dest", Type: "path", Required: true},
		{Name: "mode", Type: "raw"}, {Name: "force", Type: "bool"}, {Name: "owner", Type: "str"},
	}, MutuallyExclusive: [][]string{{"src", "content"}}},
	{Name: "ansible.builtin.service", Args: []modules.Arg{
		{Name: "name", Type: "str", Required: true}, {Name: "enabled", Type: "bool"},
		{Name: "state", Type: "str", Choices: []string{"reloaded", "restarted", "started", "stopped"}},
	}, RequiredOneOf: [][]string{{"state", "enabled"}}},
	{Name: "ansible.builtin.set_fact", AnyArgs: true, Args: []modules.Arg{{Name: "cacheable", Type: "bool"}}},
	{Name: "ansible.builtin.include_vars", FreeForm: "file", Args: []modules.Arg{{Name: "file", Type: "path"}, {Name: "name", Type: "str"}}},
	{Name: "ansible.posix.synchronize", Args: []modules.Arg{{Name: "src", Type: "path", Required: true}, {Name: "dest", Type: "path", Required: true}}},
	{Name: "community.general.ini_file", Args: []modules.Arg{{Name: "path", Type: "path", Required: true}}},
}

func testOptions() Options {
	find := func(fqcn string) (*modules.Spec, bool) {
		i := slices.IndexFunc(testSpecs, func(s *modules.Spec) bool { return s.Name == fqcn })
		if i < 0 {
			return nil, false
		}
		return testSpecs[i], true
	}
	env := jinja.NewEnv()
	return Options{
		Modules: find,
		Names: func() []string {
			var names []string
			for _, s := range testSpecs {
				names = append(names, s.Name)
			}
			return names
		},
		Env:    env,
		Static: func(vars *value.Dict) *jinja.Context { return jinja.NewContext(env, dictScope{vars}) },
	}
}

// dictScope gives the variables of a dict to templates.
type dictScope struct{ d *value.Dict }

func (s dictScope) Lookup(name string) (value.Value, bool) { return s.d.Lookup(name) }

func (s dictScope) Names() []string {
	var names []string
	for _, k := range s.d.Keys() {
		names = append(names, value.String(k))
	}
	return names
}

// archives runs test for each txtar file of a folder, with its files written
// to a folder of their own. test gives the text that the file's last section
// must have.
func archives(t *testing.T, folder, section string, test func(dir string) string) {
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives in %s: %v", folder, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			want := txtar.File{Name: section}
			files := a.Files[:0:0]
			for _, f := range a.Files {
				if f.Name == section {
					want = f
					continue
				}
				files = append(files, f)
				full := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(full, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got := strings.ReplaceAll(strings.TrimRight(test(dir), "\n"), dir+"/", "") + "\n"
			if *update {
				a.Files = append(files, txtar.File{Name: section, Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want.Data) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want.Data)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	archives(t, "errors", "error", func(dir string) string {
		book, err := NewLoader(testOptions()).Playbook(filepath.Join(dir, "site.yml"))
		if err == nil {
			err = book.Faults().Err()
		}
		if err == nil {
			return "no error"
		}
		return source.Format(err)
	})
}

func TestTrees(t *testing.T) {
	archives(t, "trees", "tree", func(dir string) string {
		book, err := NewLoader(testOptions()).Playbook(filepath.Join(dir, "site.yml"))
		if err != nil {
			return source.Format(err)
		}
		var p printer
		for _, play := range book.Plays {
			p.play(play)
		}
		return p.String()
	})
}

// printer prints trees for the tests.
type printer struct {
	strings.Builder
	depth int
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(p, "%s%s\n", strings.Repeat("  ", p.depth), strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

func (p *printer) below(title string, steps []Step) {
	if len(steps) == 0 {
		return
	}
	p.line("%s", title)
	p.depth++
	for _, s := range steps {
		p.step(s)
	}
	p.depth--
}

func (p *printer) play(play *Play) {
	p.line("play %s hosts=%s%s", filepath.Base(play.Playbook), value.Repr(play.Hosts), keywords(&play.Base))
	p.depth++
	if play.ImportVars != nil {
		p.line("imported with vars=%s", value.Repr(play.ImportVars))
	}
	p.below("pre_tasks", play.PreTasks)
	for _, r := range play.Roles {
		p.role(r)
	}
	p.below("tasks", play.Tasks)
	p.below("post_tasks", play.PostTasks)
	p.below("handlers", play.Handlers)
	p.depth--
}

func (p *printer) role(r *Role) {
	p.line("role %s defaults=%s vars=%s%s%s", r.FQCN, value.Repr(r.Defaults), value.Repr(r.RoleVars),
		dict(" params=", r.Params), dict(" given vars=", r.Vars))
	p.depth++
	p.step(r.Tasks)
	p.below("handlers", r.Handlers)
	p.depth--
}

func dict(title string, d *value.Dict) string {
	if d.Len() == 0 {
		return ""
	}
	return title + value.Repr(d)
}

func (p *printer) step(s Step) {
	switch s := s.(type) {
	case *Block:
		p.block(s)
	case *Task:
		p.task(s)
	}
}

func (p *printer) block(b *Block) {
	what := "block"
	if b.Implicit {
		what = "frame"
	}
	if b.RoleEnd {
		what = "frame of role " + b.Role.Role
	}
	if b.File != "" {
		what += " " + filepath.ToSlash(b.File)
	}
	p.below(what+keywords(&b.Base), b.Body)
	p.below("rescue", b.Rescue)
	p.below("always", b.Always)
}

func (p *printer) task(t *Task) {
	what := t.Module
	if what == "" {
		what = t.Action
	}
	more := ""
	if t.ArgsTemplate != nil {
		more += " args=" + value.Repr(t.ArgsTemplate)
	}
	if t.Loop != nil {
		more += " loop" + t.LoopWith + "=" + value.Repr(t.Loop)
	}
	if t.Register != "" {
		more += " register=" + t.Register
	}
	if t.Listen != nil {
		more += " listen=" + texts(t.Listen)
	}
	if t.Include != nil && t.Include.Apply != nil {
		more += " apply(" + strings.TrimSpace(keywords(t.Include.Apply)) + ")"
	}
	p.line("%d:%d %s %s%s%s", t.Pos.Line, t.Pos.Col, what, value.Repr(t.Args), keywords(&t.Base), more)
}

// keywords prints the shared keywords that are set.
func keywords(b *Base) string {
	out := ""
	add := func(name string, v value.Value) {
		if v != nil {
			out += " " + name + "=" + value.String(v)
		}
	}
	add("name", b.Name)
	if b.Vars.Len() > 0 {
		add("vars", b.Vars)
	}
	if b.Tags != nil {
		out += " tags=" + texts(b.Tags)
	}
	if b.When != nil {
		out += " when=" + conds(b.When)
	}
	if b.Notify != nil {
		out += " notify=" + texts(b.Notify)
	}
	add("become", b.Become)
	add("become_user", b.BecomeUser)
	add("remote_user", b.RemoteUser)
	add("delegate_to", b.DelegateTo)
	return out
}

func texts(vs []value.Value) string {
	s := make([]string, len(vs))
	for i, v := range vs {
		s[i] = value.String(v)
	}
	return "[" + strings.Join(s, ", ") + "]"
}

func conds(cs []Cond) string {
	vs := make([]value.Value, len(cs))
	for i, c := range cs {
		vs[i] = c.Expr
	}
	return texts(vs)
}
