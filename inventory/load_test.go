package inventory

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/playbook/source"
	"drover/playbook/value"
)

// write puts a file into a fresh folder and gives its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, o Options, sources ...string) *Inventory {
	t.Helper()
	inv, err := Load(sources, o)
	if err != nil {
		t.Fatal(source.Format(err))
	}
	return inv
}

// strict makes a source that can't be read an error.
var strict = Options{AnyUnparsedFails: true}

func TestUnparsable(t *testing.T) {
	tests := []struct {
		name, file, text string
		place            string // line:col of the first error with a place
		want             string
	}{
		{"section type", "hosts", "[a:varz]\n", "1:1", "unknown type: varz"},
		{"section blanks", "hosts", "[a b]\n", "1:1", "Invalid section entry"},
		{"undefined child", "hosts", "[a:children]\n  webb\n[web]\nh\n", "2:3", "includes undefined group: webb (did you mean 'web'?)"},
		{"undefined vars", "hosts", "x\n[a:vars]\nb=1\n", "2:1", "not valid for undefined group"},
		{"no assignment", "hosts", "x y=1 oops\n", "1:7", "Expected key=value host variable"},
		{"no assignment in vars", "hosts", "[a]\n[a:vars]\noops\n", "3:1", "Expected key=value, got: oops"},
		{"quote", "hosts", "x y='1\n", "1:1", "no closing quotation"},
		{"port", "hosts.ini", "x:\n", "1:1", "ending in ':'"},
		{"range end", "hosts", "x[1:]\n", "1:1", "must specify end value"},
		{"range width", "hosts", "x[01:100]\n", "1:1", "equal-length"},
		{"range order", "hosts", "x[d:a]\n", "1:1", "begin <= end"},
		{"range size", "hosts", "x[1:99999999]\n", "1:1", "more than"},
		{"loop", "hosts", "[a:children]\nb\n[b:children]\na\n[a]\n", "4:1", "makes a loop"},
		{"yaml hosts list", "hosts.yml", "all:\n  hosts:\n    - a\n", "3:5", `Invalid "hosts" entry`},
		{"yaml host number", "hosts.yml", "all:\n  hosts:\n    1:\n", "3:5", "must be a string"},
		{"yaml host vars", "hosts.yml", "all:\n  hosts:\n    a: 5\n", "3:8", "must be a mapping"},
		{"yaml plugin", "x.yml", "plugin: amazon.aws.ec2\n", "1:9", "unknown plugin 'amazon.aws.ec2'"},
		{"script", "script.sh", "#!/bin/sh\necho oops; exit 0\n", "", "failed to parse executable inventory script"},
		{"script fails", "script.sh", "#!/bin/sh\necho sorry >&2; exit 3\n", "", "sorry"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.file, tt.text)
			_, err := Load([]string{path}, strict)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got error %v, want one with %q", err, tt.want)
			}
			if place := fmt.Sprintf("%s:%s", path, tt.place); tt.place != "" && !strings.Contains(err.Error(), place) {
				t.Errorf("got %v, want the place %s", err, place)
			}
		})
	}
}

func TestUnparsedWarnings(t *testing.T) {
	var warnings []string
	o := Options{Warn: func(msg string) { warnings = append(warnings, msg) }}
	path := write(t, "hosts", "[a b]\n")
	inv := load(t, o, path, "/does/not/exist")
	all := strings.Join(warnings, "\n")
	for _, want := range []string{
		"Failed to parse " + path + " with ini plugin",
		"[a b]\n", // the line itself
		"Unable to parse " + path,
		"/does/not/exist as an inventory source: it does not exist",
		"No inventory was parsed, only implicit localhost is available",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in:\n%s", want, all)
		}
	}
	if hosts, err := inv.Match("localhost"); err != nil || len(hosts) != 1 || !hosts[0].Implicit {
		t.Errorf("implicit localhost: got %v, %v", names(hosts), err)
	}
	o.UnparsedFails = true
	if _, err := Load([]string{path}, o); err == nil {
		t.Error("unparsed_is_failed did not fail")
	}
}

func TestOrigin(t *testing.T) {
	ini := write(t, "hosts", "[web]\nw1 a=1 b=\"{{ a }}\"\n[web:vars]\nc = x\n")
	inv := load(t, strict, ini)
	h, _ := inv.Host("w1")
	g, _ := inv.Group("web")
	if got := h.Origin("b"); got.Line != 2 || got.Col != 8 {
		t.Errorf("b: got %v, want 2:8", got)
	}
	if got := g.Origin("c"); got.Line != 4 || got.Col != 1 {
		t.Errorf("c: got %v, want 4:1", got)
	}
	if _, ok := h.Vars.At("b").(*value.Template); !ok {
		t.Errorf("b is %T, want a template", h.Vars.At("b"))
	}
	if h.Origin("nothing").Known() {
		t.Error("a variable that is not there has a place")
	}
}

