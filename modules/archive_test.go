package modules_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drover/modules/modtest"
	"drover/modules/target"
	"drover/playbook/value"
)

// TestArchive packs a real folder in every way and reads what came of it.
func TestArchive(t *testing.T) {
	root := t.TempDir()
	in := func(name string) string { return filepath.Join(root, name) }
	for name, text := range map[string]string{"d/a.txt": "one", "d/b.log": "two", "d/sub/c": "three", "f": "four", "junk.gz": "junk"} {
		if err := os.MkdirAll(filepath.Dir(in(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("a.txt", in("d/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(in("d/a.txt"), in("d/twin")); err != nil {
		t.Fatal(err)
	}
	whole := []string{"d/a.txt", "d/b.log", "d/link", "d/sub", "d/sub/c", "d/twin"}
	for _, step := range []struct {
		args  []any
		want  *value.Dict
		holds []string // names in the archive afterwards; nil for none
	}{
		{[]any{"path", in("d"), "dest", in("d.tgz")}, value.DictOf("changed", true, "dest_state", "archive", "arcroot", root+"/"), whole},
		{[]any{"path", in("d"), "dest", in("d.tgz")}, value.DictOf("changed", false, "dest_state", "archive"), whole},
		{[]any{"path", in("d/*.txt"), "dest", in("g.tar"), "format", "tar"}, value.DictOf("changed", true, "arcroot", in("d")+"/"), []string{"a.txt"}},
		{[]any{"path", []any{in("d"), in("none")}, "dest", in("i.tgz")}, value.DictOf("changed", true, "dest_state", "incomplete", "missing", []any{in("none")}), whole},
		{[]any{"path", in("d"), "dest", in("p.tgz"), "exclusion_patterns", []any{"*.log", "*/sub*"}}, value.DictOf("changed", true), []string{"d/a.txt", "d/link", "d/twin"}},
		{[]any{"path", in("d"), "dest", in("d.zip"), "format", "zip"}, value.DictOf("changed", true), whole},
		{[]any{"path", in("d"), "dest", in("d.zip"), "format", "zip"}, value.DictOf("changed", false), whole},
		{[]any{"path", in("f")}, value.DictOf("changed", true, "dest", in("f.gz"), "dest_state", "compress", "archived", []any{in("f")}), nil},
		{[]any{"path", in("f")}, value.DictOf("changed", false, "dest_state", "compress"), nil},
		{[]any{"path", in("f"), "dest", in("junk.gz")}, value.DictOf("changed", true), nil},
		{[]any{"path", in("none")}, value.DictOf("changed", false, "dest_state", "absent"), nil},
		{[]any{"path", in("x*"), "dest", in("x.tgz")}, value.DictOf("failed", true, "msg", "Error, no source paths were found"), nil},
		{[]any{"path", in("d")}, value.DictOf("failed", true, "msg", `Error, must specify "dest" when archiving multiple files or trees`), nil},
		{[]any{"path", in("d"), "dest", in("d/x.tgz"), "remove", true}, value.DictOf("failed", true), nil},
		{[]any{"path", in("d"), "dest", in("last.tgz"), "remove", true}, value.DictOf("changed", true), whole},
		{[]any{"path", in("d"), "dest", in("last.tgz"), "remove", true}, value.DictOf("changed", false, "dest_state", "archive"), whole},
	} {
		res := modtest.Run(target.NewReal(), call(step.args...), "archive")
		for _, e := range step.want.Entries() {
			if got := res.At(value.String(e.Key)); value.Repr(got) != value.Repr(e.Val) {
				t.Errorf("%v: %s is %s, want %s", step.args, value.String(e.Key), value.Repr(got), value.Repr(e.Val))
			}
		}
		if step.holds == nil {
			continue
		}
		if got := archiveNames(t, step.args[3].(string)); !slices.Equal(got, step.holds) {
			t.Errorf("%v: holds %v, want %v", step.args, got, step.holds)
		}
	}
	if _, err := os.Stat(in("d")); err == nil {
		t.Error("remove left the folder")
	}
}

// TestArchiveNotices finds that an entry is another by its time alone.
func TestArchiveNotices(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "f")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	pack := func() string {
		c := call("path", file, "dest", filepath.Join(root, "f.tar"), "format", "tar")
		return value.Repr(modtest.Run(target.NewReal(), c, "archive").At("changed"))
	}
	first, second := pack(), pack()
	if err := os.Chtimes(file, time.Time{}, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	if third := pack(); first+second+third != "TrueFalseTrue" {
		t.Errorf("changed: %s, then %s, then %s", first, second, third)
	}
}

// archiveNames lists an archive, sorted.
func archiveNames(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	if strings.HasSuffix(file, ".zip") {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			names = append(names, strings.TrimSuffix(f.Name, "/"))
		}
		slices.Sort(names)
		return names
	}
	r := tar.NewReader(bytes.NewReader(data))
	if !strings.HasSuffix(file, ".tar") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		r = tar.NewReader(z)
	}
	for {
		head, err := r.Next()
		if err != nil {
			break
		}
		names = append(names, strings.TrimSuffix(head.Name, "/"))
	}
	slices.Sort(names)
	return names
}
