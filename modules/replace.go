package modules

import (
	"context"
	"fmt"
	"unicode/utf8"

	"drover/modules/target"
	"drover/playbook/filters/pyre"
)

type replaceArgs struct {
	Path     string `arg:"path" alias:"dest,destfile,name" type:"path" required:"true" doc:"The file."`
	Regexp   string `arg:"regexp" required:"true" doc:"Python regular expression; ^ and $ match at every line."`
	Replace  string `arg:"replace" default:"" doc:"What every match becomes; \\1 and \\g<name> are groups. Nothing removes the matches."`
	After    string `arg:"after" doc:"Work only on what comes after the first match of this expression."`
	Before   string `arg:"before" doc:"Work only on what comes before the first match of this expression."`
	Encoding string `arg:"encoding" default:"utf-8" choices:"utf-8,latin-1" doc:"Encoding of the file."`
	editArgs
}

// replaceModule makes every match of an expression in a text file go.
func replaceModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.replace",
		Summary:  "Replace all matches of an expression in a text file",
		Doc:      "Replaces every match of a Python regular expression in a file. It is up to you that the result does not match again; otherwise each run changes the file.",
		Check:    CheckFull,
		Diff:     true,
		Examples: "- name: The new name of the database\n  ansible.builtin.replace:\n    path: /etc/app.conf\n    regexp: '^(db_host\\s*=).*$'\n    replace: '\\1 db.example.org'\n",
		Returns: []Return{
			{"msg", "str", "always", "How many were replaced."},
			{"backup_file", "str", "changed, with backup", "Where the former file is kept."},
		},
	}, runReplace)
}

func runReplace(ctx context.Context, h target.Host, c *Call, a *replaceArgs) (*Result, error) {
	f, err := openText(h, "Path", a.Path, false)
	if err != nil {
		return nil, err
	}
	head, section, tail, ok, err := a.section(a.decode(f.text))
	if err != nil {
		return nil, err
	}
	if !ok {
		return new(Result).Set("rc", 0).Set("msg", "Pattern for before/after params did not match the given file: "+a.bounds()), nil
	}
	re, err := pyre.Compile(a.Regexp, pyre.Multiline)
	if err != nil {
		return nil, Failf("regexp: invalid regular expression '%s': %w", a.Regexp, err)
	}
	replaced, n, err := re.Sub(a.Replace, section, 0)
	if err != nil {
		return nil, Failf("Unable to process replace due to error: %w", err)
	}
	msg := ""
	if n > 0 && replaced != section {
		msg = fmt.Sprintf("%d replacements made", n)
	}
	r, err := f.finish(ctx, h, c, &a.editArgs, a.encode(f.text, head+replaced+tail), msg)
	if err != nil {
		return nil, err
	}
	for i := range r.Diff {
		r.Diff[i].BeforeHeader, r.Diff[i].AfterHeader = a.Path, a.Path
	}
	return r.Set("rc", 0), nil
}

// bounds gives the expression for the part of the file to work on.
func (a *replaceArgs) bounds() string {
	switch {
	case a.After != "" && a.Before != "":
		return a.After + `(?P<subsection>.*?)` + a.Before
	case a.After != "":
		return a.After + `(?P<subsection>.*)`
	case a.Before != "":
		return `(?P<subsection>.*)` + a.Before
	}
	return ""
}

// section cuts the text into the part to work on and what is around it.
func (a *replaceArgs) section(text string) (head, section, tail string, ok bool, err error) {
	pattern := a.bounds()
	if pattern == "" {
		return "", text, "", true, nil
	}
	re, err := pyre.Compile(pattern, pyre.DotAll)
	if err != nil {
		return "", "", "", false, Failf("after or before: invalid regular expression: %w", err)
	}
	m, err := re.Search(text)
	if err != nil || m == nil {
		return "", "", "", false, err
	}
	i, _ := re.GroupIndex("subsection")
	head, section, tail, ok = m.Parts(i)
	return head, section, tail, ok, nil
}

// decode makes text of any bytes searchable: what is not UTF-8 is read as
// Latin-1, and encode writes it back the same way.
func (a *replaceArgs) decode(s string) string {
	if a.isUTF8(s) {
		return s
	}
	r := make([]rune, len(s))
	for i := range len(s) {
		r[i] = rune(s[i])
	}
	return string(r)
}

func (a *replaceArgs) encode(original, s string) string {
	if a.isUTF8(original) {
		return s
	}
	var b []byte
	for _, r := range s {
		if r < 0x100 {
			b = append(b, byte(r))
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}

func (a *replaceArgs) isUTF8(s string) bool { return a.Encoding == "utf-8" && utf8.ValidString(s) }
