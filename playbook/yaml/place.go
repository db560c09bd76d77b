package yaml

import (
	"bytes"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"drover/playbook/source"
)

// text is the text of a file, for finding places in it.
type text struct {
	file  string
	data  []byte
	lines [][]byte
}

// line gives line n (from 1) without its end.
func (t *text) line(n int) string {
	if t.lines == nil {
		t.lines = bytes.Split(t.data, []byte("\n"))
	}
	if n < 1 || n > len(t.lines) {
		return ""
	}
	return strings.TrimSuffix(string(t.lines[n-1]), "\r")
}

func (t *text) at(line, col int) source.Pos {
	return source.Pos{File: t.file, Line: line, Col: col}
}

func (t *text) pos(n *yaml.Node) source.Pos { return t.at(n.Line, n.Column) }

// textPos gives the place of the first character of a scalar's text, behind
// its anchor, tag, quote or block indicator.
func (t *text) textPos(n *yaml.Node) source.Pos {
	line, col := n.Line, n.Column
	if n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" {
		line, col = t.skipProperties(line, col)
	}
	switch {
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		col++
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return t.blockPos(line, col)
	}
	return t.at(line, col)
}

// skipProperties moves behind "&anchor" and "!tag".
func (t *text) skipProperties(line, col int) (int, int) {
	for range 8 { // two properties, and blank lines between
		rest := cut(t.line(line), col-1)
		trimmed := strings.TrimLeft(rest, " \t")
		col += len(rest) - len(trimmed)
		switch {
		case trimmed == "" || trimmed[0] == '#':
			line, col = line+1, 1
		case trimmed[0] == '&' || trimmed[0] == '!':
			word := trimmed
			if i := strings.IndexAny(trimmed, " \t"); i >= 0 {
				word = trimmed[:i]
			}
			col += len([]rune(word))
		default:
			return line, col
		}
	}
	return line, col
}

// blockPos gives the first content line of a block scalar.
func (t *text) blockPos(line, col int) source.Pos {
	t.line(1)
	for n := line + 1; n <= len(t.lines); n++ {
		s := t.line(n)
		if trimmed := strings.TrimLeft(s, " "); trimmed != "" {
			return t.at(line+1, len(s)-len(trimmed)+1)
		}
	}
	return t.at(line, col)
}

// cut gives what follows the first n characters of s.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[i:]
		}
		n--
	}
	return ""
}
