package jinja

import (
	"fmt"
	"html"
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"drover/playbook/value"
)

// stringFilters are Jinja2's filters on text.
var stringFilters = []*Func{
	textFilter("upper", upperPython),
	textFilter("lower", lowerPython),
	textFilter("capitalize", capitalize),
	textFilter("title", titleFilter),
	textFilter("striptags", stripTags),
	textFilter("escape", escapeHTML),
	textFilter("forceescape", escapeHTML),
	textFilter("safe", func(s string) string { return s }),
	{Name: "string", Call: func(c *Call) (value.Value, error) {
		var v value.Value
		err := c.Unpack("value", &v)
		return value.Str(value.String(v)), err
	}},
	{Name: "trim", Call: filterTrim},
	{Name: "center", Call: filterCenter},
	{Name: "replace", Call: filterReplace},
	{Name: "indent", Call: filterIndent},
	{Name: "truncate", Call: filterTruncate},
	{Name: "wordcount", Call: func(c *Call) (value.Value, error) {
		var v value.Value
		err := c.Unpack("s", &v)
		return value.Int(len(wordPattern.FindAllString(value.String(v), -1))), err
	}},
	{Name: "wordwrap", Call: filterWordWrap},
	{Name: "format", Call: filterFormat},
	{Name: "urlencode", Call: filterURLEncode},
	{Name: "urlize", Call: filterURLize},
	{Name: "xmlattr", Call: filterXMLAttr},
	{Name: "tojson", Call: filterToJSON},
	{Name: "pprint", Call: filterPPrint},
}

var wordPattern = regexp.MustCompile(`[\pL\pN_]+`)

// textFilter makes a filter from text to text without arguments.
func textFilter(name string, fn func(string) string) *Func {
	return &Func{Name: name, Call: func(c *Call) (value.Value, error) {
		var v value.Value
		err := c.Unpack("s", &v)
		return value.Str(fn(value.String(v))), err
	}}
}

// titleFilter makes the first letter of every word upper, the rest lower; words
// start after blanks, hyphens and opening brackets.
func titleFilter(s string) string {
	var b strings.Builder
	start := true
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || strings.ContainsRune("-([{<", r):
			start = true
			b.WriteRune(r)
			continue
		case start:
			b.WriteString(upperPython(string(r)))
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		start = false
	}
	return b.String()
}

var (
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	htmlTag     = regexp.MustCompile(`(?s)<[^>]*>`)
)

