package pyyaml

import (
	"fmt"
	"strings"
)

func (e *emitter) put(r rune) {
	e.out.WriteRune(r)
	e.column++
}

func (e *emitter) write(s string) {
	for _, r := range s {
		e.put(r)
	}
}

func (e *emitter) putBreak() {
	e.out.WriteString(e.o.LineBreak)
	e.column = 0
}

// writeBreak writes a line break of the text.
func (e *emitter) writeBreak(r rune) {
	if r == '\n' {
		e.putBreak()
		return
	}
	e.out.WriteRune(r)
	e.column = 0
}

func (e *emitter) writeIndent() {
	indent := max(e.indent, 0)
	if !e.indention || e.column > indent || e.column == indent && !e.whitespace {
		e.putBreak()
	}
	for e.column < indent {
		e.put(' ')
	}
	e.whitespace, e.indention = true, true
}

// indicator writes punctuation: after a space if it needs one; isSpace and
// isIndention say whether it counts as such.
func (e *emitter) indicator(s string, needSpace, isSpace, isIndention bool) {
	if needSpace && !e.whitespace {
		e.put(' ')
	}
	e.write(s)
	e.whitespace = isSpace
	e.indention = e.indention && isIndention
	e.openEnded = false
}

func at(text []rune, i int) rune {
	if i < len(text) {
		return text[i]
	}
	return end
}

func (e *emitter) plain(text []rune, allowBreaks bool) {
	if !e.whitespace && (len(text) > 0 || e.flowLevel > 0) {
		e.put(' ')
	}
	spaces, breaks := false, false
	for i, r := range text {
		switch {
		case r == ' ':
			if allowBreaks && !spaces && e.column > e.o.Width && at(text, i+1) != ' ' {
				e.writeIndent()
			} else {
				e.put(r)
			}
			spaces = true
		case isBreak(r):
			e.textBreak(r, breaks)
			breaks = true
		default:
			e.textRune(r, breaks)
			spaces, breaks = false, false
		}
	}
	e.whitespace, e.indention = false, false
}

// textBreak writes a line break inside a plain or quoted scalar; the first of a
// row is doubled, for a single one would read as a space.
func (e *emitter) textBreak(r rune, again bool) {
	if !again && r == '\n' {
		e.putBreak()
	}
	e.writeBreak(r)
	e.indention = true
}

func (e *emitter) textRune(r rune, afterBreak bool) {
	if afterBreak {
		e.writeIndent()
	}
	e.put(r)
	e.indention = false
}

func (e *emitter) singleQuoted(text []rune, allowBreaks bool) {
	e.indicator("'", true, false, false)
	spaces, breaks := false, false
	for i, r := range text {
		switch {
		case r == ' ':
			inside := i > 0 && i < len(text)-1 && text[i+1] != ' '
			if allowBreaks && !spaces && e.column > e.o.Width && inside {
				e.writeIndent()
			} else {
				e.put(r)
			}
			spaces = true
		case isBreak(r):
			e.textBreak(r, breaks)
			breaks = true
		default:
			if breaks {
				e.writeIndent()
			}
			if r == '\'' {
				e.put(r)
			}
			e.textRune(r, false)
			spaces, breaks = false, false
		}
	}
	if breaks {
		e.writeIndent()
	}
	e.indicator("'", false, false, false)
	e.whitespace, e.indention = false, false
}

func (e *emitter) doubleQuoted(text []rune, allowBreaks bool) {
	e.indicator(`"`, true, false, false)
	spaces := false
	for i, r := range text {
		switch {
		case e.mustEscape(r):
			e.write(escape(r))
			spaces = false
		case r == ' ':
			if allowBreaks && !spaces && e.column > e.o.Width && i > 0 && i < len(text)-1 {
				e.writeIndent()
				if text[i+1] == ' ' {
					e.put('\\')
				}
			} else {
				e.put(r)
			}
			spaces = true
		default:
			e.put(r)
			spaces = false
		}
	}
	e.indicator(`"`, false, false, false)
	e.whitespace, e.indention = false, false
}

func (e *emitter) mustEscape(r rune) bool {
	return !isPrintable(r) || isBreak(r) || r == '"' || r == '\\' || r > 0x7f && e.o.EscapeUnicode
}

var shortEscapes = map[rune]string{
	0: `\0`, 7: `\a`, 8: `\b`, 9: `\t`, 10: `\n`, 11: `\v`, 12: `\f`, 13: `\r`, 0x1b: `\e`,
	'"': `\"`, '\\': `\\`, 0x85: `\N`, 0xa0: `\_`, 0x2028: `\L`, 0x2029: `\P`,
}

func escape(r rune) string {
	if s, ok := shortEscapes[r]; ok {
		return s
	}
	switch {
	case r <= 0xff:
		return fmt.Sprintf(`\x%02X`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04X`, r)
	}
	return fmt.Sprintf(`\U%08X`, r)
}

// blockHeader writes | or > with its hints: the indentation when the text
// starts with a space or a break, and what becomes of its last line breaks.
func (e *emitter) blockHeader(mark string, text []rune) {
	e.indicator(mark, true, false, false)
	if text[0] == ' ' || isBreak(text[0]) {
		e.indicator(fmt.Sprint(e.o.Indent), false, false, false)
	}
	keep := false
	switch n := len(text); {
	case !isBreak(text[n-1]):
		e.indicator("-", false, false, false)
	case n == 1 || isBreak(text[n-2]):
		e.indicator("+", false, false, false)
		keep = true
	}
	e.openEnded = keep
	e.putBreak()
	e.indention, e.whitespace = true, true
}

func (e *emitter) literal(text []rune) {
	e.blockHeader("|", text)
	breaks := true
	for _, r := range text {
		if isBreak(r) {
			e.writeBreak(r)
			e.indention, breaks = true, true
			continue
		}
		e.textRune(r, breaks)
		breaks = false
	}
}

func (e *emitter) folded(text []rune) {
	e.blockHeader(">", text)
	breaks, leadingSpaces := true, true
	for i, r := range text {
		if isBreak(r) {
			if !breaks && !leadingSpaces && r == '\n' && !isBlankOrEnd(afterBreaks(text, i)) {
				e.putBreak()
			}
			e.writeBreak(r)
			e.indention, breaks = true, true
			continue
		}
		if breaks {
			e.writeIndent()
			leadingSpaces = strings.ContainsRune(" \t", r)
		}
		if !breaks && r == ' ' && at(text, i+1) != ' ' && e.column > e.o.Width {
			e.writeIndent()
		} else {
			e.put(r)
		}
		e.indention, breaks = false, false
	}
}

// afterBreaks gives the first character at or after i that is no line break.
func afterBreaks(text []rune, i int) rune {
	for i < len(text) && isBreak(text[i]) {
		i++
	}
	return at(text, i)
}
