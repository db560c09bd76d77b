package jinja

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"drover/playbook/value"
)

// window gives the part of s between character indexes, and the byte and
// character offset at which it starts; ok is false when start is past the end.
func window(s string, start, stop value.Value) (part string, chars int, ok bool, err error) {
	n := utf8.RuneCountInString(s)
	from, to, _, err := sliceBounds(n, start, stop, value.None)
	if err != nil {
		return "", 0, false, err
	}
	if i, isInt := value.AsInt(start); isInt && i > int64(n) || from > to {
		return "", 0, false, nil
	}
	if isASCII(s) {
		return s[from:to], from, true, nil
	}
	return string([]rune(s)[from:to]), from, true, nil
}

func affixMethod(has func(string, string) bool) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		var affix, start, stop value.Value = nil, value.None, value.None
		if err := c.rest().Unpack("affix", &affix, "start?", &start, "end?", &stop); err != nil {
			return nil, err
		}
		part, _, ok, err := window(c.self(), start, stop)
		if err != nil {
			return nil, err
		}
		all, isTuple := affix.(value.Tuple)
		if !isTuple {
			all = value.Tuple{affix}
		}
		for _, a := range all {
			s, isText := value.AsString(a)
			if !isText {
				return nil, TypeErrorf("%s first arg must be str or a tuple of str, not %s", c.Func.Name, a.Type())
			}
			if ok && has(part, s) {
				return value.Bool(true), nil
			}
		}
		return value.Bool(false), nil
	}
}

func removeAffix(trim func(string, string) string) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		affix := ""
		err := c.rest().Unpack("affix", &affix)
		return value.Str(trim(c.self(), affix)), err
	}
}

func findMethod(last, must bool) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		sub := ""
		var start, stop value.Value = value.None, value.None
		if err := c.rest().Unpack("sub", &sub, "start?", &start, "end?", &stop); err != nil {
			return nil, err
		}
		part, at, ok, err := window(c.self(), start, stop)
		if err != nil {
			return nil, err
		}
		i := -1
		if ok {
			if i = strings.Index(part, sub); last {
				i = strings.LastIndex(part, sub)
			}
		}
		if i < 0 {
			if must {
				return nil, valueErrorf("substring not found")
			}
			return value.Int(-1), nil
		}
		return value.Int(at + utf8.RuneCountInString(part[:i])), nil
	}
}

func countMethod(c *Call) (value.Value, error) {
	sub := ""
	var start, stop value.Value = value.None, value.None
	if err := c.rest().Unpack("sub", &sub, "start?", &start, "end?", &stop); err != nil {
		return nil, err
	}
	part, _, ok, err := window(c.self(), start, stop)
	if err != nil || !ok {
		return value.Int(0), err
	}
	return value.Int(strings.Count(part, sub)), nil
}

func padMethod(pad func(s string, n int, fill string) string) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		width, fill := 0, " "
		if err := c.rest().Unpack("width", &width, "fillchar?", &fill); err != nil {
			return nil, err
		}
		if utf8.RuneCountInString(fill) != 1 {
			return nil, TypeErrorf("The fill character must be exactly one character long")
		}
		s := c.self()
		n := width - utf8.RuneCountInString(s)
		if n <= 0 {
			return value.Str(s), nil
		}
		if err := c.Ctx.fits(width); err != nil {
			return nil, err
		}
		return value.Str(pad(s, n, fill)), nil
	}
}

func zfillMethod(c *Call) (value.Value, error) {
	width := 0
	if err := c.rest().Unpack("width", &width); err != nil {
		return nil, err
	}
	s := c.self()
	n := width - utf8.RuneCountInString(s)
	if n <= 0 {
		return value.Str(s), nil
	}
	if err := c.Ctx.fits(width); err != nil {
		return nil, err
	}
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[:1], s[1:]
	}
	return value.Str(sign + strings.Repeat("0", n) + s), nil
}

func expandTabsMethod(c *Call) (value.Value, error) {
	size := 8
	if err := c.rest().Unpack("tabsize?", &size); err != nil {
		return nil, err
	}
	s := c.self()
	if err := c.Ctx.fits(len(s) + strings.Count(s, "\t")*max(size, 0)); err != nil {
		return nil, err
	}
	var b strings.Builder
	col := 0
	for _, r := range s {
		switch r {
		case '\t':
			if size > 0 {
				n := size - col%size
				b.WriteString(strings.Repeat(" ", n))
				col += n
			}
		case '\n', '\r':
			b.WriteRune(r)
			col = 0
		default:
			b.WriteRune(r)
			col++
		}
	}
	return value.Str(b.String()), nil
}

