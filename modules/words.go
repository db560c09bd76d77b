package modules

import (
	"errors"
	"strings"

	"drover/internal/lazyre"
)

// SplitWords splits a command line into words as a POSIX shell would, without
// expanding anything: quotes group, a backslash takes the next character as
// it is.
func SplitWords(line string) ([]string, error) {
	var words []string
	var b strings.Builder
	inWord := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(line[i+1:], '\'')
			if end < 0 {
				return nil, errors.New("No closing quotation")
			}
			b.WriteString(line[i+1 : i+1+end])
			i += end + 1
			inWord = true
		case c == '"':
			n, ok := doubleQuoted(&b, line[i+1:])
			if !ok {
				return nil, errors.New("No closing quotation")
			}
			i += n
			inWord = true
		case c == '\\':
			if i+1 == len(line) {
				return nil, errors.New("No escaped character")
			}
			i++
			b.WriteByte(line[i])
			inWord = true
		case strings.IndexByte(" \t\r\n", c) >= 0:
			if inWord {
				words = append(words, b.String())
				b.Reset()
				inWord = false
			}
		default:
			b.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, b.String())
	}
	return words, nil
}

// doubleQuoted copies the text up to the closing quote and says how long it
// was with the quote.
func doubleQuoted(b *strings.Builder, s string) (n int, ok bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i + 1, true
		case '\\':
			if i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
				i++
			}
		}
		b.WriteByte(s[i])
	}
	return 0, false
}

var plainWord = lazyre.New(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quoteWords writes words as a command line for a shell, quoted where they need
// it.
func quoteWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		if quoted[i] = word; !plainWord.MatchString(word) {
			quoted[i] = shellQuote(word)
		}
	}
	return strings.Join(quoted, " ")
}
