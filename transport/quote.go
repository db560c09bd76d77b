package transport

import (
	"sort"
	"strings"
)

// Quote makes s one word of a shell's command line.
func Quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:@%+=") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// QuoteAll makes a command line of words.
func QuoteAll(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}

// withEnv puts an environment before a command line, in a form that every
// login shell understands.
func withEnv(line string, env map[string]string) string {
	if len(env) == 0 {
		return line
	}
	words := []string{"env"}
	for k, v := range env {
		words = append(words, k+"="+v)
	}
	sort.Strings(words[1:])
	return QuoteAll(append(words, "/bin/sh", "-c", line))
}
