package modules_test

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drover/modules"
	"drover/modules/modtest"
	"drover/modules/target"
	"drover/playbook/value"
)

const backupDir = "/var/backups/drover/etc_app"

// backupHost is a machine with something to back up.
func backupHost() *target.Fake {
	h := target.NewFake()
	h.Write("/etc/app/conf", "one")
	h.Write("/etc/app/sub/data", "two")
	h.Symlink("conf", "/etc/app/link")
	h.Chmod("/etc/app/conf", 0o640)
	h.Chown("/etc/app/conf", 1000, 1000)
	return h
}

// backup runs the module on /etc/app, a second later than before.
func backup(h *target.Fake, kv ...any) *value.Dict {
	h.Clock = h.Clock.Add(time.Second)
	args := value.DictOf(append([]any{"path", "/etc/app"}, kv...)...)
	return modtest.Run(h, &modules.Call{Args: args}, "drover.builtin.backup")
}

func mustBackup(t *testing.T, h *target.Fake, changed bool, kv ...any) *value.Dict {
	t.Helper()
	r := backup(h, kv...)
	if value.Truth(r.At("failed")) || value.Truth(r.At("changed")) != changed {
		t.Fatalf("backup %v: %s, want changed %v", kv, value.Repr(r), changed)
	}
	return r
}

func TestBackupKeepsGenerations(t *testing.T) {
	h := backupHost()
	mustBackup(t, h, true)
	mustBackup(t, h, false)
	var last *value.Dict
	for _, text := range []string{"b", "c", "d"} {
		h.Write("/etc/app/conf", text)
		last = mustBackup(t, h, true, "keep", 2)
	}
	if n := len(last.At("generations").(*value.List).Elems); n != 2 {
		t.Errorf("keep: 2 left %d generations", n)
	}
	entries, _ := h.ReadDir(backupDir)
	if len(entries) != 2 {
		t.Errorf("the folder holds %v", entries)
	}
	mustBackup(t, h, false, "state", "verified", "generation", "all")
}

func TestBackupFindsDamage(t *testing.T) {
	for name, damage := range map[string]func(h *target.Fake, dir string){
		"has other contents": func(h *target.Fake, dir string) { h.Write(dir+"/data/conf", "evil") },
		"is missing":         func(h *target.Fake, dir string) { h.Remove(dir + "/data/sub/data") },
		"has no manifest":    func(h *target.Fake, dir string) { h.Remove(dir + "/manifest.json") },
		"was altered": func(h *target.Fake, dir string) {
			data, _ := h.ReadFile(dir + "/manifest.json")
			h.Write(dir+"/manifest.json", strings.Replace(string(data), `"0640"`, `"0666"`, 1))
		},
	} {
		h := backupHost()
		dir := value.String(mustBackup(t, h, true).At("backup"))
		damage(h, dir)
		for _, state := range []string{"verified", "restored"} {
			before, _ := h.ReadFile("/etc/app/conf")
			r := backup(h, "state", state)
			if msg := value.String(r.At("msg")); !value.Truth(r.At("failed")) || !strings.Contains(msg, name) {
				t.Errorf("%s, state %s: %s", name, state, value.Repr(r))
			}
			if after, _ := h.ReadFile("/etc/app/conf"); string(after) != string(before) {
				t.Errorf("%s: a damaged backup was restored", name)
			}
		}
	}
}

func TestBackupRestores(t *testing.T) {
	h := backupHost()
	first := value.String(mustBackup(t, h, true).At("generation"))
	want := tree(h, "/etc/app")
	h.Write("/etc/app/conf", "changed")
	h.Write("/etc/app/extra", "new")
	mustBackup(t, h, true)
	h.RemoveAll("/etc/app")
	mustBackup(t, h, true, "state", "restored", "generation", first)
	if got := tree(h, "/etc/app"); got != want {
		t.Errorf("restored:\n%s\nwant:\n%s", got, want)
	}
	mustBackup(t, h, false, "state", "restored", "generation", first)
	if strings.Contains(h.Snapshot(), ".restore-") {
		t.Error("something was left beside the source")
	}
}

