package render

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/fatih/color"
)

// Colors paints texts by what they mean; what it does not know stays as it is,
// and nil colours nothing.
type Colors map[colour]*color.Color

// NewColors makes colours of codes of ANSI's "select graphic rendition" (0;32),
// by what is coloured: ok, changed, skip, error, unreachable, included, diff_add,
// diff_remove, diff_lines, warn, deprecate, verbose, debug. They paint whatever
// the environment says: whether to paint at all is decided once, by the command
// line.
func NewColors(codes map[string]string) Colors {
	p := make(Colors, len(codes))
	for what, code := range codes {
		c := color.New()
		for _, number := range strings.Split(code, ";") {
			if n, err := strconv.Atoi(number); err == nil {
				c.Add(color.Attribute(n))
			}
		}
		c.EnableColor()
		p[colour(what)] = c
	}
	return p
}

// colour is what the colour of a text means: a key of Colors.
type colour string

const (
	plain         colour = ""
	asOK          colour = "ok"
	asChanged     colour = "changed"
	asSkipped     colour = "skip"
	asFailed      colour = "error"
	asUnreachable colour = "unreachable"
	asIncluded    colour = "included"
	asAdded       colour = "diff_add"
	asRemoved     colour = "diff_remove"
	asPlace       colour = "diff_lines"
	asWarning     colour = "warn"
	asDeprecated  colour = "deprecate"
	asVerbose     colour = "verbose"
	asDebug       colour = "debug"
)

// paint colours every line of text by itself, so that pagers that show a
// single line show it in colour.
func (p Colors) paint(c colour, text string) string {
	painter := p[c]
	if painter == nil {
		return text
	}
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if line != "" {
			painter.SetWriter(&b)
			b.WriteString(line)
			painter.UnsetWriter(&b)
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
