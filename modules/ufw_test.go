package modules

import (
	"slices"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

// ufwHost answers as ufw does that is on, denies what comes in, and has one rule
// of each kind.
func ufwHost(dry string) *target.Fake {
	f := target.NewFake()
	f.Programs["ufw"] = "/usr/sbin/ufw"
	f.Write("/etc/ufw/user.rules", "*filter\n### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n-A x\n")
	f.Write("/etc/ufw/user6.rules", "### tuple ### allow tcp 22 ::/0 any ::/0 in\n")
	f.Exec = func(c target.Cmd) (*target.Output, error) {
		switch args := strings.Join(c.Argv[1:], " "); {
		case args == "status verbose":
			return &target.Output{Stdout: []byte("Status: active\nLogging: on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n")}, nil
		case args == "status numbered":
			return &target.Output{Stdout: []byte("[ 1] 22/tcp  ALLOW IN Anywhere\n[ 2] 22/tcp (v6) ALLOW IN Anywhere (v6)\n")}, nil
		case strings.HasPrefix(args, "--dry-run"):
			return &target.Output{Stdout: []byte(dry)}, nil
		}
		return new(target.Output), nil
	}
	return f
}

func TestUFWCheckModeTellsWhatWouldChange(t *testing.T) {
	const both = "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n### tuple ### allow tcp 22 ::/0 any ::/0 in\n"
	tests := map[string]struct {
		args *value.Dict
		dry  string
		want bool
	}{
		"on already":           {value.DictOf("state", "enabled"), "", false},
		"off":                  {value.DictOf("state", "disabled"), "", true},
		"same default":         {value.DictOf("default", "deny"), "", false},
		"other default":        {value.DictOf("default", "deny", "direction", "outgoing"), "", true},
		"same logging":         {value.DictOf("logging", "low"), "", false},
		"logging on":           {value.DictOf("logging", "on"), "", false},
		"more logging":         {value.DictOf("logging", "full"), "", true},
		"no logging":           {value.DictOf("logging", "off"), "", true},
		"a rule that is":       {value.DictOf("rule", "allow", "port", "22"), "Skipping adding existing rule\nSkipping adding existing rule (v6)\n", false},
		"the same rules":       {value.DictOf("rule", "allow", "port", "22"), both, false},
		"a new rule":           {value.DictOf("rule", "allow", "port", "80"), both + "### tuple ### allow any 80 0.0.0.0/0 any 0.0.0.0/0 in\n", true},
		"IPv4 alone, the same": {value.DictOf("rule", "allow", "from", "10.0.0.0/8"), "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n", false},
	}
	for name, tc := range tests {
		f := ufwHost(tc.dry)
		res, err := ufwModule().Run(t.Context(), f, &Call{Args: tc.args, Check: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if res.Changed != tc.want {
			t.Errorf("%s: changed=%v", name, res.Changed)
		}
		for _, c := range f.Ran() {
			if !slices.Contains([]string{"status", "--dry-run"}, c.Argv[1]) {
				t.Errorf("%s: check mode ran %q", name, c.Argv)
			}
		}
	}
}

func TestUFWRuleWords(t *testing.T) {
	tests := map[string]*value.Dict{
		"ufw allow from any to any port 22 proto tcp":                       value.DictOf("rule", "allow", "port", 22, "proto", "tcp"),
		"ufw delete deny in on eth0 log from 10.0.0.0/8 to any app OpenSSH": value.DictOf("rule", "deny", "delete", true, "direction", "in", "interface", "eth0", "log", true, "from", "10.0.0.0/8", "name", "OpenSSH", "insert", 1),
		"ufw insert 2 allow from any to any comment the shop's":             value.DictOf("rule", "allow", "insert", 0, "insert_relative_to", "first-ipv6", "comment", "the shop's"),
		"ufw route allow in on eth0 out on eth1 from any to any":            value.DictOf("rule", "allow", "route", true, "interface_in", "eth0", "interface_out", "eth1"),
	}
	for want, args := range tests {
		f := ufwHost("")
		if _, err := ufwModule().Run(t.Context(), f, &Call{Args: args}); err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if !slices.ContainsFunc(f.Ran(), func(c target.Cmd) bool { return strings.Join(c.Argv, " ") == want }) {
			t.Errorf("%s was not run, but %v", want, f.Ran())
		}
	}
}
