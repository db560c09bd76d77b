package modules

import (
	"strings"
	"testing"
)

func TestKnownHostsEdit(t *testing.T) {
	const rsa = "git.example ssh-rsa AAAA\n"
	const other = "other.example ssh-rsa BBBB\n"
	const ca = "@cert-authority *.example ssh-rsa CCCC\n"
	tests := map[string]struct{ text, key, state, want string }{
		"added at the end":               {other, rsa, "present", other + rsa},
		"an end of line is added":        {strings.TrimSpace(other), rsa, "present", other + rsa},
		"there already":                  {rsa + other, "git.example ssh-rsa AAAA a comment", "present", rsa + other},
		"same type is replaced":          {"git.example ssh-rsa OLD\n" + other, rsa, "present", other + rsa},
		"another type stays":             {"git.example ssh-ed25519 OLD\n", rsa, "present", "git.example ssh-ed25519 OLD\n" + rsa},
		"an authority's key stays":       {ca, rsa, "present", ca + rsa},
		"removed by key":                 {other + rsa, rsa, "absent", other},
		"absent key of another type":     {other + rsa, "git.example ssh-ed25519 AAAA", "absent", other + rsa},
		"removed without a key":          {rsa + other + "git.example,10.0.0.1 ssh-ed25519 DDDD\n", "", "absent", other},
		"a negated pattern is no match":  {"!git.example,*.example ssh-rsa EEEE\n", "", "absent", "!git.example,*.example ssh-rsa EEEE\n"},
		"comments and blank lines stay":  {"# git.example\n\n" + rsa, "", "absent", "# git.example\n\n"},
		"a port is part of the name":     {"[git.example]:2222 ssh-rsa FFFF\n", rsa, "present", "[git.example]:2222 ssh-rsa FFFF\n" + rsa},
		"hashed names are found as well": {hashed(t) + other, "", "absent", other},
	}
	for name, tc := range tests {
		a := &knownHostsArgs{Name: "Git.Example", Key: tc.key, State: tc.state}
		wanted, err := a.wanted("git.example")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := a.edit(tc.text, "git.example", wanted); got != tc.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, tc.want)
		}
	}
}

func hashed(t *testing.T) string {
	t.Helper()
	a := &knownHostsArgs{Key: "git.example ssh-rsa AAAA", State: "present", Hash: true}
	k, err := a.wanted("git.example")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(k.text, "git.example") || !k.covers("git.example") || k.covers("other.example") {
		t.Errorf("the hashed line is %q", k.text)
	}
	return k.text + "\n"
}

func TestKnownHostsRefuses(t *testing.T) {
	tests := map[string]knownHostsArgs{
		"No key specified":                 {State: "present"},
		"does not match":                   {State: "present", Key: "other.example ssh-rsa AAAA"},
		"is no line of a known_hosts file": {State: "absent", Key: "ssh-rsa AAAA"},
	}
	for want, a := range tests {
		if _, err := a.wanted("git.example"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}
