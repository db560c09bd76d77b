package modules

import (
	"context"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

func TestCompareVersions(t *testing.T) {
	ordered := []string{"1.0~rc1", "1.0", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-2", "1.0+dfsg-1", "1.0.1", "1.2", "1.10", "2", "1:0.1"}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := compareVersions(a, b); got != want {
				t.Errorf("compareVersions(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"1.0", "1.0"}, {"1.01", "1.1"}, {"0:1", "1"}, {"1.0-0", "1.0"}} {
		if got := compareVersions(same[0], same[1]); got != 0 {
			t.Errorf("%q and %q differ: %d", same[0], same[1], got)
		}
	}
}

func TestParsePackageSpec(t *testing.T) {
	for text, want := range map[string]packageSpec{
		"nginx":         {"nginx", "nginx", "", ""},
		"nginx=1.2*":    {"nginx=1.2*", "nginx", "=", "1.2*"},
		"nginx>=1.2":    {"nginx>=1.2", "nginx", ">=", "1.2"},
		"libc6:i386=2":  {"libc6:i386=2", "libc6:i386", "=", "2"},
		"g++-12":        {"g++-12", "g++-12", "", ""},
		"a=1:2.3~rc1-4": {"a=1:2.3~rc1-4", "a", "=", "1:2.3~rc1-4"},
	} {
		if got := parsePackageSpec(text); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
}

const dpkgStatusFile = `Package: dpkg
Status: install ok installed
Architecture: amd64
Version: 1.21

Package: hello
Status: install ok installed
Architecture: amd64
Version: 2.10-3
Description: text
 Version: not a field

Package: libx
Status: install ok installed
Architecture: i386
Version: 1

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: postfix
Status: install ok installed
Architecture: amd64
Version: 3
Provides: default-mta (= 3), mail-transport-agent
`

const helloPolicy = `hello:
  Installed: 2.10-3
  Candidate: 2.12-1
  Version table:
     2.12-1 500
        500 http://deb.example.org stable/main amd64 Packages
 *** 2.10-3 500
        500 http://deb.example.org stable/main amd64 Packages
        100 /var/lib/dpkg/status
     2.9-1 500
        500 http://deb.example.org old/main amd64 Packages
`

func TestDpkgStatus(t *testing.T) {
	s := parseDpkgStatus(dpkgStatusFile)
	for spec, want := range map[string]string{
		"hello": "2.10-3", "hello:amd64": "2.10-3", "hello:i386": "", "libx": "1", "libx:i386": "1",
		"gone": "1", "gone:all": "1", "nosuch": "", "dpkg:native": "1.21",
	} {
		got := ""
		if p := s.find(spec); p != nil {
			got = p.version
		}
		if got != want {
			t.Errorf("%s has version %q, want %q", spec, got, want)
		}
	}
	if p := s.provider("mail-transport-agent"); p == nil || p.name != "postfix" {
		t.Errorf("the provider is %v", p)
	}
}

func TestPolicyBest(t *testing.T) {
	p := parsePolicy(helloPolicy)["hello"]
	for _, tt := range []struct{ cmp, version, want string }{
		{"", "", "2.12-1"}, {"=", "2.10*", "2.10-3"}, {"=", "2.*", "2.12-1"}, {"=", "3*", ""}, {">=", "2.11", "2.12-1"},
	} {
		if got := p.best(tt.cmp, tt.version); got != tt.want {
			t.Errorf("best(%q, %q) = %q, want %q", tt.cmp, tt.version, got, tt.want)
		}
	}
}

// aptHost is a machine with dpkg's status; commands are answered by prefix.
func aptHost(answers map[string]target.Output) *target.Fake {
	h := target.NewFake()
	h.Programs = map[string]string{"apt-get": "/usr/bin/apt-get"}
	h.Write("/var/lib/dpkg/status", dpkgStatusFile)
	h.Exec = func(c target.Cmd) (*target.Output, error) {
		line := strings.Join(c.Argv, " ")
		for prefix, out := range answers {
			if strings.HasPrefix(line, prefix) {
				return &out, nil
			}
		}
		return &target.Output{}, nil
	}
	return h
}

func commandLines(h *target.Fake) string {
	var all []string
	for _, c := range h.Ran() {
		all = append(all, strings.Join(c.Argv, " "))
	}
	return strings.Join(all, "\n")
}

func TestAptRunsOnlyWhatIsNeeded(t *testing.T) {
	const options = "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
	policy := target.Output{Stdout: []byte(helloPolicy)}
	tests := []struct {
		name    string
		args    []any
		want    string // the last command, "" for none
		changed bool
	}{
		{"present and there", []any{"name", "hello"}, "", false},
		{"of the native architecture", []any{"name", "gone:amd64"}, "apt-get -y " + options + " install gone:amd64", true},
		{"several, with blanks", []any{"name", " hello , dpkg"}, "", false},
		{"this version is there", []any{"name", "hello>=2.10"}, "", false},
		{"latest is newer", []any{"name", "hello", "state", "latest"}, "apt-get -y " + options + " install hello=2.12-1", true},
		{"another version", []any{"name", "hello=2.9*"}, "apt-get -y " + options + " install hello=2.9-1", true},
		{"a newer version", []any{"name", "hello>=2.11"}, "apt-get -y " + options + " install hello=2.12-1", true},
		{"absent and gone", []any{"name", "gone", "state", "absent"}, "", false},
		{"purge leftovers", []any{"name", "gone", "state", "absent", "purge", true}, "apt-get -q -y " + options + " --purge remove gone", true},
		{"absent", []any{"name", "hello", "state", "absent"}, "apt-get -q -y " + options + " remove hello", true},
		{"only upgrade what is there", []any{"name", "mail-transport-agent", "only_upgrade", true}, "apt-cache policy mail-transport-agent", false},
		{"provided by another", []any{"name", "mail-transport-agent"}, "apt-cache policy mail-transport-agent", false},
		{"build dependencies", []any{"name", "hello", "state", "build-dep"}, "apt-get -y " + options + " build-dep hello", true},
		{"everything", []any{"name", "*", "state", "latest"}, "apt-get -y " + options + " upgrade --with-new-pkgs", true},
		{"dist-upgrade", []any{"upgrade", "dist", "autoremove", true}, "apt-get -y " + options + " dist-upgrade --auto-remove", true},
		{"no recommends", []any{"name", "hello", "state", "latest", "install_recommends", false, "default_release", "x"},
			"apt-get -y " + options + " install hello=2.12-1 -t x -o APT::Install-Recommends=no", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			gone := target.Output{Stdout: []byte("gone:\n  Installed: (none)\n  Candidate: 2\n  Version table:\n     2 500\n")}
			h := aptHost(map[string]target.Output{"apt-cache policy hello": policy, "apt-cache -t x policy hello": policy, "apt-cache policy gone:amd64": gone})
			res, err := aptModule().Run(context.Background(), h, &Call{Args: value.DictOf(tt.args...)})
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(commandLines(h), "\n")
			if last := lines[len(lines)-1]; last != tt.want {
				t.Errorf("the last command is\n%s\nwant\n%s", last, tt.want)
			}
			if res.Changed != tt.changed {
				t.Errorf("changed is %v", res.Changed)
			}
		})
	}
}

// TestAptIsNotRoot: a lock that may not be taken is none to wait for.
func TestAptIsNotRoot(t *testing.T) {
	h := aptHost(map[string]target.Output{"apt-get": {RC: 100, Stderr: []byte("E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n")}})
	_, err := aptModule().Run(context.Background(), h, &Call{Args: value.DictOf("name", "hello", "state", "absent")})
	if err == nil || !strings.Contains(err.Error(), "are you root?") || len(h.Ran()) != 1 {
		t.Errorf("%v after %d commands", err, len(h.Ran()))
	}
}

func TestAptFailures(t *testing.T) {
	locked := target.Output{RC: 100, Stderr: []byte("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 42 (dpkg)\n")}
	tests := []struct {
		name string
		args []any
		want string
	}{
		{"unknown package", []any{"name", "nosuch"}, "No package matching 'nosuch' is available"},
		{"unknown package to upgrade", []any{"name", "nosuch", "only_upgrade", true}, "No package matching 'nosuch' is available"},
		{"no such version", []any{"name", "hello=9*"}, "no available installation candidate for hello=9*"},
		{"an empty name", []any{"name", []any{"hello", ""}}, "No package matching '' is available"},
		{"no such pattern", []any{"name", "nos*"}, "No package(s) matching 'nos*' available"},
		{"bad spec", []any{"name", "a=1=2"}, "invalid package spec: a=1=2"},
		{"locked", []any{"name", "hello", "state", "absent", "lock_timeout", 0}, "Could not get lock /var/lib/dpkg/lock-frontend (held by process 42: apt-get upgrade)"},
		{"lists", []any{"update_cache", true, "update_cache_retries", 1}, "Failed to update apt cache after 1 retries: W: Failed to fetch http://x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := aptHost(map[string]target.Output{
				"apt-cache policy hello": {Stdout: []byte(helloPolicy)}, "apt-get -q -y": locked,
				"apt-get update": {Stderr: []byte("W: Failed to fetch http://x\n")},
			})
			h.Write("/proc/42/cmdline", "apt-get\x00upgrade\x00")
			_, err := aptModule().Run(context.Background(), h, &Call{Args: value.DictOf(tt.args...), Progress: func(string) {}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAptRestoresPolicy(t *testing.T) {
	h := aptHost(nil)
	h.Write(policyFile, "mine\n")
	seen := ""
	h.Exec = func(c target.Cmd) (*target.Output, error) {
		data, _ := h.ReadFile(policyFile)
		seen = string(data)
		return &target.Output{}, nil
	}
	args := value.DictOf("name", "hello", "state", "absent", "policy_rc_d", 101)
	if _, err := aptModule().Run(context.Background(), h, &Call{Args: args}); err != nil {
		t.Fatal(err)
	}
	after, _ := h.ReadFile(policyFile)
	if seen != "#!/bin/sh\nexit 101\n" || string(after) != "mine\n" {
		t.Errorf("policy-rc.d was %q meanwhile and is %q afterwards", seen, after)
	}
}

func TestAptDiffIsThePlan(t *testing.T) {
	out := "Reading package lists...\nReading state information...\nThe following NEW packages will be installed:\n  hello\n0 upgraded, 1 newly installed.\nInst hello\n"
	want := "The following NEW packages will be installed:\n  hello\n0 upgraded, 1 newly installed."
	if got := aptDiff(out); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCacheValidTime(t *testing.T) {
	h := aptHost(nil)
	h.Write("/var/lib/apt/periodic/update-success-stamp", "")
	fresh := h.Clock.Add(-wholeSeconds(100))
	if err := h.Chtimes("/var/lib/apt/periodic/update-success-stamp", fresh, fresh); err != nil {
		t.Fatal(err)
	}
	for seconds, want := range map[int]string{3600: "", 50: "apt-get update -q"} {
		before := len(h.Ran())
		args := value.DictOf("update_cache", true, "cache_valid_time", seconds)
		if _, err := aptModule().Run(context.Background(), h, &Call{Args: args}); err != nil {
			t.Fatal(err)
		}
		got := ""
		if ran := h.Ran()[before:]; len(ran) > 0 {
			got = strings.Join(ran[0].Argv, " ")
		}
		if got != want {
			t.Errorf("lists of 100 s with cache_valid_time %d: ran %q, want %q", seconds, got, want)
		}
	}
}
