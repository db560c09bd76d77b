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
	if err := os.Chtimes(filepath.Join(dir, "web1"), old, old); err != nil {
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