func stripTags(s string) string {
	s = htmlTag.ReplaceAllString(htmlComment.ReplaceAllString(s, ""), "")
	return html.UnescapeString(strings.Join(strings.Fields(s), " "))
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;")

func escapeHTML(s string) string { return htmlEscaper.Replace(s) }

func filterTrim(c *Call) (value.Value, error) {
	var v value.Value
	chars := value.None
	if err := c.Unpack("value", &v, "chars?", &chars); err != nil {
		return nil, err
	}
	s := value.String(v)
	if chars == value.None {
		return value.Str(strings.TrimFunc(s, unicode.IsSpace)), nil
	}
	return value.Str(strings.Trim(s, value.String(chars))), nil
}

func filterCenter(c *Call) (value.Value, error) {
	var v value.Value
	width := 80
	if err := c.Unpack("value", &v, "width?", &width); err != nil {
		return nil, err
	}
	s := value.Str(value.String(v))
	return strMethods["center"].Call(&Call{Func: c.Func, Args: []value.Value{s, value.Int(width)}, Ctx: c.Ctx})
}

func filterReplace(c *Call) (value.Value, error) {
	var v, from, to value.Value
	n := -1
	if err := c.Unpack("s", &v, "old", &from, "new", &to, "count?", &n); err != nil {
		return nil, err
	}
	return c.Ctx.replaceText(value.String(v), value.String(from), value.String(to), n)
}

func filterIndent(c *Call) (value.Value, error) {
	var v value.Value
	var width value.Value = value.Int(4)
	first, blank := false, false
	if err := c.Unpack("s", &v, "width?", &width, "first?", &first, "blank?", &blank); err != nil {
		return nil, err
	}
	pad, isText := value.AsString(width)
	if !isText {
		n, ok := value.AsInt(width)
		if !ok {
			return nil, TypeErrorf("can't multiply sequence by non-int of type '%s'", width.Type())
		}
		if err := c.Ctx.fits(int(max(n, 0))); err != nil {
			return nil, err
		}
		pad = strings.Repeat(" ", int(max(n, 0)))
	}
	s := value.String(v) + "\n"
	if err := c.Ctx.fits(len(s) + strings.Count(s, "\n")*len(pad)); err != nil {
		return nil, err
	}
	var out string
	if blank {
		out = strings.Join(splitLines(s, false), "\n"+pad)
	} else {
		lines := splitLines(s, false)
		for i, l := range lines {
			if i > 0 && l != "" {
				lines[i] = pad + l
			}
		}
		out = strings.Join(lines, "\n")
	}
	if first {
		out = pad + out
	}
	return value.Str(out), nil
}

func filterTruncate(c *Call) (value.Value, error) {
	var v value.Value
	length, leeway := 255, 5
	kill, end := false, "..."
	if err := c.Unpack("s", &v, "length?", &length, "killwords?", &kill, "end?", &end, "leeway?", &leeway); err != nil {
		return nil, err
	}
	s := []rune(value.String(v))
	n := len([]rune(end))
	switch {
	case length < n:
		return nil, fmt.Errorf("expected length >= %d, got %d", n, length)
	case leeway < 0:
		return nil, fmt.Errorf("expected leeway >= 0, got %d", leeway)
	case len(s) <= length+leeway:
		return value.Str(string(s)), nil
	}
	cut := string(s[:length-n])
	if !kill {
		if i := strings.LastIndexByte(cut, ' '); i >= 0 {
			cut = cut[:i]
		}
	}
	return value.Str(cut + end), nil
}

func filterWordWrap(c *Call) (value.Value, error) {
	var v value.Value
	width, breakLong, hyphens := 79, true, true
	sep := value.None
	if err := c.Unpack("s", &v, "width?", &width, "break_long_words?", &breakLong, "wrapstring?", &sep, "break_on_hyphens?", &hyphens); err != nil {
		return nil, err
	}
	if width < 1 {
		return nil, valueErrorf("invalid width %d (must be > 0)", width)
	}
	nl := "\n"
	if sep != value.None {
		nl = value.String(sep)
	}
	var out []string
	for _, line := range splitLines(value.String(v), false) {
		out = append(out, strings.Join(wrapLine(line, width, breakLong, hyphens), nl))
	}
	return value.Str(strings.Join(out, nl)), nil
}

var wrapHyphen = regexp.MustCompile(`^(.*?[\pL_]{2}-)([\pL_].*)$`)

// wrapLine breaks one line as Python's textwrap does when it keeps blanks
// within lines.
func wrapLine(line string, width int, breakLong, hyphens bool) []string {
	chunks := wrapChunks(line, hyphens)
	var lines []string
	for len(chunks) > 0 {
		var cur []string
		n := 0
		if strings.TrimSpace(chunks[0]) == "" && len(lines) > 0 {
			chunks = chunks[1:]
		}
		for len(chunks) > 0 {
			l := utf8.RuneCountInString(chunks[0])
			if n+l > width {
				break
			}
			cur = append(cur, chunks[0])
			n += l
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && utf8.RuneCountInString(chunks[0]) > width {
			if r := []rune(chunks[0]); breakLong {
				cut := width - n
				cur = append(cur, string(r[:cut]))
				chunks = append([]string{string(r[cut:])}, chunks[1:]...)
			} else if len(cur) == 0 {
				cur, chunks = append(cur, chunks[0]), chunks[1:]
			}
		}
		if len(cur) > 0 && strings.TrimSpace(cur[len(cur)-1]) == "" {
			cur = cur[:len(cur)-1]
		}
		if len(cur) > 0 {
			lines = append(lines, strings.Join(cur, ""))
		}
	}
	return lines
}

// wrapChunks cuts a line into words and blanks.
func wrapChunks(line string, hyphens bool) []string {
	var chunks []string
	for line != "" {
		blank := unicode.IsSpace([]rune(line)[0])
		i := strings.IndexFunc(line, func(r rune) bool { return unicode.IsSpace(r) != blank })
		if i < 0 {
			i = len(line)
		}
		word := line[:i]
		line = line[i:]
		for hyphens && !blank {
			m := wrapHyphen.FindStringSubmatch(word)
			if m == nil {
				break
			}
			chunks = append(chunks, m[1])
			word = m[2]
		}
		chunks = append(chunks, word)
	}
	return chunks
}

func filterFormat(c *Call) (value.Value, error) {
	if len(c.Args) == 0 {
		return nil, TypeErrorf("format() missing required argument: 'value'")
	}
	if len(c.Args) > 1 && len(c.Kwargs) > 0 {
		return nil, TypeErrorf("can't handle positional and keyword arguments at the same time")
	}
	var arg value.Value = value.Tuple(c.Args[1:])
	if len(c.Kwargs) > 0 {
		d := value.NewDict(len(c.Kwargs))
		for _, k := range c.Kwargs {
			d.Put(k.Name, k.Val)
		}
		arg = d
	}
	return c.Ctx.formatPercent(c.Args[0], value.String(c.Args[0]), arg)
}

// quoteURL percent-encodes everything but unreserved characters and keep.
func quoteURL(s, keep string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDecimal(c) || strings.IndexByte("_.-~"+keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func filterURLEncode(c *Call) (value.Value, error) {
	var v value.Value
	if err := c.Unpack("value", &v); err != nil {
		return nil, err
	}
	query := func(s string) string { return strings.ReplaceAll(quoteURL(s, " "), " ", "+") }
	_, isText := value.AsString(v)
	var pairs []value.Value
	switch m := v.(type) {
	case value.Mapping:
		l, err := dictItems(&Call{Args: []value.Value{m}, Ctx: c.Ctx})
		if err != nil {
			return nil, err
		}
		pairs = l.(*value.List).Elems
	default:
		if isText || !isIterable(v) {
			return value.Str(quoteURL(value.String(v), "/")), nil
		}
		var err error
		if pairs, err = c.Ctx.elements(v); err != nil {
			return nil, err
		}
	}
	var parts []string
	for _, p := range pairs {
		kv, err := c.Ctx.elements(p)
		if err != nil || len(kv) != 2 {
			return nil, valueErrorf("not enough values to unpack (expected 2)")
		}
		parts = append(parts, query(value.String(kv[0]))+"="+query(value.String(kv[1])))
	}
	return value.Str(strings.Join(parts, "&")), nil
}

func filterToJSON(c *Call) (value.Value, error) {
	var v value.Value
	indent := value.None
	if err := c.Unpack("value", &v, "indent?", &indent); err != nil {
		return nil, err
	}
	o := value.JSONOptions{SortKeys: true}
	if n, ok := value.AsInt(indent); ok {
		o.Pretty = true
		o.Indent = strings.Repeat(" ", int(min(max(n, 0), 1000)))
	}
	b, err := value.AppendJSON(nil, v, o)
	if err != nil {
		return nil, err
	}
	return value.Str(strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`).Replace(string(b))), nil
}

func filterXMLAttr(c *Call) (value.Value, error) {
	var m value.Mapping
	space := true
	if err := c.Unpack("d", &m, "autospace?", &space); err != nil {
		return nil, err
	}
	var parts []string
	for _, k := range m.Keys() {
		v, _, err := m.Get(k)
		if err != nil {
			return nil, err
		}
		if v == value.None {
			continue
		}
		key := value.String(k)
		if strings.ContainsAny(key, " \t\n\f\r/>=") {
			return nil, valueErrorf("Invalid character in attribute name: %s", value.Repr(k))
		}
		parts = append(parts, escapeHTML(key)+`="`+escapeHTML(value.String(v))+`"`)
	}
	out := strings.Join(parts, " ")
	if space && out != "" {
		out = " " + out
	}
	return value.Str(out), nil
}

// filterPPrint prints like repr: the original's containers are no plain dicts
// and lists, so that Python's pretty printer leaves them on one line.
func filterPPrint(c *Call) (value.Value, error) {
	var v value.Value
	err := c.Unpack("value", &v)
	return value.Str(value.Repr(v)), err
}

// numberFilters are Jinja2's filters on numbers.
var numberFilters = []*Func{
	{Name: "int", Call: filterInt},
	{Name: "float", Call: filterFloat},
	{Name: "abs", Call: filterAbs},
	{Name: "round", Call: filterRound},
	{Name: "filesizeformat", Call: filterFileSize},
}

func filterAbs(c *Call) (value.Value, error) {
	var v value.Value
	if err := c.Unpack("x", &v); err != nil {
		return nil, err
	}
	if f, ok := v.(value.Float); ok {
		return value.Float(math.Abs(float64(f))), nil
	}
	n, ok := value.AsBig(v)
	if !ok {
		return nil, TypeErrorf("bad operand type for abs(): '%s'", v.Type())
	}
	if n.Sign() < 0 {
		return unary('-', v)
	}
	return unary('+', v)
}
