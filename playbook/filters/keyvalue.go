package filters

import (
	"errors"
	"strings"

	"drover/playbook/value"
)

// parseKV splits "some words key=value key2='quoted value'" as Ansible splits
// free-form arguments: the pairs, and the words that are none.
func parseKV(s string) (pairs *value.Dict, free string, err error) {
	pairs = value.NewDict(0)
	words, err := splitArgs(s)
	if err != nil {
		return nil, "", err
	}
	var rest []string
	for _, w := range words {
		k, v, ok := strings.Cut(w, "=")
		if !ok || strings.HasSuffix(k, `\`) || k == "" {
			rest = append(rest, strings.ReplaceAll(w, `\=`, "="))
			continue
		}
		pairs.Put(strings.TrimSpace(k), value.Str(unquote(strings.TrimSpace(v))))
	}
	return pairs, strings.Join(rest, " "), nil
}

// splitArgs splits at spaces outside of quotes and of template markup.
func splitArgs(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, depth, inWord := byte(0), 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == quote && s[i-1] != '\\' {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case strings.HasPrefix(s[i:], "{{") || strings.HasPrefix(s[i:], "{%"):
			depth++
			inWord = true
		case strings.HasPrefix(s[i:], "}}") || strings.HasPrefix(s[i:], "%}"):
			depth = max(0, depth-1)
		case depth == 0 && strings.IndexByte(" \t\n\r", c) >= 0:
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
			continue
		}
		inWord = true
		word.WriteByte(c)
	}
	if quote != 0 {
		return nil, errors.New("failed at splitting arguments, either an unbalanced jinja2 block or quotes: " + s)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// unquote takes the quotes off a text that is quoted as a whole.
func unquote(s string) string {
	if n := len(s); n > 1 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] && s[n-2] != '\\' {
		return s[1 : n-1]
	}
	return s
}
