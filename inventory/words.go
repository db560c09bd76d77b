package inventory

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// word is one word of a host line, without its quotes.
type word struct {
	text string
	col  int // of its first character, from 1
}

// shellWords cuts a line into words as a POSIX shell would: quotes group,
// a backslash takes the next character as it is (inside double quotes only
// before a quote or a backslash), and "#" starts a comment, even inside a word.
func shellWords(line string) ([]word, error) {
	var words []word
	var text strings.Builder
	open := false // a word has begun, though it may be empty as yet
	start := 0
	flush := func() {
		if open {
			words = append(words, word{text.String(), utf8.RuneCountInString(line[:start]) + 1})
		}
		text.Reset()
		open = false
	}
	begin := func(i int) {
		if !open {
			open, start = true, i
		}
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\r', '\n':
			flush()
		case '#':
			flush()
			return words, nil
		case '\'', '"':
			begin(i)
			n, err := quoted(line[i:], &text)
			if err != nil {
				return nil, err
			}
			i += n
		case '\\':
			begin(i)
			if i++; i == len(line) {
				return nil, errors.New("no escaped character")
			}
			text.WriteByte(line[i])
		default:
			begin(i)
			text.WriteByte(c)
		}
	}
	flush()
	return words, nil
}

// quoted writes the inside of the quoted text that s starts with and gives the
// index of its closing quote.
func quoted(s string, text *strings.Builder) (end int, err error) {
	q := s[0]
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == q:
			return i, nil
		case s[i] == '\\' && q == '"' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			text.WriteByte(s[i])
		default:
			text.WriteByte(s[i])
		}
	}
	return 0, errors.New("no closing quotation")
}
