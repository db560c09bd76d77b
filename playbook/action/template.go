package action

import (
	"context"
	"os"
	"strings"
	"sync"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"drover/modules"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
)

type templateArgs struct {
	Src            string `arg:"src" required:"true" doc:"The template on the controller, looked for in templates/."`
	Dest           string `arg:"dest" required:"true" doc:"Where the text goes on the host."`
	Follow         bool   `arg:"follow" default:"false" doc:"Write to what a link at dest points to, instead of replacing the link."`
	Force          bool   `arg:"force" default:"true" doc:"Replace a file that differs; when no, only a missing file is written."`
	Backup         bool   `arg:"backup" default:"false" doc:"Keep the file that is replaced under a name with the time."`
	Validate       string `arg:"validate" doc:"Command that must accept the new file, named by %s, before it takes its place."`
	Newline        string `arg:"newline_sequence" default:"\\n" doc:"How lines end: \\n, \\r or \\r\\n."`
	BlockStart     string `arg:"block_start_string" default:"{%" doc:"How a statement begins."`
	BlockEnd       string `arg:"block_end_string" default:"%}" doc:"How a statement ends."`
	VariableStart  string `arg:"variable_start_string" default:"{{" doc:"How an expression begins."`
	VariableEnd    string `arg:"variable_end_string" default:"}}" doc:"How an expression ends."`
	CommentStart   string `arg:"comment_start_string" default:"{#" doc:"How a comment begins."`
	CommentEnd     string `arg:"comment_end_string" default:"#}" doc:"How a comment ends."`
	TrimBlocks     bool   `arg:"trim_blocks" default:"true" doc:"Remove the newline after a statement."`
	LstripBlocks   bool   `arg:"lstrip_blocks" default:"false" doc:"Remove the blanks before a statement."`
	OutputEncoding string `arg:"output_encoding" default:"utf-8" doc:"Encoding of the file on the host: utf-8, utf-16, ascii, latin-1, windows-1252 and others of one byte a character."`
	modules.FileArgs
}

// templateSpec documents the arguments.
var templateSpec = sync.OnceValue(func() *modules.Spec {
	return modules.SpecOf[templateArgs](modules.Spec{
		Name:     "ansible.builtin.template",
		Summary:  "Fill in a template and copy it to hosts",
		Doc:      "Renders a Jinja template on the controller with the host's variables and makes a file on the host equal to it. Besides the variables of the play, template_path, template_fullpath, template_destpath, template_host, template_uid, template_mtime, template_run_date and ansible_managed are there.",
		Check:    modules.CheckFull,
		Diff:     true,
		Examples: "- ansible.builtin.template:\n    src: nginx.conf.j2\n    dest: /etc/nginx/nginx.conf\n    owner: root\n    mode: '0644'\n    validate: nginx -t -c %s\n",
		Returns: []modules.Return{
			{Name: "dest", Type: "str", When: "success", Doc: "The file that was written."},
			{Name: "checksum", Type: "str", When: "success", Doc: "SHA-1 of the text."},
			{Name: "backup_file", Type: "str", When: "changed, with backup", Doc: "Where the former file is kept."},
		},
	})
})

// template renders on the controller, then copies.
func template(ctx context.Context, t Task) (*value.Dict, error) {
	switch args := t.Args(); {
	case has(args, "state"):
		return nil, modules.Failf("'state' cannot be specified on a template")
	case !has(args, "src") || !has(args, "dest"):
		return nil, modules.Failf("src and dest are required")
	}
	a, err := decode[templateArgs](t, templateSpec())
	if err != nil {
		return nil, err
	}
	path, err := t.Find("templates", a.Src)
	if err != nil {
		return nil, err
	}
	text, secret, mode, err := a.render(t, path)
	if err != nil {
		return nil, err
	}
	data, err := encode(text, a.OutputEncoding)
	if err != nil {
		return nil, err
	}
	m := newManifest()
	m.secret = secret
	m.addData("", data, mode)
	return m.send(ctx, t, "ansible.builtin.copy", path, copyArguments(t.Args()))
}

