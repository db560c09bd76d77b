package render

import (
	"fmt"
	"strconv"
	"strings"

	"drover/internal/dump"
	"drover/playbook/event"
	"drover/playbook/value"
)

// diffText gives the diffs of a result as Ansible prints them, "" when there
// is none or the task counts as unchanged.
func (b *base) diffText(t *event.TaskInfo, result *value.Dict) string {
	v, ok := result.Lookup("diff")
	if !ok || !value.Truth(result.At("changed")) {
		return ""
	}
	most := 0 // bytes of a text, for what writes whole files
	if isAction(t, "copy", "template", "assemble") {
		most = b.DiffMax
	}
	var out strings.Builder
	if seq, ok := v.(value.Sequence); ok {
		for i := range seq.Len() {
			out.WriteString(b.oneDiff(seq.Index(i), most))
		}
	} else {
		out.WriteString(b.oneDiff(v, most))
	}
	return out.String()
}

func (b *base) oneDiff(v value.Value, most int) string {
	d, ok := v.(value.Mapping)
	if !ok || d.Len() == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString(diffNotes(d))
	before, hasBefore := field(d, "before")
	after, hasAfter := field(d, "after")
	if hasBefore && hasAfter {
		out.WriteString(b.twoTexts(d, diffSide(before), diffSide(after), most))
	}
	if p, ok := field(d, "prepared"); ok {
		out.WriteString(b.paintDiff(splitLines(dump.Text(p))))
	}
	return out.String()
}

// diffNotes says why texts are not shown.
func diffNotes(d value.Mapping) string {
	var out string
	for _, n := range []struct{ key, text string }{
		{"dst_binary", "diff skipped: destination file appears to be binary\n"},
		{"src_binary", "diff skipped: source file appears to be binary\n"},
	} {
		if v, ok := field(d, n.key); ok && value.Truth(v) {
			out += n.text
		}
	}
	for _, n := range []struct{ key, text string }{{"dst_larger", "destination"}, {"src_larger", "source"}} {
		if v, ok := field(d, n.key); ok && value.Truth(v) {
			out += tooLarge(n.text, value.String(v))
		}
	}
	return out
}

func tooLarge(side, limit string) string {
	return fmt.Sprintf("diff skipped: %s file size is greater than %s\n", side, limit)
}

// diffSide makes text of one side: sets of properties print as sorted JSON.
func diffSide(v value.Value) string {
	if _, ok := v.(value.Mapping); ok {
		return dump.JSON(v, dump.Style{Indent: "    ", Sort: true}) + "\n"
	}
	if v == value.None {
		return ""
	}
	return dump.Text(v)
}

func (b *base) twoTexts(d value.Mapping, before, after string, most int) string {
	if before == after {
		return ""
	}
	for _, side := range []struct{ text, name string }{{before, "destination"}, {after, "source"}} {
		if most > 0 && len(side.text) > most {
			return tooLarge(side.name, strconv.Itoa(most))
		}
	}
	lines := unified(ended(before), ended(after), b.DiffContext)
	if len(lines) == 0 {
		return ""
	}
	heads := []string{"--- before" + header(d, "before_header") + "\n", "+++ after" + header(d, "after_header") + "\n"}
	return b.paintDiff(append(heads, lines...)) + "\n"
}

// ended splits text into lines; a last one without newline says so.
func ended(text string) []string {
	lines := splitLines(text)
	if n := len(lines); n > 0 && !strings.HasSuffix(lines[n-1], "\n") {
		lines[n-1] += "\n\\ No newline at end of file\n"
	}
	return lines
}

func header(d value.Mapping, key string) string {
	if v, ok := field(d, key); ok && value.Truth(v) {
		return ": " + dump.Text(v)
	}
	return ""
}

func (b *base) paintDiff(lines []string) string {
	var out strings.Builder
	for _, l := range lines {
		c := plain
		switch {
		case strings.HasPrefix(l, "+"):
			c = asAdded
		case strings.HasPrefix(l, "-"):
			c = asRemoved
		case strings.HasPrefix(l, "@@"):
			c = asPlace
		}
		out.WriteString(b.Colors.paint(c, strings.TrimSuffix(l, "\n")) + "\n")
	}
	return out.String()
}

func field(m value.Mapping, key string) (value.Value, bool) {
	v, ok, err := m.Get(value.Str(key))
	return v, ok && err == nil
}
