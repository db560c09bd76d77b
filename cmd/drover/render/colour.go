package render

import (
	"strings"
	"unicode"

	"github.com/fatih/color"
)

// colour paints text; plain does not.
type colour struct{ *color.Color }

// newColour gives a colour that paints whatever the environment says: whether
// to paint at all is decided once, by wantColour of the command line.
func newColour(attributes ...color.Attribute) colour {
	c := color.New(attributes...)
	c.EnableColor()
	return colour{c}
}

// The colours, as Ansible uses them.
var (
	plain        = colour{}
	green        = newColour(color.Reset, color.FgGreen)   // ok
	yellow       = newColour(color.Reset, color.FgYellow)  // changed
	cyan         = newColour(color.Reset, color.FgCyan)    // skipped
	red          = newColour(color.Reset, color.FgRed)     // failed
	brightRed    = newColour(color.Bold, color.FgRed)      // unreachable
	purple       = newColour(color.Reset, color.FgMagenta) // deprecated
	brightPurple = newColour(color.Bold, color.FgMagenta)  // warning
	blue         = newColour(color.Reset, color.FgBlue)    // verbose
	gray         = newColour(color.Bold, color.FgBlack)    // debug
)

// paint colours every line of text by itself, so that pagers that show a
// single line show it in colour.
func (c colour) paint(on bool, text string) string {
	if !on || c == plain {
		return text
	}
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if line != "" {
			c.SetWriter(&b)
			b.WriteString(line)
			c.UnsetWriter(&b)
		}
	}
	return b.String()
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
