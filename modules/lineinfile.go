package modules

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/filters/pyre"
	"drover/playbook/value"
)

type lineinfileArgs struct {
	Path         string  `arg:"path" alias:"dest,destfile,name" type:"path" required:"true" doc:"The file."`
	State        string  `arg:"state" default:"present" choices:"absent,present" doc:"Whether the line shall be there."`
	Regexp       *string `arg:"regexp" alias:"regex" doc:"Python regular expression that finds the line: the last match is replaced, all are removed."`
	SearchString *string `arg:"search_string" doc:"Text that finds the line, taken as it is."`
	Line         *string `arg:"line" alias:"value" doc:"The line that shall be there."`
	InsertAfter  string  `arg:"insertafter" doc:"Where a new line goes: after the last match of this expression, or EOF."`
	InsertBefore string  `arg:"insertbefore" doc:"Where a new line goes: before the last match of this expression, or BOF."`
	Backrefs     bool    `arg:"backrefs" default:"false" doc:"Fill groups of regexp into line; a file without a match stays as it is."`
	FirstMatch   bool    `arg:"firstmatch" default:"false" doc:"Work on the first match instead of the last."`
	Create       bool    `arg:"create" default:"false" doc:"Make the file when it is missing."`
	editArgs
}

// lineinfileModule makes one line of a text file be there, or go.
func lineinfileModule() Module {
	return Define(Spec{
		Name:              "ansible.builtin.lineinfile",
		Summary:           "Manage one line of a text file",
		Doc:               "Makes sure that a line is in a file, replacing the line that an expression finds, or that no such line is. For several lines use blockinfile, for all matches replace, for whole files template.",
		Check:             CheckFull,
		Diff:              true,
		MutuallyExclusive: [][]string{{"insertbefore", "insertafter"}, {"regexp", "search_string"}, {"backrefs", "search_string"}},
		Examples:          "- name: No root logins\n  ansible.builtin.lineinfile:\n    path: /etc/ssh/sshd_config\n    regexp: '^#?PermitRootLogin'\n    line: PermitRootLogin no\n    validate: sshd -t -f %s\n",
		Returns: []Return{
			{"msg", "str", "always", "What was done."},
			{"backup", "str", "always", "Where the former file is kept, or nothing."},
			{"found", "int", "state absent", "How many lines were (or would be) removed."},
		},
	}, runLineinfile)
}

func runLineinfile(ctx context.Context, h target.Host, c *Call, a *lineinfileArgs) (*Result, error) {
	ed, err := a.editor()
	if err != nil {
		return nil, err
	}
	absent := a.State == "absent"
	f, err := openText(h, "Destination", a.Path, a.Create || absent)
	if err != nil {
		return nil, err
	}
	if absent && !f.exists {
		return new(Result).Set("msg", "file not present"), nil
	}
	f.both = true
	ed.lines = keepEnds(f.text)
	msg, found := "", 0
	if absent {
		msg, found, err = ed.remove()
	} else {
		msg, err = ed.put()
	}
	if err != nil {
		return nil, err
	}
	r, err := f.finish(ctx, h, c, &a.editArgs, strings.Join(ed.lines, ""), msg)
	if err != nil {
		return nil, err
	}
	if !absent {
		r.Warnings = a.warnings()
	}
	r.Set("backup", r.Data.At("backup_file"))
	if r.Data.Delete(value.Str("backup_file")); r.Data.At("backup") == value.None {
		r.Set("backup", "")
	}
	if absent {
		r.Set("found", found)
	}
	return r, nil
}

// warnings tells of patterns that match more than is likely meant.
func (a *lineinfileArgs) warnings() []string {
	empty := func(s *string) bool { return s != nil && *s == "" }
	const effect = " is an empty string, which will match every line in the file. " +
		"This may have unintended consequences, such as replacing the last line in the file rather than appending."
	switch {
	case empty(a.Regexp):
		return []string{"The regular expression" + effect + " If this is desired, use '^' to match every line in the file and avoid this warning."}
	case empty(a.SearchString):
		return []string{"The search string" + effect}
	}
	return nil
}

// lineEditor works on the lines of a file, each with its end.
type lineEditor struct {
	a      *lineinfileArgs
	lines  []string
	find   *pyre.Regexp // regexp; nil when not given
	insert *pyre.Regexp // insertafter or insertbefore, when an expression
}

