package modules_test

import (
	"fmt"
	"strings"
	"testing"

	"drover/modules"
	"drover/modules/modtest"
	"drover/modules/target"
	"drover/playbook/value"
)

// with makes a Setup that writes files: path, text, path, text…
func with(files ...string) func(*target.Fake) {
	return func(f *target.Fake) {
		for i := 0; i+1 < len(files); i += 2 {
			f.Write(files[i], files[i+1])
		}
	}
}

// holds makes a Check that compares files with texts.
func holds(files ...string) func(*testing.T, *target.Fake, *value.Dict) {
	return func(t *testing.T, f *target.Fake, _ *value.Dict) {
		t.Helper()
		for i := 0; i+1 < len(files); i += 2 {
			data, err := f.ReadFile(files[i])
			if err != nil || string(data) != files[i+1] {
				t.Errorf("%s holds %q (%v), want %q", files[i], data, err, files[i+1])
			}
		}
	}
}

func TestFileModulesConform(t *testing.T) {
	const conf = "a=1\n#b=2\nc=3\n"
	for _, tc := range []modtest.Case{
		{Name: "ping", Module: "ping", Args: []any{"data", "hi"}},
		{Name: "copy new content", Module: "copy", Args: []any{"content", "x\n", "dest", "/etc/new"}, Change: true, Check: holds("/etc/new", "x\n")},
		{Name: "copy same content", Module: "copy", Args: []any{"content", "x\n", "dest", "/etc/f"}, Setup: with("/etc/f", "x\n")},
		{Name: "copy dict is JSON", Module: "copy", Args: []any{"content", map[string]any{"a": []any{1, true, nil}}, "dest", "/etc/j"}, Change: true, Check: holds("/etc/j", `{"a": [1, true, null]}`)},
		{Name: "copy mode only", Module: "copy", Args: []any{"content", "x", "dest", "/etc/f", "mode", "u=rw,go="}, Setup: with("/etc/f", "x"), Change: true},
		{Name: "copy without force", Module: "copy", Args: []any{"content", "y", "dest", "/etc/f", "force", "no"}, Setup: with("/etc/f", "x"), Check: holds("/etc/f", "x")},
		{Name: "copy remote file into folder", Module: "copy", Args: []any{"src", "/etc/f", "dest", "/tmp/", "remote_src", true}, Setup: with("/etc/f", "x"), Change: true, Check: holds("/tmp/f", "x")},
		{Name: "copy remote file over another", Module: "copy", Args: []any{"src", "/etc/f", "dest", "/tmp/f", "remote_src", true}, Change: true,
			Setup: func(f *target.Fake) {
				with("/etc/f", "x", "/tmp/f", "old")(f)
				f.Chmod("/etc/f", 0o640)
				f.Chown("/tmp/f", 1000, 1000)
			},
			Check: func(t *testing.T, f *target.Fake, d *value.Dict) {
				modesAre("/tmp/f", "0640")(t, f, d)
				if info, _ := f.Stat("/tmp/f"); info.UID != 0 || info.GID != 0 {
					t.Errorf("it belongs to %d:%d", info.UID, info.GID)
				}
			}},
		{Name: "copy remote folder", Module: "copy", Args: []any{"src", "/etc/d", "dest", "/tmp/to", "remote_src", true}, Setup: with("/etc/d/a", "1", "/etc/d/s/b", "2"), Change: true, NoDiff: true, Check: holds("/tmp/to/d/a", "1", "/tmp/to/d/s/b", "2")},
		{Name: "copy remote folder with mode", Module: "copy", Args: []any{"src", "/etc/d/", "dest", "/tmp/to", "remote_src", true, "mode", "0750"}, Setup: with("/etc/d/a", "1"), Change: true, NoDiff: true, Check: modesAre("/tmp/to", "0750", "/tmp/to/a", "0644")},
		{Name: "copy contents of remote folder", Module: "copy", Args: []any{"src", "/etc/d/", "dest", "/tmp/to", "remote_src", true}, Setup: with("/etc/d/a", "1"), Change: true, NoDiff: true, Check: holds("/tmp/to/a", "1")},
		{Name: "directory", Module: "file", Args: []any{"path", "/etc/a/b", "state", "directory", "mode", "0750", "owner", "app"}, Change: true},
		{Name: "directory there", Module: "file", Args: []any{"path", "/etc", "state", "directory"}},
		{Name: "absent", Module: "file", Args: []any{"path", "/etc/f", "state", "absent"}, Setup: with("/etc/f", "x"), Change: true},
		{Name: "absent folder", Module: "file", Args: []any{"path", "/etc/d", "state", "absent"}, Setup: with("/etc/d/f", "x"), Change: true},
		{Name: "link", Module: "file", Args: []any{"path", "/etc/l", "src", "f", "state", "link"}, Setup: with("/etc/f", "x"), Change: true, Check: holds("/etc/l", "x")},
		{Name: "hard link", Module: "file", Args: []any{"path", "/etc/l", "src", "/etc/f", "state", "hard"}, Setup: with("/etc/f", "x"), Change: true, Check: holds("/etc/l", "x")},
		{Name: "touch", Module: "file", Args: []any{"path", "/etc/t", "state", "touch"}, Change: true, Again: true, NoDiff: true},
		{Name: "touch preserving", Module: "file", Args: []any{"path", "/etc/f", "state", "touch", "modification_time", "preserve", "access_time", "preserve"}, Setup: with("/etc/f", "")},
		{Name: "set time", Module: "file", Args: []any{"path", "/etc/f", "modification_time", "202001020304.05"}, Setup: with("/etc/f", ""), Change: true},
		{Name: "recurse", Module: "file", Args: []any{"path", "/etc/d", "state", "directory", "recurse", true, "mode", "u+rwX,go-rwx"}, Setup: with("/etc/d/f", "x"), Change: true},
		{Name: "line replaced", Module: "lineinfile", Args: []any{"path", "/etc/c", "regexp", "^#?b=", "line", "b=9"}, Setup: with("/etc/c", conf), Change: true, Check: holds("/etc/c", "a=1\nb=9\nc=3\n")},
		{Name: "line added", Module: "lineinfile", Args: []any{"path", "/etc/c", "line", "d=4"}, Setup: with("/etc/c", "a=1"), Change: true, Check: holds("/etc/c", "a=1\nd=4\n")},
		{Name: "line after", Module: "lineinfile", Args: []any{"path", "/etc/c", "line", "x", "insertafter", "^a"}, Setup: with("/etc/c", conf), Change: true, Check: holds("/etc/c", "a=1\nx\n#b=2\nc=3\n")},
		{Name: "line before", Module: "lineinfile", Args: []any{"path", "/etc/c", "line", "x", "insertbefore", "^c"}, Setup: with("/etc/c", conf), Change: true, Check: holds("/etc/c", "a=1\n#b=2\nx\nc=3\n")},
		{Name: "line first", Module: "lineinfile", Args: []any{"path", "/etc/c", "line", "x", "insertbefore", "BOF"}, Setup: with("/etc/c", conf), Change: true, Check: holds("/etc/c", "x\n"+conf)},
		{Name: "back references", Module: "lineinfile", Args: []any{"path", "/etc/c", "regexp", `^(?P<k>c)=(\d)`, "line", `\g<k>=\g<2>0`, "backrefs", true}, Setup: with("/etc/c", "c=3\nx\n"), Change: true, Check: holds("/etc/c", "c=30\nx\n")},
		{Name: "back references without a match", Module: "lineinfile", Args: []any{"path", "/etc/c", "regexp", "^z(.)", "line", `\1`, "backrefs", true}, Setup: with("/etc/c", conf)},
		{Name: "line by text", Module: "lineinfile", Args: []any{"path", "/etc/c", "search_string", "b=", "line", "b=[1]"}, Setup: with("/etc/c", conf), Change: true, Check: holds("/etc/c", "a=1\nb=[1]\nc=3\n")},
		{Name: "lines removed", Module: "lineinfile", Args: []any{"path", "/etc/c", "regexp", "=", "state", "absent"}, Setup: with("/etc/c", conf+"end\n"), Change: true, Check: holds("/etc/c", "end\n")},
		{Name: "file created", Module: "lineinfile", Args: []any{"path", "/etc/n/c", "line", "x", "create", true}, Change: true, Check: holds("/etc/n/c", "x\n")},
		{Name: "block", Module: "blockinfile", Args: []any{"path", "/etc/c", "block", "1\n2", "insertafter", "^a"}, Setup: with("/etc/c", conf), Change: true,
			Check: holds("/etc/c", "a=1\n# BEGIN ANSIBLE MANAGED BLOCK\n1\n2\n# END ANSIBLE MANAGED BLOCK\n#b=2\nc=3\n")},
		{Name: "block replaced in place", Module: "blockinfile", Args: []any{"path", "/etc/c", "block", "new", "marker", "; {mark}"}, Setup: with("/etc/c", "x\n; BEGIN\nold\n; END\ny\n"), Change: true, Check: holds("/etc/c", "x\n; BEGIN\nnew\n; END\ny\n")},
		{Name: "block removed", Module: "blockinfile", Args: []any{"path", "/etc/c", "state", "absent", "marker", "; {mark}"}, Setup: with("/etc/c", "x\n; BEGIN\nold\n; END\ny\n"), Change: true, Check: holds("/etc/c", "x\ny\n")},
		{Name: "block with empty lines", Module: "blockinfile", Args: []any{"path", "/etc/c", "block", "b", "marker", "; {mark}", "insertbefore", "y", "append_newline", true, "prepend_newline", true}, Setup: with("/etc/c", "x\ny\n"), Change: true, Check: holds("/etc/c", "x\n\n; BEGIN\nb\n; END\n\ny\n")},
		{Name: "replace", Module: "replace", Args: []any{"path", "/etc/c", "regexp", `^(\w)=`, "replace", `\1: `}, Setup: with("/etc/c", conf), Change: true, Check: holds("/etc/c", "a: 1\n#b=2\nc: 3\n")},
		{Name: "replace between", Module: "replace", Args: []any{"path", "/etc/c", "regexp", "1", "replace", "2", "after", "<", "before", ">"}, Setup: with("/etc/c", "1<1>1"), Change: true, Check: holds("/etc/c", "1<2>1")},
		{Name: "stat", Module: "stat", Args: []any{"path", "/etc/c"}, Setup: with("/etc/c", "x")},
		{Name: "slurp", Module: "slurp", Args: []any{"src", "/etc/c"}, Setup: with("/etc/c", "x")},
		{Name: "find", Module: "find", Args: []any{"paths", "/etc", "patterns", "*.conf", "recurse", true}, Setup: with("/etc/d/x.conf", "x")},
		{Name: "assemble", Module: "assemble", Args: []any{"src", "/etc/d", "dest", "/etc/out", "delimiter", "--"}, Setup: with("/etc/d/2", "b", "/etc/d/1", "a\n"), Change: true, Check: holds("/etc/out", "a\n--\nb")},
		{Name: "backup", Module: "drover.builtin.backup", Args: []any{"path", "/etc/d"}, Setup: with("/etc/d/f", "x"), Change: true},
		{Name: "command created", Module: "command", Args: []any{"cmd", "touch /etc/c", "creates", "/etc/c*"}, Setup: with("/etc/c", "")},
	} {
		modtest.Conform(t, tc)
	}
}

