package filters

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// evaluated gives what a template gives with some variables, as JSON, or its
// error.
func evaluated(t *testing.T, lenient bool, src string, pairs ...any) string {
	t.Helper()
	env := jinja.NewEnv()
	env.Lenient = lenient
	Register(env, Options{})
	v, err := jinja.NewContext(env, vars.Dict{D: value.DictOf(pairs...)}).Evaluate(&value.Template{Src: src, Pos: source.Pos{File: "t"}})
	if err != nil {
		return err.Error()
	}
	return value.JSON(v)
}

func TestConfigLookup(t *testing.T) {
	ssh := func(terms string) string {
		return "{{ q('config', " + terms + ", plugin_type='connection', plugin_name='ssh') }}"
	}
	for _, tc := range []struct{ src, want string }{
		{ssh("'remote_user', 'port'"), `["lola", 2022]`},
		{ssh("'port', show_origin=True"), `[[2022, "var: ansible_ssh_port"]]`},
		{ssh("'timeout', show_origin='no'"), `[10]`},
		{"{{ q('config', 'remote_tmp', 'async_dir', plugin_type='shell', plugin_name='sh') }}", `["yolo", "~/.ansible_async"]`},
		{"{{ q('config', 'become_user', plugin_type='become', plugin_name='ansible.builtin.sudo') }}", `["root"]`},
		{ssh("'nothing'"), "No config definition exists for 'nothing'."},
		{"{{ q('config', 'NOTHING') }}", "No config definition exists for 'NOTHING'."},
		{"{{ q('config', 'port', plugin_type='connection') }}", "Both plugin_type and plugin_name are required"},
	} {
		got := evaluated(t, false, tc.src, "ansible_ssh_user", "lola", "ansible_user", "other", "ansible_ssh_port", "2022", "ansible_remote_tmp", "yolo")
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s gives %s, want %s", tc.src, got, tc.want)
		}
	}
}

// Before 2.19 messages of plugins stood alone, and some were others.
func TestMessagesOfVersions(t *testing.T) {
	for _, tc := range []struct{ src, now, before string }{
		{"{{ {} | combine({}, foo=1) }}", "The filter plugin 'ansible.builtin.combine' failed: 'recursive'", "'recursive' and"},
		{"{{ q('sequence', 'start=A end=3') }}", "Config 'start' for 'sequence'", "Invalid type for configuration option"},
		{"{{ q('ini', 'invalid=option') }}", "'invalid' is not a valid option.", "invalid is not a valid option."},
		{"{{ q('ini', 'file=x.ini') }}", "No key to lookup was provided", "No key to lookup was provided"},
		{"{{ q('config', 'NOTHING') }}", "No config definition exists for 'NOTHING'.", "Unable to find setting NOTHING"},
		{"{{ None | bool }}", "false", "null"},
	} {
		if got := evaluated(t, false, tc.src); !strings.Contains(got, tc.now) {
			t.Errorf("%s gives %s, want %s", tc.src, got, tc.now)
		}
		if got := evaluated(t, true, tc.src); !strings.HasPrefix(strings.TrimPrefix(got, "t: "), tc.before) {
			t.Errorf("%s before 2.19 gives %s, want %s", tc.src, got, tc.before)
		}
	}
}

func TestURLLogin(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("NETRC", "")
	if err := os.WriteFile(filepath.Join(home, ".netrc"), []byte("machine web login ada password pw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ options, host, want string }{
		{"", "web", "ada pw"},
		{"", "else", " "},
		{", use_netrc='False'", "web", " "},
		{", username='bob', password='x'", "web", "bob x"},
	} {
		got := ""
		call := func(c *jinja.Call) (value.Value, error) {
			a, err := bind(c, parseSignature("*terms username? password? use_netrc? **options"), "url")
			if err != nil {
				return nil, err
			}
			user, password := a.login(tc.host)
			got = user + " " + password
			return value.None, nil
		}
		env := jinja.NewEnv()
		env.Filters["login"] = &jinja.Func{Name: "login", Call: call}
		ctx := jinja.NewContext(env, nil)
		if _, err := ctx.Evaluate(&value.Template{Src: "{{ 'u' | login(" + strings.TrimPrefix(tc.options, ", ") + ") }}"}); err != nil {
			t.Fatal(err)
		}
		if got != tc.want {
			t.Errorf("%s%s: got %q, want %q", tc.host, tc.options, got, tc.want)
		}
	}
}

// Options that a call does not give come from variables, then the environment.
func TestOptionsFromVariables(t *testing.T) {
	t.Setenv("ANSIBLE_LOOKUP_URL_TIMEOUT", "7")
	t.Setenv("ANSIBLE_LOOKUP_URL_AGENT", "of the environment")
	call := &jinja.Call{Ctx: jinja.NewContext(jinja.NewEnv(), vars.Dict{D: value.DictOf("ansible_lookup_url_agent", "of a variable", "ansible_lookup_url_use_netrc", false)}),
		Kwargs: []jinja.Kwarg{{Name: "use_netrc", Val: value.Bool(true)}}}
	a, err := bind(call, parseSignature("*terms timeout? http_agent? follow_redirects? use_netrc? **options"), "url")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.fromVariables("ansible_lookup_url_", urlVariables); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"timeout": "7", "http_agent": "of a variable", "use_netrc": "True", "follow_redirects": "None"} {
		if got := value.String(a.val(name)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