func (a *lineinfileArgs) editor() (*lineEditor, error) {
	switch {
	case a.State == "absent" && a.Regexp == nil && a.SearchString == nil && a.Line == nil:
		return nil, Failf("one of line, search_string, or regexp is required with state=absent")
	case a.State == "present" && a.Backrefs && a.Regexp == nil:
		return nil, Failf("regexp is required with backrefs=true")
	case a.State == "present" && a.Line == nil:
		return nil, Failf("line is required with state=present")
	}
	if a.InsertBefore == "" && a.InsertAfter == "" {
		a.InsertAfter = "EOF"
	}
	ed := &lineEditor{a: a}
	var err error
	if a.Regexp != nil {
		if ed.find, err = compileArg("regexp", *a.Regexp); err != nil {
			return nil, err
		}
	}
	switch {
	case a.InsertAfter != "" && a.InsertAfter != "BOF" && a.InsertAfter != "EOF":
		ed.insert, err = compileArg("insertafter", a.InsertAfter)
	case a.InsertBefore != "" && a.InsertBefore != "BOF":
		ed.insert, err = compileArg("insertbefore", a.InsertBefore)
	}
	return ed, err
}

// compileArg compiles a regular expression that a user gave.
func compileArg(name, pattern string) (*pyre.Regexp, error) {
	re, err := pyre.Compile(pattern, 0)
	if err != nil {
		return nil, Failf("%s: invalid regular expression '%s': %w", name, pattern, err)
	}
	return re, nil
}

// matches reports whether a line is one that regexp or search_string finds.
func (ed *lineEditor) matches(line string) (*pyre.Match, bool, error) {
	switch {
	case ed.find != nil:
		m, err := ed.find.Search(line)
		return m, m != nil, err
	case ed.a.SearchString != nil:
		return nil, strings.Contains(line, *ed.a.SearchString), nil
	}
	return nil, false, nil
}

// put makes the line be there and says what it did.
func (ed *lineEditor) put() (msg string, err error) {
	at, m, err := ed.findLine()
	if err != nil {
		return "", err
	}
	line := *ed.a.Line
	if at >= 0 {
		if ed.a.Backrefs && m != nil {
			if line, err = ed.find.Expand(line, m); err != nil {
				return "", Failf("line: %w", err)
			}
		}
		if !strings.HasSuffix(line, "\n") {
			line += "\n"
		}
		if ed.lines[at] == line {
			return "", nil
		}
		ed.lines[at] = line
		return "line replaced", nil
	}
	if ed.a.Backrefs {
		return "", nil // without a match there is nothing to fill in
	}
	return ed.add(line)
}

// findLine gives the line to replace: the last match (the first with
// firstmatch), else one that is already equal; -1 when there is none.
func (ed *lineEditor) findLine() (at int, match *pyre.Match, err error) {
	at = -1
	for i, l := range ed.lines {
		m, ok, err := ed.matches(l)
		if err != nil {
			return -1, nil, Failf("regexp: %w", err)
		}
		if ok {
			at, match = i, m
			if ed.a.FirstMatch {
				break
			}
		}
	}
	if at >= 0 {
		return at, match, nil
	}
	for i, l := range ed.lines {
		if trimEnd(l) == *ed.a.Line {
			at = i
		}
	}
	return at, nil, nil
}

// add inserts a line that is not there.
func (ed *lineEditor) add(line string) (string, error) {
	if ed.a.InsertBefore == "BOF" || ed.a.InsertAfter == "BOF" {
		ed.lines = slices.Insert(ed.lines, 0, endLine(line))
		return "line added", nil
	}
	at, err := ed.place()
	if err != nil {
		return "", err
	}
	if at < 0 {
		at = len(ed.lines)
	}
	if at > 0 {
		ed.lines[at-1] = endLine(ed.lines[at-1])
	}
	ed.lines = slices.Insert(ed.lines, at, line+"\n")
	return "line added", nil
}

// place gives where insertafter or insertbefore puts a line, -1 for the end.
func (ed *lineEditor) place() (int, error) {
	at := -1
	if ed.insert == nil {
		return at, nil
	}
	for i, l := range ed.lines {
		m, err := ed.insert.Search(l)
		if err != nil {
			return -1, Failf("insertafter or insertbefore: %w", err)
		}
		if m == nil {
			continue
		}
		at = i
		if ed.a.InsertAfter != "" {
			at++
		}
		if ed.a.FirstMatch {
			break
		}
	}
	return at, nil
}

// remove takes out all matches.
func (ed *lineEditor) remove() (msg string, found int, err error) {
	var keep []string
	for _, l := range ed.lines {
		_, ok, err := ed.matches(l)
		if err != nil {
			return "", 0, Failf("regexp: %w", err)
		}
		if ed.find == nil && ed.a.SearchString == nil {
			ok = trimEnd(l) == *ed.a.Line
		}
		if !ok {
			keep = append(keep, l)
		}
	}
	found = len(ed.lines) - len(keep)
	ed.lines = keep
	if found > 0 {
		msg = fmt.Sprintf("%d line(s) removed", found)
	}
	return msg, found, nil
}
