package inventory

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSplitPattern(t *testing.T) {
	for pattern, want := range map[string][]string{
		"a,b[1], c[2:3] , d": {"a", "b[1]", "c[2:3]", "d"},
		"a:b":                {"a", "b"},
		"web[1:3]:!db":       {"web[1:3]", "!db"},
		"host:2222":          {"host:2222"},
		"2001:db8::1":        {"2001:db8::1"},
		"foo*:&bar:!baz":     {"foo*", "&bar", "!baz"},
		"":                   nil,
		",,":                 nil,
	} {
		if got := SplitPattern(pattern); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", pattern, got, want)
		}
	}
}

func TestPatternErrors(t *testing.T) {
	path := write(t, "hosts", "[web]\nw1\nw2\n")
	inv := load(t, Options{PatternMismatch: "error"}, path)
	for pattern, want := range map[string]string{
		"web[9]":  "No hosts matched the subscripted pattern 'web[9]'",
		"~web(":   "invalid regular expression",
		"wep":     "did you mean 'web'?",
		"web:!xy": "no host or group matches the pattern 'xy'",
	} {
		if _, err := inv.Match(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", pattern, err, want)
		}
	}
	var warnings []string
	inv = load(t, Options{Warn: func(msg string) { warnings = append(warnings, msg) }}, path)
	if hosts, err := inv.Match("wep"); err != nil || len(hosts) != 0 {
		t.Errorf("wep: %v, %v", names(hosts), err)
	}
	if !slices.Equal(warnings, []string{"Could not match supplied host pattern, ignoring: wep"}) {
		t.Errorf("warnings: %q", warnings)
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		glob, name string
		want       bool
	}{
		{"a*c", "abbc", true}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"a[bc]d", "acd", true},
		{"a[!b]d", "abd", false}, {"a[!b]d", "acd", true}, {"a[0-9]", "a5", true}, {"a[", "a[", true},
		{"a[]]", "a]", true}, {"a.c", "abc", false}, {"*", "", true}, {`a\d`, "a1", false},
	} {
		match, err := nameMatcher(tt.glob)
		if err != nil {
			t.Errorf("%s: %v", tt.glob, err)
			continue
		}
		if got := match(tt.name); got != tt.want {
			t.Errorf("%s on %s: got %v", tt.glob, tt.name, got)
		}
	}
}

func TestExpandLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "retry")
	if err := os.WriteFile(path, []byte("w1\n\n w2 \n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := ExpandLimit("a,@" + path); err != nil || got != "a,w1,w2" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := ExpandLimit("@/does/not/exist"); err == nil {
		t.Error("a missing file is no error")
	}
}

func TestParseAddress(t *testing.T) {
	for _, tt := range []struct {
		in   string
		host string
		port int
		ok   bool
	}{
		{"host", "host", 0, true}, {"host:22", "host", 22, true}, {"1.2.3.4:5", "1.2.3.4", 5, true},
		{"::1", "::1", 0, true}, {"[::1]:22", "::1", 22, true}, {"[host]:22", "host", 22, true},
		{"2001:db8::1:22", "2001:db8::1:22", 0, true}, {"ab_c", "ab_c", 0, true}, {"_x", "_x", 0, true},
		{"-x", "", 0, false}, {"x-", "", 0, false}, {"a..b", "", 0, false}, {"", "", 0, false},
		{"a b", "", 0, false}, {"x:99999", "", 0, false}, {"x[1:3]", "", 0, false}, {"köln.de", "köln.de", 0, true},
	} {
		host, port, err := ParseAddress(tt.in, false)
		if (err == nil) != tt.ok || host != tt.host || port != tt.port {
			t.Errorf("%q: got %q %d %v", tt.in, host, port, err)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"all", "web*:!db:&prod", "~w.*", "web[0:1]", "[::1]", "a,b[", "!", "&", "[!]", "~"} {
		f.Add(s)
	}
	path := filepath.Join(f.TempDir(), "hosts")
	if err := os.WriteFile(path, []byte("[web]\nw[1:9]\n[db]\nd1\n"), 0o644); err != nil {
		f.Fatal(err)
	}
	inv, err := Load([]string{path}, Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		hosts, err := inv.Match(pattern)
		if err == nil && len(unique(slices.Clone(hosts))) != len(hosts) {
			t.Errorf("%q gives a host twice: %v", pattern, names(hosts))
		}
	})
}
