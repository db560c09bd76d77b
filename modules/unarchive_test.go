package modules_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drover/modules"
	"drover/modules/modtest"
	"drover/modules/target"
	"drover/playbook/value"
)

var archiveTime = time.Date(2024, 1, 2, 3, 4, 6, 0, time.UTC)

// tarball makes a gzipped tar: names that end with a slash are folders, text
// that begins with "->" makes a link.
func tarball(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := 0; i+1 < len(files); i += 2 {
		name, text := files[i], files[i+1]
		h := &tar.Header{Name: name, Mode: 0o640, Size: int64(len(text)), ModTime: archiveTime, Typeflag: tar.TypeReg}
		if strings.HasSuffix(name, "/") {
			h.Typeflag, h.Mode, h.Size = tar.TypeDir, 0o755, 0
		}
		if to, ok := strings.CutPrefix(text, "->"); ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, to, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			w.Write([]byte(text))
		}
	}
	w.Close()
	z.Close()
	return b.String()
}

func zipfile(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		f, err := w.CreateHeader(&zip.FileHeader{Name: files[i], Modified: archiveTime, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(files[i+1]))
	}
	w.Close()
	return b.String()
}

func TestUnarchive(t *testing.T) {
	for name, data := range map[string]string{
		"tar": tarball(t, "app/", "", "app/a", "1", "app/b/c", "2", "app/l", "->a"),
		"zip": zipfile(t, "app/a", "1", "app/b/c", "2"),
	} {
		modtest.Conform(t, modtest.Case{
			Name: name, Module: "unarchive", Args: []any{"src", "/tmp/x", "dest", "/var/lib", "remote_src", true},
			Setup: with("/tmp/x", data), Change: true, Check: holds("/var/lib/app/a", "1", "/var/lib/app/b/c", "2"),
		})
	}
	modtest.Conform(t, modtest.Case{
		Name: "options", Module: "unarchive", Change: true,
		Args:  []any{"src", "/tmp/x", "dest", "/var/lib", "remote_src", true, "extra_opts", []any{"--strip-components=1"}, "exclude", []any{"*.o"}, "mode", "u=rwX,go="},
		Setup: with("/tmp/x", tarball(t, "app/a", "1", "app/b.o", "2")),
		Check: func(t *testing.T, f *target.Fake, _ *value.Dict) {
			holds("/var/lib/a", "1")(t, f, nil)
			if _, err := f.Stat("/var/lib/b.o"); err == nil {
				t.Error("exclude did not leave b.o out")
			}
		},
	})
}

func TestUnarchiveOptions(t *testing.T) {
	for _, tc := range []struct {
		name, archive string
		opts          []any
		files         []string // path and contents of what is there afterwards
		gone          string
	}{
		{"the value apart", tarball(t, "app/a", "1", "app/b", "2"), []any{"--strip-components", "1", "--exclude", "b", "--overwrite"}, []string{"/var/lib/a", "1"}, "/var/lib/b"},
		{"no folders", zipfile(t, "app/", "", "app/a", "1", "app/c/d", "2"), []any{"-j", "-o", "-q"}, []string{"/var/lib/a", "1", "/var/lib/d", "2"}, "/var/lib/app"},
	} {
		modtest.Conform(t, modtest.Case{
			Name: tc.name, Module: "unarchive", Change: true,
			Args:  []any{"src", "/tmp/x", "dest", "/var/lib", "remote_src", true, "extra_opts", tc.opts},
			Setup: with("/tmp/x", tc.archive),
			Check: func(t *testing.T, f *target.Fake, _ *value.Dict) {
				holds(tc.files...)(t, f, nil)
				if _, err := f.Stat(tc.gone); err == nil {
					t.Errorf("%s was unpacked", tc.gone)
				}
			},
		})
	}
}

