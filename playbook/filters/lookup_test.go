package filters_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/playbook/filters"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
)

// roleFiles is a Controller like that of a task in a role.
type roleFiles struct{ dir string }

func (r roleFiles) PlaybookDir() string { return r.dir }

func (r roleFiles) SearchPath(kind string) []string {
	return []string{filepath.Join(r.dir, "role", kind), filepath.Join(r.dir, kind), r.dir}
}

func (r roleFiles) ReadFile(path string) ([]byte, bool, error) {
	data, err := os.ReadFile(path)
	return data, strings.HasSuffix(path, ".vault"), err
}

func (r roleFiles) MatchHosts(pattern string) ([]string, error) {
	return strings.Split(pattern, ":"), nil
}

func (r roleFiles) Setting(name string) (value.Value, string, bool) {
	return value.Int(7), "env: ANSIBLE_FORKS", name == "DEFAULT_FORKS"
}

// evaluate evaluates an expression as a task of the role would.
func evaluate(t *testing.T, expr string) (value.Value, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"role/files/a.txt": "role a\n", "files/a.txt": "play a\n", "files/b.txt": "play b\n", "top.txt": "top\n",
		"files/s.vault": "hush\n", "role/templates/t.j2": "{{ x }}{% include 'part.j2' %}\n", "role/templates/part.j2": "!",
		"files/t.ini": "[s]\nKey = one\nref = %(key)s-2\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := jinja.NewEnv()
	filters.Register(env, filters.Options{Controller: roleFiles{dir}})
	return jinja.NewContext(env, vars{"x": value.Int(5)}).Expr(expr, source.Pos{})
}

type vars map[string]value.Value

func (s vars) Lookup(name string) (value.Value, bool) { v, ok := s[name]; return v, ok }
func (s vars) Names() []string                        { return []string{"x"} }

func TestLookupsSeeTheTask(t *testing.T) {
	tests := []struct{ expr, want string }{
		{`lookup('file', 'a.txt')`, `'role a'`},
		{`lookup('file', 'b.txt')`, `'play b'`},
		{`lookup('file', 'top.txt', rstrip=false)`, `'top\n'`},
		{`query('fileglob', '*.txt') | map('basename') | list`, `['a.txt']`},
		{`lookup('first_found', ['nope', 'b.txt']) | basename`, `'b.txt'`},
		{`lookup('template', 't.j2')`, `'5!\n'`},
		{`lookup('template', 't.j2', template_vars={'x': 6})`, `'6!\n'`},
		{`lookup('ini', 'ref', section='s', file='t.ini')`, `'one-2'`},
		{`query('inventory_hostnames', 'web:db')`, `['web', 'db']`},
		{`lookup('config', 'DEFAULT_FORKS')`, `7`},
		{`lookup('config', 'DEFAULT_FORKS', show_origin=true)`, `[7, 'env: ANSIBLE_FORKS']`},
		{`lookup('config', 'ANSIBLE_COW_SELECTION')`, `'default'`},
		{`lookup('pipe', 'basename $(pwd)') | length > 0`, `True`},
		{`query('varnames', '^x')`, `['x']`},
		{`query('community.general.filetree', '../templates', '../role') | map(attribute='path') | list`,
			`['part.j2', 't.j2', 'files', 'templates', 'files/a.txt', 'templates/part.j2', 'templates/t.j2']`},
		{`query('community.general.filetree', '../templates') | map(attribute='mode') | list`, `['0644', '0644']`},
		{`query('community.general.filetree', 'nope')`, `[]`},
		{`lookup('community.general.random_string', override_all='A', length=3, base64=true)`, `'QUFB'`},
		{`lookup('community.general.random_string', min_special=4, length=4, override_special='#')`, `'####'`},
		{`lookup('community.general.random_string', upper=false, special=false, min_numeric=9) is match('^[0-9]{9}$')`, `True`},
		{`lookup('community.general.random_string', length=50, numbers=false, special=false) is match('^[a-zA-Z]{50}$')`, `True`},
	}
	for _, tt := range tests {
		v, err := evaluate(t, tt.expr)
		if err != nil || value.Repr(v) != tt.want {
			t.Errorf("%s = %v, %v; want %s", tt.expr, v, err, tt.want)
		}
	}
}

func TestVaultedFileStaysSecret(t *testing.T) {
	v, err := evaluate(t, `lookup('file', 's.vault')`)
	if err != nil || !value.IsSecret(v) {
		t.Errorf("%#v, %v", v, err)
	}
}

func TestErrorsNameThePlugin(t *testing.T) {
	tests := []struct{ expr, want string }{
		{`lookup('file', 'nope')`, "Searched in"},
		{`'x' | regex_replace('(', '')`, "The filter plugin 'ansible.builtin.regex_replace' failed: missing )"},
		{`[1] | zip`, ""},
		{`'a' | b64encode(bogus=1)`, "unexpected keyword argument 'bogus'"},
		{`'a' | regex_escape('python', 'x')`, "takes at most 2 arguments"},
		{`lookup('fil', 'x')`, "did you mean 'file'?"},
		{`5 | combine({})`, "expected dicts but got a 'int' and a 'dict'"},
	}
	for _, tt := range tests {
		_, err := evaluate(t, tt.expr)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.expr, err)
			}
			continue
		}
		var plugin *jinja.PluginError
		if err == nil || !errors.As(err, &plugin) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.expr, err, tt.want)
		}
	}
}
