package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"drover/playbook/value"
)

func filterTruncate(c *Call) (value.Value, error) {
	var v value.Value
	length, leeway := 255, 5
	kill, end := false, "..."
	if err := c.Unpack("s", &v, "length?", &length, "killwords?", &kill, "end?", &end, "leeway?", &leeway); err != nil {
		return nil, err
	}
	n := len([]rune(end))
	size, err := filterLength(&Call{Func: c.Func, Args: []value.Value{v}})
	switch {
	case err != nil:
		return nil, err
	case length < n:
		return nil, fmt.Errorf("expected length >= %d, got %d", n, length)
	case leeway < 0:
		return nil, fmt.Errorf("expected leeway >= 0, got %d", leeway)
	}
	if size, ok := value.AsInt(size); ok && size <= int64(length+leeway) {
		return v, nil // of any type
	}
	text, isText := value.AsString(v)
	if !isText {
		return nil, noText(v)
	}
	s := []rune(text)
	cut := string(s[:length-n])
	if !kill {
		if i := strings.LastIndexByte(cut, ' '); i >= 0 {
			cut = cut[:i]
		}
	}
	return value.Str(cut + end), nil
}

func filterWordWrap(c *Call) (value.Value, error) {
	var v value.Value
	width, breakLong, hyphens := 79, true, true
	sep := value.None
	if err := c.Unpack("s", &v, "width?", &width, "break_long_words?", &breakLong, "wrapstring?", &sep, "break_on_hyphens?", &hyphens); err != nil {
		return nil, err
	}
	text, isText := value.AsString(v)
	if !isText {
		return nil, noText(v)
	}
	if width < 1 && text != "" {
		return nil, valueErrorf("invalid width %d (must be > 0)", width)
	}
	nl := c.newlines()
	if sep != value.None {
		nl = value.String(sep)
	}
	var out []string
	for _, line := range splitLines(text, false) {
		out = append(out, strings.Join(wrapLine(line, width, breakLong, hyphens), nl))
	}
	return value.Str(strings.Join(out, nl)), nil
}

// newlines is what stands for a new line in the template that calls.
func (c *Call) newlines() string {
	if t := c.site.tpl; t != nil && t.syntax != nil && t.syntax.NewlineSequence != "" {
		return t.syntax.NewlineSequence
	}
	return "\n"
}

// wrapLine breaks one line as Python's textwrap does when it keeps blanks
// within lines.
func wrapLine(line string, width int, breakLong, hyphens bool) []string {
	chunks := wrapChunks(line, hyphens)
	var lines []string
	for len(chunks) > 0 {
		var cur []string
		n := 0
		if strings.TrimSpace(chunks[0]) == "" && len(lines) > 0 {
			chunks = chunks[1:]
		}
		for len(chunks) > 0 {
			l := utf8.RuneCountInString(chunks[0])
			if n+l > width {
				break
			}
			cur = append(cur, chunks[0])
			n += l
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && utf8.RuneCountInString(chunks[0]) > width {
			if r := []rune(chunks[0]); breakLong {
				cut := cutLong(r, width-n, hyphens)
				cur = append(cur, string(r[:cut]))
				chunks = append([]string{string(r[cut:])}, chunks[1:]...)
			} else if len(cur) == 0 {
				cur, chunks = append(cur, chunks[0]), chunks[1:]
			}
		}
		if len(cur) > 0 && strings.TrimSpace(cur[len(cur)-1]) == "" {
			cur = cur[:len(cur)-1]
		}
		if len(cur) > 0 {
			lines = append(lines, strings.Join(cur, ""))
		}
	}
	return lines
}

// cutLong gives where to cut a word that is longer than the room left: behind
// its last hyphen there, if any.
func cutLong(r []rune, room int, hyphens bool) int {
	for i := room - 1; hyphens && i > 0; i-- {
		if r[i] == '-' && strings.Trim(string(r[:i]), "-") != "" {
			return i + 1
		}
	}
	return room
}

// wrapChunks cuts a line into blanks and words, and words at the hyphens and
// dashes where Python's textwrap does.
func wrapChunks(line string, hyphens bool) []string {
	var chunks []string
	r := []rune(line)
	for at := 0; at < len(r); {
		end := at + 1
		switch blank := isBlank(r[at]); {
		case blank || !hyphens:
			for end < len(r) && isBlank(r[end]) == blank {
				end++
			}
		case dashes(r, at) > 1 && at > 0 && wordPunct(r[at-1]) && wordAt(r, at+dashes(r, at)):
			end = at + dashes(r, at)
		default:
			for !breaksAt(r, at, end) {
				end++
			}
		}
		chunks = append(chunks, string(r[at:end]))
		at = end
	}
	return chunks
}

// breaksAt reports whether a word that starts at start may end before end: at
// its end, behind a hyphen between letters, before a dash.
func breaksAt(r []rune, start, end int) bool {
	if end == len(r) || isBlank(r[end]) {
		return true
	}
	if r[end-1] == '-' && end-1 > start && hyphenBetween(r, end-1) {
		return true
	}
	n := dashes(r, end)
	return n > 1 && wordPunct(r[end-1]) && wordAt(r, end+n)
}

// hyphenBetween reports whether the hyphen at i stands between letters: two
// before it (or one, a hyphen and one), two behind it, or one and a hyphen.
func hyphenBetween(r []rune, i int) bool {
	letter := func(j int) bool { return j >= 0 && j < len(r) && isWordLetter(r[j]) }
	before := letter(i-1) && letter(i-2) || i > 2 && wordPunct(r[i-1]) && r[i-2] == '-' && letter(i-3)
	after := letter(i+1) && (letter(i+2) || i+3 < len(r) && r[i+2] == '-' && letter(i+3))
	return before && after
}

func dashes(r []rune, at int) int {
	n := 0
	for at+n < len(r) && r[at+n] == '-' {
		n++
	}
	return n
}

func isBlank(r rune) bool { return strings.ContainsRune("\t\n\v\f\r ", r) }

func isWordLetter(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func isWordRune(r rune) bool { return isWordLetter(r) || unicode.IsNumber(r) }

func wordAt(r []rune, at int) bool { return at < len(r) && isWordRune(r[at]) }

func wordPunct(r rune) bool { return isWordRune(r) || strings.ContainsRune("!\"'&.,?", r) }