// tree lists what is below a folder, without times.
func tree(h *target.Fake, dir string) string {
	var lines []string
	for l := range strings.Lines(h.Snapshot()) {
		if strings.Contains(l, " "+dir) {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "")
}

// failing is a machine whose disk is full after some writes.
type failing struct {
	*target.Fake
	left int
}

var errFull = errors.New("no space left on device")

func (f *failing) Create(path string, mode os.FileMode) (target.Replacement, error) {
	if f.left--; f.left < 0 {
		return nil, errFull
	}
	return f.Fake.Create(path, mode)
}

func TestInterruptedBackupLeavesNothing(t *testing.T) {
	for left := range 3 {
		h := backupHost()
		good := mustBackup(t, h, true).At("generations")
		h.Write("/etc/app/conf", "changed")
		h.Clock = h.Clock.Add(time.Second)
		call := &modules.Call{Args: value.DictOf("path", "/etc/app")}
		r := modtest.Run(&failing{h, left}, call, "drover.builtin.backup")
		if !value.Truth(r.At("failed")) {
			t.Fatalf("a full disk after %d files was no failure: %s", left, value.Repr(r))
		}
		after := mustBackup(t, h, false, "state", "verified", "generation", "all").At("generations")
		if !value.Equal(good, after) {
			t.Errorf("after an interrupted backup there are %s, before there were %s", value.Repr(after), value.Repr(good))
		}
	}
}

func TestBackupIsFetched(t *testing.T) {
	h := backupHost()
	blobs := &modtest.Blobs{}
	args := value.DictOf("path", "/etc/app", "fetch", true)
	r := modtest.Run(h, &modules.Call{Args: args, Blobs: blobs}, "drover.builtin.backup")
	name := value.String(r.At("archive"))
	data, ok := blobs.Sent[name]
	if !ok {
		t.Fatalf("nothing was sent: %s", value.Repr(r))
	}
	if sum := sha1.Sum([]byte(data)); hex.EncodeToString(sum[:]) != value.String(r.At("archive_checksum")) {
		t.Error("the checksum is not the archive's")
	}
	want := []string{"manifest.json", "data/", "data/conf", "data/link", "data/sub/", "data/sub/data"}
	if got := names(t, data); !slices.Equal(got, want) {
		t.Errorf("the archive holds %v, want %v", got, want)
	}
	args.Put("_have", value.Strings(name))
	if r := modtest.Run(h, &modules.Call{Args: args, Blobs: blobs}, "drover.builtin.backup"); value.Truth(r.At("changed")) {
		t.Errorf("what the controller has was sent again: %s", value.Repr(r))
	}
}

func names(t *testing.T, data string) []string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, head.Name)
	}
}

func TestBackupOfARealFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "conf")
	run := func(kv ...any) *value.Dict {
		args := value.DictOf(append([]any{"path", file, "dest", filepath.Join(dir, "b")}, kv...)...)
		return modtest.Run(target.NewReal(), &modules.Call{Args: args}, "drover.builtin.backup")
	}
	if err := os.WriteFile(file, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := run(); !value.Truth(r.At("changed")) {
		t.Fatal(value.Repr(r))
	}
	if err := os.WriteFile(file, []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := run("state", "restored"); !value.Truth(r.At("changed")) {
		t.Fatal(value.Repr(r))
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "one" {
		t.Errorf("restored %q, %v", data, err)
	}
}

// Names of one file stay that: in the backup, the archive and the restored
// tree.
func TestBackupKeepsHardLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(p string) string { return filepath.Join(dir, p) }
	write(t, at("src/a"), "shared")
	write(t, at("src/sub/own"), "shared")
	for _, name := range []string{"src/b", "src/sub/c"} {
		if err := os.Link(at("src/a"), at(name)); err != nil {
			t.Fatal(err)
		}
	}
	blobs := &modtest.Blobs{}
	run := func(kv ...any) *value.Dict {
		t.Helper()
		args := value.DictOf(append([]any{"path", at("src"), "dest", at("kept")}, kv...)...)
		r := modtest.Run(target.NewReal(), &modules.Call{Args: args, Blobs: blobs}, "drover.builtin.backup")
		if value.Truth(r.At("failed")) {
			t.Fatal(value.Repr(r))
		}
		return r
	}
	first := run("fetch", true)
	if files, size := value.String(first.At("files")), value.String(first.At("size")); files != "4" || size != "12" {
		t.Errorf("%s files of %s bytes, want 4 of 12", files, size)
	}
	if r := run(); value.Truth(r.At("changed")) {
		t.Errorf("an unchanged source was copied again: %s", value.Repr(r))
	}
	wantOneFile(t, value.String(first.At("backup"))+"/data")
	want := "data/b -> data/a, data/sub/c -> data/a"
	if got := hardLinks(t, blobs.Sent[value.String(first.At("archive"))]); got != want {
		t.Errorf("the archive links %s, want %s", got, want)
	}
	if err := os.Remove(at("src/b")); err != nil {
		t.Fatal(err)
	}
	write(t, at("src/b"), "shared")
	if r := run("state", "restored"); !value.Truth(r.At("changed")) {
		t.Errorf("a name that became a file of its own is no difference: %s", value.Repr(r))
	}
	wantOneFile(t, at("src"))

	copied := value.String(first.At("backup")) + "/data/sub/c"
	if err := os.Remove(copied); err != nil {
		t.Fatal(err)
	}
	write(t, copied, "shared")
	args := value.DictOf("path", at("src"), "dest", at("kept"), "state", "verified")
	r := modtest.Run(target.NewReal(), &modules.Call{Args: args}, "drover.builtin.backup")
	if !strings.Contains(value.String(r.At("msg")), "no hard link to a") {
		t.Errorf("a backup whose link was torn is right: %s", value.Repr(r))
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wantOneFile checks that a, b and sub/c are one file and sub/own another.
func wantOneFile(t *testing.T, dir string) {
	t.Helper()
	info := map[string]os.FileInfo{}
	for _, p := range []string{"a", "b", "sub/c", "sub/own"} {
		i, err := os.Stat(filepath.Join(dir, p))
		if err != nil {
			t.Fatal(err)
		}
		info[p] = i
	}
	if !os.SameFile(info["a"], info["b"]) || !os.SameFile(info["a"], info["sub/c"]) || os.SameFile(info["a"], info["sub/own"]) {
		t.Errorf("%s has other hard links than the source", dir)
	}
}

// hardLinks lists the hard links of an archive.
func hardLinks(t *testing.T, data string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		if err == io.EOF {
			return strings.Join(all, ", ")
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Typeflag == tar.TypeLink {
			all = append(all, head.Name+" -> "+head.Linkname)
		}
	}
}
