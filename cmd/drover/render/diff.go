package render

import (
	"fmt"
	"strings"

	"drover/internal/dump"
	"drover/playbook/value"
)

// diffText gives the diffs of a result as Ansible prints them, "" when there
// is none or the task counts as unchanged.
func (b *base) diffText(result *value.Dict) string {
	v, ok := result.Lookup("diff")
	if !ok || !value.Truth(result.At("changed")) {
		return ""
	}
	var out strings.Builder
	if seq, ok := v.(value.Sequence); ok {
		for i := range seq.Len() {
			out.WriteString(b.oneDiff(seq.Index(i)))
		}
	} else {
		out.WriteString(b.oneDiff(v))
	}
	return out.String()
}

func (b *base) oneDiff(v value.Value) string {
	d, ok := v.(value.Mapping)
	if !ok || d.Len() == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString(diffNotes(d))
	before, hasBefore := field(d, "before")
	after, hasAfter := field(d, "after")
	if hasBefore && hasAfter {
		out.WriteString(b.twoTexts(d, diffSide(before), diffSide(after)))
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
			out += fmt.Sprintf("diff skipped: %s file size is greater than %s\n", n.text, value.String(v))
		}
	}
	return out
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

func (b *base) twoTexts(d value.Mapping, before, after string) string {
	if before == after {
		return ""
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
			c = green
		case strings.HasPrefix(l, "-"):
			c = red
		case strings.HasPrefix(l, "@@"):
			c = cyan
		}
		out.WriteString(c.paint(b.Color, strings.TrimSuffix(l, "\n")) + "\n")
	}
	return out.String()
}

func field(m value.Mapping, key string) (value.Value, bool) {
	v, ok, err := m.Get(value.Str(key))
	return v, ok && err == nil
}
