package yaml

import (
	"errors"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"drover/playbook/source"
)

// syntaxError turns an error of the YAML library into one that says in plain
// words what is wrong where, with a hint for the mistakes people make most.
func (t *text) syntaxError(err error) error {
	var le *yaml.LoadError
	if !errors.As(err, &le) {
		var own *source.Error
		if errors.As(err, &own) {
			return own
		}
		return source.Errorf(source.Pos{File: t.file}, "this can't be read as YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	f := fault{text: t, line: le.Mark.Line, col: max(le.Mark.Column, 1), msg: le.Message, context: le.ContextMsg}
	f.from = t.at(le.ContextMark.Line, max(le.ContextMark.Column, 1))
	for _, explain := range explanations {
		if e := explain(&f); e != nil {
			return e
		}
	}
	return source.Errorf(f.pos(), "YAML syntax error: %s", plainWords(f.msg))
}

// fault is a syntax error and its surroundings.
type fault struct {
	*text
	line, col    int
	msg, context string
	from         source.Pos // where the construct began, when the library knows
}

func (f *fault) pos() source.Pos    { return f.at(f.line, f.col) }
func (f *fault) says(s string) bool { return strings.Contains(f.msg, s) }

// here gives the text of the faulty line before and from the fault.
func (f *fault) here() (before, rest string) {
	s := f.text.line(f.line)
	rest = cut(s, f.col-1)
	return strings.TrimSuffix(s, rest), rest
}

// explanations are tried in order; each knows one kind of mistake.
var explanations = []func(*fault) error{
	explainTab,
	explainUnquotedTemplate,
	explainSpecialStart,
	explainQuotes,
	explainMissingSpace,
	explainColonInText,
	explainFlow,
	explainSequenceInPlace,
	explainIndentation,
	explainEscape,
	explainAnchor,
}

func explainTab(f *fault) error {
	s := f.text.line(f.line)
	indent := s[:len(s)-len(strings.TrimLeft(s, " \t"))]
	i := strings.IndexByte(indent, '\t')
	if i < 0 {
		return nil
	}
	return source.Errorf(f.at(f.line, i+1), "a tab indents this line, but YAML allows only spaces there").
		WithHint("replace the tab by spaces, and let your editor insert spaces for YAML files")
}

func explainUnquotedTemplate(f *fault) error {
	for _, n := range []int{f.line, f.line - 1, f.from.Line} {
		s := f.text.line(n)
		if col := unquotedTemplate(s); col > 0 {
			return f.unquotedTemplate(f.at(n, col))
		}
	}
	return nil
}

// unquotedTemplate gives the column of a value that starts with "{{" (or
// "{%") without a quote before it, or 0.
func unquotedTemplate(s string) int {
	for _, mark := range []string{"{{", "{%"} {
		i := strings.Index(s, mark)
		if i < 0 {
			continue
		}
		before := strings.TrimRight(s[:i], " ")
		if before == "" || strings.HasSuffix(before, ":") || strings.HasSuffix(before, "-") {
			return len([]rune(s[:i])) + 1
		}
	}
	return 0
}

func (t *text) unquotedTemplate(pos source.Pos) error {
	rest := cut(t.line(pos.Line), pos.Col-1)
	e := source.Errorf(pos, "a value that starts with a template must be quoted, or YAML reads it as a mapping")
	e.Width = len([]rune(strings.TrimRight(rest, " ")))
	rest = strings.TrimRight(rest, " ")
	quote := `"`
	if strings.Contains(rest, `"`) {
		quote = "'"
	}
	if strings.Contains(rest, `"`) && strings.Contains(rest, "'") {
		return e.WithHint("put the whole value into quotes, or below a '>-' on a line of its own")
	}
	return e.WithHint("write %s%s%s", quote, rest, quote)
}

func explainSpecialStart(f *fault) error {
	if !f.says("cannot start any token") {
		return nil
	}
	_, rest := f.here()
	if rest == "" {
		return nil
	}
	return source.Errorf(f.pos(), "text can't start with '%c' in YAML", []rune(rest)[0]).
		WithHint("put the whole value into quotes")
}

func explainQuotes(f *fault) error {
	if f.says("unexpected end of stream") || f.says("unexpected document indicator") {
		if strings.Contains(f.context, "quoted") {
			return source.Errorf(f.from, "the quote that opens here is never closed").
				WithHint("close it with the same quote; a quote inside the text is doubled ('') or escaped (\\\")")
		}
		return nil
	}
	before, rest := f.here()
	if !f.says("did not find expected") || rest == "" {
		return nil
	}
	end := strings.TrimRight(before, " ")
	if end == "" || !strings.ContainsAny(end[len(end)-1:], `"'`) {
		return nil
	}
	start := openQuote(end)
	if start < 0 {
		return nil
	}
	e := source.Errorf(f.pos(), "there is text behind the closing quote")
	e.Width = len([]rune(strings.TrimRight(rest, " ")))
	val := strings.TrimRight(f.text.line(f.line)[start:], " ")
	q := val[:1]
	if inner := val[1:]; strings.HasSuffix(inner, q) && len(inner) > 1 {
		return e.WithHint("write %s", quoted(inner[:len(inner)-1]))
	}
	return e.WithHint("write %s", quoted(val))
}

// openQuote gives the offset of a value that starts with the quote that the
// text ends with, or -1.
func openQuote(s string) int {
	q := s[len(s)-1:]
	for _, start := range []string{": " + q, "- " + q, "[" + q, ", " + q} {
		if i := strings.Index(s, start); i >= 0 {
			return i + len(start) - 1
		}
	}
	if trimmed := strings.TrimLeft(s, " "); strings.HasPrefix(trimmed, q) {
		return len(s) - len(trimmed)
	}
	return -1
}

// explainMissingSpace knows "key:value" in a block of "key: value" lines.
func explainMissingSpace(f *fault) error {
	if !f.says("mapping values are not allowed") && !f.says("could not find expected ':'") {
		return nil
	}
	for _, n := range []int{f.line, f.line - 1} {
		s := f.text.line(n)
		word := strings.TrimPrefix(strings.TrimSpace(s), "- ")
		i := strings.IndexByte(word, ':')
		if i <= 0 || i+1 >= len(word) || word[i+1] == ' ' || strings.ContainsAny(word[:i], " \"'{") || strings.Contains(word, ": ") || word[i+1] == '/' {
			continue
		}
		col := len([]rune(s[:strings.Index(s, word)+i])) + 1
		return source.Errorf(f.at(n, col), "there is no space behind this colon, so that this is text and not a key with a value").
			WithHint("write '%s: %s'", word[:i], word[i+1:])
	}
	return nil
}

// explainColonInText knows "name: install: nginx" and a mapping that starts
// below a value.
func explainColonInText(f *fault) error {
	if !f.says("mapping values are not allowed") {
		return nil
	}
	before, _ := f.here()
	trimmed := strings.TrimLeft(before, " -")
	if i := strings.Index(trimmed, ": "); i > 0 {
		val := strings.TrimRight(cut(f.text.line(f.line), len([]rune(before))-len([]rune(trimmed))+len([]rune(trimmed[:i+2]))), " ")
		return source.Errorf(f.pos(), "a colon inside a value needs quotes around the value").
			WithHint("write %s: %s", trimmed[:i], quoted(val))
	}
	prev := f.line - 1
	for prev > 0 && strings.TrimSpace(f.text.line(prev)) == "" {
		prev--
	}
	return source.Errorf(f.at(f.line, len(before)-len(trimmed)+1), "a key can't start here: the line above already has a value, or is indented differently").
		WithHint("line it up with the other keys of its mapping, and look for a missing colon in line %d", max(prev, 1))
}

func quoted(s string) string {
	if strings.Contains(s, "'") {
		return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
	}
	return "'" + s + "'"
}

func explainFlow(f *fault) error {
	open, want := "", ""
	switch {
	case f.says("',' or ']'"):
		open, want = "[", "]"
	case f.says("',' or '}'"):
		open, want = "{", "}"
	default:
		return nil
	}
	return source.Errorf(f.from, "the '%s' that opens here is not closed where it should be", open).
		WithHint("close it with '%s' and separate its elements by commas; the text went wrong at line %d, column %d", want, f.line, f.col)
}

func explainSequenceInPlace(f *fault) error {
	if !f.says("block sequence entries are not allowed") {
		return nil
	}
	return source.Errorf(f.pos(), "a list can't start here").
		WithHint("start the list on a line of its own, indented below its key; quote the value if it is text that starts with '- '")
}

func explainIndentation(f *fault) error {
	if !f.says("did not find expected key") && !f.says("did not find expected '-' indicator") && !f.says("could not find expected ':'") {
		return nil
	}
	if f.says("expected ':'") {
		n := f.from.Line
		if n == 0 {
			n = f.line
		}
		return source.Errorf(f.at(n, firstCol(f.text.line(n))), "this line is not a key with a value: it has no colon").
			WithHint("write 'key: value', or indent the text so that it belongs to the value above")
	}
	s := f.text.line(f.line)
	at := f.at(f.line, firstCol(s))
	if f.says("'-' indicator") && !strings.HasPrefix(strings.TrimSpace(s), "- ") {
		return source.Errorf(at, "this line stands in the list that starts in line %d, but has no '- '", f.from.Line).
			WithHint("start it with '- ', or indent it deeper to belong to the entry above")
	}
	return source.Errorf(at, "this line doesn't line up with what starts in line %d, column %d", f.from.Line, f.from.Col).
		WithHint("indent it to column %d to belong there, or deeper to belong to the entry above", f.from.Col)
}

func firstCol(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) + 1 }

func explainEscape(f *fault) error {
	if !f.says("unknown escape character") {
		return nil
	}
	return source.Errorf(f.pos(), "this is not an escape that double quotes know").
		WithHint("double the backslash, or use single quotes: they take backslashes as they are")
}

func explainAnchor(f *fault) error {
	if !f.says("unknown anchor") {
		return nil
	}
	name := strings.Trim(strings.TrimSuffix(strings.TrimPrefix(f.msg, "unknown anchor "), " referenced"), "'")
	return source.Errorf(f.pos(), "there is no anchor '%s' for this alias", name).
		WithHint("define it before its use with '&name'; quote the value if it is text that starts with '*'")
}

// plainWords rewords the library's messages.
func plainWords(msg string) string {
	return strings.NewReplacer("did not find expected", "there should be", "found ", "there is ", "could not find expected", "there should be").Replace(msg)
}
