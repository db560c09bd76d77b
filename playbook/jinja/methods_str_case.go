package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func isDigit(r rune) bool {
	return unicode.IsDigit(r) || r == '²' || r == '³' || r == '¹' || r >= '⁴' && r <= '⁹' || r >= '₀' && r <= '₉' || r == '⁰'
}

// isSpace is str.isspace of one character: Python counts the four separators
// of ASCII too.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// expansions are the letters that become several in upper case, and the same
// in title case.
var expansions = map[rune][2]string{
	'ß': {"SS", "Ss"}, 'ŉ': {"ʼN", "ʼN"}, 'ǰ': {"J̌", "J̌"}, 'ΐ': {"Ϊ́", "Ϊ́"}, 'ΰ': {"Ϋ́", "Ϋ́"},
	'և': {"ԵՒ", "Եւ"}, 'ẖ': {"H̱", "H̱"}, 'ẗ': {"T̈", "T̈"}, 'ẘ': {"W̊", "W̊"}, 'ẙ': {"Y̊", "Y̊"}, 'ẚ': {"Aʾ", "Aʾ"},
	'ﬀ': {"FF", "Ff"}, 'ﬁ': {"FI", "Fi"}, 'ﬂ': {"FL", "Fl"}, 'ﬃ': {"FFI", "Ffi"}, 'ﬄ': {"FFL", "Ffl"},
	'ﬅ': {"ST", "St"}, 'ﬆ': {"ST", "St"},
}

func upperRune(r rune) string {
	if e, ok := expansions[r]; ok {
		return e[0]
	}
	return string(unicode.ToUpper(r))
}

func titleRune(r rune) string {
	if e, ok := expansions[r]; ok {
		return e[1]
	}
	return string(unicode.ToTitle(r))
}

func lowerRune(r rune) string {
	if r == 'İ' {
		return "i\u0307"
	}
	return string(unicode.ToLower(r))
}

func eachRune(s string, fn func(rune) string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteString(fn(r))
	}
	return b.String()
}

// lowerPython is str.lower; a sigma at the end of a word has a form of its own.
func lowerPython(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	if !strings.ContainsRune(s, 'Σ') {
		return eachRune(s, lowerRune)
	}
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		if r == 'Σ' && i > 0 && isCased(runes[i-1]) && (i+1 == len(runes) || !isCased(runes[i+1])) {
			b.WriteRune('ς')
		} else {
			b.WriteString(lowerRune(r))
		}
	}
	return b.String()
}

func upperPython(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return eachRune(s, upperRune)
}

// foldPython is str.casefold.
func foldPython(s string) string {
	return eachRune(s, func(r rune) string {
		if e, ok := expansions[r]; ok {
			return strings.ToLower(e[0])
		}
		if r == 'ς' {
			return "σ"
		}
		return lowerRune(r)
	})
}

func capitalize(s string) string {
	for _, r := range s {
		return titleRune(r) + lowerPython(s[utf8.RuneLen(r):])
	}
	return s
}

func swapCase(s string) string {
	return eachRune(s, func(r rune) string {
		if isUpper(r) {
			return lowerRune(r)
		}
		return upperRune(r)
	})
}

// titlePython is str.title: a letter after a non-letter is upper, others lower.
func titlePython(s string) string {
	prev := false
	return eachRune(s, func(r rune) string {
		out := titleRune(r)
		if prev {
			out = lowerRune(r)
		}
		prev = isCased(r)
		return out
	})
}

// isUpper and isLower know the letters that Unicode counts among numbers and
// symbols too, such as Roman numerals.
func isUpper(r rune) bool { return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) }

func isLower(r rune) bool { return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) }

func isCased(r rune) bool { return isUpper(r) || isLower(r) || unicode.IsTitle(r) }

func isTitle(s string) bool {
	prev, found := false, false
	for _, r := range s {
		switch {
		case isUpper(r) || unicode.IsTitle(r):
			if prev {
				return false
			}
			prev, found = true, true
		case isLower(r):
			if !prev {
				return false
			}
		default:
			prev = false
		}
	}
	return found
}

func isIdentifier(s string) bool {
	for i, r := range s {
		start := r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r)
		if !start && (i == 0 || !unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc)) {
			return false
		}
	}
	return s != ""
}
