package facts

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"drover/playbook/value"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGather compares all facts of a machine with a golden file; those of the
// container were checked against what ansible's setup module gives there.
func TestGather(t *testing.T) {
	for _, name := range []string{"debian12", "server"} {
		t.Run(name, func(t *testing.T) {
			found, err := Gather(context.Background(), fixture(t, name), Options{FactPath: "/etc/ansible/facts.d"})
			if err != nil {
				t.Fatal(err)
			}
			got := lines(found.Facts)
			golden := "testdata/" + name + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("facts differ from %s:\n%s", golden, firstDifference(got, string(want)))
			}
		})
	}
}

// lines writes a fact a line.
func lines(facts *value.Dict) string {
	var b strings.Builder
	for _, e := range facts.Entries() {
		b.WriteString(value.String(e.Key) + ": " + value.JSON(e.Val) + "\n")
	}
	return b.String()
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	return "one is longer than the other"
}

func TestSubsets(t *testing.T) {
	tests := []struct {
		subset  []string
		has     string
		without string
	}{
		{nil, "hardware network local platform", ""},
		{[]string{"!all"}, "platform user env", "hardware network virtual loadavg"},
		{[]string{"!all", "!min"}, "", "platform hardware network"},
		{[]string{"!all", "!min", "network"}, "network platform distribution", "user hardware"},
		{[]string{"network", "!all", "!min"}, "network platform", "user hardware"},
		{[]string{"min"}, "platform", "hardware"},
		{[]string{"!hardware"}, "platform user", "hardware network"},
		{[]string{"all", "!hardware"}, "platform network", "hardware"},
		{[]string{"!all", "mounts"}, "hardware platform", "network"},
		{[]string{"all", "!nosuch"}, "hardware", ""},
	}
	for _, tt := range tests {
		got, err := selectSubsets(collectors(), tt.subset)
		if err != nil {
			t.Errorf("%v: %v", tt.subset, err)
		}
		for _, name := range strings.Fields(tt.has) {
			if !got[name] {
				t.Errorf("%v lacks %s", tt.subset, name)
			}
		}
		for _, name := range strings.Fields(tt.without) {
			if got[name] {
				t.Errorf("%v has %s", tt.subset, name)
			}
		}
	}
	if _, err := selectSubsets(collectors(), []string{"hardwear"}); err == nil || !strings.Contains(err.Error(), "Bad subset 'hardwear'") {
		t.Errorf("a misspelt subset gives %v", err)
	}
}

func TestFilter(t *testing.T) {
	facts := value.DictOf("ansible_eth0", 1, "ansible_eth1", 1, "ansible_kernel", 1, "facter_os", 1)
	tests := []struct{ patterns, want string }{
		{"", "ansible_eth0 ansible_eth1 ansible_kernel facter_os"},
		{"*", "ansible_eth0 ansible_eth1 ansible_kernel facter_os"},
		{"eth*", "ansible_eth0 ansible_eth1"},
		{"ansible_eth[0]", "ansible_eth0"},
		{"kernel facter_*", "ansible_kernel facter_os"},
		{"nosuch", ""},
	}
	for _, tt := range tests {
		var names []string
		for _, e := range filter(facts, strings.Fields(tt.patterns)).Entries() {
			names = append(names, value.String(e.Key))
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("filter %q keeps %q, want %q", tt.patterns, got, tt.want)
		}
	}
}
