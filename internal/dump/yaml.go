package dump

import (
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

// YAML writes v as a YAML block whose lines are indented; it starts
// without a newline and ends with one. Texts of several lines become literal
// blocks.
func YAML(v value.Value, indent int, sorted bool) string {
	w := yamlWriter{sorted: sorted}
	w.block(v, indent)
	return w.String()
}

type yamlWriter struct {
	strings.Builder
	sorted bool
}

func (w *yamlWriter) pad(n int) {
	for range n {
		w.WriteByte(' ')
	}
}

// block writes v on lines of its own.
func (w *yamlWriter) block(v value.Value, indent int) {
	switch c := v.(type) {
	case value.Mapping:
		keys := c.Keys()
		if w.sorted {
			keys = byText(keys)
		}
		for _, k := range keys {
			e, _, _ := c.Get(k)
			w.pad(indent)
			w.WriteString(yamlScalar(k) + ":")
			w.after(e, indent, indent+4)
		}
	case value.Sequence:
		for i := range c.Len() {
			w.pad(indent)
			w.WriteByte('-')
			w.element(c.Index(i), indent)
		}
	default:
		w.pad(indent)
		w.WriteString(yamlScalar(v) + "\n")
	}
}

// element writes a list's element behind its dash; a mapping starts on the
// dash's own line.
func (w *yamlWriter) element(v value.Value, indent int) {
	if m, ok := v.(value.Mapping); ok && m.Len() > 0 {
		sub := yamlWriter{sorted: w.sorted}
		sub.block(m, indent+2)
		w.WriteString(" " + strings.TrimLeft(sub.String(), " "))
		return
	}
	w.after(v, indent, indent+2)
}

// after writes a value behind a key or dash that stands at indent.
func (w *yamlWriter) after(v value.Value, indent, inner int) {
	if isEmptyContainer(v) {
		w.WriteString(" " + JSON(v, Style{}) + "\n")
		return
	}
	switch v.(type) {
	case value.Mapping:
		w.WriteByte('\n')
		w.block(v, inner)
		return
	case value.Sequence:
		w.WriteByte('\n')
		w.block(v, indent)
		return
	}
	if s, ok := value.AsString(v); ok && !value.IsSecret(v) && canBeLiteral(s) {
		w.literal(s, inner)
		return
	}
	w.WriteString(" " + yamlScalar(v) + "\n")
}

func isEmptyContainer(v value.Value) bool {
	switch v := v.(type) {
	case value.Mapping:
		return v.Len() == 0
	case value.Sequence:
		return v.Len() == 0
	}
	return false
}

func canBeLiteral(s string) bool {
	if !strings.Contains(strings.TrimRight(s, "\n"), "\n") || strings.TrimLeft(s, " \n") != s {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 && r != '\n' && r != '\t' })
}

func (w *yamlWriter) literal(s string, indent int) {
	mark := " |-"
	switch trimmed := strings.TrimRight(s, "\n"); len(s) - len(trimmed) {
	case 0:
	case 1:
		mark = " |"
	default:
		mark = " |+"
	}
	w.WriteString(mark + "\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		if line != "" {
			w.pad(indent)
		}
		w.WriteString(line + "\n")
	}
}

// plainText are texts that YAML reads back as themselves without quotes.
var (
	plainText = lazyre.New(`^(?:[\p{L}/_.$(;^<]|-[^\s-])[^\x00-\x1f\x7f]*$`)
	yamlWord  = lazyre.New(`(?i)^(y|n|yes|no|on|off|true|false|null|~|\.nan|[-+]?\.inf|[-+.]?[0-9][0-9_.:xa-fe+-]*)$`)
)

// yamlScalar writes a scalar on one line.
func yamlScalar(v value.Value) string {
	if _, ok := value.AsString(v); !ok {
		switch v.(type) {
		case value.Bool, value.Int, *value.BigInt, value.Float:
			return JSON(v, Style{})
		}
		if v == nil || v == value.None {
			return "null"
		}
	}
	s := Text(v)
	switch {
	case s == Hidden, plainText.MatchString(s) && !yamlWord.MatchString(s) && !needsQuotes(s):
		return s
	case strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return JSON(value.Str(s), Style{})
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func needsQuotes(s string) bool {
	return strings.Contains(s, ": ") || strings.Contains(s, " #") || strings.HasSuffix(s, ":") || strings.HasSuffix(s, " ")
}