func TestFileModulesRefuse(t *testing.T) {
	for _, tc := range []struct {
		module string
		args   []any
		want   string
	}{
		{"copy", []any{"dest", "/x"}, "src (or content) is required"},
		{"copy", []any{"content", "x", "dest", "/tmp/"}, "can not use content with a dir as dest"},
		{"copy", []any{"content", "x", "dest", "/no/such/f"}, "Destination directory /no/such does not exist"},
		{"copy", []any{"content", "y", "dest", "/etc/f", "validate", "true"}, "validate must contain %s: true"},
		{"copy", []any{"content", "x", "dest", "/etc/f", "mode", "rwx"}, "mode must be in octal or symbolic form"},
		{"copy", []any{"content", "x", "dest", "/etc/f", "owner", "nobody99"}, "failed to look up user nobody99"},
		{"copy", []any{"content", "y", "dest", "/etc/f", "checksum", "00"}, "does not match the expected checksum"},
		{"copy", []any{"src", "/nope", "dest", "/etc/f", "remote_src", true}, "Source /nope not found"},
		{"file", []any{"path", "/nope"}, "file (/nope) is absent, cannot continue"},
		{"file", []any{"path", "/etc", "state", "file"}, "file (/etc) is directory, cannot continue"},
		{"file", []any{"path", "/etc/l", "state", "link", "src", "nope"}, "src file does not exist, use 'force=yes'"},
		{"file", []any{"path", "/etc/l", "state", "link"}, "src is required for creating new symlinks"},
		{"file", []any{"path", "/etc/l", "recurse", true, "state", "file"}, "recurse option requires state to be 'directory'"},
		{"lineinfile", []any{"path", "/nope", "line", "x"}, "/nope does not exist !"},
		{"lineinfile", []any{"path", "/etc", "line", "x"}, "Path /etc is a directory !"},
		{"lineinfile", []any{"path", "/etc/f"}, "line is required with state=present"},
		{"lineinfile", []any{"path", "/etc/f", "line", "x", "regexp", "("}, "invalid regular expression '('"},
		{"replace", []any{"path", "/nope", "regexp", "x"}, "Path /nope does not exist !"},
		{"slurp", []any{"src", "/nope"}, "File not found: /nope"},
		{"slurp", []any{"src", "/etc"}, "Source is a directory"},
		{"command", []any{"cmd", ""}, "one of the following is required: _raw_params, cmd, argv"},
		{"command", []any{"cmd", "x", "chdir", "/nope"}, "Unable to change directory before execution"},
		{"command", []any{"cmd", "echo 'x"}, "No closing quotation"},
		{"find", []any{"paths", "/etc", "age", "x"}, "failed to process age"},
		{"drover.builtin.backup", []any{"path", "/nope"}, "there is nothing to back up at /nope"},
		{"drover.builtin.backup", []any{"path", "/etc", "dest", "/etc/b"}, "set dest to a folder outside"},
		{"drover.builtin.backup", []any{"path", "/etc", "state", "restored"}, "there is no backup of /etc"},
	} {
		h := target.NewFake()
		h.Write("/etc/f", "x")
		r := modtest.Run(h, &modules.Call{Args: value.DictOf(tc.args...)}, tc.module)
		if msg := value.String(r.At("msg")); !value.Truth(r.At("failed")) || !strings.Contains(msg, tc.want) {
			t.Errorf("%s %v: %s, want %q", tc.module, tc.args, value.Repr(r), tc.want)
		}
	}
}

func TestCopyForetellsIntoFoldersThatWillBeMade(t *testing.T) {
	args := value.DictOf("content", "x", "dest", "/srv/app/f", "owner", "nobody-yet")
	r := modtest.Run(target.NewFake(), &modules.Call{Args: args, Check: true, Diff: true}, "copy")
	if value.Truth(r.At("failed")) || !value.Truth(r.At("changed")) {
		t.Errorf("check mode says %s, want a change", value.Repr(r))
	}
}

// modesAre checks permissions: pairs of a path and a mode.
func modesAre(pairs ...string) func(*testing.T, *target.Fake, *value.Dict) {
	return func(t *testing.T, h *target.Fake, _ *value.Dict) {
		t.Helper()
		for i := 0; i < len(pairs); i += 2 {
			info, err := h.Lstat(pairs[i])
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%04o", info.Perm()); got != pairs[i+1] {
				t.Errorf("%s has mode %s, want %s", pairs[i], got, pairs[i+1])
			}
		}
	}
}
