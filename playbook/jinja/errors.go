package jinja

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Kind classifies what went wrong in a template.
type Kind string

// The kinds of errors.
const (
	KindUndefined Kind = "undefined" // something that is not there was used
	KindSyntax    Kind = "syntax"    // the template can't be parsed
	KindFilter    Kind = "filter"    // a filter, test or lookup failed
	KindType      Kind = "type"      // operands or a result of a wrong type
	KindOther     Kind = "other"
)

// KindOf gives the kind of an error of this package.
func KindOf(err error) Kind {
	var (
		undef  *UndefinedError
		syn    *syntaxError
		lex    *lexError
		plugin *PluginError
		typ    *TypeError
	)
	switch {
	case errors.As(err, &syn) && syn.late:
		return KindOther
	case errors.As(err, &syn), errors.As(err, &lex):
		return KindSyntax
	case errors.As(err, &plugin):
		return KindFilter
	case errors.As(err, &undef) && undef.Undefined.Err == nil:
		return KindUndefined
	case errors.As(err, &typ):
		return KindType
	}
	return KindOther
}

// UndefinedError reports the use of an undefined value. A filter or function
// that returns it has that undefined value as its result, which the filter
// default may still replace.
type UndefinedError struct{ Undefined *value.Undefined }

func (e *UndefinedError) Error() string { return e.Undefined.Msg }

// Unwrap gives the error that made the value undefinable.
func (e *UndefinedError) Unwrap() error { return e.Undefined.Err }

// misused makes a type error of an undefined value that Python's own types
// refuse; it keeps the place and the hint.
func misused(u *value.Undefined, why string) error {
	var placed *source.Error
	msg := u.Msg + ": " + why
	if !errors.As(finish(&UndefinedError{u}), &placed) {
		return &TypeError{msg}
	}
	e := *placed
	e.Msg, e.Err = msg, &TypeError{msg}
	return &e
}

// TypeError reports an operand, argument or result of a wrong type.
type TypeError struct{ Msg string }

func (e *TypeError) Error() string { return e.Msg }

// TypeErrorf makes a TypeError.
func TypeErrorf(format string, args ...any) error {
	return &TypeError{fmt.Sprintf(format, args...)}
}

// PluginError reports a filter, test or lookup that failed.
type PluginError struct {
	Plugin string // "filter", "test", "lookup"
	Name   string
	Err    error
	// Bare leaves the message as the plugin words it, as 2.18 does.
	Bare bool
}

func (e *PluginError) Error() string {
	if e.Bare {
		return messageOf(e.Err)
	}
	name := e.Name
	if !strings.Contains(name, ".") {
		name = "ansible.builtin." + name
	}
	return fmt.Sprintf("The %s plugin '%s' failed: %s", e.Plugin, name, messageOf(e.Err))
}

// Unwrap gives the plugin's own error.
func (e *PluginError) Unwrap() error { return e.Err }

// messageOf gives the text of an error without its place.
func messageOf(err error) string {
	var placed *source.Error
	if errors.As(err, &placed) {
		return placed.Msg
	}
	return err.Error()
}

// place is where the text of a template starts in its file.
type place struct{ pos source.Pos }

// position gives the place in the user's file of a byte offset in the
// template. Lines after the first of a template in YAML are indented by an
// amount only the file tells.
func (t *template) position(off int) source.Pos {
	pos := t.place.pos
	if !pos.Known() || pos.Line == 0 {
		return pos
	}
	off = max(0, min(off, len(t.src)))
	before := t.src[:off]
	line := strings.Count(before, "\n")
	start := strings.LastIndexByte(before, '\n') + 1
	col := len([]rune(before[start:]))
	first, base, found := t.anchor()
	if !found {
		if p, ok := t.retrace(off); ok {
			return p
		}
	}
	text := t.src[start:]
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	if line > 0 {
		base = indentOf(pos.File, first+line, text)
	}
	return source.Pos{File: pos.File, Line: first + line, Col: base + col + 1}
}

// anchor finds the line and the column offset at which the text starts: where
// Pos says, or on the next lines when that is a block scalar's indicator.
func (t *template) anchor() (line, col int, found bool) {
	pos := t.place.pos
	first, _, _ := strings.Cut(t.src, "\n")
	for skip := range 3 {
		text, ok := source.ReadLine(pos.File, pos.Line+skip)
		if !ok {
			break
		}
		from := 0
		if r := []rune(text); skip == 0 && pos.Col > 1 && pos.Col <= len(r) {
			from = len(string(r[:pos.Col-1]))
		}
		if i := strings.Index(text[from:], first); i >= 0 && first != "" {
			return pos.Line + skip, len([]rune(text[:from+i])), true
		}
	}
	return pos.Line, max(pos.Col-1, 0), false
}

