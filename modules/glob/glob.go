// Package glob matches names against shell patterns as Python's fnmatch does:
// "*" and "?" also match "/" and a leading dot, "[!a-z]" negates, and a
// bracket that is never closed stands for itself.
package glob

import (
	"regexp"
	"strings"
	"sync"
)

var cache sync.Map // pattern → *regexp.Regexp

// Match reports whether the whole name matches pattern.
func Match(pattern, name string) bool {
	if r, ok := cache.Load(pattern); ok {
		return r.(*regexp.Regexp).MatchString(name)
	}
	r, err := regexp.Compile(`(?s)\A` + translate(pattern) + `\z`)
	if err != nil { // a range that runs backwards matches nothing
		r = regexp.MustCompile(`[^\s\S]`)
	}
	cache.Store(pattern, r)
	return r.MatchString(name)
}

// HasMagic reports whether the pattern is more than a literal name.
func HasMagic(pattern string) bool { return strings.ContainsAny(pattern, "*?[") }

func translate(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			class, length := bracket(pattern[i:])
			b.WriteString(class)
			i += length - 1
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return b.String()
}

// bracket translates the character class that s starts with and gives its
// length in s.
func bracket(s string) (class string, length int) {
	start := 1
	if strings.HasPrefix(s[start:], "!") {
		start++
	}
	from := start
	if strings.HasPrefix(s[from:], "]") {
		from++
	}
	end := strings.IndexByte(s[from:], ']')
	if end < 0 {
		return `\[`, 1
	}
	end += from
	body := strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(s[start:end])
	if start == 2 {
		body = "^" + body
	}
	return "[" + body + "]", end + 1
}
