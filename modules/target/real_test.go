package target

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRunGivesOutputAndCode(t *testing.T) {
	mask := 0o027
	out, err := NewReal().Run(t.Context(), Cmd{
		Argv: []string{"/bin/sh", "-c", "cat; echo $LC_ALL $X; umask; echo err >&2; exit 3"},
		Env:  []string{"X=y"}, Stdin: strings.NewReader("in\n"), Umask: &mask,
	})
	if err != nil {
		t.Fatal(err)
	}
	if string(out.Stdout) != "in\nC y\n0027\n" || string(out.Stderr) != "err\n" || out.RC != 3 {
		t.Errorf("got %q %q %d", out.Stdout, out.Stderr, out.RC)
	}
}

func TestRunKillsTheWholeGroup(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	mark := filepath.Join(t.TempDir(), "pid")
	_, err := NewReal().Run(ctx, Cmd{Argv: []string{"/bin/sh", "-c", "trap '' TERM; sleep 600 & echo $! >" + mark + "; wait; wait"}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	pid, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		state, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the command's child is still running")
}

func TestRunDoesNotWaitForBackgroundChildren(t *testing.T) {
	out, err := NewReal().Run(t.Context(), Cmd{Argv: []string{"/bin/sh", "-c", "sleep 30 & echo started"}})
	if err != nil || string(out.Stdout) != "started\n" || out.RC != 0 {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestRunOfAMissingProgram(t *testing.T) {
	if _, err := NewReal().Run(t.Context(), Cmd{Argv: []string{"/no/such/program"}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// hosts are the two machines that must behave alike, each with a folder.
func hosts(t *testing.T) map[string]struct {
	Host
	dir string
} {
	type at = struct {
		Host
		dir string
	}
	return map[string]at{"real": {NewReal(), t.TempDir()}, "fake": {NewFake(), "/tmp"}}
}

func TestReplacement(t *testing.T) {
	for name, h := range hosts(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(h.dir, "f")
			put := func(text string, end func(Replacement) error) {
				t.Helper()
				r, err := h.Create(path, 0o640)
				if err != nil {
					t.Fatal(err)
				}
				r.Write([]byte(text))
				if err := end(r); err != nil {
					t.Fatal(err)
				}
			}
			put("one", Replacement.Commit)
			if info, err := h.Stat(path); err != nil || info.Perm() != 0o640 {
				t.Fatalf("a new file: %+v, %v", info, err)
			}
			h.Chmod(path, FileMode(0o4711))
			put("two", Replacement.Abort)
			if data, _ := h.ReadFile(path); string(data) != "one" {
				t.Errorf("an aborted replacement left %q", data)
			}
			put("two", Replacement.Commit)
			data, _ := h.ReadFile(path)
			if info, _ := h.Stat(path); string(data) != "two" || info.Perm() != 0o4711 && os.Geteuid() == 0 {
				t.Errorf("the replaced file holds %q with mode %o", data, info.Perm())
			}
			if entries, _ := h.ReadDir(h.dir); len(entries) != 1 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

func TestFilesBehaveAlike(t *testing.T) {
	for name, h := range hosts(t) {
		t.Run(name, func(t *testing.T) {
			in := func(p string) string { return filepath.Join(h.dir, p) }
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			must(h.MkdirAll(in("a/b"), 0o755))
			w, err := h.Append(in("a/b/f"), 0o600)
			must(err)
			w.Write([]byte("x"))
			must(w.Close())
			must(h.Symlink("b/f", in("a/l")))
			must(h.Link(in("a/b/f"), in("a/h")))
			if data, err := h.ReadFile(in("a/l")); err != nil || string(data) != "x" {
				t.Errorf("through the link: %q, %v", data, err)
			}
			if info, _ := h.Lstat(in("a/h")); info.Nlink != 2 {
				t.Errorf("a hard link counts %d", info.Nlink)
			}
			if !errors.Is(h.Remove(in("a")), os.ErrExist) && h.Remove(in("a")) == nil {
				t.Error("a folder that is not empty was removed")
			}
			if _, err := h.Stat(in("nope")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a missing file: %v", err)
			}
			if err := h.Mkdir(in("a"), 0o755); !errors.Is(err, os.ErrExist) {
				t.Errorf("a folder twice: %v", err)
			}
			must(h.Rename(in("a"), in("z")))
			if p, err := h.EvalSymlinks(in("z/l")); err != nil || filepath.Base(p) != "f" {
				t.Errorf("EvalSymlinks gives %s, %v", p, err)
			}
			must(h.RemoveAll(in("z")))
		})
	}
}