// retrace finds a byte offset of text whose line breaks were folded, by the
// characters that are no white space.
func (t *template) retrace(off int) (source.Pos, bool) {
	words := strings.Fields(t.src)
	if len(words) == 0 {
		return source.Pos{}, false
	}
	black := []rune(strings.Join(words, ""))
	before := len([]rune(strings.Join(strings.Fields(t.src[:off]), "")))
	for skip := range 3 {
		pos := t.place.pos
		pos.Line += skip
		text, ok := source.ReadLine(pos.File, pos.Line)
		if i := strings.Index(text, words[0]); ok && i >= 0 {
			pos.Col = len([]rune(text[:i])) + 1
			if p, ok := follow(pos, black[:min(before+1, len(black))]); ok {
				return p, true
			}
		}
	}
	return source.Pos{}, false
}

// follow gives the place of the last of the characters that stand in a file from
// pos on, white space aside; it reports whether they do.
func follow(pos source.Pos, black []rune) (source.Pos, bool) {
	for from := pos.Col - 1; ; pos.Line, from = pos.Line+1, 0 {
		text, ok := source.ReadLine(pos.File, pos.Line)
		if !ok {
			return pos, false
		}
		for i, r := range []rune(text) {
			switch {
			case i < from || unicode.IsSpace(r):
			case r != black[0]:
				return pos, false
			case len(black) == 1:
				pos.Col = i + 1
				return pos, true
			default:
				black = black[1:]
			}
		}
	}
}

func indentOf(file string, line int, text string) int {
	full, ok := source.ReadLine(file, line)
	if !ok {
		return 0
	}
	return max(strings.Index(full, text), 0)
}

// syntaxError gives a lexer's or parser's error its place and prefix.
func (t *template) syntaxError(err error) error {
	off := 0
	var lex *lexError
	var syn *syntaxError
	switch {
	case errors.As(err, &lex):
		off = lex.off
	case errors.As(err, &syn):
		off = syn.off
	}
	where := "template"
	if t.blocks == nil {
		where = "expression"
	}
	return &source.Error{
		Pos: t.position(off), Err: err,
		Msg: "Syntax error in " + where + ": " + err.Error(),
	}
}

// fail places an error at a node of the template that runs.
func (f *frame) fail(n interface{ offset() int }, err error) error {
	var placed *source.Error
	var undef *UndefinedError
	switch {
	case errors.As(err, &undef):
		return err
	case !errors.As(err, &placed):
		return &source.Error{Pos: f.tpl.position(n.offset()), Msg: err.Error(), Err: err}
	case err == error(placed) && !placed.Pos.Known():
		e := *placed
		e.Pos = f.tpl.position(n.offset())
		return &e
	}
	return err
}

// placeError gives an error that has no place of its own the place of the template
// it came from.
func placeError(err error, pos source.Pos) error {
	if err == nil {
		return nil
	}
	var has *source.Error
	var undef *UndefinedError
	switch {
	case !pos.Known() || errors.As(err, &has):
		return err
	case errors.As(err, &undef):
		u := *undef.Undefined
		if u.Explain == nil && !u.Pos.Known() {
			u.Pos = pos
			return &UndefinedError{&u}
		}
		return err
	}
	return &source.Error{Pos: pos, Msg: err.Error(), Err: err}
}

// finish turns whatever an evaluation failed with into an error for the user.
func finish(err error) error {
	if err == nil {
		return nil
	}
	var placed *source.Error
	if errors.As(err, &placed) && placed == err {
		return err
	}
	var undef *UndefinedError
	if errors.As(err, &undef) {
		u := undef.Undefined
		if u.Err != nil {
			return finish(u.Err)
		}
		e := &source.Error{Pos: u.Pos, Msg: u.Msg, Err: err, Width: len([]rune(u.Name)), Trace: u.Via}
		if u.Explain != nil {
			e.Pos, e.Hint = u.Explain()
		}
		return e
	}
	return &source.Error{Msg: err.Error(), Err: err}
}

func didYouMean(name string, names []string) string { return source.DidYouMean(name, names) }

// traced adds a step of the way to an error.
func traced(err error, pos source.Pos, format string, args ...any) error {
	if u := undefinedOf(err); u != nil && !u.Plain {
		return &UndefinedError{tracedValue(u, pos, format, args...).(*value.Undefined)}
	}
	step := source.Frame{Pos: pos, What: fmt.Sprintf(format, args...)}
	var placed *source.Error
	if errors.As(err, &placed) {
		e := *placed
		e.Trace = append(e.Trace[:len(e.Trace):len(e.Trace)], step)
		return &e
	}
	return err
}
