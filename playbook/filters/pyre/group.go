package pyre

import (
	"fmt"
	"strconv"
	"strings"
)

// group reads everything that starts with a parenthesis.
func (t *translator) group() (width, bool, error) {
	start := t.pos
	t.pos++
	if !t.take("?") {
		return t.capture(start, "")
	}
	switch {
	case t.take(":"):
		return t.wrapped(start, "(?:")
	case t.take("P"):
		return t.pythonGroup(start)
	case t.take(">"):
		t.useRE2 = false
		return t.wrapped(start, "(?>")
	case t.take("="), t.take("!"):
		op := string(t.src[t.pos-1])
		t.useRE2 = false
		_, _, err := t.wrapped(start, "(?"+op)
		return width{}, true, err
	case t.has("<=") || t.has("<!"):
		return t.lookbehind(start)
	case t.take("("):
		return t.conditional(start)
	case t.take("#"):
		for t.pos < len(t.src) && t.peek() != ')' {
			t.pos++
		}
		if !t.take(")") {
			return width{}, false, errorAt(start, "missing ), unterminated comment")
		}
		return width{}, false, nil
	case t.peek() == '-' || flagLetters[t.peek()] != 0 || t.peek() == 'u' || t.peek() == 'L':
		return t.scopedFlags(start)
	case t.pos >= len(t.src):
		return width{}, false, errorAt(t.pos, "unexpected end of pattern")
	}
	ext := string(t.src[start+1 : min(t.pos+1, len(t.src))])
	if t.peek() == '<' && t.pos+1 < len(t.src) {
		ext = string(t.src[start+1 : t.pos+2])
	}
	return width{}, false, errorAt(start+1, "unknown extension %s", ext)
}

// wrapped reads the inside of a group that is written as open … ).
func (t *translator) wrapped(start int, open string) (width, bool, error) {
	outer := t.flags
	t.both(open)
	w, err := t.alternatives()
	t.flags = outer
	if err == nil && !t.take(")") {
		err = errorAt(start, "missing ), unterminated subpattern")
	}
	t.both(")")
	return w, true, err
}

// capture reads the inside of a group that counts. The backtracking engine
// gets its number spelled out, for it counts named groups after the others.
func (t *translator) capture(start int, name string) (width, bool, error) {
	t.groups++
	n := t.groups
	t.closed = append(t.closed, false)
	t.widths = append(t.widths, width{})
	if name != "" {
		t.names[name] = n
	}
	outer := t.flags
	t.re2.WriteString("(")
	fmt.Fprintf(&t.net, "(?<%d>", n)
	w, err := t.alternatives()
	t.flags = outer
	if err == nil && !t.take(")") {
		err = errorAt(start, "missing ), unterminated subpattern")
	}
	t.both(")")
	t.closed[n], t.widths[n] = true, w
	return w, true, err
}

// pythonGroup reads (?P<name>…) and (?P=name).
func (t *translator) pythonGroup(start int) (width, bool, error) {
	switch {
	case t.take("<"):
		name, err := t.groupName('>')
		if err != nil {
			return width{}, false, err
		}
		if old, ok := t.names[name]; ok {
			return width{}, false, errorAt(start+4, "redefinition of group name '%s' as group %d; was group %d", name, t.groups+1, old)
		}
		return t.capture(start, name)
	case t.take("="):
		at := t.pos
		name, err := t.groupName(')')
		if err != nil {
			return width{}, false, err
		}
		n, ok := t.names[name]
		if !ok {
			return width{}, false, errorAt(at, "unknown group name '%s'", name)
		}
		return t.backref(n, at, at)
	case t.pos >= len(t.src):
		return width{}, false, errorAt(t.pos, "unexpected end of pattern")
	}
	return width{}, false, errorAt(start+1, "unknown extension ?P%c", t.peek())
}

