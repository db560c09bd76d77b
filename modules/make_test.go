package modules

import (
	"slices"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

func TestMake(t *testing.T) {
	for name, tc := range map[string]struct {
		question int // what make -q ends with
		args     *value.Dict
		want     string
	}{
		"up to date": {0, value.DictOf("target", "all"), "/usr/bin/make all"},
		"to be made": {1, value.DictOf("targets", []string{"a", "b"}, "jobs", 4, "file", "M"), "/usr/bin/make -j 4 -f M a b"},
		"variables":  {1, value.DictOf("params", value.DictOf("X", "a b", "Y", 2, "Z", value.None)), "/usr/bin/make 'X=a b' Y=2 Z"},
	} {
		for _, check := range []bool{true, false} {
			f := target.NewFake()
			f.Programs["make"] = "/usr/bin/make"
			f.Exec = func(c target.Cmd) (*target.Output, error) {
				if slices.Contains(c.Argv, "-q") {
					return &target.Output{RC: tc.question}, nil
				}
				return &target.Output{Stdout: []byte("made\n")}, nil
			}
			tc.args.Put("chdir", value.Str("/srv"))
			res, err := makeModule().Run(t.Context(), f, &Call{Args: tc.args, Check: check})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			runs := tc.question != 0 && !check
			if res.Changed != (tc.question != 0) || len(f.Ran()) > 1 != runs || f.Ran()[0].Dir != "/srv" {
				t.Errorf("%s, check %v: changed=%v, ran %v", name, check, res.Changed, f.Ran())
			}
			if got := value.String(res.Data.At("command")); got != tc.want {
				t.Errorf("%s: command is %s", name, got)
			}
		}
	}
}

func TestMakeFails(t *testing.T) {
	f := target.NewFake()
	f.Programs["gmake"] = "/usr/bin/gmake"
	f.Exec = func(target.Cmd) (*target.Output, error) {
		return &target.Output{RC: 2, Stderr: []byte("no rule to make target x\n")}, nil
	}
	_, err := makeModule().Run(t.Context(), f, &Call{Args: value.DictOf("chdir", "/srv", "target", "x")})
	if err == nil || !strings.Contains(err.Error(), "no rule to make target") {
		t.Errorf("%v", err)
	}
}
