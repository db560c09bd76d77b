package pyre

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// maxWidth stands for "any width".
const maxWidth = 1 << 30

// width is how many characters a piece of a pattern can match.
type width struct{ min, max int }

func (w width) plus(o width) width {
	return width{min(w.min+o.min, maxWidth), min(w.max+o.max, maxWidth)}
}

func (w width) or(o width) width { return width{min(w.min, o.min), max(w.max, o.max)} }

func (w width) times(lo, hi int) width {
	mul := func(a, b int) int {
		if a != 0 && b > maxWidth/a {
			return maxWidth
		}
		return a * b
	}
	return width{mul(w.min, lo), mul(w.max, hi)}
}

// translator parses a Python pattern and writes it for both engines.
type translator struct {
	src    []rune
	pos    int
	flags  Flags
	groups int
	closed []bool // by group number: is its closing parenthesis behind us?
	widths []width
	names  map[string]int
	useRE2 bool
	dollar bool
	re2    strings.Builder
	net    strings.Builder // regexp2's syntax, which is that of .NET
}

func translate(pattern string, flags Flags) (*Regexp, error) {
	t := &translator{src: []rune(pattern), flags: flags, names: map[string]int{}, useRE2: true,
		closed: []bool{false}, widths: []width{{}}}
	if err := t.globalFlags(); err != nil {
		return nil, err
	}
	w, err := t.alternatives()
	if err == nil && t.pos < len(t.src) {
		err = errorAt(t.pos, "unbalanced parenthesis")
	}
	if err != nil {
		return nil, err
	}
	prefix := t.flagPrefix()
	return &Regexp{
		pattern: pattern, groups: t.groups, names: t.names, minLen: w.min,
		useRE2: t.useRE2, dollar: t.dollar,
		source: prefix + t.net.String(), re2src: prefix + t.re2.String(),
	}, nil
}

// flagPrefix sets the flags that hold for the whole pattern.
func (t *translator) flagPrefix() string {
	on := ""
	for _, f := range []struct {
		flag   Flags
		letter string
	}{{IgnoreCase, "i"}, {Multiline, "m"}, {DotAll, "s"}} {
		if t.flags&f.flag != 0 {
			on += f.letter
		}
	}
	if on == "" {
		return ""
	}
	return "(?" + on + ")"
}

func (t *translator) peek() rune {
	if t.pos < len(t.src) {
		return t.src[t.pos]
	}
	return -1
}

func (t *translator) has(s string) bool {
	return strings.HasPrefix(string(t.src[t.pos:min(len(t.src), t.pos+len(s))]), s)
}

func (t *translator) take(s string) bool {
	if t.has(s) {
		t.pos += len(s)
		return true
	}
	return false
}

// both writes text that means the same to both engines.
func (t *translator) both(s string) {
	t.re2.WriteString(s)
	t.net.WriteString(s)
}

// backtracking writes text that only the backtracking engine understands.
func (t *translator) backtracking(s string) {
	t.useRE2 = false
	t.net.WriteString(s)
}

var flagLetters = map[rune]Flags{'i': IgnoreCase, 'm': Multiline, 's': DotAll, 'x': Verbose, 'a': ASCII, 'u': 0, 'L': 0}

// globalFlags reads (?imsxau) groups at the start.
func (t *translator) globalFlags() error {
	for t.has("(?") {
		end := t.pos + 2
		var set Flags
		for end < len(t.src) && t.src[end] != ')' {
			f, ok := flagLetters[t.src[end]]
			if !ok {
				return nil // some other group
			}
			if t.src[end] == 'L' {
				return errorAt(end+1, "bad inline flags: cannot use 'L' flag with a str pattern")
			}
			set |= f
			end++
		}
		if end == len(t.src) || end == t.pos+2 {
			return nil
		}
		t.flags |= set
		t.pos = end + 1
	}
	return nil
}

func (t *translator) alternatives() (width, error) {
	w, err := t.sequence()
	for err == nil && t.take("|") {
		t.both("|")
		var o width
		o, err = t.sequence()
		w = w.or(o)
	}
	return w, err
}

func (t *translator) sequence() (width, error) {
	var w width
	for t.pos < len(t.src) && t.peek() != '|' && t.peek() != ')' {
		if t.flags&Verbose != 0 && t.skipVerbose() {
			continue
		}
		o, err := t.repeated()
		if err != nil {
			return w, err
		}
		w = w.plus(o)
	}
	return w, nil
}

