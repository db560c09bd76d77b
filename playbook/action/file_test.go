package action

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/modules"
	"drover/modules/target"
	"drover/playbook/value"
	"drover/transport"
)

// hostTask is a localTask whose host is this machine: modules run as in the
// runner, with blobs both ways, and raw has a local connection.
type hostTask struct {
	*localTask
	opened int
	remote string // a folder that stands for the host
}

func newHostTask(t *testing.T, vars *value.Dict, args ...any) *hostTask {
	t.Helper()
	h := &hostTask{localTask: newTask(t, vars, args...), remote: t.TempDir()}
	h.vars.Put("playbook_dir", value.Str(h.dir))
	return h
}

// put writes a controller file below the task's folder.
func (h *hostTask) put(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// holds compares files of the "host" with texts.
func (h *hostTask) holds(t *testing.T, files map[string]string) {
	t.Helper()
	for name, want := range files {
		data, err := os.ReadFile(filepath.Join(h.remote, name))
		if err != nil || string(data) != want {
			t.Errorf("%s holds %q (%v), want %q", name, data, err, want)
		}
	}
}

// run evaluates the arguments with host = the remote folder and runs.
func (h *hostTask) run(t *testing.T, name string, args ...any) *value.Dict {
	t.Helper()
	h.args = value.DictOf(args...)
	got, err := Builtin()[name].Run(t.Context(), h)
	if err != nil {
		return modules.FailResult(err).Dict()
	}
	return got
}

func (h *hostTask) Invoke(ctx context.Context, module string, args *value.Dict, o *InvokeOptions) (*value.Dict, error) {
	if o == nil {
		o = &InvokeOptions{}
	}
	m, ok := modules.Lookup(module)
	if !ok {
		return nil, modules.Failf("no module %s", module)
	}
	call := &modules.Call{Args: args, Check: h.check, Blobs: &bothWays{h, o}, Progress: func(string) {}}
	r, err := m.Run(ctx, target.NewReal(), call)
	if err != nil {
		r = modules.FailResult(err)
	}
	return r.Dict(), nil
}

func (h *hostTask) Conn(ctx context.Context) (transport.Conn, *transport.Target, error) {
	tg := &transport.Target{Name: "host1", Kind: "local"}
	conn, err := transport.NewDialer(transport.Options{}).Dial(ctx, tg)
	return conn, tg, err
}

// bothWays gives the module what the action offered.
type bothWays struct {
	h *hostTask
	o *InvokeOptions
}

func (b *bothWays) Open(_ context.Context, id string) (io.ReadCloser, error) {
	b.h.opened++
	return b.o.Blobs[id].Open()
}

func (b *bothWays) Send(_ context.Context, name string) (io.WriteCloser, error) {
	return b.o.Receive(name)
}

// wantChanged checks changed and that nothing failed.
func wantChanged(t *testing.T, r *value.Dict, changed bool) {
	t.Helper()
	if value.Truth(r.At("failed")) || value.Truth(r.At("changed")) != changed {
		t.Fatalf("got %s, want changed %v", value.Repr(r), changed)
	}
}

func TestCopyFile(t *testing.T) {
	h := newHostTask(t, nil)
	h.put(t, "files/f", "text\n")
	args := []any{"src", "f", "dest", h.remote + "/", "mode", "0600"}
	wantChanged(t, h.run(t, "ansible.builtin.copy", args...), true)
	h.holds(t, map[string]string{"f": "text\n"})
	wantChanged(t, h.run(t, "ansible.builtin.copy", args...), false)
	if h.opened != 1 {
		t.Errorf("the contents were asked for %d times", h.opened)
	}
	h.put(t, "files/f", "other")
	h.check = true
	wantChanged(t, h.run(t, "ansible.builtin.copy", args...), true)
	h.holds(t, map[string]string{"f": "text\n"})
}

// A large file is sent to a host that has none without being summed first; one
// that has a file of its size asks for the sum.
func TestCopyLargeFile(t *testing.T) {
	h := newHostTask(t, nil)
	text := strings.Repeat("0123456789abcdef", largeFile/16+1)
	h.put(t, "files/f", text)
	args := []any{"src", "f", "dest", h.remote + "/"}
	first := h.run(t, "ansible.builtin.copy", args...)
	wantChanged(t, first, true)
	h.holds(t, map[string]string{"f": text})
	sum := sha1.Sum([]byte(text))
	if got := value.String(first.At("checksum")); got != hex.EncodeToString(sum[:]) {
		t.Errorf("the checksum is %s", got)
	}
	if h.opened != 1 {
		t.Errorf("the host asked for %d contents, want the file alone", h.opened)
	}
	if h.opened = 0; first.At("md5sum") != value.None {
		t.Error("MD5 was worked out though nobody keeps the result")
	}
	wantChanged(t, h.run(t, "ansible.builtin.copy", args...), false)
	if h.opened != 1 {
		t.Errorf("%d contents were asked for, want the checksum alone", h.opened)
	}
	h.put(t, "files/f", strings.ToUpper(text))
	h.check = true
	wantChanged(t, h.run(t, "ansible.builtin.copy", args...), true)
	h.check, h.registered = false, true
	again := h.run(t, "ansible.builtin.copy", args...)
	wantChanged(t, again, true)
	if again.At("md5sum") == value.None {
		t.Error("a registered result lacks the MD5")
	}
	bad := h.run(t, "ansible.builtin.copy", "src", "f", "dest", h.remote+"/new", "checksum", strings.Repeat("0", 40))
	if !value.Truth(bad.At("failed")) {
		t.Errorf("a wrong checksum was accepted: %s", value.Repr(bad))
	}
}

// A file that changes while it is read would be sent without anybody noticing.
func TestSteady(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("before"), 0o644); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("after it was listed"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := openSteady(path, info)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.ReadAll(f); err == nil || !strings.Contains(err.Error(), "changed while it was copied") {
		t.Errorf("got %v", err)
	}
}

func TestCopyFolder(t *testing.T) {
	h := newHostTask(t, nil)
	h.put(t, "files/d/a", "1")
	h.put(t, "files/d/s/b", "2")
	if err := os.Symlink("a", filepath.Join(h.dir, "files/d/l")); err != nil {
		t.Fatal(err)
	}
	wantChanged(t, h.run(t, "ansible.builtin.copy", "src", "d", "dest", h.remote), true)
	wantChanged(t, h.run(t, "ansible.builtin.copy", "src", "d/", "dest", h.remote+"/x", "local_follow", false), true)
	wantChanged(t, h.run(t, "ansible.builtin.copy", "src", "d", "dest", h.remote), false)
	h.holds(t, map[string]string{"d/a": "1", "d/s/b": "2", "d/l": "1", "x/a": "1", "x/s/b": "2"})
	if to, err := os.Readlink(filepath.Join(h.remote, "x/l")); err != nil || to != "a" {
		t.Errorf("with local_follow off the link became %q, %v", to, err)
	}
}

func TestCopyKeepsLinksToFoldersOnTheWay(t *testing.T) {
	h := newHostTask(t, nil)
	h.put(t, "files/d/s/a", "1")
	if err := os.Symlink("..", filepath.Join(h.dir, "files/d/s/up")); err != nil {
		t.Fatal(err)
	}
	wantChanged(t, h.run(t, "ansible.builtin.copy", "src", "d", "dest", h.remote), true)
	wantChanged(t, h.run(t, "ansible.builtin.copy", "src", h.remote+"/d", "dest", h.remote+"/e/", "remote_src", true), true)
	for _, link := range []string{"d/s/up", "e/d/s/up"} {
		if to, err := os.Readlink(filepath.Join(h.remote, link)); err != nil || to != ".." {
			t.Errorf("the link %s became %q, %v", link, to, err)
		}
	}
}

// What roles read of a registered copy, as ansible-core 2.19.11 gives it.
func TestCopyReports(t *testing.T) {
	h := newHostTask(t, nil)
	h.put(t, "files/f", "text\n")
	h.put(t, "files/d/a", "1")
	h.put(t, "files/d/s/b", "2")
	if err := os.MkdirAll(filepath.Join(h.dir, "files/none"), 0o755); err != nil {
		t.Fatal(err)
	}
	dest := h.remote + "/f"
	for _, tt := range []struct {
		name     string
		args     []any
		check    bool
		has, not []string
		want     map[string]string
	}{
		{"would write", []any{"src", "f", "dest", dest}, true, []string{"diff"}, []string{"dest", "src", "checksum", "path", "mode"}, map[string]string{"changed": "True"}},
		{"written", []any{"src", "f", "dest", dest}, false, []string{"src", "checksum", "md5sum", "mode", "size"}, []string{"path"}, map[string]string{"dest": dest, "diff": "[]", "state": "file"}},
		{"right already", []any{"src", "f", "dest", dest}, false, []string{"checksum", "mode"}, []string{"src", "md5sum"}, map[string]string{"path": dest, "dest": dest, "changed": "False"}},
		{"kept", []any{"content", "other", "dest", dest, "force", false}, false, []string{"src"}, []string{"path", "mode", "msg"}, map[string]string{"dest": dest}},
		{"given contents", []any{"content", "x", "dest", h.remote + "/c", "mode", "preserve"}, false, []string{"src"}, nil, map[string]string{"mode": "0600"}},
		{"folder", []any{"src", "d", "dest", h.remote + "/t"}, false, nil, []string{"mode", "diff"}, map[string]string{"dest": h.remote + "/t/", "changed": "True"}},
		{"what is in a folder", []any{"src", "d/", "dest", h.remote + "/t"}, false, nil, nil, map[string]string{"dest": h.remote + "/t/", "src": filepath.Join(h.dir, "files/d") + "/"}},
		{"nothing in it", []any{"src", "none", "dest", h.remote + "/n"}, false, nil, nil, map[string]string{"changed": "False", "dest": h.remote + "/n/"}},
		{"below a file", []any{"src", "f", "dest", dest + "/x"}, true, nil, nil, map[string]string{"failed": "True", "msg": "Failed to get information on remote file (" + dest + "/x): Not a directory"}},
	} {
		h.check = tt.check
		r := h.run(t, "ansible.builtin.copy", tt.args...)
		for _, key := range tt.has {
			if _, ok := r.Lookup(key); !ok {
				t.Errorf("%s: no %s in %s", tt.name, key, value.Repr(r))
			}
		}
		for _, key := range tt.not {
			if _, ok := r.Lookup(key); ok {
				t.Errorf("%s: there is %s in %s", tt.name, key, value.Repr(r))
			}
		}
		for key, want := range tt.want {
			if got := value.String(r.At(key)); got != want {
				t.Errorf("%s: %s is %s, want %s", tt.name, key, got, want)
			}
		}
	}
}

func TestCopyRefuses(t *testing.T) {
	h := newHostTask(t, nil)
	for want, args := range map[string][]any{
		"src (or content) is required":             {"dest", "/x"},
		"dest is required":                         {"src", "x"},
		"src and content are mutually exclusive":   {"src", "x", "content", "y", "dest", "/x"},
		"can not use content with a dir as dest":   {"content", "y", "dest", "/x/"},
		"could not find 'nope'":                    {"src", "nope", "dest", "/x"},
		"Unsupported parameters for (copy) module": {"content", "nope", "dest", "/x", "mod", 1},
	} {
		if r := h.run(t, "ansible.builtin.copy", args...); !strings.Contains(value.String(r.At("msg")), want) {
			t.Errorf("%v gives %s, want %s", args, value.Repr(r), want)
		}
	}
}

func TestTemplate(t *testing.T) {
	h := newHostTask(t, value.DictOf("port", 80))
	h.put(t, "templates/t.j2", "# {{ ansible_managed }}\n{% if true %}\nport={{ port }} on {{ template_destpath }}\n{% endif %}\n")
	h.put(t, "templates/alt.j2", "[[ port ]] {{ kept }}\nend\n")
	args := []any{"src", "t.j2", "dest", h.remote + "/out", "mode", "0640"}
	wantChanged(t, h.run(t, "ansible.builtin.template", args...), true)
	wantChanged(t, h.run(t, "ansible.builtin.template", args...), false)
	h.holds(t, map[string]string{"out": "# Ansible managed\nport=80 on " + h.remote + "/out\n"})
	wantChanged(t, h.run(t, "ansible.builtin.template", "src", "alt.j2", "dest", h.remote+"/alt", "newline_sequence", `\r\n`,
		"variable_start_string", "[[", "variable_end_string", "]]"), true)
	h.holds(t, map[string]string{"alt": "80 {{ kept }}\r\nend\r\n"})
	r := h.run(t, "ansible.builtin.template", "src", "t.j2", "dest", "/x", "newline_sequence", "x")
	if !strings.Contains(value.String(r.At("msg")), "newline_sequence needs to be one of") {
		t.Error(value.Repr(r))
	}
}

func TestFetch(t *testing.T) {
	h := newHostTask(t, nil)
	src := filepath.Join(h.remote, "log")
	if err := os.WriteFile(src, []byte("lines"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantChanged(t, h.run(t, "ansible.builtin.fetch", "src", src, "dest", "got"), true)
	if data, err := os.ReadFile(filepath.Join(h.dir, "got/host1", src)); err != nil || string(data) != "lines" {
		t.Errorf("fetched %q, %v", data, err)
	}
	wantChanged(t, h.run(t, "ansible.builtin.fetch", "src", src, "dest", "got"), false)
	wantChanged(t, h.run(t, "ansible.builtin.fetch", "src", src, "dest", "flat/", "flat", true), true)
	if _, err := os.Stat(filepath.Join(h.dir, "flat/log")); err != nil {
		t.Error(err)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	up, err := filepath.Rel(wd, src) // begins with ../
	if err != nil {
		t.Fatal(err)
	}
	wantChanged(t, h.run(t, "ansible.builtin.fetch", "src", up, "dest", "up"), true)
	if _, err := os.Stat(filepath.Join(h.dir, "up/host1", filepath.Join("/", up))); err != nil {
		t.Errorf("a path with .. left the host's folder: %v", err)
	}
	wantChanged(t, h.run(t, "ansible.builtin.fetch", "src", "/nope", "dest", "got", "fail_on_missing", false), false)
	if r := h.run(t, "ansible.builtin.fetch", "src", "/nope", "dest", "got"); value.String(r.At("msg")) != "the remote file does not exist, not transferring, ignored" || !value.Truth(r.At("failed")) {
		t.Error(value.Repr(r))
	}
}

func TestRawAndScript(t *testing.T) {
	h := newHostTask(t, nil)
	r := h.run(t, "ansible.builtin.raw", "cmd", "echo out; echo err >&2; exit 4")
	if value.String(r.At("stdout")) != "out\n" || value.String(r.At("stderr")) != "err\n" || !value.Equal(r.At("rc"), value.Int(4)) || !value.Truth(r.At("failed")) {
		t.Error(value.Repr(r))
	}
	h.put(t, "files/my script.sh", "#!/bin/sh\necho \"$PWD:$1:$2\"\n")
	r = h.run(t, "ansible.builtin.script", "cmd", `"my script.sh" 'a b' c`, "chdir", h.remote)
	if value.String(r.At("stdout")) != h.remote+":a b:c\n" {
		t.Error(value.Repr(r))
	}
	r = h.run(t, "ansible.builtin.script", "cmd", `'my script.sh' x`, "executable", "/bin/sh -e")
	if !strings.HasSuffix(value.String(r.At("stdout")), ":x:\n") {
		t.Error(value.Repr(r))
	}
	if r = h.run(t, "ansible.builtin.script", "cmd", "x.sh", "creates", h.remote); !value.Truth(r.At("skipped")) {
		t.Error(value.Repr(r))
	}
}

func TestBackupIsFetchedOnce(t *testing.T) {
	h := newHostTask(t, nil)
	src := filepath.Join(h.remote, "conf")
	if err := os.WriteFile(src, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []any{"path", src, "dest", filepath.Join(h.remote, "b"), "fetch", true, "fetch_dest", "kept"}
	r := h.run(t, "drover.builtin.backup", args...)
	wantChanged(t, r, true)
	if _, err := os.Stat(value.String(r.At("fetched"))); err != nil {
		t.Errorf("%v: %s", err, value.Repr(r))
	}
	wantChanged(t, h.run(t, "drover.builtin.backup", args...), false)
	if entries, _ := os.ReadDir(filepath.Join(h.dir, "kept/host1")); len(entries) != 1 {
		t.Errorf("the controller keeps %v", entries)
	}
}

func TestUnarchiveSendsTheArchive(t *testing.T) {
	h := newHostTask(t, nil)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("in/zip")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("text")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	h.put(t, "files/a.zip", b.String())
	wantChanged(t, h.run(t, "ansible.builtin.unarchive", "src", "a.zip", "dest", h.remote), true)
	h.holds(t, map[string]string{"in/zip": "text"})
}

func TestAssembleOnTheController(t *testing.T) {
	h := newHostTask(t, nil)
	h.put(t, "files/d/1", "one\n")
	h.put(t, "files/d/2", "two\n")
	args := []any{"src", "d", "dest", h.remote + "/out", "remote_src", false, "delimiter", "--"}
	wantChanged(t, h.run(t, "ansible.builtin.assemble", args...), true)
	wantChanged(t, h.run(t, "ansible.builtin.assemble", args...), false)
	h.holds(t, map[string]string{"out": "one\n--\ntwo\n"})
}
