package yaml

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drover/playbook/source"
	"drover/playbook/value"
)

var update = flag.Bool("update", false, "rewrite the expected errors in testdata")

// TestScalars compares plain scalars with what PyYAML makes of them.
func TestScalars(t *testing.T) {
	f, err := os.Open("testdata/pyyaml-scalars.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stamp := func(at time.Time, naive, dateOnly bool) value.Value { return date{at, dateOnly} }
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var want [3]string // text, type, str()
		if err := json.Unmarshal(sc.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		d, err := Vars([]byte("a: "+want[0]+"\n"), "scalars", Options{Timestamp: stamp})
		if err != nil {
			t.Errorf("%s: %v", want[0], err)
			continue
		}
		got := d.At("a")
		if got.Type() != want[1] || value.String(got) != want[2] {
			t.Errorf("%s is %s %q, want %s %q", want[0], got.Type(), value.String(got), want[1], want[2])
		}
	}
}

// date stands for the dates of Python in these tests.
type date struct {
	t   time.Time
	day bool
}

func (d date) Type() string {
	if d.day {
		return "date"
	}
	return "datetime"
}

func (d date) Str() string {
	if d.day {
		return d.t.Format("2006-01-02")
	}
	return d.t.Format("2006-01-02 15:04:05-07:00")
}

func (d date) Repr() string { return d.Str() }

func TestTimestamps(t *testing.T) {
	for text, want := range map[string]string{
		"2024-01-31":                  "2024-01-31 00:00:00 +0000 UTC day naive",
		"2024-1-31":                   "",
		"2024-02-31":                  "",
		"2024-01-31 10:20:30":         "2024-01-31 10:20:30 +0000 UTC naive",
		"2024-1-3t1:02:03.5Z":         "2024-01-03 01:02:03.5 +0000 UTC",
		"2024-01-31T10:20:30 +02:30":  "2024-01-31 10:20:30 +0230 +02:30",
		"2024-01-31T10:20:30.1234567": "2024-01-31 10:20:30.123456 +0000 UTC naive",
		"2024-01-31T25:20:30":         "",
		"0000-01-01":                  "",
	} {
		m, ok := parseTimestamp(text)
		got := ""
		if ok {
			got = m.time.String()
			if m.dateOnly {
				got += " day"
			}
			if m.naive {
				got += " naive"
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestContainers(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "{}"},
		{"null", "---\n", "{}"},
		{"order", "z: 1\na: 2\n10: x\n", "{'z': 1, 'a': 2, 10: 'x'}"},
		{"the last of two equal keys counts, in the place of the first", "a: 1\nb: 2\na: 3\n", "{'a': 3, 'b': 2}"},
		{"numbers and their text are different keys", "1: a\n'1': b\n", "{1: 'a', '1': 'b'}"},
		{"anchors", "a: &x [1, 2]\nb: *x\n", "{'a': [1, 2], 'b': [1, 2]}"},
		{"merged keys come first, own keys win", "d: &d {a: 1, b: 2}\ne:\n  z: 0\n  <<: *d\n  b: 3\n", "{'d': {'a': 1, 'b': 2}, 'e': {'a': 1, 'b': 3, 'z': 0}}"},
		{"the first of several merged mappings wins", "e:\n  <<: [{a: 1}, {a: 2, b: 2}]\n", "{'e': {'a': 1, 'b': 2}}"},
		{"explicit tags", "a: !!str 12\nb: !!int '12'\nc: !!float 1e3\nd: !!binary aGk=\ne: ! 12\nf: !!bool 'yes'\n",
			"{'a': '12', 'b': 12, 'c': 1000.0, 'd': b'hi', 'e': 12, 'f': True}"},
		{"block scalars", "a: |\n  x\n\n   y\nb: >-\n  p\n  q\nc: |+\n  k\n\n", "{'a': 'x\\n\\n y\\n', 'b': 'p q', 'c': 'k\\n\\n'}"},
		{"byte order mark", "\ufeffa: 1\n", "{'a': 1}"},
		{"windows lines", "a: 1\r\nb: x\r\n", "{'a': 1, 'b': 'x'}"},
		{"quotes", `a: 'it''s' ` + "\n" + `b: "t\tx\u00e9"` + "\n", "{'a': \"it's\", 'b': 't\\txé'}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := Vars([]byte(tc.text), "vars.yml", Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := value.Repr(d); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// fixedVault decrypts everything to one text.
type fixedVault string

func (v fixedVault) Decrypt([]byte) ([]byte, error) {
	if v == "" {
		return nil, errors.New("no password fits")
	}
	return []byte(v), nil
}

func TestUnsafeSequence(t *testing.T) {
	v, err := Parse([]byte("- !unsafe ['{{ x }}', b]\n"), "f")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := value.Repr(v), "[['{{ x }}', 'b']]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTrust(t *testing.T) {
	text := []byte("t: '{{ x }}'\nu: !unsafe '{{ x }}'\nc: !unsafe {a: ['{{ x }}']}\nv: !vault 00\np: plain\nb: '{% x %}'\nh: '{# x #}'\n'{{ k }}': 1\n")
	kinds := func(d *value.Dict) string {
		var out []string
		for _, e := range d.Entries() {
			v := e.Val
			if m, ok := v.(*value.Dict); ok {
				v = m.At("a").(*value.List).Elems[0]
			}
			kind := "data"
			switch v := v.(type) {
			case value.Secret:
				kind = "secret"
			case *value.Template:
				if kind = "template"; v.Secret {
					kind = "secret template"
				}
			}
			out = append(out, value.String(e.Key)+"="+kind)
		}
		return strings.Join(out, " ")
	}
	for _, tc := range []struct {
		o    Options
		want string
	}{
		{Options{Vault: fixedVault("geheim")}, "t=template u=data c=data v=secret p=data b=template h=template {{ k }}=data"},
		{Options{Vault: fixedVault("{{ y }}")}, "t=template u=data c=data v=secret template p=data b=template h=template {{ k }}=data"},
		{Options{Vault: fixedVault("{{ y }}"), Untrusted: true}, "t=data u=data c=data v=secret p=data b=data h=data {{ k }}=data"},
		{Options{Vault: fixedVault("x"), Secret: true}, "t=secret template u=secret c=secret v=secret p=secret b=secret template h=secret template {{ k }}=secret"},
	} {
		d, err := Vars(text, "vars.yml", tc.o)
		if err != nil {
			t.Fatal(err)
		}
		got := kinds(d)
		want := tc.want
		if tc.o.Secret {
			want = strings.Replace(want, "{{ k }}=secret", "{{ k }}=data", 1)
		}
		if got != want {
			t.Errorf("%+v:\ngot  %s\nwant %s", tc.o, got, want)
		}
	}
}

func TestTemplatePlaces(t *testing.T) {
	text := "plain: x {{ a }}\nquoted:  \"{{ a }}\"\nblock: |\n\n    {{ a }}\nlist:\n  - '{{ a }}'\nanchored: &x \"{{ a }}\"\ntagged: !!str  '{{ a }}'\numläut: '{{ a }}'\nflow: {k: [1, '{{ a }}']}\n"
	want := map[string]string{
		"plain": "1:8", "quoted": "2:11", "block": "4:5", "list": "7:6", "anchored": "8:15", "tagged": "9:17", "umläut": "10:10", "flow": "11:16",
	}
	d, err := Vars([]byte(text), "f", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range d.Entries() {
		v := e.Val
		for {
			switch c := v.(type) {
			case *value.List:
				v = c.Elems[len(c.Elems)-1]
				continue
			case *value.Dict:
				v = c.At("k")
				continue
			}
			break
		}
		name := value.String(e.Key)
		if got := strings.TrimPrefix(v.(*value.Template).Pos.String(), "f:"); got != want[name] {
			t.Errorf("%s is at %s, want %s", name, got, want[name])
		}
	}
}

func TestDuplicateKeysWarn(t *testing.T) {
	var warned []string
	o := Options{Warn: func(pos source.Pos, msg string) { warned = append(warned, pos.String()+" "+msg) }}
	if _, err := Vars([]byte("d: &d {a: 1}\ne:\n  <<: *d\n  a: 2\n  b: 3\n  b: 4\n"), "f", o); err != nil {
		t.Fatal(err)
	}
	if len(warned) != 1 || !strings.HasPrefix(warned[0], "f:6:3 found a duplicate dict key (b)") {
		t.Errorf("warned %q", warned)
	}
}

func TestAliasesCantUnfoldWithoutEnd(t *testing.T) {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		ref := strings.Repeat("*a"+string(rune('0'+i-1))+", ", 10)
		text += "a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + ref + "]\n"
	}
	_, err := Vars([]byte(text), "bomb.yml", Options{})
	if err == nil || !strings.Contains(err.Error(), "unfold") {
		t.Errorf("error %v", err)
	}
}

// TestErrors compares the messages for broken files with the goldens beside
// them.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no broken files", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Vars(data, file, Options{})
		if err == nil {
			t.Errorf("%s: no error", file)
			continue
		}
		got := strings.ReplaceAll(source.Format(err), "testdata/errors/", "") + "\n"
		golden := strings.TrimSuffix(file, ".yml") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got:\n%s\nwant:\n%s", file, got, want)
		}
	}
}

func FuzzVars(f *testing.F) {
	for _, s := range []string{"a: 1", "a: &x [*x]", "- {{ x }}", "? {a: b}\n: c", "a: |2\n   x", "<<: {a: 1}", "a: !!binary x", "a: !vault x", "\t", "a: 'x", "--- a\n--- b", "a: 1:2:3.4", "%YAML 1.1\n---\na: 1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := Value(data, "fuzz.yml", Options{Vault: fixedVault("x")}); err == nil {
			_ = value.Repr(v)
		} else {
			_ = source.Format(err)
		}
	})
}
