package main

import (
	"slices"
	"strings"
	"testing"
)

func TestNormalise(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"site.yml -i hosts", "--inventory=hosts -- site.yml"},
		{"-vvv -bK site.yml", "--verbose --verbose --verbose --become --ask-become-pass -- site.yml"},
		{"-ihosts -f5 a.yml b.yml", "--inventory=hosts --forks=5 -- a.yml b.yml"},
		{"-e a=1 -e @f --extra-vars=b=2", "--extra-vars=a=1 --extra-vars=@f --extra-vars=b=2 --"},
		{"-bi hosts --check", "--become --inventory=hosts --check --"},
		{"--inv x --list-h", "--inventory=x --list-hosts --"},
		{"--vault-pass-file f", "--vault-password-file=f --"},
		{"--ssh-common-args -oPort=1", "--ssh-common-args=-oPort=1 --"},
		{"-l=web -- -x", "--limit=web -- -x"},
		{"-t a,b -t c", "--tags=a,b --tags=c --"},
	} {
		got, err := newArgTable("drover run", playbookFlags(&verbosity{})).normalise(strings.Fields(tc.args))
		if err != nil {
			t.Errorf("%s: %v", tc.args, err)
			continue
		}
		if want := strings.Fields(tc.want); !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", tc.args, got, want)
		}
	}
}

func TestNormaliseErrors(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"--inventroy x", "unknown option --inventroy (did you mean --inventory?)"},
		{"--ask 1", "--ask is ambiguous: it could be --ask-become-pass, --ask-pass, --ask-vault-pass"},
		{"-i", "-i (--inventory) expects a value"},
		{"--limit", "--limit expects a value"},
		{"--check=yes", "--check takes no value"},
		{"-Z", "unknown option -Z"},
		{"-zlimit", "unknown option -z"},
	} {
		_, err := newArgTable("drover run", playbookFlags(&verbosity{})).normalise(strings.Fields(tc.args))
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", tc.args, err, tc.want)
		}
		if exitCode(err) != exitFailed {
			t.Errorf("%s: exit code %d", tc.args, exitCode(err))
		}
	}
}

func TestSplitPairs(t *testing.T) {
	got := splitPairs(`a=1 b='x y' c="it's" d={{ e | f('g h') }} k=v\ w`)
	want := []string{"a=1", "b='x y'", `c="it's"`, "d={{ e | f('g h') }}", `k=v\`, "w"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := unquoteText(`"say \"hi\""`); got != `say "hi"` {
		t.Errorf("unquoted %q", got)
	}
}