func makeTransMethod(c *Call) (value.Value, error) {
	var x, y, z value.Value
	if err := c.rest().Unpack("x", &x, "y?", &y, "z?", &z); err != nil {
		return nil, err
	}
	d := value.NewDict(8)
	if y == nil {
		m, ok := x.(value.Mapping)
		if !ok {
			return nil, TypeErrorf("if you give only one argument to maketrans it must be a dict")
		}
		for _, k := range m.Keys() {
			v, _, _ := m.Get(k)
			if s, ok := value.AsString(k); ok {
				r, n := utf8.DecodeRuneInString(s)
				if n != len(s) || s == "" {
					return nil, valueErrorf("string keys in translate table must be of length 1")
				}
				k = value.Int(r)
			}
			d.Set(k, v)
		}
		return d, nil
	}
	for i, v := range []value.Value{x, y, z} {
		if _, ok := value.AsString(v); v != nil && !ok {
			return nil, TypeErrorf("maketrans() argument %d must be str, not %s", i+1, v.Type())
		}
	}
	from, to := []rune(value.String(x)), []rune(value.String(y))
	if len(from) != len(to) {
		return nil, valueErrorf("the first two maketrans arguments must have equal length")
	}
	for i := range from {
		d.Set(value.Int(from[i]), value.Int(to[i]))
	}
	if z != nil {
		for _, r := range value.String(z) {
			d.Set(value.Int(r), value.None)
		}
	}
	return d, nil
}

func translateMethod(c *Call) (value.Value, error) {
	var table value.Value
	if err := c.rest().Unpack("table", &table); err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, r := range c.self() {
		switch v := translation(table, r).(type) {
		case nil:
			b.WriteRune(r)
		case value.Int:
			b.WriteRune(rune(v))
		case value.Str, value.Secret:
			b.WriteString(value.String(v))
		default:
			if v != value.None {
				return nil, TypeErrorf("character mapping must return integer, None or str")
			}
		}
	}
	return value.Str(b.String()), nil
}

// translation is the item of a table of str.translate for r, nil without.
func translation(table value.Value, r rune) value.Value {
	switch t := table.(type) {
	case value.Mapping:
		if v, ok, _ := t.Get(value.Int(r)); ok {
			return v
		}
	case value.Sequence:
		if int(r) < t.Len() {
			return t.Index(int(r))
		}
	}
	return nil
}

// escapedRune writes a character as Python's backslashreplace does.
func escapedRune(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

func encodeMethod(c *Call) (value.Value, error) {
	enc, onError := "utf-8", "strict"
	if err := c.rest().Unpack("encoding?", &enc, "errors?", &onError); err != nil {
		return nil, err
	}
	limit := rune(utf8.MaxRune)
	switch name := strings.ToLower(strings.ReplaceAll(enc, "_", "-")); name {
	case "utf-8", "utf8":
		return value.Bytes(c.self()), nil
	case "ascii", "us-ascii":
		limit = 0x7f
	case "latin-1", "latin1", "iso-8859-1":
		limit = 0xff
	case "utf-16", "utf-16-le", "utf-16-be":
		return value.Bytes(encodeUTF16(c.self(), name)), nil
	default:
		return nil, fmt.Errorf("unknown encoding: %s", enc)
	}
	var b []byte
	for i, r := range []rune(c.self()) {
		switch {
		case r <= limit:
			b = append(b, byte(r))
		case onError == "ignore":
		case onError == "replace":
			b = append(b, '?')
		case onError == "xmlcharrefreplace":
			b = fmt.Appendf(b, "&#%d;", r)
		case onError == "backslashreplace":
			b = append(b, escapedRune(r)...)
		default:
			return nil, fmt.Errorf("'%s' codec can't encode character %s in position %d: ordinal not in range(%d)",
				enc, value.Repr(value.Str(string(r))), i, limit+1)
		}
	}
	return value.Bytes(b), nil
}

func formatMapMethod(c *Call) (value.Value, error) {
	var m value.Mapping
	if err := c.rest().Unpack("mapping", &m); err != nil {
		return nil, err
	}
	var kw []Kwarg
	for _, k := range m.Keys() {
		v, _, err := m.Get(k)
		if err != nil {
			return nil, err
		}
		kw = append(kw, Kwarg{value.String(k), v})
	}
	return c.Ctx.formatBraces(c.self(), nil, kw)
}