func (t *translator) groupName(end rune) (string, error) {
	at := t.pos
	for t.pos < len(t.src) && t.peek() != end {
		t.pos++
	}
	name := string(t.src[at:t.pos])
	switch {
	case name == "":
		return "", errorAt(at, "missing group name")
	case t.pos >= len(t.src):
		return "", errorAt(at, "missing %c, unterminated name", end)
	case !isIdentifier(name):
		return "", errorAt(at, "bad character in group name '%s'", name)
	}
	t.pos++
	return name, nil
}

// backref writes a reference to group n that stands at at; open is where an
// error about an open group points.
func (t *translator) backref(n, at, open int) (width, bool, error) {
	if n > t.groups {
		return width{}, false, errorAt(at, "invalid group reference %d", n)
	}
	if !t.closed[n] {
		return width{}, false, errorAt(open, "cannot refer to an open group")
	}
	t.backtracking(`\k<` + strconv.Itoa(n) + `>`)
	return t.widths[n], true, nil
}

func (t *translator) lookbehind(start int) (width, bool, error) {
	open := "(?" + string(t.src[t.pos:t.pos+2])
	t.pos += 2
	t.useRE2 = false
	w, _, err := t.wrapped(start, open)
	if err == nil && w.min != w.max {
		err = fmt.Errorf("look-behind requires fixed-width pattern")
	}
	return width{}, true, err
}

// conditional reads (?(1)yes|no) and (?(name)yes|no).
func (t *translator) conditional(start int) (width, bool, error) {
	at := t.pos
	for t.pos < len(t.src) && t.peek() != ')' {
		t.pos++
	}
	name := string(t.src[at:t.pos])
	n, known := t.names[name]
	if num, err := strconv.Atoi(name); err == nil && num > 0 {
		n, known = num, true
	}
	switch {
	case name == "":
		return width{}, false, errorAt(at, "missing group name")
	case t.pos >= len(t.src):
		return width{}, false, errorAt(at, "missing ), unterminated name")
	case !known:
		return width{}, false, errorAt(at, "unknown group name '%s'", name)
	case n > t.groups:
		return width{}, false, errorAt(at, "invalid group reference %d", n)
	}
	t.pos++
	t.backtracking(fmt.Sprintf("(?(%d)", n))
	yes, err := t.sequence()
	no := width{}
	if err == nil && t.take("|") {
		t.net.WriteString("|")
		no, err = t.sequence()
		if err == nil && t.peek() == '|' {
			err = errorAt(t.pos, "conditional backref with more than two branches")
		}
	}
	if err == nil && !t.take(")") {
		err = errorAt(start, "missing ), unterminated subpattern")
	}
	t.net.WriteString(")")
	return yes.or(no), true, err
}

// scopedFlags reads (?i:…), (?-i:…) and complains about flags in the middle.
func (t *translator) scopedFlags(start int) (width, bool, error) {
	var on, off Flags
	for flagIn(t.peek()) {
		on |= flagLetters[t.peek()]
		t.pos++
	}
	if t.take(")") {
		return width{}, false, errorAt(start, "global flags not at the start of the expression")
	}
	if t.take("-") {
		if !flagIn(t.peek()) {
			return width{}, false, errorAt(t.pos, "missing flag")
		}
		for flagIn(t.peek()) {
			off |= flagLetters[t.peek()]
			t.pos++
		}
	}
	if !t.take(":") {
		switch {
		case t.peek() == ')':
			return width{}, false, errorAt(t.pos, "missing :")
		case t.pos >= len(t.src):
			return width{}, false, errorAt(t.pos, "missing -, : or )")
		}
		return width{}, false, errorAt(t.pos, "unknown flag")
	}
	outer := t.flags
	t.flags = t.flags&^off | on
	w, repeatable, err := t.wrapped(start, "(?"+engineFlags(on)+minus(engineFlags(off))+":")
	t.flags = outer
	return w, repeatable, err
}

func flagIn(c rune) bool {
	_, ok := flagLetters[c]
	return ok
}

// engineFlags writes the flags that the engines know; the others are ours.
func engineFlags(f Flags) string {
	var b strings.Builder
	for _, c := range "ims" {
		if f&flagLetters[c] != 0 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func minus(flags string) string {
	if flags == "" {
		return ""
	}
	return "-" + flags
}
