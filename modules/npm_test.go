package modules

import (
	"slices"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

// npmHost has a 1.2.3, which is outdated, and lacks b.
func npmHost() *target.Fake {
	f := target.NewFake()
	f.Programs["npm"] = "/usr/bin/npm"
	f.MkdirAll("/app", 0o755)
	f.Exec = func(c target.Cmd) (*target.Output, error) {
		switch {
		case c.Argv[1] == "list" && slices.Contains(c.Argv, "--global"):
			return &target.Output{Stdout: []byte(`{"dependencies": {"a": {"version": "1.2.3"}}}`)}, nil
		case c.Argv[1] == "list":
			return &target.Output{RC: 1, Stdout: []byte(`{"dependencies": {"a": {"version": "1.2.3"}, "b": {"missing": true}}}`)}, nil
		case c.Argv[1] == "outdated":
			return &target.Output{RC: 1, Stdout: []byte("Package Current\na 1.2.3\n")}, nil
		}
		return new(target.Output), nil
	}
	return f
}

func TestNpm(t *testing.T) {
	for name, tc := range map[string]struct {
		args *value.Dict
		want string
	}{
		"there":           {value.DictOf("name", "a", "global", true), ""},
		"version there":   {value.DictOf("name", "a", "version", "1.2.3", "global", true), ""},
		"other version":   {value.DictOf("name", "a", "version", "2", "global", true), "install --global a@2"},
		"of the folder":   {value.DictOf("path", "/app", "production", true, "ignore_scripts", true), "install --production --ignore-scripts"},
		"new folder":      {value.DictOf("name", "a", "path", "/new", "registry", "http://x", "no_optional", true), "install a --registry http://x --no-optional"},
		"newest":          {value.DictOf("path", "/app", "state", "latest"), "install; update"},
		"by the lockfile": {value.DictOf("path", "/app", "ci", true), "ci"},
		"removed":         {value.DictOf("name", "a", "version", "1.2.3", "global", true, "state", "absent"), "uninstall --global a"},
		"not there":       {value.DictOf("name", "c", "global", true, "state", "absent"), ""},
	} {
		for _, check := range []bool{true, false} {
			f := npmHost()
			res, err := npmModule().Run(t.Context(), f, &Call{Args: tc.args, Check: check})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var did []string
			for _, c := range f.Ran() {
				if c.Argv[1] != "list" && c.Argv[1] != "outdated" {
					did = append(did, strings.Join(c.Argv[1:], " "))
				}
			}
			want := tc.want
			if check {
				want = ""
			}
			if got := strings.Join(did, "; "); got != want || res.Changed != (tc.want != "") {
				t.Errorf("%s, check %v: changed=%v, ran %q", name, check, res.Changed, got)
			}
		}
	}
}