// skipVerbose skips space and comments.
func (t *translator) skipVerbose() bool {
	start := t.pos
	for t.pos < len(t.src) {
		switch c := t.src[t.pos]; {
		case strings.ContainsRune(" \t\n\r\v\f", c):
			t.pos++
		case c == '#':
			for t.pos < len(t.src) && t.src[t.pos] != '\n' {
				t.pos++
			}
		default:
			return t.pos > start
		}
	}
	return t.pos > start
}

// repeated reads an item and what repeats it.
func (t *translator) repeated() (width, error) {
	start := t.pos
	netStart := t.net.Len()
	w, repeatable, err := t.item()
	if err != nil {
		return w, err
	}
	if t.flags&Verbose != 0 {
		t.skipVerbose()
	}
	lo, hi, n := t.quantifier()
	if n == 0 {
		return w, nil
	}
	if t.pos == start || !repeatable {
		return w, errorAt(t.pos, "nothing to repeat")
	}
	at := t.pos
	t.pos += n
	if hi > maxWidth {
		return w, errors.New("the repetition number is too large")
	}
	if hi < lo {
		return w, errorAt(at+1, "min repeat greater than max repeat")
	}
	q := quantifierText(lo, hi)
	switch {
	case t.take("?"):
		t.both(q + "?")
	case t.take("+"):
		t.possessive(netStart, q)
	default:
		t.both(q)
	}
	if _, _, n := t.quantifier(); n > 0 {
		return w, errorAt(t.pos, "multiple repeat")
	}
	return w.times(lo, hi), nil
}

// possessive wraps what stands after netStart into an atomic group.
func (t *translator) possessive(netStart int, q string) {
	all := t.net.String()
	t.net.Reset()
	t.net.WriteString(all[:netStart])
	t.backtracking("(?>" + all[netStart:] + q + ")")
}

func quantifierText(lo, hi int) string {
	switch {
	case lo == 0 && hi == maxWidth:
		return "*"
	case lo == 1 && hi == maxWidth:
		return "+"
	case lo == 0 && hi == 1:
		return "?"
	case hi == maxWidth:
		return fmt.Sprintf("{%d,}", lo)
	case lo == hi:
		return fmt.Sprintf("{%d}", lo)
	}
	return fmt.Sprintf("{%d,%d}", lo, hi)
}

// quantifier looks at *, +, ? or {m,n} and gives its bounds and length; the
// length is 0 where there is none.
func (t *translator) quantifier() (lo, hi, n int) {
	switch t.peek() {
	case '*':
		return 0, maxWidth, 1
	case '+':
		return 1, maxWidth, 1
	case '?':
		return 0, 1, 1
	case '{':
		return t.braces()
	}
	return 0, 0, 0
}

func (t *translator) braces() (lo, hi, n int) {
	end := t.pos + 1
	for end < len(t.src) && t.src[end] != '}' {
		end++
	}
	if end == len(t.src) {
		return 0, 0, 0
	}
	a, b, comma := strings.Cut(string(t.src[t.pos+1:end]), ",")
	if a == "" && !comma || !allDigits(a) || !allDigits(b) {
		return 0, 0, 0
	}
	hi = maxWidth
	if a != "" {
		lo, _ = strconv.Atoi(a)
	}
	if !comma {
		hi = lo
	} else if b != "" {
		hi, _ = strconv.Atoi(b)
	}
	return lo, hi, end + 1 - t.pos
}

// item reads one thing that can be repeated (or, for an assertion of a
// position, can't).
func (t *translator) item() (w width, repeatable bool, err error) {
	one := width{1, 1}
	c := t.peek()
	switch c {
	case '*', '+', '?':
		return w, false, errorAt(t.pos, "nothing to repeat")
	case '.':
		t.pos++
		t.both(".")
		return one, true, nil
	case '^':
		t.pos++
		t.both("^")
		return w, false, nil
	case '$':
		t.pos++
		t.dollar = t.dollar || t.flags&Multiline == 0
		t.both("$")
		return w, false, nil
	case '[':
		return one, true, t.class()
	case '(':
		return t.group()
	case '\\':
		return t.escape()
	}
	t.pos++
	t.both(quoteRune(c))
	return one, true, nil
}

// quoteRune writes a character that stands for itself.
func quoteRune(c rune) string {
	if c < unicode.MaxASCII && c > ' ' && c != '_' && !isLetter(byte(c)) && !isDigit(byte(c)) {
		return `\` + string(c)
	}
	return string(c)
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isOctal(c byte) bool  { return c >= '0' && c <= '7' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func isIdentifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}
