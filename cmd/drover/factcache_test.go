package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"drover/internal/config"
	"drover/playbook/value"
)

func TestJSONFacts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "facts")
	c := &jsonFacts{dir: dir, expiry: time.Hour}
	facts := value.DictOf("ansible_system", "Linux", "n", 3)
	for _, host := range []string{"web1", "../escape"} {
		if _, ok := c.Get(host); ok {
			t.Errorf("%s: facts before they were kept", host)
		}
		if err := c.Set(host, facts); err != nil {
			t.Fatal(err)
		}
		got, ok := c.Get(host)
		if !ok || !value.Equal(got, facts) {
			t.Errorf("%s: got %v", host, got)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
		t.Error("a host's name led out of the folder")
	}
	old := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "s1_web1"), old, old); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Get("web1"); ok {
		t.Error("facts that are too old were given")
	}
	if err := c.Delete("web1"); err != nil {
		t.Error(err)
	}
	if err := c.Delete("web1"); err != nil {
		t.Errorf("deleting twice: %v", err)
	}
}

func TestFactCacheKinds(t *testing.T) {
	if c, err := factCache(&config.Config{FactCaching: "memory"}); c != nil || err != nil {
		t.Errorf("memory: %v, %v", c, err)
	}
	if _, err := factCache(&config.Config{FactCaching: "jsonfile"}); err == nil {
		t.Error("jsonfile without a folder is no error")
	}
	if _, err := factCache(&config.Config{FactCaching: "redis"}); err == nil {
		t.Error("an unknown cache is no error")
	}
}

// Files that Ansible 2.19 wrote say where values came from, and of which type
// they are; what drover writes there holds the bare values.
func TestFactsOfAnsible(t *testing.T) {
	dir := t.TempDir()
	inner := `{"n": {"value": 1, "tags": [{"path": "/p.yml", "__ansible_type": "Origin"}], "__ansible_type": "_AnsibleTaggedInt"},` +
		` "l": {"value": [{"value": "é", "tags": [], "__ansible_type": "_AnsibleTaggedStr"}, 2], "tags": [], "__ansible_type": "_AnsibleTaggedList"},` +
		` "d": {"value": {"iso8601": "2024-01-02", "__ansible_type": "AnsibleSerializableDate"}, "tags": [], "__ansible_type": "_AnsibleTaggedDate"},` +
		` "at": {"iso8601": "2024-01-02T03:04:05", "__ansible_type": "AnsibleSerializableDateTime"}}`
	file, err := value.AppendJSON(nil, value.DictOf(factsPayload, inner), value.JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "s1_h"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &jsonFacts{dir: dir}
	facts, ok := c.Get("h")
	if want := "{'n': 1, 'l': ['é', 2], 'd': datetime.date(2024, 1, 2), 'at': datetime.datetime(2024, 1, 2, 3, 4, 5)}"; !ok || value.Repr(facts) != want {
		t.Fatalf("got %v, want %s", facts, want)
	}
	if err := c.Set("h", facts); err != nil {
		t.Fatal(err)
	}
	if again, ok := c.Get("h"); !ok || value.Repr(again) != value.Repr(facts) {
		t.Errorf("written and read again: %v", again)
	}
	older := &jsonFacts{dir: dir, plain: true}
	if _, ok := older.Get("h"); ok {
		t.Error("an older Ansible's cache has other files")
	}
}
