package modules

import (
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

const alternativesOfEditor = `editor - auto mode
  link best version is /usr/bin/vim.basic
  link currently points to /usr/bin/vim.basic
  link editor is /usr/bin/editor
  slave editor.1.gz is /usr/share/man/man1/editor.1.gz
/bin/ed - priority -100
  slave editor.1.gz: /usr/share/man/man1/ed.1.gz
/usr/bin/vim.basic - priority 30
  slave editor.1.gz: /usr/share/man/man1/vim.1.gz
`

func alternativesHost() *target.Fake {
	f := target.NewFake()
	f.Programs["update-alternatives"] = "/usr/bin/update-alternatives"
	f.Write("/usr/bin/vim.basic", "")
	f.Write("/bin/nano", "")
	f.Write("/bin/ed", "")
	f.Exec = func(c target.Cmd) (*target.Output, error) {
		switch strings.Join(c.Argv[1:], " ") {
		case "--display editor":
			return &target.Output{Stdout: []byte(alternativesOfEditor)}, nil
		case "--display pager":
			return &target.Output{Stdout: []byte(strings.Replace(alternativesOfEditor, "auto", "manual", 1))}, nil
		case "--display new":
			return &target.Output{RC: 2, Stderr: []byte("update-alternatives: error: no alternatives for new\n")}, nil
		}
		return new(target.Output), nil
	}
	return f
}

func TestAlternatives(t *testing.T) {
	slaves := value.NewList(value.DictOf("name", "editor.1.gz", "link", "/usr/share/man/man1/editor.1.gz", "path", "/usr/share/man/man1/vim.1.gz"))
	for name, tc := range map[string]struct {
		args *value.Dict
		want string
	}{
		"chosen already":        {value.DictOf("name", "editor", "path", "/usr/bin/vim.basic"), ""},
		"same subcommands":      {value.DictOf("name", "editor", "path", "/usr/bin/vim.basic", "subcommands", slaves), ""},
		"other":                 {value.DictOf("name", "editor", "path", "/bin/ed"), "--set editor /bin/ed"},
		"only there":            {value.DictOf("name", "editor", "path", "/bin/ed", "state", "present"), ""},
		"new one":               {value.DictOf("name", "editor", "path", "/bin/nano", "state", "present"), "--install /usr/bin/editor editor /bin/nano 50"},
		"new one chosen":        {value.DictOf("name", "editor", "path", "/bin/nano", "priority", 7), "--install /usr/bin/editor editor /bin/nano 7; --set editor /bin/nano"},
		"priority keeps slaves": {value.DictOf("name", "editor", "path", "/usr/bin/vim.basic", "priority", 31), "--install /usr/bin/editor editor /usr/bin/vim.basic 31 --slave /usr/share/man/man1/editor.1.gz editor.1.gz /usr/share/man/man1/vim.1.gz"},
		"slaves taken away":     {value.DictOf("name", "editor", "path", "/usr/bin/vim.basic", "subcommands", value.NewList()), "--install /usr/bin/editor editor /usr/bin/vim.basic 30"},
		"new name":              {value.DictOf("name", "new", "path", "/bin/nano", "link", "/usr/bin/new"), "--install /usr/bin/new new /bin/nano 50; --set new /bin/nano"},
		"auto is":               {value.DictOf("name", "editor", "path", "/bin/ed", "state", "auto"), ""},
		"auto again":            {value.DictOf("name", "pager", "path", "/bin/ed", "state", "auto"), "--auto pager"},
		"removed":               {value.DictOf("name", "editor", "path", "/bin/ed", "state", "absent"), "--remove editor /bin/ed"},
		"not there":             {value.DictOf("name", "editor", "path", "/bin/joe", "state", "absent"), ""},
	} {
		for _, check := range []bool{true, false} {
			f := alternativesHost()
			res, err := alternativesModule().Run(t.Context(), f, &Call{Args: tc.args, Check: check, Diff: true})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var did []string
			for _, c := range f.Ran()[1:] {
				did = append(did, strings.Join(c.Argv[1:], " "))
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

func TestAlternativesRefuse(t *testing.T) {
	for want, args := range map[string]*value.Dict{
		"missing the link": value.DictOf("name", "new", "path", "/bin/nano"),
		"does not exist":   value.DictOf("name", "editor", "path", "/bin/nothing"),
		"path, family":     value.DictOf("name", "editor"),
	} {
		_, err := alternativesModule().Run(t.Context(), alternativesHost(), &Call{Args: args})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
