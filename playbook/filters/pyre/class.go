package pyre

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A category is \d, \w, \s or its negation, for both engines, outside and
// inside of a character class.
type category struct{ re2, net, re2In, netIn string }

const (
	spaceIn   = ` \t-\r\x1c-\x1f`
	wordIn    = `\p{L}\p{N}_`
	asciiWord = `0-9A-Za-z_`
	// notWordIn is everything outside of wordIn as items of a class.
	notWordIn = `\p{M}\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}\p{S}\p{Z}\p{C}\u203f\u2040\u2054\ufe33\ufe34\ufe4d-\ufe4f\uff3f`
)

// The backtracking engine has another idea of word characters, so boundaries
// are spelled out.
const (
	word       = `[` + wordIn + `]`
	boundary   = `(?:(?<=` + word + `)(?!` + word + `)|(?<!` + word + `)(?=` + word + `))`
	noBoundary = `(?:(?<=` + word + `)(?=` + word + `)|(?<!` + word + `)(?!` + word + `))`
)

var categories = map[rune]category{
	'd': {`[0-9]`, `\d`, `0-9`, `\d`},
	'D': {`[^0-9]`, `\D`, `\D`, `\D`},
	'w': {`[` + asciiWord + `]`, `[` + wordIn + `]`, asciiWord, wordIn},
	'W': {`[^` + asciiWord + `]`, `[^` + wordIn + `]`, `\W`, notWordIn},
	's': {`[` + spaceIn + `]`, `[\s\x1c-\x1f]`, spaceIn, `\s\x1c-\x1f`},
	'S': {`[^` + spaceIn + `]`, `[^\s\x1c-\x1f]`, `\x00-\x08\x0e-\x1b!-\x{10ffff}`, `\S`},
}

// category finds the category of a letter, under the ASCII flag the same for both
// engines (what Go's engine gets is ASCII anyway).
func (t *translator) category(c rune) (category, bool) {
	cat, ok := categories[c]
	if ok && t.flags&ASCII != 0 {
		cat.net = cat.re2
		if c == 'd' || c == 'w' || c == 's' {
			cat.netIn = cat.re2In
		}
	}
	return cat, ok
}

// escape reads an escape outside of a class.
func (t *translator) escape() (width, bool, error) {
	start := t.pos
	if t.pos+1 >= len(t.src) {
		return width{}, false, errorAt(start, `bad escape (end of pattern)`)
	}
	c := t.src[t.pos+1]
	if cat, ok := t.category(c); ok {
		t.pos += 2
		t.re2.WriteString(cat.re2)
		t.net.WriteString(cat.net)
		return width{1, 1}, true, nil
	}
	switch c {
	case 'A':
		t.pos += 2
		t.both(`\A`)
		return width{}, false, nil
	case 'b', 'B':
		t.pos += 2
		t.boundary(c)
		return width{}, false, nil
	case 'N':
		return width{}, false, errorAt(start+2, "missing {")
	case 'Z':
		t.pos += 2
		t.both(`\z`)
		return width{}, false, nil
	}
	if c >= '1' && c <= '9' {
		if n, octal := t.groupNumber(); !octal {
			return t.backref(n, start+1, start)
		}
	}
	r, err := t.charEscape(false)
	if err != nil {
		return width{}, false, err
	}
	t.both(quoteRune(r))
	return width{1, 1}, true, nil
}