// TestUnarchiveCompares: a file of the same size and time is another by its
// contents, wherever they differ.
func TestUnarchiveCompares(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 10_000)
	for _, name := range []string{"tar", "zip"} {
		pack := map[string]func(*testing.T, ...string) string{"tar": tarball, "zip": zipfile}[name]
		dir := t.TempDir()
		src := filepath.Join(dir, "x")
		unpack := func(text string) string {
			if err := os.WriteFile(src, []byte(pack(t, "a", text)), 0o644); err != nil {
				t.Fatal(err)
			}
			c := call("src", src, "dest", dir, "remote_src", true, "mode", "0644")
			return value.Repr(modtest.Run(target.NewReal(), c, "unarchive").At("changed"))
		}
		got := unpack(long) + unpack(long)
		for _, at := range []int{0, 70_000, len(long) - 1} {
			text := long[:at] + "X" + long[at+1:]
			got += unpack(text)
			if now, _ := os.ReadFile(filepath.Join(dir, "a")); string(now) != text {
				t.Errorf("%s: the file is not what the archive has (a difference at %d)", name, at)
			}
		}
		if got != "TrueFalseTrueTrueTrue" {
			t.Errorf("%s: changed is %s", name, got)
		}
	}
}

func TestUnarchiveStaysInItsFolder(t *testing.T) {
	for _, data := range []string{
		tarball(t, "../etc/passwd", "x"),
		tarball(t, "l", "->/etc", "l/passwd", "x"),
		zipfile(t, "a/../../etc/passwd", "x"),
	} {
		h := target.NewFake()
		h.Write("/tmp/x", data)
		r := modtest.Run(h, &modules.Call{Args: value.DictOf("src", "/tmp/x", "dest", "/var/lib", "remote_src", true)}, "unarchive")
		if !value.Truth(r.At("failed")) {
			t.Errorf("an entry outside was accepted: %s", value.Repr(r))
		}
		if _, err := h.Stat("/etc/passwd"); err == nil {
			t.Fatal("the archive wrote outside of its folder")
		}
	}
}

func TestUnarchiveRefuses(t *testing.T) {
	for want, args := range map[string][]any{
		"the file is 0 bytes":        {"src", "/tmp/none"},
		"Failed to find handler for": {"src", "/tmp/junk"},
		"no files in the archive":    {"src", "/tmp/empty"},
		"include and exclude leave":  {"src", "/tmp/full", "include", []any{"nope"}},
	} {
		h := target.NewFake()
		h.Write("/tmp/none", "")
		h.Write("/tmp/junk", "junk")
		h.Write("/tmp/empty", tarball(t))
		h.Write("/tmp/full", tarball(t, "a", "1"))
		r := modtest.Run(h, &modules.Call{Args: value.DictOf(append(args, "dest", "/var/lib", "remote_src", true)...)}, "unarchive")
		if msg := value.String(r.At("msg")); !value.Truth(r.At("failed")) || !strings.Contains(msg, want) {
			t.Errorf("%v: %s, want %q", args, value.Repr(r), want)
		}
	}
}

// TestCopyAsksOnlyForWhatDiffers runs copy with a manifest on a real folder.
func TestCopyAsksOnlyForWhatDiffers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "same"), []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	const one, two = "356a192b7913b04c54574d18c28d46e6395428ab", "da4b9237bacccdf19c0760cab7aec4a8359010b0"
	manifest := []any{
		map[string]any{"path": "same", "kind": "file", "sha1": one, "size": 1, "mode": "0644"},
		map[string]any{"path": "sub", "kind": "directory"},
		map[string]any{"path": "sub/new", "kind": "file", "sha1": two, "size": 1, "mode": "0600"},
	}
	blobs := &modtest.Blobs{Have: map[string]string{one: "1", two: "2"}}
	call := &modules.Call{Args: value.DictOf("dest", dir, "_source", "src", "_manifest", manifest, "mode", "preserve"), Blobs: blobs}
	m, _ := modules.Lookup("copy")
	if needs := m.(modules.Prefetcher).Needs(t.Context(), target.NewReal(), call); len(needs) != 1 || needs[0] != two {
		t.Errorf("Needs gives %v, want only %s", needs, two)
	}
	if r := modtest.Run(target.NewReal(), call, "copy"); !value.Truth(r.At("changed")) || value.Truth(r.At("failed")) {
		t.Errorf("first run: %s", value.Repr(r))
	}
	if blobs.Opened[one] != 0 || blobs.Opened[two] != 1 {
		t.Errorf("opened %v, want only what differs, once", blobs.Opened)
	}
	if info, err := os.Stat(filepath.Join(dir, "sub/new")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: preserve gives %v, %v", info, err)
	}
	if r := modtest.Run(target.NewReal(), call, "copy"); value.Truth(r.At("changed")) {
		t.Errorf("second run: %s", value.Repr(r))
	}
}
