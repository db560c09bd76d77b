package action

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drover/modules"
	"drover/playbook/value"
)

// tree writes files below a task's folder.
func tree(t *testing.T, task *localTask, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(task.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var varFiles = map[string]string{
	"vars/one.yml":       "a: 1\nd: {x: 1}\n",
	"vars/broken.yml":    "a: [\n",
	"all/10.yml":         "a: 10\nb: 10\n",
	"all/20.json":        `{"b": 20}`,
	"all/sub/30.yaml":    "c: 30\n",
	"odd/x.txt":          "a: 1\n",
	"odd/y.yml":          "y: 1\n",
	"all/sub/deep/4.yml": "e: 4\n",
}

func TestIncludeVars(t *testing.T) {
	tests := []struct {
		name  string
		args  []any
		facts string
		files []string
	}{
		{"file", []any{"file", "one.yml"}, "{'a': 1, 'd': {'x': 1}}", []string{"vars/one.yml"}},
		{"free text with its line end", []any{"file", "one.yml\n"}, "{'a': 1, 'd': {'x': 1}}", []string{"vars/one.yml"}},
		{"name", []any{"file", "one.yml", "name", "n"}, "{'n': {'a': 1, 'd': {'x': 1}}}", []string{"vars/one.yml"}},
		{"merge", []any{"file", "one.yml", "hash_behaviour", "merge"}, "{'a': 1, 'd': {'y': 2, 'x': 1}}", []string{"vars/one.yml"}},
		{"folder", []any{"dir", "all"}, "{'a': 10, 'b': 20, 'c': 30, 'e': 4}", []string{"all/10.yml", "all/20.json", "all/sub/30.yaml", "all/sub/deep/4.yml"}},
		{"depth", []any{"dir", "all", "depth", 1}, "{'a': 10, 'b': 20}", []string{"all/10.yml", "all/20.json"}},
		{"matching", []any{"dir", "all", "files_matching", "^[13]0"}, "{'a': 10, 'b': 10, 'c': 30}", []string{"all/10.yml", "all/sub/30.yaml"}},
		{"ignored", []any{"dir", "all", "ignore_files", value.Strings("20.json", ".*yaml"), "depth", 2}, "{'a': 10, 'b': 10}", []string{"all/10.yml"}},
		{"unknown extensions", []any{"dir", "odd", "ignore_unknown_extensions", true}, "{'y': 1}", []string{"odd/y.yml"}},
		{"extensions", []any{"dir", "odd", "extensions", value.Strings("txt", "yml")}, "{'a': 1, 'y': 1}", []string{"odd/x.txt", "odd/y.yml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			task := newTask(t, value.DictOf("d", value.DictOf("y", 2)), tt.args...)
			tree(t, task, varFiles)
			got := expect(t, includeVars, task, value.DictOf("changed", false))
			if facts := value.Repr(got.At("ansible_facts")); facts != tt.facts {
				t.Errorf("got %s, want %s", facts, tt.facts)
			}
			var files []string
			for _, f := range got.At("ansible_included_var_files").(*value.List).Elems {
				rel, _ := filepath.Rel(task.dir, value.String(f))
				files = append(files, rel)
			}
			if !slices.Equal(files, tt.files) {
				t.Errorf("files %q, want %q", files, tt.files)
			}
		})
	}
}

func TestIncludeVarsErrors(t *testing.T) {
	for want, args := range map[string][]any{
		"mixing file only and dir only":       {"file", "one.yml", "depth", 1},
		"looked in":                           {"file", "none.yml"},
		"directory does not exist":            {"dir", "none"},
		"is not a directory":                  {"dir", "vars/one.yml"},
		"does not have a valid extension":     {"dir", "odd"},
		"broken.yml:":                         {"file", "broken.yml"},
		"Invalid regular expression":          {"dir", "all", "files_matching", "("},
		"value of hash_behaviour must be one": {"file", "one.yml", "hash_behaviour", "mix"},
	} {
		task := newTask(t, nil, args...)
		tree(t, task, varFiles)
		if msg := expectError(t, includeVars, task); !strings.Contains(msg, want) {
			t.Errorf("%v: got %q, want %q", args, msg, want)
		}
	}
}

// TestIncludeVarsNameOnFailure: the name is there, empty.
func TestIncludeVarsNameOnFailure(t *testing.T) {
	task := newTask(t, nil, "file", "none.yml", "name", "n")
	if err := task.evaluate(); err != nil {
		t.Fatal(err)
	}
	_, err := includeVars(t.Context(), task)
	e, ok := err.(*modules.Error)
	if !ok || value.Repr(e.Data.At("ansible_facts")) != "{'n': {}}" {
		t.Errorf("got %v", err)
	}
}
