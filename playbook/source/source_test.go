package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestSuggest(t *testing.T) {
	words := []string{"when", "name", "become", "become_user", "gather_facts", "port"}
	for name, want := range map[string]string{
		"whn": "when", "nmae": "name", "becom": "become", "gather_fact": "gather_facts", "becomeuser": "become_user",
		"npm": "", "x": "", "": "", "something_else": "",
	} {
		if got := Suggest(name, words); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestFormat(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yml")
	if err := os.WriteFile(file, []byte("one\n\ttwo words\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	vaulted := filepath.Join(dir, "v.yml")
	if err := os.WriteFile(vaulted, []byte("$ANSIBLE_VAULT;1.1;AES256\n00\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e := &Error{Pos: Pos{file, 2, 6}, Msg: "it is wrong", Hint: "mend it\nsoon", Width: 5, Trace: []Frame{{Pos{file, 1, 1}, "in variable 'x'"}, {What: "somewhere"}}}
	for _, tc := range []struct {
		err  error
		want string
	}{
		{errors.New("plain"), "plain"},
		{&Error{Msg: "no place"}, "no place"},
		{&Error{Msg: "a file", Pos: Pos{File: file}}, "a file\n  --> " + file},
		{&Error{Msg: "gone", Pos: Pos{"nowhere.yml", 1, 1}}, "gone\n  --> nowhere.yml:1:1"},
		{&Error{Msg: "secret", Pos: Pos{vaulted, 2, 1}}, "secret\n  --> " + vaulted + ":2:1"},
		{fmt.Errorf("wrapped: %w", e), "it is wrong\n  --> " + file + ":2:6\n   2 | \ttwo words\n     | \t    ^^^^^\n  in variable 'x' (" + file + ":1:1)\n  somewhere\n  hint: mend it\n        soon"},
		{List{errors.New("a"), errors.New("b")}, "a\n\nb"},
	} {
		if got := Format(tc.err); got != tc.want {
			t.Errorf("got:\n%s\nwant:\n%s", got, tc.want)
		}
	}
}

func TestList(t *testing.T) {
	var l List
	l.Add(nil)
	if l.Err() != nil {
		t.Error("an empty list is no error")
	}
	a, b := errors.New("a"), errors.New("b")
	l.Add(a)
	if l.Err() != a {
		t.Error("a list of one is that one")
	}
	l.Add(List{b})
	if err := l.Err(); !errors.Is(err, b) || err.Error() != "a\nb" {
		t.Errorf("got %v", err)
	}
}

func TestPosString(t *testing.T) {
	for want, p := range map[string]Pos{"<unknown>": {}, "f": {File: "f"}, "f:1": {File: "f", Line: 1}, "f:1:2": {"f", 1, 2}} {
		if got := p.String(); got != want {
			t.Errorf("%#v is %q, want %q", p, got, want)
		}
	}
}
