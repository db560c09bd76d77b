package modules_test

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"drover/modules"
	"drover/modules/modtest"
	"drover/modules/target"
	"drover/playbook/value"
)

func TestExpect(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("terminals are for Linux only")
	}
	const two = `/bin/sh -c 'printf "Name: "; read a; echo "<$a>"; printf "Name: "; read b; echo "<$b>"'`
	for _, tt := range []struct {
		name, command string
		responses     *value.Dict
		more          []any
		want          map[string]string
	}{
		{"answers in turn", two, value.DictOf("(?i)name: ", value.Strings("x", "y")), nil,
			map[string]string{"stdout": "Name: <x>\r\nName: <y>", "rc": "0"}},
		{"same answer", two, value.DictOf("Name: ", "z"), nil, map[string]string{"stdout": "Name: <z>\r\nName: <z>"}},
		{"echo", two, value.DictOf("Name: ", "z"), []any{"echo", true}, map[string]string{"stdout": "Name: z\r\n<z>\r\nName: z\r\n<z>"}},
		{"too few answers", two, value.DictOf("Name: ", value.Strings("x")), nil,
			map[string]string{"msg": "No remaining responses for 'Name: ', output was '<x>\r\nName: '"}},
		{"fails", "sh -c 'exit 3'", value.DictOf("q", "a"), nil, map[string]string{"rc": "3", "msg": "non-zero return code"}},
		{"silent", "sleep 60", value.DictOf("q", "a"), []any{"timeout", 1}, map[string]string{"msg": "command exceeded timeout", "rc": "None"}},
		{"not UTF-8", `printf 'a\350b: \n'`, value.DictOf("b: ", "x"), nil, map[string]string{"stdout": "a\xe8b: "}},
		{"unknown program", "no-such-program", value.DictOf("q", "a"), nil,
			map[string]string{"msg": "The command was not found or was not executable: no-such-program."}},
		{"nothing", " ", value.DictOf("q", "a"), nil, map[string]string{"msg": "no command given", "rc": "256"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := value.DictOf(append([]any{"command", tt.command, "responses", tt.responses}, tt.more...)...)
			r := modtest.Run(target.NewReal(), &modules.Call{Args: args}, "ansible.builtin.expect")
			for key, want := range tt.want {
				if got := value.String(r.At(key)); got != want {
					t.Errorf("%s: got %q, want %q", key, got, want)
				}
			}
		})
	}
}

// What the file at hand is not in the named encoding stops its path, not the
// module.
func TestFindEncodings(t *testing.T) {
	dir := t.TempDir()
	h := target.NewReal()
	if err := os.WriteFile(dir+"/f", []byte("\xc4\xe3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for encoding, want := range map[string]string{
		"utf-8": "Failed to read the file " + dir + "/f due to an encoding error. current encoding: utf-8",
		"gbk":   "", "nonsense": "unknown encoding: nonsense",
	} {
		args := value.DictOf("paths", dir, "contains", "你", "encoding", encoding)
		r := modtest.Run(h, &modules.Call{Args: args}, "ansible.builtin.find")
		skipped, _ := r.At("skipped_paths").(*value.Dict)
		if want == "" && value.String(r.At("matched")) != "1" {
			t.Errorf("%s: got %s", encoding, value.Repr(r))
		}
		if want != "" && value.String(skipped.At(dir)) != want {
			t.Errorf("%s: got %s, want %s", encoding, value.Repr(r), want)
		}
	}
	r := modtest.Run(h, &modules.Call{Args: value.DictOf("paths", dir, "limit", 0)}, "ansible.builtin.find")
	if msg := value.String(r.At("msg")); !strings.Contains(msg, "limit cannot be 0") {
		t.Errorf("got %q", msg)
	}
}
