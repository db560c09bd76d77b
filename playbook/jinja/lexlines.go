package jinja

import (
	"strings"
	"unicode"
)

// Line statements and line comments: "#jinja2: line_statement_prefix: '%'"
// makes statements of lines that begin so.

// findLineOpening gives the first line statement or line comment when it comes
// before best.
func (lx *lexer) findLineOpening(best opening) opening {
	for at := lx.pos; at < len(lx.src) && (best.at < 0 || at <= best.at); at++ {
		indent := at
		for indent < len(lx.src) && strings.IndexByte(" \t\v", lx.src[indent]) >= 0 {
			indent++
		}
		lineStart := at == 0 || lx.src[at-1] == '\n'
		if p := lx.o.LineStatement; p != "" && lineStart && strings.HasPrefix(lx.src[indent:], p) && !lx.outranked(best, at, p) {
			return opening{at, 's', indent - at + len(p)}
		}
		behindText := at > 0 && !isBlank(rune(lx.src[at-1]))
		if p := lx.o.LineComment; p != "" && (lineStart || behindText) && strings.HasPrefix(lx.src[indent:], p) && !lx.outranked(best, at, p) {
			return opening{at, 'l', indent - at + len(p)}
		}
	}
	return best
}

// outranked reports whether a delimiter at the same place is longer.
func (lx *lexer) outranked(best opening, at int, prefix string) bool {
	return best.at == at && best.len >= len(prefix)
}

// lineStatement consumes the expression tokens of a line statement; it ends
// with its line, outside of parentheses, and takes the empty lines behind it
// along.
func (lx *lexer) lineStatement() error {
	lx.parentheses = lx.parentheses[:0]
	for {
		if len(lx.parentheses) == 0 {
			if end := lx.lineEnd(); end >= 0 {
				lx.emit(tokBlockEnd, "", lx.pos)
				lx.pos = end
				lx.lineStart = true
				return nil
			}
		}
		if lx.pos >= len(lx.src) {
			return nil
		}
		if err := lx.exprToken(false); err != nil {
			return err
		}
	}
}

// lineEnd gives where the next line with text starts when only blanks are left
// in the present one, else -1.
func (lx *lexer) lineEnd() int {
	rest := lx.src[lx.pos:]
	blanks := len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsSpace))
	if blanks == len(rest) {
		return len(lx.src)
	}
	if nl := strings.LastIndexByte(rest[:blanks], '\n'); nl >= 0 {
		return lx.pos + nl + 1
	}
	return -1
}

// lineComment skips to the end of the line.
func (lx *lexer) lineComment() {
	if i := strings.IndexByte(lx.src[lx.pos:], '\n'); i >= 0 {
		lx.pos += i
	} else {
		lx.pos = len(lx.src)
	}
	lx.lineStart = false
}
