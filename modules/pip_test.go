package modules

import (
	"slices"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

// pipHost has a pip that knows six 1.16.0 and django 4.2, and says of every
// install and uninstall what it did.
func pipHost() *target.Fake {
	f := target.NewFake()
	f.Programs["python3"] = "/usr/bin/python3"
	f.Exec = func(c target.Cmd) (*target.Output, error) {
		out := new(target.Output)
		switch words := strings.Join(c.Argv, " "); {
		case strings.HasSuffix(words, "pip list --format=freeze"):
			out.Stdout = []byte("Django==4.2\nsix==1.16.0\n")
		case strings.Contains(words, "pip install"):
			out.Stdout = []byte("Successfully installed x\n")
		case strings.Contains(words, "pip uninstall"):
			out.Stdout = []byte("Successfully uninstalled x\n")
		}
		return out, nil
	}
	return f
}

func TestPipCheckModeLooksUpWhatIsThere(t *testing.T) {
	for name, tc := range map[string]struct {
		args *value.Dict
		want bool
	}{
		"there":             {value.DictOf("name", "six"), false},
		"there, other case": {value.DictOf("name", "DJANGO"), false},
		"version fits":      {value.DictOf("name", "django>=4,<5"), false},
		"version does not":  {value.DictOf("name", []string{"six", "django>=5"}), true},
		"version argument":  {value.DictOf("name", "six", "version", "1.15"), true},
		"missing":           {value.DictOf("name", "flask"), true},
		"an address":        {value.DictOf("name", "git+https://example.org/six"), true},
		"absent":            {value.DictOf("name", "flask", "state", "absent"), false},
		"to remove":         {value.DictOf("name", "six", "state", "absent"), true},
		"latest":            {value.DictOf("name", "six", "state", "latest"), true},
		"requirements":      {value.DictOf("requirements", "/r.txt"), true},
		"new environment":   {value.DictOf("name", "six", "virtualenv", "/opt/v"), true},
	} {
		f := pipHost()
		res, err := pipModule().Run(t.Context(), f, &Call{Args: tc.args, Check: true})
		if err != nil || res.Changed != tc.want {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
		for _, c := range f.Ran() {
			if slices.Contains(c.Argv, "install") || slices.Contains(c.Argv, "uninstall") {
				t.Errorf("%s: check mode ran %q", name, c.Argv)
			}
		}
	}
}

func TestPipCommands(t *testing.T) {
	for want, args := range map[string]*value.Dict{
		"/usr/bin/python3 -m pip install six":                                  value.DictOf("name", "six"),
		"/usr/bin/python3 -m pip install django[argon2,bcrypt]<5,>=4 six==1.2": value.DictOf("name", []string{"django[bcrypt", "argon2]>=4", "<5", "six==1.2"}),
		"/usr/bin/python3 -m pip uninstall -y six":                             value.DictOf("name", "six", "state", "absent"),
		"/usr/bin/python3 -m pip install -U --force-reinstall -q -e six":       value.DictOf("name", "six", "state", "forcereinstall", "extra_args", "-q", "editable", true),
		"/usr/bin/python3 -m pip install -U -r /r.txt":                         value.DictOf("requirements", "/r.txt", "state", "latest"),
		"/usr/bin/python3 -m pip install six==1.2":                             value.DictOf("name", "six", "version", "1.2"),
		"/usr/bin/python3 -m pip install six>1.2":                              value.DictOf("name", "six", "version", "> 1.2"),
		"/opt/pip install git+https://example.org/x@v1#egg=x":                  value.DictOf("name", "git+https://example.org/x@v1#egg=x", "executable", "/opt/pip"),
		"/usr/bin/python3 -m pip install requests; python_version < \"3.9\"":   value.DictOf("name", "requests;python_version < \"3.9\""),
	} {
		f := pipHost()
		if _, err := pipModule().Run(t.Context(), f, &Call{Args: args}); err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if !slices.ContainsFunc(f.Ran(), func(c target.Cmd) bool { return strings.Join(c.Argv, " ") == want }) {
			t.Errorf("%s was not run, but %v", want, f.Ran())
		}
	}
}

func TestPipRefuses(t *testing.T) {
	for want, args := range map[string]*value.Dict{
		"is ambiguous":                   value.DictOf("name", []string{"a", "b"}, "version", "1"),
		"conflicts with any version":     value.DictOf("name", "a>1", "version", "1"),
		"incompatible with state=latest": value.DictOf("name", "a", "version", "1", "state", "latest"),
		"umask must be an octal":         value.DictOf("name", "a", "umask", "9"),
		"mutually exclusive":             value.DictOf("name", "a", "requirements", "b"),
		"Unable to find any of pip9":     value.DictOf("name", "a", "executable", "pip9"),
		"virtualenv_python should not":   value.DictOf("name", "a", "virtualenv", "/v", "virtualenv_command", "python3 -m venv", "virtualenv_python", "python3"),
	} {
		if _, err := pipModule().Run(t.Context(), pipHost(), &Call{Args: args}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
