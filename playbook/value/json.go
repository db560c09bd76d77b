package value

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JSONOptions are the options of Python's json.dumps. The zero value prints
// what json.dumps prints without any.
type JSONOptions struct {
	Indent   string // one level of indentation, used when Pretty is set
	Pretty   bool   // every element on a line of its own
	SortKeys bool
	RawUTF8  bool   // ensure_ascii=False
	Item     string // separator between elements; "" means ", " or, when Pretty, ","
	Key      string // separator after a key; "" means ": "
	NoNaN    bool   // allow_nan=False: NaN and infinities are errors
	SkipKeys bool   // leave out keys that JSON can't have, instead of failing
	Strict   bool   // only what JSON has: no dates, no ranges
}

// JSONer is a value without a JSON form of its own that says as which other
// value it is written (a date as its ISO text).
type JSONer interface {
	Value
	JSONValue() Value
}

// JSON gives v as json.dumps prints it by default; what JSON can't express is
// written as the text of its str().
func JSON(v Value) string {
	e := jsonEncoder{lenient: true}
	e.setSeparators()
	_ = e.value(v, 0)
	return string(e.dst)
}

// AppendJSON appends v to dst byte for byte as json.dumps prints it.
func AppendJSON(dst []byte, v Value, o JSONOptions) ([]byte, error) {
	e := jsonEncoder{dst: dst, o: o}
	e.setSeparators()
	err := e.value(v, 0)
	return e.dst, err
}

type jsonEncoder struct {
	dst     []byte
	o       JSONOptions
	lenient bool
}

// maxJSONDepth bounds nesting; Python gives up at about the same depth.
const maxJSONDepth = 990

func (e *jsonEncoder) setSeparators() {
	if e.o.Key == "" {
		e.o.Key = ": "
	}
	if e.o.Item == "" {
		e.o.Item = ", "
		if e.o.Pretty {
			e.o.Item = ","
		}
	}
}

func (e *jsonEncoder) value(v Value, depth int) error {
	if depth > maxJSONDepth {
		return fmt.Errorf("the value is nested deeper than %d levels, or contains itself", maxJSONDepth)
	}
	switch v := v.(type) {
	case nil, none:
		e.dst = append(e.dst, "null"...)
	case Bool:
		e.dst = strconv.AppendBool(e.dst, bool(v))
	case Int:
		e.dst = strconv.AppendInt(e.dst, int64(v), 10)
	case *BigInt:
		e.dst = v.N.Append(e.dst, 10)
	case Float:
		return e.float(float64(v))
	case Str:
		e.dst = AppendJSONString(e.dst, string(v), !e.o.RawUTF8)
	case Secret:
		e.dst = AppendJSONString(e.dst, string(v), !e.o.RawUTF8)
	case *Template:
		e.dst = AppendJSONString(e.dst, v.Src, !e.o.RawUTF8)
	case *Dict:
		return e.entries(v.Entries(), depth)
	case JSONer:
		if e.o.Strict {
			return e.unsupported(v)
		}
		return e.value(v.JSONValue(), depth)
	case Mapping:
		return e.mapping(v, depth)
	case Sequence:
		if _, unstorable := v.(Transient); unstorable && e.o.Strict {
			return e.unsupported(v)
		}
		return e.sequence(v, depth)
	default:
		return e.unsupported(v)
	}
	return nil
}

func (e *jsonEncoder) unsupported(v Value) error {
	if e.lenient {
		e.dst = AppendJSONString(e.dst, String(v), true)
		return nil
	}
	if u, ok := v.(*Undefined); ok {
		if u.Err != nil {
			return u.Err
		}
		return fmt.Errorf("%s", u.Msg)
	}
	return fmt.Errorf("Object of type %s is not JSON serializable", v.Type())
}

func (e *jsonEncoder) float(f float64) error {
	s := FloatString(f)
	switch {
	case math.IsNaN(f):
		s = "NaN"
	case math.IsInf(f, 1):
		s = "Infinity"
	case math.IsInf(f, -1):
		s = "-Infinity"
	default:
		e.dst = append(e.dst, s...)
		return nil
	}
	if e.o.NoNaN {
		return fmt.Errorf("Out of range float values are not JSON compliant: %s", FloatString(f))
	}
	e.dst = append(e.dst, s...)
	return nil
}

