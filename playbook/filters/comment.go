package filters

import (
	"fmt"
	"strings"

	"drover/playbook/jinja"
	"drover/playbook/value"
)

// commentFilters make comments of text.
var commentFilters = []entry{
	{"comment", "text style? **options", comment, 0},
}

// commentStyle is how a comment looks.
type commentStyle struct {
	newline, beginning, prefix, decoration, postfix, end string
	prefixCount, postfixCount                            int
}

var commentStyles = map[string]commentStyle{
	"plain":  {decoration: "# "},
	"erlang": {decoration: "% "},
	"c":      {decoration: "// "},
	"cblock": {beginning: "/*", decoration: " * ", end: " */"},
	"xml":    {beginning: "<!--", decoration: " - ", end: "-->"},
}

func comment(a *args) (value.Value, error) {
	text, ok := value.AsString(a.val("text"))
	if !ok {
		return nil, fmt.Errorf("'%s' object has no attribute 'replace'", a.val("text").Type())
	}
	name := a.strOr("style", "plain")
	style, ok := commentStyles[name]
	if !ok {
		return nil, fmt.Errorf("unknown comment style '%s'; there are plain, erlang, c, cblock and xml", name)
	}
	style.newline, style.prefixCount, style.postfixCount = "\n", 1, 1
	for _, kw := range a.extra {
		if kw.Name == "decoration" {
			style.decoration = value.String(kw.Val)
		}
	}
	style.prefix = strings.TrimRight(style.decoration, pythonSpace)
	style.postfix = style.prefix
	for _, kw := range a.extra {
		if err := style.set(kw); err != nil {
			return nil, err
		}
	}
	return value.Str(style.decorate(text)), nil
}

func (s *commentStyle) set(kw jinja.Kwarg) error {
	texts := map[string]*string{
		"newline": &s.newline, "beginning": &s.beginning, "prefix": &s.prefix,
		"decoration": &s.decoration, "postfix": &s.postfix, "end": &s.end,
	}
	counts := map[string]*int{"prefix_count": &s.prefixCount, "postfix_count": &s.postfixCount}
	if p := texts[kw.Name]; p != nil {
		*p = value.String(kw.Val)
	} else if p := counts[kw.Name]; p != nil {
		n, ok := value.AsInt(kw.Val)
		if !ok || n > 10000 {
			return fmt.Errorf("comment's %s must be a small number, not %s", kw.Name, value.Repr(kw.Val))
		}
		*p = int(max(n, 0))
	}
	return nil
}

func (s *commentStyle) decorate(text string) string {
	var b strings.Builder
	if s.beginning != "" {
		b.WriteString(s.beginning + s.newline)
	}
	if s.prefix == s.newline {
		b.WriteString(strings.Repeat(s.newline, s.prefixCount))
	} else if s.prefix != "" {
		b.WriteString(strings.Repeat(s.prefix+s.newline, s.prefixCount))
	}
	body := s.decoration + strings.ReplaceAll(text, s.newline, s.newline+s.decoration)
	bare := strings.TrimRight(s.decoration, pythonSpace)
	b.WriteString(strings.ReplaceAll(body, s.decoration+s.newline, bare+s.newline))
	b.WriteString(strings.Repeat(s.newline+s.postfix, s.postfixCount))
	if s.end != "" {
		b.WriteString(s.newline + s.end)
	}
	return b.String()
}
