package settings

import (
	"reflect"
	"strings"
	"testing"
)

func absolute(p string) string { return "/abs/" + p }

func TestDefault(t *testing.T) {
	tests := map[string]any{
		"DEFAULT_FORKS":              5,
		"HOST_KEY_CHECKING":          true,
		"DEFAULT_REMOTE_USER":        nil,
		"ANSIBLE_COW_SELECTION":      "default",
		"WORKER_SHUTDOWN_POLL_DELAY": 0.1,
		"DEFAULT_ROLES_PATH":         []any{"/abs/~/.ansible/roles", "/abs//usr/share/ansible/roles", "/abs//etc/ansible/roles"},
		"TAGS_RUN":                   []any{},
	}
	for name, want := range tests {
		s, ok := Find(name)
		if !ok {
			t.Errorf("%s is not there", name)
			continue
		}
		if got := s.Default("~/.ansible", absolute); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, want %#v", name, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	tests := []struct {
		name, text string
		want       any
	}{
		{"DEFAULT_FORKS", "12", 12},
		{"HOST_KEY_CHECKING", "no", false},
		{"HOST_KEY_CHECKING", "True", true},
		{"ANSIBLE_COW_SELECTION", `"tux"`, "tux"},
		{"TAGS_RUN", "a, b", []any{"a", "b"}},
		{"DEFAULT_ROLES_PATH", "x:y", []any{"/abs/x", "/abs/y"}},
		{"WORKER_SHUTDOWN_POLL_DELAY", "2", 2.0},
	}
	for _, test := range tests {
		s, ok := Find(test.name)
		if got := s.Value(test.text, absolute); !ok || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s=%s: %#v, want %#v", test.name, test.text, got, test.want)
		}
	}
}

func TestTable(t *testing.T) {
	for line := range strings.Lines(table) {
		name, _, _ := strings.Cut(line, " ")
		s, ok := Find(name)
		if !ok || s.Name != name || strings.Count(line, " |") != 2 {
			t.Errorf("bad line: %s", line)
		}
		s.Default("", absolute)
	}
	for _, name := range []string{"", "DEFAULT_", "FORKS", "nope"} {
		if _, ok := Find(name); ok {
			t.Errorf("found %q", name)
		}
	}
}