func TestSharedVarsStayApart(t *testing.T) {
	inv := load(t, strict, write(t, "hosts", "w[1:3] a=1\nw2 a=2\n"))
	for name, want := range map[string]value.Value{"w1": value.Int(1), "w2": value.Int(2), "w3": value.Int(1)} {
		h, _ := inv.Host(name)
		if got := h.Vars.At("a"); got != want {
			t.Errorf("%s: a is %v, want %v", name, got, want)
		}
	}
}

func TestGroupNames(t *testing.T) {
	path := write(t, "hosts", "[my-group]\nh\n")
	for mode, want := range map[string]string{"": "my-group", "never": "my-group", "ignore": "my-group", "always": "my_group", "silently": "my_group"} {
		warned := 0
		inv := load(t, Options{GroupChars: mode, Warn: func(string) { warned++ }}, path)
		if _, ok := inv.Group(want); !ok {
			t.Errorf("mode %q: no group %s", mode, want)
		}
		if quiet := mode == "ignore" || mode == "silently"; quiet != (warned == 0) {
			t.Errorf("mode %q: %d warnings", mode, warned)
		}
	}
}

func TestEnabledFormats(t *testing.T) {
	path := write(t, "hosts", "h\n")
	if _, err := Load([]string{path}, Options{Enabled: []string{"yaml"}, AnyUnparsedFails: true}); err == nil {
		t.Error("an INI file was read though only YAML is enabled")
	}
	inv := load(t, Options{Enabled: []string{"advanced_host_list"}}, "web[1:3]:22,db")
	if got := names(inv.Hosts()); strings.Join(got, " ") != "web1 web2 web3 db" {
		t.Errorf("advanced_host_list: got %v", got)
	}
}

type fakeVault struct{}

func (fakeVault) Decrypt(data []byte) ([]byte, error) {
	_, plain, ok := strings.Cut(string(data), "\n")
	if !ok {
		return nil, errors.New("no text")
	}
	return []byte(plain), nil
}

func TestVaultedInventory(t *testing.T) {
	path := write(t, "hosts", "$ANSIBLE_VAULT;1.1;AES256\nsecret1\n")
	if _, err := Load([]string{path}, strict); err == nil || !strings.Contains(source.Format(err), "--vault-password-file") {
		t.Errorf("without a password: got %v", err)
	}
	inv := load(t, Options{Vault: fakeVault{}, AnyUnparsedFails: true}, path)
	if _, ok := inv.Host("secret1"); !ok {
		t.Error("the host in the vaulted file is missing")
	}
}

func TestManyHosts(t *testing.T) {
	var b strings.Builder
	for g := range 100 {
		fmt.Fprintf(&b, "[g%d]\nh%d-[001:100].example.com a=1 b=x\n", g, g)
	}
	inv := load(t, strict, write(t, "hosts", b.String()))
	for pattern, want := range map[string]int{"all": 10000, "g1*": 1100, "*-050.*": 100, "all:!g1": 9900, "g1:&*-00?.example.com": 9} {
		hosts, err := inv.Match(pattern)
		if err != nil || len(hosts) != want {
			t.Errorf("%s: got %d hosts (%v), want %d", pattern, len(hosts), err, want)
		}
	}
	a, _ := inv.Host("h5-001.example.com")
	z, _ := inv.Host("h5-100.example.com")
	if a.Vars != z.Vars {
		t.Error("hosts of one line don't share their variables")
	}
}

func TestLimitedView(t *testing.T) {
	inv := load(t, strict, write(t, "hosts", "[web]\nw1\nw2\n[db]\nd1\n"))
	view := &View{Inventory: inv, Limit: "w1,d1", Read: func(string) (*value.Dict, error) { return &value.Dict{}, nil }}
	tree, err := view.Tree()
	if err != nil {
		t.Fatal(err)
	}
	if got := value.Repr(tree.At("web")); got != "{'hosts': ['w1']}" {
		t.Errorf("web: %s", got)
	}
	if _, err := view.Graph("wed", false); err == nil || !strings.Contains(err.Error(), "did you mean 'web'?") {
		t.Errorf("graph of a group that is not there: %v", err)
	}
	if _, err := view.Host("web"); err == nil || !strings.Contains(err.Error(), "single valid host") {
		t.Errorf("two hosts: %v", err)
	}
}
