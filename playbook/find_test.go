package playbook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/playbook/value"
	"drover/playbook/yaml"
)

// writeFiles fills a fresh folder; the contents of a file are its own name
// unless the pair gives another.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFind(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"files/in-files": "", "beside": "", "both": "", "files/both": "", "roles/r/files/both": "", "roles/r/files/deep/x": "",
		"roles/r/own": "", "roles/r/tasks/sub/near": "", "roles/parent/files/of-parent": "", "roles/r/templates/t.j2": "",
	})
	play := &Play{Playbook: filepath.Join(dir, "site.yml")}
	role := &Role{Path: filepath.Join(dir, "roles/r"), Parents: []*Role{{Path: filepath.Join(dir, "roles/parent")}}}
	inPlay := &Task{Play: play, File: play.Playbook}
	inRole := &Task{Play: play, Role: role, File: filepath.Join(dir, "roles/r/tasks/sub/x.yml")}
	l := NewLoader(Options{})
	for _, tc := range []struct {
		task             *Task
		kind, name, want string
	}{
		{inPlay, "files", "in-files", "files/in-files"},
		{inPlay, "files", "files/in-files", "files/in-files"},
		{inPlay, "files", "beside", "beside"},
		{inPlay, "files", "both", "files/both"},
		{inRole, "files", "both", "roles/r/files/both"},
		{inRole, "files", "deep/x", "roles/r/files/deep/x"},
		{inRole, "files", "own", "roles/r/own"},
		{inRole, "files", "near", "roles/r/tasks/sub/near"},
		{inRole, "files", "of-parent", "roles/parent/files/of-parent"},
		{inRole, "files", "beside", "beside"},
		{inRole, "templates", "t.j2", "roles/r/templates/t.j2"},
		{inPlay, "files", filepath.Join(dir, "beside"), "beside"},
	} {
		got, err := l.Find(tc.task, tc.kind, tc.name)
		if err != nil {
			t.Error(err)
			continue
		}
		if rel, _ := filepath.Rel(dir, got); rel != tc.want {
			t.Errorf("%s is %s, want %s", tc.name, rel, tc.want)
		}
	}
	if _, err := l.Find(inRole, "files", "nowhere"); err == nil || !strings.Contains(err.Error(), "Could not find or access 'nowhere'") {
		t.Errorf("error %v", err)
	}
}

func TestTaskFilesAreFoundBesideOrInTheRole(t *testing.T) {
	dir := writeFiles(t, map[string]string{"r/tasks/a.yml": "", "r/tasks/sub/a.yml": "", "r/tasks/sub/b.yml": "", "r/handlers/a.yml": "", "c.yml": "", "tasks/d.yml": ""})
	task := Task{Play: &Play{Playbook: filepath.Join(dir, "site.yml")}, Role: &Role{Path: filepath.Join(dir, "r")}, File: filepath.Join(dir, "r/tasks/sub/x.yml")}
	handler := task
	handler.Handler = true
	for _, tc := range []struct {
		task       *Task
		name, want string
		static     bool
	}{
		{&task, "a.yml", "r/tasks/sub/a.yml", true},
		{&task, "a.yml", "r/tasks/a.yml", false},
		{&task, "b.yml", "r/tasks/sub/b.yml", false},
		{&task, "c.yml", "c.yml", false},
		{&task, "d.yml", "tasks/d.yml", true},
		{&handler, "a.yml", "r/handlers/a.yml", false},
	} {
		got, err := NewLoader(Options{}).findTasks(tc.task, tc.name, tc.static)
		if rel, _ := filepath.Rel(dir, got); err != nil || rel != tc.want {
			t.Errorf("%s (static: %v) is %s, %v; want %s", tc.name, tc.static, rel, err, tc.want)
		}
	}
}

func TestIncludeTasksReadsOnce(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"site.yml":        "- hosts: all\n  tasks:\n    - include_tasks: {file: tasks/a.yml, apply: {tags: [x]}}\n      vars: {p: 1}\n",
		"tasks/a.yml":     "- debug: msg=1\n- block:\n    - debug: msg=2\n- import_tasks: b.yml\n",
		"tasks/b.yml":     "- debug: msg=3\n",
		"tasks/empty.yml": "",
	})
	l := NewLoader(testOptions())
	book, err := l.Playbook(filepath.Join(dir, "site.yml"))
	if err != nil {
		t.Fatal(err)
	}
	task := book.Plays[0].Tasks[0].(*Task)
	first, err := l.IncludeTasks(task, "tasks/a.yml", value.DictOf("item", 1))
	if err != nil {
		t.Fatal(err)
	}
	second, err := l.IncludeTasks(task, "tasks/a.yml", value.DictOf("item", 2))
	if err != nil {
		t.Fatal(err)
	}
	if got := value.Repr(second.Params); got != "{'p': 1, 'item': 2}" {
		t.Errorf("the frame's parameters are %s", got)
	}
	if len(second.Tags) != 1 {
		t.Errorf("the frame's tags are %v", second.Tags)
	}
	a, b := first.Body[0].(*Task), second.Body[0].(*Task)
	if a == b || a.Args != b.Args {
		t.Error("the second include should copy the tasks and share what they hold")
	}
	if b.Parent != second || second.Body[1].(*Block).Body[0].Up().Up() != second {
		t.Error("the copies should hang below the second frame")
	}
	if f, err := l.IncludeTasks(task, "tasks/empty.yml", nil); err != nil || len(f.Body) != 0 {
		t.Errorf("an empty file gave %v, %v", f, err)
	}
	if _, err := l.IncludeTasks(task, "nowhere.yml", nil); err == nil || !strings.Contains(err.Error(), "nowhere.yml") {
		t.Errorf("error %v", err)
	}
}