func (e *jsonEncoder) newline(depth int) {
	if !e.o.Pretty {
		return
	}
	e.dst = append(e.dst, '\n')
	for range depth {
		e.dst = append(e.dst, e.o.Indent...)
	}
}

func (e *jsonEncoder) sequence(s Sequence, depth int) error {
	n := s.Len()
	if n == 0 {
		e.dst = append(e.dst, "[]"...)
		return nil
	}
	e.dst = append(e.dst, '[')
	for i := range n {
		if i > 0 {
			e.dst = append(e.dst, e.o.Item...)
		}
		e.newline(depth + 1)
		if err := e.value(s.Index(i), depth+1); err != nil {
			return err
		}
	}
	e.newline(depth)
	e.dst = append(e.dst, ']')
	return nil
}

func (e *jsonEncoder) mapping(m Mapping, depth int) error {
	keys := m.Keys()
	entries := make([]Entry, 0, len(keys))
	for _, k := range keys {
		v, ok, err := m.Get(k)
		if err != nil {
			return err
		}
		if ok {
			entries = append(entries, Entry{k, v})
		}
	}
	return e.entries(entries, depth)
}

func (e *jsonEncoder) entries(entries []Entry, depth int) error {
	if e.o.SortKeys {
		sorted, err := SortedEntries(entries)
		if err != nil {
			return err
		}
		entries = sorted
	}
	first := true
	e.dst = append(e.dst, '{')
	for i := range entries {
		key, ok := e.key(entries[i].Key)
		if !ok {
			if e.o.SkipKeys {
				continue
			}
			return fmt.Errorf("keys must be str, int, float, bool or None, not %s", entries[i].Key.Type())
		}
		if !first {
			e.dst = append(e.dst, e.o.Item...)
		}
		first = false
		e.newline(depth + 1)
		e.dst = AppendJSONString(e.dst, key, !e.o.RawUTF8)
		e.dst = append(e.dst, e.o.Key...)
		if err := e.value(entries[i].Val, depth+1); err != nil {
			return err
		}
	}
	if !first {
		e.newline(depth)
	}
	e.dst = append(e.dst, '}')
	return nil
}

// SortedEntries gives a copy of entries ordered by key as Python's sorted
// does, or its error for keys that can't be compared.
func SortedEntries(entries []Entry) ([]Entry, error) {
	sorted := slices.Clone(entries)
	var bad error
	slices.SortStableFunc(sorted, func(a, b Entry) int {
		c, ok := Compare(a.Key, b.Key)
		if !ok && bad == nil {
			bad = fmt.Errorf("'<' not supported between instances of '%s' and '%s'", a.Key.Type(), b.Key.Type())
		}
		return c
	})
	return sorted, bad
}

// key gives the text of a dict key as JSON writes it.
func (e *jsonEncoder) key(k Value) (string, bool) {
	switch k := k.(type) {
	case Str:
		return string(k), true
	case Secret:
		return string(k), true
	case *Template:
		return k.Src, true
	case none:
		return "null", true
	case Bool:
		return strconv.FormatBool(bool(k)), true
	case Int, *BigInt:
		return String(k), true
	case Float:
		var f jsonEncoder
		_ = f.float(float64(k))
		return string(f.dst), true
	}
	return String(k), e.lenient
}

const hexDigits = "0123456789abcdef"

// AppendJSONString appends s as a JSON string; with ascii, everything outside
// printable ASCII becomes a \u escape.
func AppendJSONString(dst []byte, s string, ascii bool) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' || c >= 0x7f && !ascii {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		if c < utf8.RuneSelf {
			dst = appendEscapedByte(dst, c)
			i++
		} else {
			r, size := decodeWTF8(s[i:])
			dst = appendEscapedRune(dst, r)
			i += size
		}
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscapedByte(dst []byte, c byte) []byte {
	if i := strings.IndexByte("\"\\\n\r\t\b\f", c); i >= 0 {
		return append(dst, '\\', `"\nrtbf`[i])
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

func appendEscapedRune(dst []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		dst = appendEscapedRune(dst, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// decodeWTF8 is utf8.DecodeRuneInString that also accepts a lone surrogate,
// which Python's strings can hold; a stray byte b is the surrogate U+DC00+b,
// as Python's surrogateescape reads it.
func decodeWTF8(s string) (rune, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r != utf8.RuneError || size != 1 {
		return r, size
	}
	if len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] < 0xc0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return 0xdc00 + rune(s[0]), 1
}