// copyArguments keeps those of a template's arguments that copy has too.
func copyArguments(args *value.Dict) *value.Dict {
	out := value.NewDict(args.Len())
	m, _ := modules.Lookup("ansible.builtin.copy")
	known := map[string]bool{}
	for _, a := range m.Spec().Args {
		known[a.Name] = true
		for _, n := range a.Aliases {
			known[n] = true
		}
	}
	for _, e := range args.Entries() {
		if known[value.String(e.Key)] {
			out.Set(e.Key, e.Val)
		}
	}
	return out
}

func (a *templateArgs) render(t Task, path string) (text string, secret bool, mode os.FileMode, err error) {
	newline, ok := map[string]string{`\n`: "\n", `\r`: "\r", `\r\n`: "\r\n", "\n": "\n", "\r": "\r", "\r\n": "\r\n"}[a.Newline]
	if !ok {
		return "", false, 0, modules.Failf(`newline_sequence needs to be one of: \n, \r or \r\n`)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", false, 0, err
	}
	if info.IsDir() {
		return "", false, 0, source.Errorf(t.Pos(), "the template %s is a folder", path).WithHint("name one file; loop over a fileglob for several")
	}
	src, secret, err := t.ReadFile(path)
	if err != nil {
		return "", false, 0, err
	}
	o := jinja.FileOptions{
		TrimBlocks: a.TrimBlocks, LstripBlocks: a.LstripBlocks, NewlineSequence: newline,
		BlockStart: a.BlockStart, BlockEnd: a.BlockEnd, VariableStart: a.VariableStart, VariableEnd: a.VariableEnd,
		CommentStart: a.CommentStart, CommentEnd: a.CommentEnd,
	}
	c := t.With(a.vars(t, path, info))
	text, err = c.RenderFile(string(src), path, o, t.Loader())
	return text, secret, info.Mode(), err
}

// encode writes text in an encoding.
func encode(text, encoding string) ([]byte, error) {
	switch strings.ToLower(strings.ReplaceAll(encoding, "_", "-")) {
	case "", "utf-8", "utf8":
		return []byte(text), nil
	case "ascii", "us-ascii":
		for _, r := range text {
			if r >= 0x80 {
				return nil, unencodable(r, encoding)
			}
		}
		return []byte(text), nil
	case "utf-16", "utf16":
		out := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(text)) {
			out = append(out, byte(u), byte(u>>8))
		}
		return out, nil
	}
	m := charmapOf(encoding)
	if m == nil {
		return nil, modules.Failf("output_encoding %s is not supported (utf-8, utf-16, ascii and those of one byte a character are: latin-1, iso-8859-15, windows-1252, koi8-r …)", encoding)
	}
	out := make([]byte, 0, len(text))
	for _, r := range text {
		b, ok := m.EncodeRune(r)
		if !ok {
			return nil, unencodable(r, encoding)
		}
		out = append(out, b)
	}
	return out, nil
}

func unencodable(r rune, encoding string) error {
	return modules.Failf("the template's text has the character %q, which %s can't hold", r, encoding)
}

// charmapOf finds an encoding of one byte a character by any of its usual
// names, nil for none.
func charmapOf(name string) *charmap.Charmap {
	want := plainName(name)
	switch rest, cp := strings.CutPrefix(want, "cp"); {
	case want == "latin1" || want == "l1":
		want = "iso88591"
	case cp && strings.HasPrefix(rest, "125"):
		want = "windows" + rest
	case cp:
		want = "ibmcodepage" + rest
	}
	for _, e := range charmap.All {
		if m, ok := e.(*charmap.Charmap); ok && plainName(m.String()) == want {
			return m
		}
	}
	return nil
}

// plainName is a name without what its spellings differ in.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_ ", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}