// boundary writes \b or \B.
func (t *translator) boundary(c rune) {
	t.re2.WriteString(`\` + string(c))
	switch {
	case t.flags&ASCII != 0:
		t.net.WriteString(strings.ReplaceAll(boundaryOf(c), wordIn, asciiWord))
	default:
		t.net.WriteString(boundaryOf(c))
	}
}

func boundaryOf(c rune) string {
	if c == 'b' {
		return boundary
	}
	return noBoundary
}

// groupNumber reads the number of a back reference; three octal digits are a
// character instead, and are left to be read.
func (t *translator) groupNumber() (n int, octal bool) {
	digit := func(i int) (byte, bool) {
		if i < len(t.src) && t.src[i] < utf8.RuneSelf {
			return byte(t.src[i]), isDigit(byte(t.src[i]))
		}
		return 0, false
	}
	end := t.pos + 2
	if c2, ok := digit(end); ok {
		c1, _ := digit(t.pos + 1)
		if c3, ok := digit(end + 1); ok && isOctal(c1) && isOctal(c2) && isOctal(c3) {
			return 0, true
		}
		end++
	}
	n, _ = strconv.Atoi(string(t.src[t.pos+1 : end]))
	t.pos = end
	return n, false
}

// charEscape reads an escape that stands for one character.
func (t *translator) charEscape(inClass bool) (rune, error) {
	start := t.pos
	c := t.src[t.pos+1]
	t.pos += 2
	switch c {
	case 'x':
		return t.hexEscape(start, 2)
	case 'u':
		return t.hexEscape(start, 4)
	case 'U':
		return t.hexEscape(start, 8)
	}
	switch {
	case c >= '0' && c <= '7' && (c == '0' || inClass || t.pos+1 < len(t.src)):
		return t.octalEscape(start)
	case c < utf8.RuneSelf && (isLetter(byte(c)) || isDigit(byte(c))):
		if s, ok := simpleEscapes[byte(c)]; ok && (c != 'b' || inClass) {
			return rune(s[0]), nil
		}
		return 0, errorAt(start, `bad escape \%c`, c)
	}
	return c, nil
}

func (t *translator) octalEscape(start int) (rune, error) {
	end := start + 1
	for end < len(t.src) && end < start+4 && t.src[end] < utf8.RuneSelf && isOctal(byte(t.src[end])) {
		end++
	}
	code, _ := strconv.ParseUint(string(t.src[start+1:end]), 8, 16)
	t.pos = end
	if code > 0o377 {
		return 0, errorAt(start, `octal escape value %s outside of range 0-0o377`, string(t.src[start:end]))
	}
	return rune(code), nil
}

func (t *translator) hexEscape(start, digits int) (rune, error) {
	end := min(t.pos+digits, len(t.src))
	code, err := strconv.ParseUint(string(t.src[t.pos:end]), 16, 32)
	if err != nil || end-t.pos < digits || code > 0x10ffff {
		return 0, errorAt(start, "incomplete escape %s", string(t.src[start:end]))
	}
	t.pos = end
	return rune(code), nil
}

// class reads a character class.
func (t *translator) class() error {
	start := t.pos
	t.pos++
	t.both("[")
	if t.take("^") {
		t.both("^")
	}
	first := t.pos
	for {
		if t.pos >= len(t.src) {
			return errorAt(start, "unterminated character set")
		}
		if t.peek() == ']' && t.pos > first {
			t.pos++
			t.both("]")
			return nil
		}
		if err := t.classItem(start); err != nil {
			return err
		}
	}
}

// classItem reads a character, a category, or a range.
func (t *translator) classItem(start int) error {
	at := t.pos
	lo, isChar, err := t.classChar()
	if err != nil {
		return err
	}
	if t.peek() != '-' || t.pos+1 >= len(t.src) || t.src[t.pos+1] == ']' {
		if isChar {
			t.both(classRune(lo))
		}
		return nil
	}
	t.pos++
	if t.pos >= len(t.src) {
		return errorAt(start, "unterminated character set")
	}
	var hi rune
	hiChar := false
	if t.peek() != '\\' || !isCategoryEscape(t.src, t.pos) {
		if hi, hiChar, err = t.classChar(); err != nil {
			return err
		}
	} else {
		t.pos += 2
	}
	if !isChar || !hiChar || hi < lo {
		return errorAt(at, "bad character range %s", string(t.src[at:t.pos]))
	}
	t.both(classRune(lo) + "-" + classRune(hi))
	return nil
}

func isCategoryEscape(src []rune, pos int) bool {
	if pos+1 >= len(src) {
		return false
	}
	_, ok := categories[src[pos+1]]
	return ok
}

// classChar reads one character of a class; a category is written at once and
// gives isChar false.
func (t *translator) classChar() (c rune, isChar bool, err error) {
	if t.peek() != '\\' {
		t.pos++
		return t.src[t.pos-1], true, nil
	}
	if t.pos+1 >= len(t.src) {
		return 0, false, errorAt(t.pos, `bad escape (end of pattern)`)
	}
	if cat, ok := t.category(t.src[t.pos+1]); ok {
		t.pos += 2
		t.re2.WriteString(cat.re2In)
		t.net.WriteString(cat.netIn)
		return 0, false, nil
	}
	c, err = t.charEscape(true)
	return c, err == nil, err
}

// classRune writes a character inside a class.
func classRune(c rune) string {
	if c < ' ' || c == 0x7f || c == '-' {
		return fmt.Sprintf(`\x%02x`, c)
	}
	return quoteRune(c)
}
