// Package dump writes values as JSON and YAML for people and programs: results,
// inventories, reports. A value.Secret is never written; it reads ********.
package dump

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"drover/playbook/value"
)

// Hidden is what is printed for a secret.
const Hidden = "********"

// Style says how JSON is laid out: Indent 0 is one line with ", " and
// ": " between, as Python writes it; Compact leaves those spaces out.
type Style struct {
	Indent  int
	Sort    bool
	Compact bool
}

// JSON writes v as JSON; secrets are Hidden, dict order is kept unless
// the style sorts.
func JSON(v value.Value, s Style) string {
	w := jsonWriter{style: s}
	w.value(v, 0)
	return w.String()
}

type jsonWriter struct {
	strings.Builder
	style Style
}

func (w *jsonWriter) value(v value.Value, depth int) {
	switch v := v.(type) {
	case nil:
		w.WriteString("null")
	case value.Bool:
		w.WriteString(strconv.FormatBool(bool(v)))
	case value.Int, *value.BigInt:
		w.WriteString(value.String(v))
	case value.Float:
		w.float(float64(v))
	case value.Mapping:
		w.mapping(v, depth)
	case value.Sequence:
		w.sequence(v, depth)
	default:
		if v == value.None {
			w.WriteString("null")
			return
		}
		w.text(Text(v))
	}
}

func (w *jsonWriter) float(f float64) {
	switch {
	case math.IsNaN(f):
		w.WriteString("NaN")
	case math.IsInf(f, 1):
		w.WriteString("Infinity")
	case math.IsInf(f, -1):
		w.WriteString("-Infinity")
	default:
		w.WriteString(value.FloatString(f))
	}
}

func (w *jsonWriter) mapping(m value.Mapping, depth int) {
	keys := m.Keys()
	if w.style.Sort {
		keys = byText(keys)
	}
	w.WriteByte('{')
	for i, k := range keys {
		w.between(i, depth+1)
		w.text(Text(k))
		w.WriteByte(':')
		if !w.style.Compact {
			w.WriteByte(' ')
		}
		e, _, err := m.Get(k)
		if err != nil {
			e = value.Str("<" + err.Error() + ">")
		}
		w.value(e, depth+1)
	}
	w.end(len(keys), depth)
	w.WriteByte('}')
}

func (w *jsonWriter) sequence(s value.Sequence, depth int) {
	w.WriteByte('[')
	for i := range s.Len() {
		w.between(i, depth+1)
		w.value(s.Index(i), depth+1)
	}
	w.end(s.Len(), depth)
	w.WriteByte(']')
}

// between writes what stands before element i.
func (w *jsonWriter) between(i, depth int) {
	if i > 0 {
		w.WriteByte(',')
	}
	switch {
	case w.style.Indent > 0:
		w.newline(depth)
	case i > 0 && !w.style.Compact:
		w.WriteByte(' ')
	}
}

func (w *jsonWriter) end(n, depth int) {
	if n > 0 && w.style.Indent > 0 {
		w.newline(depth)
	}
}

func (w *jsonWriter) newline(depth int) {
	w.WriteByte('\n')
	for range depth * w.style.Indent {
		w.WriteByte(' ')
	}
}

// text writes a JSON string, with characters beyond ASCII as they are.
func (w *jsonWriter) text(s string) {
	w.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			w.WriteByte('\\')
			w.WriteRune(r)
		case '\n':
			w.WriteString(`\n`)
		case '\r':
			w.WriteString(`\r`)
		case '\t':
			w.WriteString(`\t`)
		default:
			w.char(r)
		}
	}
	w.WriteByte('"')
}

func (w *jsonWriter) char(r rune) {
	if r < 0x20 || r == 0x7f {
		const hex = "0123456789abcdef"
		w.WriteString(`\u00`)
		w.WriteByte(hex[r>>4])
		w.WriteByte(hex[r&15])
		return
	}
	if r == utf8.RuneError {
		w.WriteString("\ufffd")
		return
	}
	w.WriteRune(r)
}

// Text is str() of a value, Hidden when it is or holds a secret.
func Text(v value.Value) string {
	if v == nil {
		return ""
	}
	if value.IsSecret(v) {
		return Hidden
	}
	return value.String(v)
}

func byText(keys []value.Value) []value.Value {
	sort.SliceStable(keys, func(i, j int) bool {
		return value.String(keys[i]) < value.String(keys[j])
	})
	return keys
}
