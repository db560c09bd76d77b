package inventory

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestShellWords(t *testing.T) {
	for line, want := range map[string][]word{
		"host":                        {{"host", 1}},
		"  a  b ":                     {{"a", 3}, {"b", 6}},
		`h x="a b" y='c "d"'`:         {{"h", 1}, {"x=a b", 3}, {`y=c "d"`, 11}},
		`h x="a \"b\" \\ \n"`:         {{"h", 1}, {`x=a "b" \ \n`, 3}},
		`h x='a\b'`:                   {{"h", 1}, {`x=a\b`, 3}},
		`h a\ b`:                      {{"h", 1}, {"a b", 3}},
		"h x=1#2 y=3":                 {{"h", 1}, {"x=1", 3}},
		"h # all of this":             {{"h", 1}},
		`h x="#"`:                     {{"h", 1}, {"x=#", 3}},
		`h x=""`:                      {{"h", 1}, {"x=", 3}},
		`""`:                          {{"", 1}},
		"":                            nil,
		"é ü":                         {{"é", 1}, {"ü", 3}},
		`h list="[1, 2]" d='{"a":1}'`: {{"h", 1}, {"list=[1, 2]", 3}, {`d={"a":1}`, 17}},
	} {
		got, err := shellWords(line)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v (%v), want %v", line, got, err, want)
		}
	}
	for _, line := range []string{`a "b`, `a 'b`, `a\`} {
		if _, err := shellWords(line); err == nil {
			t.Errorf("%q: no error", line)
		}
	}
}

func FuzzINI(f *testing.F) {
	for _, s := range []string{
		"[a]\nh[1:3]:22 x='1' y=[1]\n[a:vars]\nk = {'v': 1}\n[b:children]\na\n",
		"[a:children]\nb\n[b:children]\na\n", "[x:vars]\n", "h a=\"", "[]\n", "h[", "[::1]:22", "---",
	} {
		f.Add(s)
	}
	path := filepath.Join(f.TempDir(), "hosts.ini")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		inv, err := Load([]string{path}, Options{AnyUnparsedFails: true, Enabled: []string{"ini"}})
		if err != nil {
			return
		}
		for _, h := range inv.Hosts() {
			if gs := h.Groups(); len(gs) == 0 || gs[0].Name != "all" {
				t.Errorf("host %q is not in all", h.Name)
			}
		}
	})
}
