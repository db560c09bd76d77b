package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// syntax is everything that decides how text is cut into tokens.
type syntax struct {
	FileOptions
	// literalBackslash keeps backslashes in strings between {{ and }} as they
	// are, as Ansible wants it for templates in YAML.
	literalBackslash bool
	// lastNewlines stands for newlines at the end that have to be put back:
	// the sequence of the module's option, whatever a header says.
	lastNewlines string
}

// defaultSyntax is the syntax of templates in playbooks.
var defaultSyntax = syntax{FileOptions: DefaultFileOptions(), literalBackslash: true}

// DefaultFileOptions are the options of the template module when none is given.
func DefaultFileOptions() FileOptions {
	return FileOptions{
		TrimBlocks: true, NewlineSequence: "\n",
		BlockStart: "{%", BlockEnd: "%}",
		VariableStart: "{{", VariableEnd: "}}",
		CommentStart: "{#", CommentEnd: "#}",
	}
}

// lexError is a fault in the text at an offset.
type lexError struct {
	off int
	msg string
}

func (e *lexError) Error() string { return e.msg }

// lexer cuts a template into tokens.
type lexer struct {
	src         string
	pos         int
	o           *syntax
	toks        []token
	lineStart   bool // what was consumed last ended a line
	parentheses []byte
}

// lexTemplate gives the tokens of a whole template; src has "\n" newlines.
func lexTemplate(src string, o *syntax) ([]token, error) {
	lx := &lexer{src: src, o: o, lineStart: true, toks: make([]token, 0, 16+len(src)/6)}
	for lx.pos < len(lx.src) {
		if err := lx.next(); err != nil {
			return nil, err
		}
	}
	lx.emit(tokEOF, "", len(src))
	return lx.toks, nil
}

// lexExpression gives the tokens of a bare expression.
func lexExpression(src string, o *syntax) ([]token, error) {
	lx := &lexer{src: src, o: o}
	for lx.pos < len(lx.src) {
		if err := lx.exprToken(false); err != nil {
			return nil, err
		}
	}
	lx.emit(tokEOF, "", len(src))
	return lx.toks, nil
}

func (lx *lexer) emit(k kind, text string, off int) {
	lx.toks = append(lx.toks, token{k, text, off})
}

func (lx *lexer) fail(off int, format string, args ...any) error {
	return &lexError{off, fmt.Sprintf(format, args...)}
}

// opening is one of the three start delimiters at its place.
type opening struct {
	at   int
	kind byte // 'b', 'v', 'c', 's' (line statement), 'l' (line comment)
	len  int
}

// findOpening gives the first start delimiter from pos on; the longest wins.
func (lx *lexer) findOpening() (opening, bool) {
	best := opening{at: -1}
	for _, d := range []struct {
		s    string
		kind byte
	}{{lx.o.CommentStart, 'c'}, {lx.o.BlockStart, 'b'}, {lx.o.VariableStart, 'v'}} {
		i := strings.Index(lx.src[lx.pos:], d.s)
		if i < 0 {
			continue
		}
		if at := lx.pos + i; best.at < 0 || at < best.at || at == best.at && len(d.s) > best.len {
			best = opening{at, d.kind, len(d.s)}
		}
	}
	if lx.o.LineStatement != "" || lx.o.LineComment != "" {
		best = lx.findLineOpening(best)
	}
	return best, best.at >= 0
}

// next consumes data up to the next delimiter and what the delimiter opens.
func (lx *lexer) next() error {
	op, ok := lx.findOpening()
	if !ok {
		lx.data(lx.src[lx.pos:], lx.pos)
		lx.pos = len(lx.src)
		return nil
	}
	text, start := lx.src[lx.pos:op.at], lx.pos
	at := op.at + op.len
	sign := lx.peekSign(at)
	if sign != 0 {
		at++
	}
	switch {
	case sign == '-':
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	case sign != '+' && lx.o.LstripBlocks && op.kind != 'v':
		text = lx.lstrip(text)
	}
	lx.data(text, start)
	lx.pos = at
	switch op.kind {
	case 'c':
		return lx.comment(op.at)
	case 'v':
		lx.emit(tokVarBegin, "", op.at)
		return lx.inside(true)
	case 's':
		lx.emit(tokBlockBegin, "", op.at)
		return lx.lineStatement()
	case 'l':
		lx.lineComment()
		return nil
	}
	if end, ok := lx.rawBegin(at); ok {
		return lx.raw(op.at, end)
	}
	lx.emit(tokBlockBegin, "", op.at)
	return lx.inside(false)
}

func (lx *lexer) peekSign(at int) byte {
	if at < len(lx.src) && (lx.src[at] == '-' || lx.src[at] == '+') {
		return lx.src[at]
	}
	return 0
}

// lstrip drops the blanks between the start of the line and a block.
func (lx *lexer) lstrip(text string) string {
	nl := strings.LastIndexByte(text, '\n') + 1
	if (nl > 0 || lx.lineStart) && strings.TrimSpace(text[nl:]) == "" {
		return text[:nl]
	}
	return text
}

