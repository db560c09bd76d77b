package value

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// String gives what Python's str() gives for v.
func String(v Value) string {
	switch v := v.(type) {
	case Str:
		return string(v)
	case Secret:
		return string(v)
	case *Template:
		return v.Src
	case *Undefined:
		return ""
	case Stringer:
		return v.Str()
	}
	return Repr(v)
}

// Repr gives what Python's repr() gives for v.
func Repr(v Value) string {
	var b strings.Builder
	writeRepr(&b, v)
	return b.String()
}

func writeRepr(b *strings.Builder, v Value) {
	switch v := v.(type) {
	case nil, none:
		b.WriteString("None")
	case Bool:
		if v {
			b.WriteString("True")
		} else {
			b.WriteString("False")
		}
	case Int:
		b.WriteString(strconv.FormatInt(int64(v), 10))
	case *BigInt:
		b.WriteString(v.N.String())
	case Float:
		b.WriteString(FloatString(float64(v)))
	case Str:
		writeQuoted(b, string(v))
	case Secret:
		writeQuoted(b, string(v))
	case *Template:
		writeQuoted(b, v.Src)
	case Bytes:
		writeBytes(b, string(v))
	case *List:
		writeSeq(b, "[", v.Elems, "]")
	case Tuple:
		if len(v) == 1 {
			writeSeq(b, "(", v, ",)")
		} else {
			writeSeq(b, "(", v, ")")
		}
	case Stringer:
		b.WriteString(v.Repr())
	case Mapping:
		writeMapping(b, v)
	case *Undefined:
		b.WriteString("Undefined")
	default:
		fmt.Fprintf(b, "<%s>", v.Type())
	}
}

func writeSeq(b *strings.Builder, open string, vs []Value, end string) {
	b.WriteString(open)
	for i, v := range vs {
		if i > 0 {
			b.WriteString(", ")
		}
		writeRepr(b, v)
	}
	b.WriteString(end)
}

func writeMapping(b *strings.Builder, m Mapping) {
	b.WriteByte('{')
	for i, k := range m.Keys() {
		if i > 0 {
			b.WriteString(", ")
		}
		writeRepr(b, k)
		b.WriteString(": ")
		v, _, _ := m.Get(k)
		writeRepr(b, v)
	}
	b.WriteByte('}')
}

// FloatString prints f as Python does: the shortest text that reads back, with
// ".0" for whole numbers and an exponent from 1e16 and below 1e-4.
func FloatString(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func writeQuoted(b *strings.Builder, s string) {
	q := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	b.WriteByte(q)
	for _, r := range s {
		switch {
		case r == rune(q) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(b, `\x%02x`, r)
		case r < 0x7f || unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
	b.WriteByte(q)
}

func writeBytes(b *strings.Builder, s string) {
	q := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	b.WriteByte('b')
	b.WriteByte(q)
	for i := range len(s) {
		switch c := s[i]; {
		case c == q || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < 0x20 || c >= 0x7f:
			fmt.Fprintf(b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte(q)
}
