package playbook

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"drover/playbook/source"
)

// word is one space-separated piece of argument text, with where it starts.
type word struct {
	text string
	at   int // byte offset
}

var errUnbalanced = errors.New("a quote or a template opens in this text and is never closed")

// splitWords splits argument text at white space outside quotes and templates.
// Words keep their quotes.
func splitWords(s string) ([]word, error) {
	var words []word
	start := -1
	var quote byte
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case quote == 0 && strings.IndexByte(" \t\n\r", c) >= 0:
			if start >= 0 {
				words = append(words, word{s[start:i], start})
				start = -1
			}
			i++
			continue
		case start < 0:
			start = i
		}
		if n := templateLength(s[i:]); n != 0 {
			if n < 0 {
				return nil, errUnbalanced
			}
			i += n
			continue
		}
		switch {
		case (c == '"' || c == '\'') && (i == 0 || s[i-1] != '\\'):
			switch quote {
			case 0:
				quote = c
			case c:
				quote = 0
			}
		}
		i++
	}
	if quote != 0 {
		return nil, errUnbalanced
	}
	if start >= 0 {
		words = append(words, word{s[start:], start})
	}
	return words, nil
}

// templateLength gives the length of the template part that s starts with,
// 0 when it starts with none and -1 when it has no end.
func templateLength(s string) int {
	for open, end := range map[string]string{"{{": "}}", "{%": "%}", "{#": "#}"} {
		if !strings.HasPrefix(s, open) {
			continue
		}
		if n := endOfTemplate(s[2:], end, open != "{#"); n >= 0 {
			return n + 2
		}
		return -1
	}
	return 0
}

// endOfTemplate gives the offset behind end, which does not count inside the
// template's own quoted strings.
func endOfTemplate(s, end string, quotes bool) int {
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case quotes && (c == '"' || c == '\''):
			quote = c
		case strings.HasPrefix(s[i:], end):
			return i + len(end)
		}
	}
	if i := strings.Index(s, end); quote != 0 && i >= 0 {
		return i + len(end) // an apostrophe that quotes nothing
	}
	return -1
}

// firstWord splits text into its first word and the rest.
func firstWord(s string, at source.Pos) (first, rest string, restAt source.Pos) {
	words, err := splitWords(s)
	if err != nil || len(words) == 0 {
		first, rest, _ = strings.Cut(strings.TrimSpace(s), " ")
		return first, rest, at
	}
	if len(words) == 1 {
		return words[0].text, "", at
	}
	off := words[1].at
	return words[0].text, s[off:], advance(at, s[:off])
}

// advance moves a place over text that starts there. The lines of a text that
// has several are indented as deep as its first.
func advance(at source.Pos, s string) source.Pos {
	if n := strings.Count(s, "\n"); n > 0 {
		at.Line += n
		s = s[strings.LastIndexByte(s, '\n')+1:]
	}
	at.Col += utf8.RuneCountInString(s)
	return at
}

// keyValue splits a word "key=value" at the first equals sign that is not
// escaped; ok is false when it has none.
func keyValue(s string) (key, val string, ok bool) {
	for i := 1; i < len(s); i++ {
		if s[i] == '=' && s[i-1] != '\\' {
			return s[:i], s[i+1:], true
		}
	}
	return "", "", false
}

// unquote takes away quotes that surround the whole text.
func unquote(s string) string {
	if n := len(s); n > 1 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] && s[n-2] != '\\' {
		return s[1 : n-1]
	}
	return s
}

// unescape gives the characters that backslash escapes in key=value words
// stand for.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			if text, n := escape(s[i+1:]); n > 0 {
				b.WriteString(text)
				i += n
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

const simpleEscapes = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v"

// escape reads one escape behind its backslash: its text and its length.
func escape(s string) (string, int) {
	if s == "" {
		return "", 0
	}
	for i := 0; i < len(simpleEscapes); i += 2 {
		if simpleEscapes[i] == s[0] {
			return simpleEscapes[i+1 : i+2], 1
		}
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if digits == 0 || len(s) < 1+digits {
		return "", 0
	}
	n, err := strconv.ParseUint(s[1:1+digits], 16, 32)
	if err != nil {
		return "", 0
	}
	return string(rune(n)), 1 + digits
}
