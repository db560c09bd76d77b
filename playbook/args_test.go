package playbook

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"drover/modules"
	"drover/playbook/source"
	"drover/playbook/value"
)

// TestTextArgs compares arguments written as text with what Ansible makes of
// them; want is null where it refuses the text.
func TestTextArgs(t *testing.T) {
	f, err := os.Open("testdata/ansible-parse-kv.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var tc struct {
			Text    string
			Command bool
			Want    map[string]string
		}
		if err := json.Unmarshal(sc.Bytes(), &tc); err != nil {
			t.Fatal(err)
		}
		task := &Task{Module: "ns.coll.any", Args: value.NewDict(0), ArgPos: map[string]source.Pos{}}
		if tc.Command {
			task.Module = "ansible.builtin.command"
		}
		r := NewLoader(Options{}).reader(nil)
		r.textArgs(task, nil, &call{action: "any", text: tc.Text, at: source.Pos{File: "f", Line: 1, Col: 1}})
		got := map[string]string{}
		for _, e := range task.Args.Entries() {
			got[value.String(e.Key)] = value.String(e.Val)
		}
		if tc.Want == nil {
			if len(r.errs) == 0 {
				t.Errorf("%q: got %q, want an error", tc.Text, got)
			}
			continue
		}
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(tc.Want)
		if len(r.errs) > 0 || string(g) != string(w) {
			t.Errorf("%q (command: %v):\ngot  %s %v\nwant %s", tc.Text, tc.Command, g, r.errs, w)
		}
	}
}

func TestPlacesOfTextArgs(t *testing.T) {
	c := &call{action: "any", text: "a=1 b='{{ x }}'\n  c={{ y }} d", at: source.Pos{File: "f", Line: 3, Col: 10}}
	task := &Task{Args: value.NewDict(0), ArgPos: map[string]source.Pos{}}
	NewLoader(Options{}).reader(nil).textArgs(task, &modules.Spec{FreeForm: "d"}, c)
	for name, want := range map[string]string{"b": "f:3:17", "c": "f:4:14"} {
		if got := task.Args.At(name).(*value.Template).Pos.String(); got != want {
			t.Errorf("%s is at %s, want %s", name, got, want)
		}
	}
	if got := task.ArgPos["b"].String(); got != "f:3:14" {
		t.Errorf("the name b is at %s", got)
	}
}

func FuzzTextArgs(f *testing.F) {
	for _, s := range []string{"a=b", "a='b c' d", "{{ a }} b={{ 'c d' }}", "\\", "a \\\n b", "'", "{#", "=", "x=\\u00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, module := range []string{"ns.coll.any", "ansible.builtin.command"} {
			task := &Task{Module: module, Args: value.NewDict(0), ArgPos: map[string]source.Pos{}}
			NewLoader(Options{}).reader(nil).textArgs(task, nil, &call{text: s})
		}
	})
}
