package pyre

import (
	"fmt"
	"strconv"
	"strings"
)

// part is a piece of a replacement: literal text, or a group.
type part struct {
	text  string
	group int // -1 for text
}

// parseTemplate reads a replacement template: \1, \g<1>, \g<name>, escapes.
func (re *Regexp) parseTemplate(t string) ([]part, error) {
	var parts []part
	lit := func(s string) {
		if n := len(parts); n > 0 && parts[n-1].group < 0 {
			parts[n-1].text += s
		} else {
			parts = append(parts, part{s, -1})
		}
	}
	for i := 0; i < len(t); {
		if t[i] != '\\' {
			end := strings.IndexByte(t[i:], '\\')
			if end < 0 {
				end = len(t) - i
			}
			lit(t[i : i+end])
			i += end
			continue
		}
		if i+1 == len(t) {
			return nil, errorAt(i, `bad escape (end of pattern)`)
		}
		n, text, group, err := re.templateEscape(t, i)
		if err != nil {
			return nil, err
		}
		if group >= 0 {
			parts = append(parts, part{group: group})
		} else {
			lit(text)
		}
		i += n
	}
	return parts, nil
}

var simpleEscapes = map[byte]string{
	'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '\\': `\`,
}

// templateEscape reads the escape at t[i]: its length and text, or its group.
func (re *Regexp) templateEscape(t string, i int) (n int, text string, group int, err error) {
	c := t[i+1]
	switch {
	case c == 'g':
		return re.templateGroup(t, i)
	case c == '0':
		n = 2
		for n < 4 && i+n < len(t) && isOctal(t[i+n]) {
			n++
		}
		code, _ := strconv.ParseUint(t[i+1:i+n], 8, 8)
		return n, string(rune(code)), -1, nil
	case c >= '1' && c <= '9':
		return re.templateNumber(t, i)
	}
	if s, ok := simpleEscapes[c]; ok {
		return 2, s, -1, nil
	}
	if isLetter(c) {
		return 0, "", -1, errorAt(i, `bad escape \%c`, c)
	}
	return 1, `\`, -1, nil
}

func (re *Regexp) templateNumber(t string, i int) (n int, text string, group int, err error) {
	n = 2
	if i+2 < len(t) && isDigit(t[i+2]) {
		n = 3
		if i+3 < len(t) && isOctal(t[i+1]) && isOctal(t[i+2]) && isOctal(t[i+3]) {
			code, _ := strconv.ParseUint(t[i+1:i+4], 8, 16)
			if code > 0o377 {
				return 0, "", -1, errorAt(i, "octal escape value %s outside of range 0-0o377", t[i:i+4])
			}
			return 4, string(rune(code)), -1, nil
		}
	}
	group, _ = strconv.Atoi(t[i+1 : i+n])
	if group > re.groups {
		return 0, "", -1, errorAt(i+1, "invalid group reference %d", group)
	}
	return n, "", group, nil
}

func (re *Regexp) templateGroup(t string, i int) (n int, text string, group int, err error) {
	rest := t[i+2:]
	if !strings.HasPrefix(rest, "<") {
		return 0, "", -1, errorAt(i+2, "missing <")
	}
	name, _, ok := strings.Cut(rest[1:], ">")
	switch {
	case !ok && name == "":
		return 0, "", -1, errorAt(i+3, "missing group name")
	case !ok:
		return 0, "", -1, errorAt(i+3, "missing >, unterminated name")
	case name == "":
		return 0, "", -1, errorAt(i+3, "missing group name")
	}
	n = len(name) + 4
	if num, err := strconv.Atoi(name); err == nil && isDigit(name[0]) {
		if num > re.groups {
			return 0, "", -1, errorAt(i+3, "invalid group reference %d", num)
		}
		return n, "", num, nil
	}
	if !isIdentifier(name) {
		return 0, "", -1, errorAt(i+3, "bad character in group name '%s'", name)
	}
	group, ok = re.names[name]
	if !ok {
		return 0, "", -1, fmt.Errorf("unknown group name '%s'", name)
	}
	return n, "", group, nil
}
