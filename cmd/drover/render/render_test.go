package render

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// run is a run with every kind of event that people see.
func run() []event.Event {
	task := func(id, name, action string) *event.TaskInfo {
		return &event.TaskInfo{ID: id, Name: name, Action: action, Pos: source.Pos{File: "site.yml", Line: len(id) + 3, Col: 7}}
	}
	dict := value.DictOf
	result := func(t *event.TaskInfo, host string, s event.Status, r *value.Dict) event.Result {
		return event.Result{Task: t, Host: host, Status: s, Result: r, Start: noon, End: noon.Add(1500 * time.Millisecond)}
	}
	item := func(t *event.TaskInfo, host, label string, s event.Status, r *value.Dict) event.Item {
		return event.Item{Task: t, Host: host, Label: value.Str(label), Status: s, Result: r}
	}
	debug := task("1", "Say", "debug")
	loop := task("12", "", "command")
	fail := task("123", "Build", "shell")
	diff := task("1234", "Write the file", "copy")
	secret := task("12345", "Set the password", "command")
	secret.NoLog = true
	retry := task("123456", "Wait", "uri")
	handler := task("1234567", "restart apache", "service")
	handler.Handler, handler.Role = true, "web"
	deleg := task("12345678", "Ask", "ping")
	down := task("123456789", "Reach", "ping")

	ignored := result(fail, "web2", event.Failed, dict("changed", true, "cmd", "make", "rc", 2, "stderr", "", "stdout", "", "msg", "non-zero return code"))
	ignored.Ignored = true
	looped := result(loop, "web1", event.Failed, dict("msg", "All items completed", "results", value.NewList()))
	looped.Looped = true
	delegated := result(deleg, "web1", event.OK, dict("changed", false, "ping", "pong"))
	delegated.Target = "db1"
	return []event.Event{
		event.RunStart{Playbooks: []string{"site.yml"}, Time: noon},
		event.PlaybookStart{Path: "site.yml"},
		event.PlayStart{Name: "Web <servers>", Hosts: []string{"web1", "web2"}},
		event.TaskStart{Task: debug, Hosts: []string{"web1"}, Time: noon},
		result(debug, "web1", event.OK, dict("msg", "hé \"x\"", "_ansible_verbose_always", true, "changed", false)),
		event.TaskStart{Task: loop, Hosts: []string{"web1"}, Time: noon},
		item(loop, "web1", "a", event.OK, dict("changed", false, "item", "a", "ansible_loop_var", "item")),
		item(loop, "web1", "b", event.Changed, dict("changed", true, "item", "b", "rc", 0, "stdout", "one\ntwo", "stdout_lines", []string{"one", "two"})),
		item(loop, "web1", "c", event.Skipped, dict("changed", false, "skip_reason", "Conditional result was False")),
		item(loop, "web1", "d", event.Failed, dict("ansible_loop_var", "item", "item", "d", "msg", "no such file\nat all", "failed", true)),
		looped,
		event.TaskStart{Task: fail, Hosts: []string{"web1", "web2"}, Time: noon},
		result(fail, "web1", event.Failed, dict("changed", true, "cmd", []string{"make", "all"}, "rc", 2, "delta", "0:00:01",
			"stderr", "make: *** [all] Error 1\n", "stdout", "cc -c a.c\ncc -c b.c", "stdout_lines", []string{"cc -c a.c", "cc -c b.c"}, "msg", "non-zero return code")),
		ignored,
		event.TaskStart{Task: diff, Hosts: []string{"web1"}, Time: noon},
		result(diff, "web1", event.Changed, dict("changed", true, "diff", value.NewList(
			dict("before", "a\nb\n", "after", "a\nc", "before_header", "/etc/x", "after_header", "/src/x"),
			dict("before", dict("mode", "0644", "path", "/etc/x"), "after", dict("mode", "0600", "path", "/etc/x"))))),
		event.TaskStart{Task: secret, Hosts: []string{"web1"}, Time: noon},
		result(secret, "web1", event.Failed, dict("changed", true, "stdout", "hunter2", "msg", "hunter2", "failed", true)),
		event.TaskStart{Task: retry, Hosts: []string{"web1"}, Time: noon},
		event.Retry{Task: retry, Host: "web1", Left: 2, Attempts: 1, Result: dict("failed", true)},
		result(retry, "web1", event.OK, dict("changed", false, "status", 200, "password", value.Secret("hunter2"))),
		event.Included{Path: "/p/inc.yml", Hosts: []string{"web1", "web2"}, Label: "1"},
		event.Warning{Text: "careful"},
		event.Warning{Text: "old", Deprecated: true, Pos: source.Pos{File: "site.yml", Line: 9, Col: 1}},
		event.TaskStart{Task: handler, Hosts: []string{"web1"}, Time: noon},
		result(handler, "web1", event.Skipped, dict("changed", false, "skip_reason", "Conditional result was False")),
		event.TaskStart{Task: deleg, Hosts: []string{"web1"}, Time: noon},
		delegated,
		event.TaskStart{Task: down, Hosts: []string{"web2"}, Time: noon},
		result(down, "web2", event.Unreachable, dict("changed", false, "unreachable", true, "msg", "web2: connect failed: connection refused (is sshd running?)")),
		event.PlayStart{Name: "Nobody"},
		event.NoHosts{},
		event.RunEnd{Time: noon.Add(time.Minute), Stats: []event.HostStats{
			{Host: "web1", OK: 4, Changed: 2, Failed: 1, Skipped: 1}, {Host: "web2", Unreachable: 1, Ignored: 1},
		}, Custom: map[string]*value.Dict{"_run": dict("n", 1)}},
	}
}

