package render

import (
	"strings"
	"unicode"
)

// colour is the parameter of an ANSI colour sequence, "" for none.
type colour string

// The colours, as Ansible uses them.
const (
	plain        colour = ""
	green        colour = "0;32" // ok
	yellow       colour = "0;33" // changed
	cyan         colour = "0;36" // skipped
	red          colour = "0;31" // failed
	brightRed    colour = "1;31" // unreachable
	purple       colour = "0;35" // deprecated
	brightPurple colour = "1;35" // warning
	blue         colour = "0;34" // verbose
	gray         colour = "1;30" // debug
)

// paint colours every line of text by itself, so that pagers that show a
// single line show it in colour.
func (c colour) paint(on bool, text string) string {
	if !on || c == plain {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = "\x1b[" + string(c) + "m" + l + "\x1b[0m"
		}
	}
	return strings.Join(lines, "\n")
}

// textWidth is the number of columns that text takes on a terminal.
func textWidth(text string) int {
	n := 0
	for _, r := range text {
		n += runeWidth(r)
	}
	return n
}

// wide are the ranges of characters that take two columns.
var wide = [][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xa000, 0xa4cf},
	{0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
	{0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
}

func runeWidth(r rune) int {
	switch {
	case r < 0x20 || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r < 0x1100:
		return 1
	}
	for _, w := range wide {
		if r >= w[0] && r <= w[1] {
			return 2
		}
	}
	return 1
}

// clip cuts text to a number of columns.
func clip(text string, columns int) string {
	n := 0
	for i, r := range text {
		if n += runeWidth(r); n > columns {
			return text[:i]
		}
	}
	return text
}
