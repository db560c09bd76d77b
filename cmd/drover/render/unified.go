package render

import (
	"fmt"
	"slices"
	"strings"
)

// unified gives the unified diff of two texts in lines, with context lines
// around each change and without the two header lines; nil when they are
// equal. Lines keep their ends.
func unified(a, b []string, context int) []string {
	if slices.Equal(a, b) {
		return nil
	}
	m := matcher{a: a, b: b, where: positions(b)}
	m.match(0, len(a), 0, len(b))
	m.blocks = append(m.blocks, block{len(a), len(b), 0})
	var out []string
	for _, h := range hunks(m.blocks, len(a), len(b), context) {
		out = append(out, h.header())
		out = append(out, h.lines(a, b)...)
	}
	return out
}

// block is a run of n equal lines that starts at a and b.
type block struct{ a, b, n int }

// matcher finds the blocks that two texts share: the longest first, then the
// longest on either side of it, and so on (Ratcliff and Obershelp's way, which
// makes diffs that people find natural).
type matcher struct {
	a, b   []string
	where  map[string][]int // the places of a line in b
	blocks []block
}

func positions(lines []string) map[string][]int {
	w := make(map[string][]int, len(lines))
	for i, l := range lines {
		w[l] = append(w[l], i)
	}
	return w
}

func (m *matcher) match(alo, ahi, blo, bhi int) {
	best := m.longest(alo, ahi, blo, bhi)
	if best.n == 0 {
		return
	}
	m.match(alo, best.a, blo, best.b)
	m.blocks = append(m.blocks, best)
	m.match(best.a+best.n, ahi, best.b+best.n, bhi)
}

// longest finds the longest common run; of equally long ones the first.
func (m *matcher) longest(alo, ahi, blo, bhi int) block {
	best := block{a: alo, b: blo}
	ending := map[int]int{} // length of the common run that ends at a place of b
	for i := alo; i < ahi; i++ {
		next := map[int]int{}
		for _, j := range m.where[m.a[i]] {
			if j < blo {
				continue
			}
			if j >= bhi {
				break
			}
			k := ending[j-1] + 1
			next[j] = k
			if k > best.n {
				best = block{i - k + 1, j - k + 1, k}
			}
		}
		ending = next
	}
	return best
}

// change is one step from a to b: lines a1..a2 become b1..b2.
type change struct{ a1, a2, b1, b2 int }

// hunk is a group of changes that are shown together.
type hunk struct {
	a1, a2, b1, b2 int
	changes        []change
}

// hunks groups the changes between blocks, joining those whose contexts touch.
func hunks(blocks []block, alen, blen, context int) []hunk {
	var out []hunk
	i, j := 0, 0
	for _, bl := range blocks {
		if i < bl.a || j < bl.b {
			c := change{i, bl.a, j, bl.b}
			last := len(out) - 1
			if last >= 0 && c.a1-context <= out[last].a2 {
				out[last].changes = append(out[last].changes, c)
			} else {
				back := min(context, c.a1)
				out = append(out, hunk{a1: c.a1 - back, b1: c.b1 - back, changes: []change{c}})
				last++
			}
			ahead := min(context, alen-c.a2, blen-c.b2)
			out[last].a2, out[last].b2 = c.a2+ahead, c.b2+ahead
		}
		i, j = bl.a+bl.n, bl.b+bl.n
	}
	return out
}

func (h hunk) header() string {
	return fmt.Sprintf("@@ -%s +%s @@\n", span(h.a1, h.a2), span(h.b1, h.b2))
}

// span writes a range of lines as diff does: from 1, without a count of one.
func span(from, to int) string {
	switch n := to - from; n {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	default:
		return fmt.Sprintf("%d,%d", from+1, n)
	}
}

func (h hunk) lines(a, b []string) []string {
	var out []string
	add := func(mark string, lines []string) {
		for _, l := range lines {
			out = append(out, mark+l)
		}
	}
	at := h.a1
	for _, c := range h.changes {
		add(" ", a[at:c.a1])
		add("-", a[c.a1:c.a2])
		add("+", b[c.b1:c.b2])
		at = c.a2
	}
	add(" ", a[at:h.a2])
	return out
}

// splitLines cuts text into lines with their ends.
func splitLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