func TestPrinters(t *testing.T) {
	for _, tc := range []struct {
		golden, printer string
		o               Options
	}{
		{"default", "default", Options{}},
		{"default-v", "default", Options{Verbosity: 1}},
		{"default-vvv", "default", Options{Verbosity: 3, Format: JSON}},
		{"default-json", "default", Options{Format: JSON, CustomStats: true}},
		{"default-yaml", "default", Options{Format: YAML, Verbosity: 1}},
		{"default-colour", "default", Options{Colors: NewColors(map[string]string{
			"ok": "0;32", "changed": "0;33", "skip": "0;36", "error": "0;31", "unreachable": "1;31", "included": "0;36", "diff_add": "0;32",
			"diff_remove": "0;31", "diff_lines": "0;36", "warn": "1;35", "deprecate": "0;35", "verbose": "0;34", "debug": "1;30",
		})}},
		{"default-hidden", "default", Options{HideOK: true, HideSkipped: true}},
		{"minimal", "minimal", Options{}},
		{"oneline", "oneline", Options{}},
		{"stream", "json", Options{}},
		{"document", "document", Options{}},
	} {
		t.Run(tc.golden, func(t *testing.T) {
			var out bytes.Buffer
			tc.o.Out, tc.o.Err, tc.o.DiffContext = &out, &out, 3
			p, err := New(tc.printer, tc.o)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range run() {
				p.Event(e)
			}
			if strings.Contains(out.String(), "hunter2") {
				t.Error("a secret was printed")
			}
			compare(t, tc.golden, out.Bytes())
		})
	}
}

// compare checks got against testdata/name.golden.
func compare(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update rewrites it); got:\n%s", path, got)
	}
}

func TestUnknownPrinter(t *testing.T) {
	_, err := New("minimla", Options{})
	if err == nil || !strings.Contains(err.Error(), "did you mean 'minimal'") {
		t.Errorf("error = %v", err)
	}
}

func TestJUnit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reports", "junit.xml")
	j := NewJUnit(path)
	j.start = noon
	for _, e := range run() {
		j.Event(e)
	}
	j.Event(event.ErrorEvent{Err: errors.New("stopped\x1b[0m")})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("hunter2")) {
		t.Error("a secret was written")
	}
	compare(t, "junit", withoutTimes(data))
}

// withoutTimes blanks the times that depend on the clock.
func withoutTimes(data []byte) []byte {
	lines := strings.Split(string(data), "\n")
	for i, l := range lines {
		if strings.Contains(l, "<testsuites") || strings.Contains(l, `name="drover" tests`) {
			for _, attr := range []string{` time="`, ` timestamp="`} {
				if at := strings.Index(l, attr); at >= 0 {
					end := strings.IndexByte(l[at+len(attr):], '"')
					l = l[:at+len(attr)] + l[at+len(attr)+end:]
				}
			}
			lines[i] = l
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

// A failure keeps long measurements for -v, and everything short or textual.
func TestLongBlocks(t *testing.T) {
	r := value.DictOf("few", value.DictOf("key", 1), "many", value.NewDict(0), "text", strings.Repeat("line\n", longBlock+5))
	for i := range longBlock + 1 {
		r.At("many").(*value.Dict).Put(fmt.Sprint("key", i), value.Int(1))
	}
	brief, full := base{}, base{Options: Options{Verbosity: 1}}
	if got := brief.blocks(r); !strings.Contains(got, "many: (11 lines; -v shows them)") || strings.Contains(got, "key1:") ||
		!strings.Contains(got, "key: 1") || strings.Count(got, "line\n") < longBlock {
		t.Errorf("brief:%s", got)
	}
	if got := full.blocks(r); !strings.Contains(got, "key10: 1") {
		t.Errorf("full:%s", got)
	}
}

func TestUnified(t *testing.T) {
	for _, tc := range []struct{ name, a, b, want string }{
		{"equal", "a\n", "a\n", ""},
		{"from nothing", "", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"},
		{"to nothing", "a\n", "", "@@ -1 +0,0 @@\n-a\n"},
		{"middle", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\n", "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n"},
		{"two hunks", "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
			"@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n"},
		{"joined", "a\n1\n2\nb\n", "A\n1\n2\nB\n", "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n-b\n+B\n"},
		{"insert", "a\nb\n", "a\nx\nb\n", "@@ -1,2 +1,3 @@\n a\n+x\n b\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := strings.Join(unified(splitLines(tc.a), splitLines(tc.b), 3), "")
			if got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestScreenErasesItsLine(t *testing.T) {
	var out bytes.Buffer
	s := NewScreen(&out, func() int { return 30 })
	s.Status("working on something that is long")
	s.Write([]byte("ok: [a]\n"))
	s.Pause()
	s.Write([]byte("prompt: "))
	s.Resume()
	s.Status("")
	want := "\x1b[2mworking on something that is \x1b[0m\r\x1b[Kok: [a]\n\x1b[2mworking on something that is \x1b[0m\r\x1b[Kprompt: "
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}

func TestProgress(t *testing.T) {
	var p progress
	task := &event.TaskInfo{ID: "1", Name: "Install"}
	p.observe(event.TaskStart{Task: task, Hosts: []string{"a", "b", "c", "d", "e", "f", "g"}})
	p.observe(event.Result{Task: task, Host: "b"})
	p.observe(event.Progress{Host: "a", Text: "uploading the runner"})
	p.since = noon
	want := "[5s] Install: 1 of 7 done, waiting for a (uploading the runner), c, d, e, 2 more"
	if got := p.text(noon.Add(5 * time.Second)); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	p.observe(event.RunEnd{})
	if got := p.text(noon); got != "" {
		t.Errorf("after the end: %q", got)
	}
}
