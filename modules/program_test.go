package modules

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

// oneBlob is a controller that has one content for everybody.
type oneBlob []byte

func (b oneBlob) Open(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (b oneBlob) Send(context.Context, string) (io.WriteCloser, error) { return nil, os.ErrInvalid }

// runOwnProgram runs a program on this machine and gives its result.
func runOwnProgram(t *testing.T, text, kind string, interpreter ...string) (d *value.Dict, left []os.DirEntry) {
	t.Helper()
	tmp := t.TempDir()
	params := value.DictOf("name", "it's me", "n", 3, "list", value.Strings("a", "b"), "_ansible_check_mode", true)
	c := &Call{Module: ProgramModule, Check: true, Blobs: oneBlob(text), Progress: func(string) {}, Env: map[string]string{"OF_TASK": "yes"},
		Args: value.DictOf("name", "it.sh", "kind", kind, "interpreter", value.Strings(interpreter...), "params", params, "temp_dir", tmp)}
	r, err := programModule().Run(context.Background(), target.NewReal(), c)
	if err != nil {
		r = FailResult(err)
	}
	left, err = os.ReadDir(tmp)
	if err != nil {
		t.Fatal(err)
	}
	return r.Dict(), left
}

func TestOwnPrograms(t *testing.T) {
	tests := map[string]struct {
		text, kind  string
		interpreter string
		want        string // part of the result as JSON
	}{
		"words for a shell":   {`. "$1"; echo "{\"msg\": \"$name $n $list $_ansible_check_mode\"}"`, "old", "/bin/sh", `"msg": "it's me 3 ['a', 'b'] True"`},
		"a file of JSON":      {`cat "$1"`, "json", "/bin/sh", `"name": "it's me", "n": 3, "list": ["a", "b"], "_ansible`},
		"JSON in the text":    {"cat <<'E'\n{\"got\": " + ProgramArgsMark + "}\nE\n", "jsonargs", "/bin/sh", `"got": {"name": "it's me"`},
		"no file in the text": {`echo "{\"args\": $#}"`, "jsonargs", "/bin/sh", `"args": 0`},
		"a program by itself": {"#!/bin/sh\n. /dev/null; echo '{\"ok\": 1}'", "binary", "", `"ok": 1`},
		"the environment":     {`echo "{\"env\": \"$OF_TASK\"}"`, "old", "/bin/sh", `"env": "yes"`},
		"noise before":        {`echo hello; echo '[1]'; echo '{"ok": 1}'`, "old", "/bin/sh", `{"changed": false, "ok": 1}`},
		"noise after":         {`echo '{"ok": 1}'; echo bye`, "old", "/bin/sh", `"warnings": ["Module invocation had junk after the JSON data: bye"]`},
		"an exit code":        {`echo '{"rc": 4}'`, "old", "/bin/sh", `"failed": true`},
		"judged by itself":    {`echo '{"rc": 4, "failed": false}'`, "old", "/bin/sh", `{"changed": false, "rc": 4, "failed": false}`},
		"lines":               {`echo '{"stdout": "a\\nb"}'`, "old", "/bin/sh", `"stdout_lines": ["a", "b"]`},
		"no host by a result": {`echo '{"add_host": {}}'`, "old", "/bin/sh", `{"changed": false, "warnings": ["Removed unexpected internal key in module return: add_host = {}"]}`},
		"results are a list":  {`echo '{"results": "x"}'`, "old", "/bin/sh", `"ansible_module_results": "x"`},
		"no JSON":             {`echo out; echo err >&2; exit 3`, "old", "/bin/sh", `{"changed": false, "module_stdout": "out\n", "module_stderr": "err\n", "rc": 3, "failed": true, "msg": "Module result deserialization failed: No start of json char found"}`},
		"bad JSON":            {`echo '{"a": tru}'`, "old", "/bin/sh", `"msg": "Module result deserialization failed: Expecting value: line 1 column 7 (char 6)"`},
		"no interpreter":      {`x`, "old", "/nowhere/ruby", `"msg": "The module interpreter '/nowhere/ruby' was not found.`},
		"no program":          {"\x7fELF nonsense", "binary", "", `"failed": true, "msg": "The module it.sh is no program for this host's system and processor`},
	}
	for name, tc := range tests {
		var interpreter []string
		if tc.interpreter != "" {
			interpreter = []string{tc.interpreter}
		}
		d, left := runOwnProgram(t, tc.text, tc.kind, interpreter...)
		if got := value.JSON(d); !strings.Contains(got, tc.want) {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
		if len(left) > 0 {
			t.Errorf("%s: left behind %s", name, left)
		}
	}
}

// A folder that allows no programs is no end: there are others.
func TestOwnProgramsFindAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &Call{Blobs: oneBlob(`echo "{\"where\": \"$1\"}"`), Progress: func(string) {},
		Args: value.DictOf("name", "args", "kind", "old", "interpreter", value.Strings("/bin/sh"), "temp_dir", file+"/below")}
	r, err := programModule().Run(context.Background(), target.NewReal(), c)
	if err != nil {
		t.Fatal(err)
	}
	if where := value.String(r.Data.At("where")); !strings.HasPrefix(where, "/var/tmp/") {
		t.Errorf("its arguments were in %s", where)
	}
}
