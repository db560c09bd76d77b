package modules

import (
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

// gemHost has rake 13.0.6 (a default gem) and 12.3.3; 13.1.0 is the newest.
func gemHost() *target.Fake {
	f := target.NewFake()
	f.Programs["gem"] = "/usr/bin/gem"
	f.Exec = func(c target.Cmd) (*target.Output, error) {
		switch words := strings.Join(c.Argv[1:], " "); {
		case words == "--version":
			return &target.Output{Stdout: []byte("3.3.15\n")}, nil
		case strings.Contains(words, "--remote"):
			return &target.Output{Stdout: []byte("\n*** REMOTE GEMS ***\n\nrake (13.1.0)\n")}, nil
		case strings.HasSuffix(words, "-n ^rake$"):
			return &target.Output{Stdout: []byte("rake (default: 13.0.6, 12.3.3 ruby)\n")}, nil
		}
		return new(target.Output), nil
	}
	return f
}

func TestGem(t *testing.T) {
	for name, tc := range map[string]struct {
		args *value.Dict
		want string
	}{
		"there":          {value.DictOf("name", "rake"), ""},
		"version there":  {value.DictOf("name", "rake", "version", "12.3.3"), ""},
		"other version":  {value.DictOf("name", "rake", "version", "13.1.0", "user_install", false), "install --norc --version 13.1.0 --no-user-install --no-document rake"},
		"newest":         {value.DictOf("name", "rake", "state", "latest"), "install --norc --version 13.1.0 --user-install --no-document rake"},
		"missing":        {value.DictOf("name", "rack", "force", true, "build_flags", "-O3", "repository", "http://x"), "install --norc --source http://x --user-install --no-document rack --force -- -O3"},
		"a file":         {value.DictOf("name", "rack", "gem_source", "/tmp/rack.gem", "user_install", false, "install_dir", "/g", "norc", false), "install --no-user-install --install-dir /g --no-document /tmp/rack.gem"},
		"removed":        {value.DictOf("name", "rake", "state", "absent"), "uninstall --norc --all --executable rake"},
		"one version of": {value.DictOf("name", "rake", "state", "absent", "version", "12.3.3"), "uninstall --norc --version 12.3.3 --executable rake"},
		"not there":      {value.DictOf("name", "rack", "state", "absent"), ""},
	} {
		for _, check := range []bool{true, false} {
			f := gemHost()
			res, err := gemModule().Run(t.Context(), f, &Call{Args: tc.args, Check: check})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var did string
			if args := strings.Join(f.Ran()[len(f.Ran())-1].Argv[1:], " "); !strings.HasPrefix(args, "query") {
				did = args
			}
			want := tc.want
			if check {
				want = ""
			}
			if did != want || res.Changed != (tc.want != "") {
				t.Errorf("%s, check %v: changed=%v, ran %q", name, check, res.Changed, did)
			}
		}
	}
}

func TestGemRefuses(t *testing.T) {
	for want, args := range map[string]*value.Dict{
		"when state=latest":  value.DictOf("name", "rake", "state", "latest", "version", "1"),
		"from local source":  value.DictOf("name", "rake", "state", "latest", "gem_source", "/x"),
		"user_install=false": value.DictOf("name", "rake", "install_dir", "/x"),
		"mutually exclusive": value.DictOf("name", "rake", "version", "1", "gem_source", "/x"),
	} {
		_, err := gemModule().Run(t.Context(), gemHost(), &Call{Args: args})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
