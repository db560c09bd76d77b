package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/filters/pyre"
)

type blockinfileArgs struct {
	Path           string `arg:"path" alias:"dest,destfile,name" type:"path" required:"true" doc:"The file."`
	State          string `arg:"state" default:"present" choices:"absent,present" doc:"Whether the block shall be there."`
	Marker         string `arg:"marker" default:"# {mark} ANSIBLE MANAGED BLOCK" doc:"The line before and after the block; {mark} becomes marker_begin and marker_end."`
	Block          string `arg:"block" alias:"content" default:"" doc:"The lines. Nothing means that the block is removed."`
	InsertAfter    string `arg:"insertafter" doc:"Where a new block goes: after the last match of this expression, or EOF."`
	InsertBefore   string `arg:"insertbefore" doc:"Where a new block goes: before the last match of this expression, or BOF."`
	Create         bool   `arg:"create" default:"false" doc:"Make the file when it is missing."`
	MarkerBegin    string `arg:"marker_begin" default:"BEGIN" doc:"What {mark} becomes before the block."`
	MarkerEnd      string `arg:"marker_end" default:"END" doc:"What {mark} becomes after the block."`
	AppendNewline  bool   `arg:"append_newline" default:"false" doc:"Put an empty line after the block."`
	PrependNewline bool   `arg:"prepend_newline" default:"false" doc:"Put an empty line before the block."`
	editArgs
}

// blockinfileModule makes the lines between two marker lines be exactly these.
func blockinfileModule() Module {
	return Define(Spec{
		Name:              "ansible.builtin.blockinfile",
		Summary:           "Manage a marked block of lines in a text file",
		Doc:               "Keeps a block of lines in a file between two marker lines, by which it finds the block again. Use markers of their own when a file holds several blocks.",
		Check:             CheckFull,
		Diff:              true,
		MutuallyExclusive: [][]string{{"insertbefore", "insertafter"}},
		Examples:          "- name: Our hosts\n  ansible.builtin.blockinfile:\n    path: /etc/hosts\n    block: |\n      10.0.0.1 db\n      10.0.0.2 web\n",
		Returns: []Return{
			{"msg", "str", "always", "What was done."},
			{"backup_file", "str", "changed, with backup", "Where the former file is kept."},
		},
	}, runBlockinfile)
}

func runBlockinfile(ctx context.Context, h target.Host, c *Call, a *blockinfileArgs) (*Result, error) {
	absent := a.State == "absent"
	f, err := openText(h, "Path", a.Path, a.Create || absent)
	if err != nil {
		return nil, err
	}
	if absent && !f.exists {
		return new(Result).Set("msg", "File "+a.Path+" not present"), nil
	}
	f.both = true
	text, err := a.edit(f.text)
	if err != nil {
		return nil, err
	}
	msg := ""
	switch {
	case f.exists && text == f.text:
	case !f.exists:
		msg = "File created"
	case absent || a.Block == "":
		msg = "Block removed"
	default:
		msg = "Block inserted"
	}
	return f.finish(ctx, h, c, &a.editArgs, text, msg)
}

// edit gives the text with the block in it, or without.
func (a *blockinfileArgs) edit(text string) (string, error) {
	lines := keepEnds(text)
	begin := strings.ReplaceAll(a.Marker, "{mark}", a.MarkerBegin)
	end := strings.ReplaceAll(a.Marker, "{mark}", a.MarkerEnd)
	lines, at := cutBlock(lines, begin, end)
	if at < 0 {
		var err error
		if at, err = a.place(text, lines); err != nil {
			return "", err
		}
	}
	present := a.State == "present"
	var block []string
	if present && a.Block != "" {
		body := keepEnds(a.Block)
		body[len(body)-1] = endLine(body[len(body)-1])
		block = slices.Concat([]string{begin + "\n"}, body, []string{end + "\n"})
	}
	if at > 0 {
		lines[at-1] = endLine(lines[at-1])
	}
	if a.PrependNewline && present && at > 0 && lines[at-1] != "\n" {
		lines = slices.Insert(lines, at, "\n")
		at++
	}
	lines = slices.Insert(lines, at, block...)
	if after := at + len(block); a.AppendNewline && present && after < len(lines) && lines[after] != "\n" {
		lines = slices.Insert(lines, after, "\n")
	}
	return strings.Join(lines, ""), nil
}

// cutBlock takes the last block with its markers out and gives where it was,
// -1 when there is none.
func cutBlock(lines []string, begin, end string) ([]string, int) {
	from, to := -1, -1
	for i, l := range lines {
		switch trimEnd(l) {
		case begin:
			from = i
		case end:
			to = i
		}
	}
	if from < 0 || to < 0 {
		return lines, -1
	}
	from, to = min(from, to), max(from, to)
	return slices.Delete(lines, from, to+1), from
}

// place gives where a new block goes.
func (a *blockinfileArgs) place(text string, lines []string) (int, error) {
	pattern := a.InsertAfter
	switch {
	case a.InsertBefore == "BOF":
		return 0, nil
	case a.InsertBefore != "":
		pattern = a.InsertBefore
	case pattern == "" || pattern == "EOF":
		return len(lines), nil
	}
	re, err := compileArg("insertafter or insertbefore", pattern)
	if err != nil {
		return 0, err
	}
	if strings.HasPrefix(pattern, "(?") && strings.Contains(pattern[:max(0, strings.IndexByte(pattern, ')'))], "m") {
		return a.placeMultiline(re, text, len(lines))
	}
	at := len(lines)
	for i, l := range lines {
		m, err := re.Search(l)
		if err != nil {
			return 0, Failf("insertafter or insertbefore: %w", err)
		}
		if m != nil {
			at = i
			if a.InsertAfter != "" {
				at++
			}
		}
	}
	return at, nil
}

// placeMultiline searches the text as a whole, for expressions with the flag m.
func (a *blockinfileArgs) placeMultiline(re *pyre.Regexp, text string, end int) (int, error) {
	m, err := re.Search(text)
	if err != nil {
		return 0, Failf("insertafter or insertbefore: %w", err)
	}
	if m == nil {
		return end, nil
	}
	before, match, _, _ := m.Parts(0)
	if a.InsertAfter != "" {
		return strings.Count(before+match, "\n") + 1, nil
	}
	return strings.Count(before, "\n"), nil
}
