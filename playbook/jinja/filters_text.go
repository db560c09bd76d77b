package jinja

import (
	"html"
	"strings"
	"unicode"

	"drover/internal/lazyre"
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
	{Name: "format", Call: filterFormat, minding: true},
	{Name: "urlencode", Call: filterURLEncode},
	{Name: "urlize", Call: filterURLize},
	{Name: "xmlattr", Call: filterXMLAttr},
	{Name: "tojson", Call: filterToJSON},
	{Name: "pprint", Call: filterPPrint},
}

var wordPattern = lazyre.New(`[\pL\pN_]+`)

// textFilter makes a filter from text to text without arguments.
func textFilter(name string, fn func(string) string) *Func {
	return &Func{Name: name, text: fn, Call: func(c *Call) (value.Value, error) {
		if len(c.Args) == 1 && c.Kwargs == nil { // the usual call, without Unpack's pointers
			return value.Str(fn(value.String(c.Args[0]))), nil
		}
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
		case isSpace(r) || strings.ContainsRune("-([{<", r):
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
	htmlComment = lazyre.New(`(?s)<!--.*?-->`)
	htmlTag     = lazyre.New(`(?s)<[^>]*>`)
)

func stripTags(s string) string {
	s = htmlTag.ReplaceAllString(htmlComment.ReplaceAllString(s, ""), "")
	return html.UnescapeString(strings.Join(strings.Fields(s), " "))
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;")

func escapeHTML(s string) string { return htmlEscaper.Replace(s) }

// noText refuses a value that a filter of text can't work on.
func noText(v value.Value) error {
	return TypeErrorf("'%s' object has no attribute 'splitlines': the filter needs text; put | string before it", v.Type())
}

func filterTrim(c *Call) (value.Value, error) {
	var v value.Value
	chars := value.None
	if err := c.Unpack("value", &v, "chars?", &chars); err != nil {
		return nil, err
	}
	s := value.String(v)
	cut, isText := value.AsString(chars)
	switch {
	case chars == value.None:
		return value.Str(strings.TrimFunc(s, isSpace)), nil
	case !isText:
		return nil, TypeErrorf("strip arg must be None or str")
	}
	return value.Str(strings.Trim(s, cut)), nil
}

func filterCenter(c *Call) (value.Value, error) {
	var v value.Value
	var width value.Value = value.Int(80)
	if err := c.Unpack("value", &v, "width?", &width); err != nil {
		return nil, err
	}
	s := value.Str(value.String(v))
	return strMethods["center"].Call(&Call{Func: c.Func, Args: []value.Value{s, width}, Ctx: c.Ctx})
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
	text, isText := value.AsString(v)
	if !isText {
		return nil, noText(v)
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
	s := text + "\n"
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
