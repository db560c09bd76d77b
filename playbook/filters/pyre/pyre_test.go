package pyre

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// recorded is what Python 3.11 said to a pattern and a text.
type recorded struct {
	P, F, Err, T string
	Search       []any
	All          []any
	Match, Full  bool
	Subs         map[string]string
	Sub2         string
}

func TestPythonsAnswers(t *testing.T) {
	f, err := os.Open("testdata/python311.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(z)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var c recorded
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		checkRecorded(t, c)
	}
}

func checkRecorded(t *testing.T, c recorded) {
	t.Helper()
	flags := map[string]Flags{"m": Multiline, "i": IgnoreCase}[c.F]
	re, err := Compile(c.P, flags)
	if err != nil || c.Err != "" {
		if err == nil || err.Error() != c.Err {
			t.Errorf("Compile(%q): %v, Python says %q", c.P, err, c.Err)
		}
		return
	}
	if got := groupsOf(re, c.T); !reflect.DeepEqual(got, c.Search) {
		t.Errorf("%q %s search %q: %q, want %q", c.P, c.F, c.T, got, c.Search)
	}
	if got := findall(re, c.T); !reflect.DeepEqual(got, c.All) {
		t.Errorf("%q %s findall %q: %q, want %q", c.P, c.F, c.T, got, c.All)
	}
	if m, err := re.MatchPrefix(c.T); err != nil || (m != nil) != c.Match {
		t.Errorf("%q match %q: %v %v", c.P, c.T, m, err)
	}
	if m, err := re.FullMatch(c.T); err != nil || (m != nil) != c.Full {
		t.Errorf("%q fullmatch %q: %v %v", c.P, c.T, m, err)
	}
	for repl, want := range c.Subs {
		got, _, err := re.Sub(repl, c.T, 0)
		if err != nil {
			got = "!" + err.Error()
		}
		if got != want {
			t.Errorf("%q sub %q in %q: %q, want %q", c.P, repl, c.T, got, want)
		}
	}
	if got, _, _ := re.Sub("-", c.T, 2); got != c.Sub2 {
		t.Errorf("%q sub twice in %q: %q, want %q", c.P, c.T, got, c.Sub2)
	}
}

func groupsOf(re *Regexp, s string) []any {
	m, err := re.Search(s)
	if err != nil {
		return []any{err.Error()}
	}
	if m == nil {
		return nil
	}
	var out []any
	for i := range m.Len() {
		if g, ok := m.Group(i); ok {
			out = append(out, g)
		} else {
			out = append(out, nil)
		}
	}
	return out
}

func findall(re *Regexp, s string) []any {
	ms, err := re.FindAll(s, 0)
	if err != nil {
		return []any{err.Error()}
	}
	out := []any{}
	for _, m := range ms {
		var row []any
		for i := range m.Len() {
			g, _ := m.Group(i)
			row = append(row, g)
		}
		switch len(row) {
		case 1:
			out = append(out, row[0])
		case 2:
			out = append(out, row[1])
		default:
			out = append(out, row[1:])
		}
	}
	return out
}

func TestEscape(t *testing.T) {
	if got := Escape("a.b*[c] é_/-"); got != `a\.b\*\[c\]\ é_/\-` {
		t.Errorf("Escape gives %s", got)
	}
}

func TestLinearEngineAnswersAmbiguousPatterns(t *testing.T) {
	re, err := Compile(`(a+)+$`, 0)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	m, err := re.Search(strings.Repeat("a", 5000) + "b")
	if m != nil || err != nil || time.Since(start) > timeLimit {
		t.Errorf("search gives %v, %v", m, err)
	}
}
