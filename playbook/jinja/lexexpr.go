package jinja

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// operators, longest first.
var operators = [...]string{
	"//", "**", "==", "!=", ">=", "<=", ">", "<", "=", "+", "-", "/", "*", "%",
	"~", "[", "]", "(", ")", "{", "}", ".", ":", "|", ",", ";",
}

// exprToken consumes blanks or one token of an expression.
func (lx *lexer) exprToken(literal bool) error {
	c := lx.src[lx.pos]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		lx.pos++
		return nil
	case c >= '0' && c <= '9':
		lx.number()
		return nil
	case c == '\'' || c == '"':
		return lx.str(literal)
	}
	r, n := utf8.DecodeRuneInString(lx.src[lx.pos:])
	switch {
	case r == '_' || unicode.IsLetter(r):
		lx.name()
		return nil
	case unicode.IsSpace(r):
		lx.pos += n
		return nil
	}
	return lx.operator(r)
}

func (lx *lexer) name() {
	start := lx.pos
	for lx.pos < len(lx.src) {
		r, n := utf8.DecodeRuneInString(lx.src[lx.pos:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			break
		}
		lx.pos += n
	}
	lx.emit(tokName, lx.src[start:lx.pos], start)
}

func (lx *lexer) operator(r rune) error {
	rest := lx.src[lx.pos:]
	for _, op := range operators {
		if !strings.HasPrefix(rest, op) {
			continue
		}
		if err := lx.balance(op); err != nil {
			return err
		}
		lx.emit(tokOp, op, lx.pos)
		lx.pos += len(op)
		return nil
	}
	return lx.fail(lx.pos, "unexpected char %s at %d", quoteRune(r), lx.pos)
}

func quoteRune(r rune) string {
	if r == '\'' {
		return `"'"`
	}
	return "'" + string(r) + "'"
}

// balance keeps the stack of open parentheses.
func (lx *lexer) balance(op string) error {
	switch op {
	case "(":
		lx.parentheses = append(lx.parentheses, ')')
	case "[":
		lx.parentheses = append(lx.parentheses, ']')
	case "{":
		lx.parentheses = append(lx.parentheses, '}')
	case ")", "]", "}":
		n := len(lx.parentheses)
		if n == 0 {
			return lx.fail(lx.pos, "unexpected '%s'", op)
		}
		want := lx.parentheses[n-1]
		lx.parentheses = lx.parentheses[:n-1]
		if want != op[0] {
			return lx.fail(lx.pos, "unexpected '%s', expected '%c'", op, want)
		}
	}
	return nil
}

// digits consumes digits of a base, with single underscores between them.
func (lx *lexer) digits(ok func(byte) bool) bool {
	start := lx.pos
	for lx.pos < len(lx.src) {
		c := lx.src[lx.pos]
		if c == '_' && lx.pos > start && lx.pos+1 < len(lx.src) && ok(lx.src[lx.pos+1]) {
			lx.pos += 2
			continue
		}
		if !ok(c) {
			break
		}
		lx.pos++
	}
	return lx.pos > start
}

func isDecimal(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool {
	return isDecimal(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// number consumes an integer or a float.
func (lx *lexer) number() {
	start := lx.pos
	if lx.basedNumber(start) {
		return
	}
	lx.digits(isDecimal)
	if lx.fraction(start) {
		lx.emit(tokFloat, strings.ReplaceAll(lx.src[start:lx.pos], "_", ""), start)
		return
	}
	text := lx.src[start:lx.pos]
	if text[0] == '0' { // a run of zeros is a number, digits after it are the next one
		n := 1
		for n < len(text) && (text[n] == '0' || text[n] == '_') {
			n++
		}
		lx.pos = start + n
		text = text[:n]
	}
	lx.emit(tokInt, strings.ReplaceAll(text, "_", ""), start)
}

func (lx *lexer) basedNumber(start int) bool {
	if lx.src[start] != '0' || start+2 >= len(lx.src) {
		return false
	}
	var ok func(byte) bool
	switch lx.src[start+1] {
	case 'x', 'X':
		ok = isHex
	case 'o', 'O':
		ok = func(c byte) bool { return c >= '0' && c <= '7' }
	case 'b', 'B':
		ok = func(c byte) bool { return c == '0' || c == '1' }
	default:
		return false
	}
	lx.pos = start + 2
	if lx.src[lx.pos] == '_' && lx.pos+1 < len(lx.src) && ok(lx.src[lx.pos+1]) {
		lx.pos++
	}
	if !lx.digits(ok) {
		lx.pos = start
		return false
	}
	lx.emit(tokInt, strings.ReplaceAll(lx.src[start:lx.pos], "_", ""), start)
	return true
}

// fraction consumes ".5" and "e+7" after the first digits of a number.
func (lx *lexer) fraction(start int) bool {
	if start > 0 && lx.src[start-1] == '.' {
		return false
	}
	found := false
	if lx.pos+1 < len(lx.src) && lx.src[lx.pos] == '.' && isDecimal(lx.src[lx.pos+1]) {
		lx.pos++
		lx.digits(isDecimal)
		found = true
	}
	if lx.pos < len(lx.src) && (lx.src[lx.pos] == 'e' || lx.src[lx.pos] == 'E') {
		p := lx.pos + 1
		if p < len(lx.src) && (lx.src[p] == '+' || lx.src[p] == '-') {
			p++
		}
		if p < len(lx.src) && isDecimal(lx.src[p]) {
			lx.pos = p
			lx.digits(isDecimal)
			found = true
		}
	}
	return found
}

// str consumes a quoted string.
func (lx *lexer) str(literal bool) error {
	q, start := lx.src[lx.pos], lx.pos
	for i := start + 1; i < len(lx.src); i++ {
		switch lx.src[i] {
		case '\\':
			i++
		case q:
			text := lx.src[start+1 : i]
			lx.pos = i + 1
			if !literal && strings.IndexByte(text, '\\') >= 0 {
				var err error
				if text, err = unescape(text); err != nil {
					return lx.fail(start, "%s", err)
				}
			}
			lx.emit(tokString, text, start)
			return nil
		}
	}
	return lx.fail(start, "unexpected char %s at %d", quoteRune(rune(q)), start)
}

// unescape decodes Python's backslash escapes; unknown ones stay.
func unescape(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case '\n':
		case '\\', '\'', '"':
			b.WriteByte(c)
		case 'a', 'b', 'f', 'n', 'r', 't', 'v':
			b.WriteByte("\a\b\f\n\r\t\v"[strings.IndexByte("abfnrtv", c)])
		case 'x', 'u', 'U':
			n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
			if i+n >= len(s) {
				return "", fmt.Errorf("truncated \\%c escape", c)
			}
			code, err := strconv.ParseUint(s[i+1:i+1+n], 16, 32)
			if err != nil || code > unicode.MaxRune {
				return "", fmt.Errorf("invalid \\%c escape", c)
			}
			b.WriteRune(rune(code))
			i += n
		case '0', '1', '2', '3', '4', '5', '6', '7':
			j := i + 1
			for j < len(s) && j < i+3 && s[j] >= '0' && s[j] <= '7' {
				j++
			}
			code, _ := strconv.ParseUint(s[i:j], 8, 32)
			b.WriteRune(rune(code))
			i = j - 1
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}