func TestIncludeSeesChangedFile(t *testing.T) {
	dir := writeFiles(t, map[string]string{"a.yml": "- debug: msg=1\n"})
	l := NewLoader(testOptions())
	task := &Task{Play: &Play{Playbook: filepath.Join(dir, "site.yml")}}
	if _, err := l.IncludeTasks(task, "a.yml", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.yml"), []byte("- debug: msg=1\n- debug: msg=2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	b, err := l.IncludeTasks(task, "a.yml", nil)
	if err != nil || len(b.Body) != 2 {
		t.Errorf("got %v, %v", b, err)
	}
}

func TestIncludeRole(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"roles/r/tasks/main.yml":    "- debug: msg=main\n",
		"roles/r/tasks/other.yml":   "- debug: msg=other\n",
		"roles/r/handlers/main.yml": "- name: h\n  debug: msg=h\n",
		"roles/r/meta/main.yml":     "dependencies: [{role: d, p: 2}]\n",
		"roles/r/defaults/main.yml": "a: 1\n",
		"roles/d/tasks/main.yml":    "- debug: msg=d\n",
	})
	l := NewLoader(testOptions())
	task := &Task{Base: Base{Vars: value.DictOf("v", 1)}, Play: &Play{Playbook: filepath.Join(dir, "site.yml")}}
	role, err := l.IncludeRole(task, RoleRequest{Name: "r", TasksFrom: "other", Validate: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var p printer
	p.role(role)
	want := `role r defaults={'a': 1} vars={} given vars={'v': 1}
  frame of role r DIR/roles/r/tasks/other.yml
    frame of role d DIR/roles/d/tasks/main.yml
      1:3 ansible.builtin.debug {'msg': 'd'}
    1:3 ansible.builtin.debug {'msg': 'other'}
  handlers
    1:3 ansible.builtin.debug {'msg': 'h'} name=h
`
	if got := strings.ReplaceAll(p.String(), dir, "DIR"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if _, err := l.IncludeRole(task, RoleRequest{Name: "nowhere"}, nil); err == nil || !strings.Contains(err.Error(), "no role 'nowhere'") {
		t.Errorf("error %v", err)
	}
}

func TestVarsFile(t *testing.T) {
	dir := writeFiles(t, map[string]string{"a.yml": "a: '{{ b }}'\n", "b.json": "{\n\t\"a\": [1, \"{{ x }}\"]\n}\n", "empty": "", "list.yml": "- 1\n"})
	l := NewLoader(Options{})
	d, err := l.VarsFile(filepath.Join(dir, "a.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := d.At("a").(*value.Template); !ok {
		t.Errorf("a is %T", d.At("a"))
	}
	for name, want := range map[string]string{"b.json": "{'a': [1, '{{ x }}']}", "empty": "{}"} {
		if d, err := l.VarsFile(filepath.Join(dir, name)); err != nil || value.Repr(d) != want {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	for _, name := range []string{"list.yml", "missing.yml"} {
		if _, err := l.VarsFile(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestVaultedFiles(t *testing.T) {
	dir := writeFiles(t, map[string]string{"v.yml": "$ANSIBLE_VAULT;1.1;AES256\n00\n"})
	path := filepath.Join(dir, "v.yml")
	if _, err := NewLoader(Options{}).VarsFile(path); err == nil || !strings.Contains(err.Error(), "A vault password or secret must be specified to decrypt "+path) {
		t.Errorf("error %v", err)
	}
	d, err := NewLoader(Options{Vault: plainVault("a: x\nb: '{{ a }}'\n")}).VarsFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := d.At("a").(value.Secret); !ok || !d.At("b").(*value.Template).Secret {
		t.Errorf("got %T and %T", d.At("a"), d.At("b"))
	}
}

// plainVault decrypts everything to one text.
type plainVault string

func (v plainVault) Decrypt([]byte) ([]byte, error) { return []byte(v), nil }

var _ yaml.Decrypter = plainVault("")

func TestResolveModule(t *testing.T) {
	l := NewLoader(testOptions())
	for _, tc := range []struct {
		name        string
		collections []string
		want        string
	}{
		{"copy", nil, "ansible.builtin.copy"},
		{"ansible.builtin.copy", nil, "ansible.builtin.copy"},
		{"ansible.legacy.copy", nil, "ansible.builtin.copy"},
		{"synchronize", nil, "ansible.posix.synchronize"},
		{"ansible.builtin.synchronize", nil, "ansible.posix.synchronize"},
		{"ini_file", nil, "community.general.ini_file"},
		{"ini_file", []string{"ns.coll", "community.general"}, "community.general.ini_file"},
		{"import_tasks", nil, "ansible.builtin.import_tasks"},
		{"meta", nil, "ansible.builtin.meta"},
		{"nothing", nil, ""},
		{"ns.coll.copy", nil, ""},
	} {
		got, ok := l.ResolveModule(tc.name, tc.collections)
		if got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s is %q, %v; want %q", tc.name, got, ok, tc.want)
		}
	}
}
