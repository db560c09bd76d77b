package jinja

import (
	"fmt"
	"regexp"
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
	s := []rune(value.String(v))
	n := len([]rune(end))
	switch {
	case length < n:
		return nil, fmt.Errorf("expected length >= %d, got %d", n, length)
	case leeway < 0:
		return nil, fmt.Errorf("expected leeway >= 0, got %d", leeway)
	case len(s) <= length+leeway:
		return value.Str(string(s)), nil
	}
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
	if width < 1 {
		return nil, valueErrorf("invalid width %d (must be > 0)", width)
	}
	nl := "\n"
	if sep != value.None {
		nl = value.String(sep)
	}
	var out []string
	for _, line := range splitLines(value.String(v), false) {
		out = append(out, strings.Join(wrapLine(line, width, breakLong, hyphens), nl))
	}
	return value.Str(strings.Join(out, nl)), nil
}

var wrapHyphen = regexp.MustCompile(`^(.*?[\pL_]{2}-)([\pL_].*)$`)

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
				cut := width - n
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

// wrapChunks cuts a line into words and blanks.
func wrapChunks(line string, hyphens bool) []string {
	var chunks []string
	for line != "" {
		blank := unicode.IsSpace([]rune(line)[0])
		i := strings.IndexFunc(line, func(r rune) bool { return unicode.IsSpace(r) != blank })
		if i < 0 {
			i = len(line)
		}
		word := line[:i]
		line = line[i:]
		for hyphens && !blank {
			m := wrapHyphen.FindStringSubmatch(word)
			if m == nil {
				break
			}
			chunks = append(chunks, m[1])
			word = m[2]
		}
		chunks = append(chunks, word)
	}
	return chunks
}
