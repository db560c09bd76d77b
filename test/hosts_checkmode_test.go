//go:build hosts

package test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// No module changes anything under --check, and each says what it would do.
func TestCheckMode(t *testing.T) {
	l := openLab(t)
	h := l.hosts[3]
	t.Cleanup(func() { l.reset(t, h) })
	book := filepath.Join("testdata", "checkmode", "checkmode.yml")
	wantEveryModule(t, book)
	inv := l.inventory(t, "all", []labHost{h}, asRoot...)
	run := func(script string) string {
		text, err := os.ReadFile(filepath.Join("testdata", "checkmode", script))
		if err != nil {
			t.Fatal(err)
		}
		return l.must(t, h, string(text))
	}
	run("prepare.sh")
	drover(t, "exec", "-i", inv, "all", "-m", "ping").want(t, 0) // brings the runner
	before := run("snapshot.sh")
	check := drover(t, "run", "-i", inv, book, "--check", "--diff", "-e", "web=http://127.0.0.1:8999",
		"-e", "forward="+l.must(t, h, "sysctl -n net.ipv4.ip_forward"),
		"-e", "dummy="+l.must(t, h, "grep -c '^dummy ' /proc/modules 2>/dev/null || true"))
	check.want(t, 0, "PLAY RECAP")
	wantOutcomes(t, check.out)
	if after := run("snapshot.sh"); after != before {
		t.Errorf("--check changed the host:\n%s", differing(before, after))
	}
}

// wantEveryModule checks that the playbook has a task for each module.
func wantEveryModule(t *testing.T, book string) {
	t.Helper()
	text, err := os.ReadFile(book)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(drover(t, "doc", "--list").out) {
		name, _, _ := strings.Cut(line, " ")
		short := name[strings.LastIndex(name, ".")+1:]
		if !strings.Contains(string(text), " "+short+":") {
			t.Errorf("%s has no task for %s", book, name)
		}
	}
}

// wantOutcomes checks that each task ended as its name says.
func wantOutcomes(t *testing.T, out string) {
	t.Helper()
	want := ""
	for line := range strings.Lines(out) {
		if title, ok := strings.CutPrefix(line, "TASK ["); ok {
			want, _, _ = strings.Cut(title, ":")
			if want == "failed" {
				want = "fatal"
			}
			continue
		}
		word, _, ok := strings.Cut(line, ": [")
		if ok && want != "" && slices.Contains([]string{"ok", "changed", "skipping", "fatal"}, word) {
			if word != want {
				t.Errorf("want %s: %s", want, line)
			}
			want = ""
		}
	}
}

// differing gives the lines that only one of two texts has.
func differing(before, after string) string {
	var only []string
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	for sign, pair := range map[string][2][]string{"-": {a, b}, "+": {b, a}} {
		known := map[string]bool{}
		for _, line := range pair[1] {
			known[line] = true
		}
		for _, line := range pair[0] {
			if !known[line] {
				only = append(only, sign+line)
			}
		}
	}
	slices.Sort(only)
	return strings.Join(only, "\n")
}