func (lx *lexer) data(text string, off int) {
	if text == "" {
		return
	}
	if nl := lx.o.NewlineSequence; nl != "\n" && nl != "" {
		text = strings.ReplaceAll(text, "\n", nl)
	}
	lx.emit(tokData, text, off)
}

// closing consumes what may follow an end delimiter: nothing after "+", all
// blanks after "-", one newline where blocks are trimmed.
func (lx *lexer) closing(sign byte, trim bool) {
	start := lx.pos
	switch {
	case sign == '-':
		for lx.pos < len(lx.src) {
			r, n := utf8.DecodeRuneInString(lx.src[lx.pos:])
			if !unicode.IsSpace(r) {
				break
			}
			lx.pos += n
		}
	case sign == 0 && trim && lx.o.TrimBlocks && lx.pos < len(lx.src) && lx.src[lx.pos] == '\n':
		lx.pos++
	}
	lx.lineStart = lx.pos > start && lx.src[lx.pos-1] == '\n'
}

func (lx *lexer) comment(off int) error {
	i := strings.Index(lx.src[lx.pos:], lx.o.CommentEnd)
	if i < 0 {
		return lx.fail(off, "Missing end of comment tag")
	}
	end := lx.pos + i
	sign := byte(0)
	if i > 0 && (lx.src[end-1] == '-' || lx.src[end-1] == '+') {
		sign = lx.src[end-1]
	}
	lx.pos = end + len(lx.o.CommentEnd)
	lx.closing(sign, true)
	return nil
}

// rawBegin recognizes the rest of "{% raw %}" at at and gives where it ends.
func (lx *lexer) rawBegin(at int) (end int, ok bool) {
	rest := strings.TrimLeftFunc(lx.src[at:], unicode.IsSpace)
	if !strings.HasPrefix(rest, "raw") {
		return 0, false
	}
	rest = strings.TrimLeftFunc(rest[3:], unicode.IsSpace)
	strip := strings.HasPrefix(rest, "-"+lx.o.BlockEnd)
	if strip {
		rest = rest[1:]
	}
	if !strings.HasPrefix(rest, lx.o.BlockEnd) {
		return 0, false
	}
	rest = rest[len(lx.o.BlockEnd):]
	if strip {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	}
	return len(lx.src) - len(rest), true
}

// raw takes everything up to the endraw tag as data.
func (lx *lexer) raw(off, from int) error {
	for at := from; ; {
		i := strings.Index(lx.src[at:], lx.o.BlockStart)
		if i < 0 {
			return lx.fail(off, "Missing end of raw directive")
		}
		start := at + i
		p := start + len(lx.o.BlockStart)
		sign := lx.peekSign(p)
		if sign != 0 {
			p++
		}
		if endSign, end, ok := lx.rawEnd(p); ok {
			lx.rawData(from, start, sign)
			lx.pos = end
			lx.closing(endSign, true)
			return nil
		}
		at = start + len(lx.o.BlockStart)
	}
}

func (lx *lexer) rawData(from, to int, sign byte) {
	text := lx.src[from:to]
	switch {
	case sign == '-':
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	case sign != '+' && lx.o.LstripBlocks:
		lx.lineStart = false
		text = lx.lstrip(text)
	}
	lx.data(text, from)
}

func (lx *lexer) rawEnd(at int) (sign byte, end int, ok bool) {
	rest := strings.TrimLeftFunc(lx.src[at:], unicode.IsSpace)
	if !strings.HasPrefix(rest, "endraw") {
		return 0, 0, false
	}
	rest = strings.TrimLeftFunc(rest[len("endraw"):], unicode.IsSpace)
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		sign, rest = rest[0], rest[1:]
	}
	if !strings.HasPrefix(rest, lx.o.BlockEnd) {
		return 0, 0, false
	}
	return sign, len(lx.src) - len(rest) + len(lx.o.BlockEnd), true
}

// inside consumes the tokens of a tag up to its end delimiter.
func (lx *lexer) inside(variable bool) error {
	end, kind := lx.o.BlockEnd, tokBlockEnd
	if variable {
		end, kind = lx.o.VariableEnd, tokVarEnd
	}
	lx.parentheses = lx.parentheses[:0]
	for lx.pos < len(lx.src) {
		if len(lx.parentheses) == 0 {
			rest := lx.src[lx.pos:]
			sign := lx.peekSign(lx.pos)
			if sign == '+' && variable {
				sign = 0
			}
			if sign != 0 && strings.HasPrefix(rest[1:], end) || strings.HasPrefix(rest, end) {
				if !strings.HasPrefix(rest, end) {
					lx.pos++
				} else {
					sign = 0
				}
				lx.emit(kind, "", lx.pos)
				lx.pos += len(end)
				lx.closing(sign, !variable)
				return nil
			}
		}
		if err := lx.exprToken(variable && lx.o.literalBackslash); err != nil {
			return err
		}
	}
	return nil
}
