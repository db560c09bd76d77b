package homedir

import "testing"

func TestExpand(t *testing.T) {
	t.Setenv("HOME", "/here/")
	for in, want := range map[string]string{
		"~":             "/here",
		"~/a/b":         "/here/a/b",
		"~root/x":       "/root/x",
		"~root":         "/root",
		"~no such/x":    "~no such/x",
		"/a/~/b":        "/a/~/b",
		"a~":            "a~",
		"":              "",
		"~nobody at/~x": "~nobody at/~x",
	} {
		if got := Expand(in); got != want {
			t.Errorf("Expand(%q) = %q, want %q", in, got, want)
		}
	}
}
