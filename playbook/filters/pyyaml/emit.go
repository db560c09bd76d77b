package pyyaml

import (
	"math"
	"strings"
)

// emitter writes nodes; it counts columns in characters.
type emitter struct {
	out        strings.Builder
	o          Options
	indent     int // of the current collection, -1 outside of all
	flowLevel  int
	column     int
	whitespace bool // the last character was a space or a break
	indention  bool // only indentation and "-", "?", ":" stand on this line
	openEnded  bool // a block scalar kept its trailing line breaks
}

func newEmitter(o Options) *emitter {
	if o.Indent < 2 || o.Indent > 9 {
		o.Indent = 2
	}
	if o.Width < 0 {
		o.Width = math.MaxInt
	} else if o.Width <= o.Indent*2 {
		o.Width = 80
	}
	if o.LineBreak == "" {
		o.LineBreak = "\n"
	}
	return &emitter{o: o, indent: -1, whitespace: true, indention: true}
}

// directives writes the lines that stand before a document; it reports whether
// there are any.
func (e *emitter) directives() bool {
	if e.o.Version != "" {
		e.out.WriteString("%YAML " + e.o.Version + e.o.LineBreak)
	}
	for _, t := range e.o.Tags {
		e.out.WriteString("%TAG " + t + e.o.LineBreak)
	}
	return e.o.Version != "" || len(e.o.Tags) > 0
}

func (e *emitter) document(root *node) {
	if e.directives() || e.o.ExplicitStart || e.o.Canonical {
		e.writeIndent()
		e.indicator("---", true, false, false)
		if e.o.Canonical {
			e.writeIndent()
		}
	}
	e.node(root, context{})
	e.writeIndent()
	if e.o.ExplicitEnd || e.openEnded {
		e.indicator("...", true, false, false)
		e.writeIndent()
	}
}

// context says where a node stands.
type context struct {
	inMapping bool
	simpleKey bool
}

func (e *emitter) node(n *node, c context) {
	if n.anchor != "" {
		if n.told {
			e.indicator("*"+n.anchor, true, false, false)
			return
		}
		e.indicator("&"+n.anchor, true, false, false)
		n.told = true
	}
	switch n.shape {
	case scalar:
		e.scalar(n, c)
	case sequence:
		e.tag("!!seq")
		if e.flowLevel > 0 || e.o.Canonical || n.flow || n.empty() {
			e.flowSequence(n)
		} else {
			e.blockSequence(n, c)
		}
	case mapping:
		e.tag("!!map")
		if e.flowLevel > 0 || e.o.Canonical || n.flow || n.empty() {
			e.flowMapping(n)
		} else {
			e.blockMapping(n)
		}
	}
}

// tag writes a tag that would go without saying; only canonical YAML has it.
func (e *emitter) tag(tag string) {
	if e.o.Canonical {
		e.writeTag(tag)
	}
}

func (e *emitter) writeTag(tag string) {
	if !e.whitespace {
		e.put(' ')
	}
	e.write(tag)
	e.whitespace, e.indention = false, false
}

// indented runs f with a deeper indentation.
func (e *emitter) indented(flow, indentless bool, f func()) {
	outer := e.indent
	switch {
	case e.indent < 0 && flow:
		e.indent = e.o.Indent
	case e.indent < 0:
		e.indent = 0
	case !indentless:
		e.indent += e.o.Indent
	}
	f()
	e.indent = outer
}

func (e *emitter) blockSequence(n *node, c context) {
	e.indented(false, c.inMapping && !e.indention, func() {
		for _, item := range n.items {
			e.writeIndent()
			e.indicator("-", true, false, true)
			e.node(item, context{})
		}
	})
}

func (e *emitter) blockMapping(n *node) {
	e.indented(false, false, func() {
		for _, p := range n.pairs {
			e.writeIndent()
			if p.key.isSimpleKey() {
				e.node(p.key, context{inMapping: true, simpleKey: true})
				e.indicator(":", false, false, false)
			} else {
				e.indicator("?", true, false, true)
				e.node(p.key, context{inMapping: true})
				e.writeIndent()
				e.indicator(":", true, false, true)
			}
			e.node(p.val, context{inMapping: true})
		}
	})
}

// flowCollection writes the brackets and commas around n items.
func (e *emitter) flowCollection(left, right string, n int, item func(i int)) {
	e.indicator(left, true, true, false)
	e.indented(true, false, func() {
		e.flowLevel++
		for i := range n {
			if i > 0 {
				e.indicator(",", false, false, false)
			}
			e.breakLongFlow()
			item(i)
		}
		e.flowLevel--
	})
	if e.o.Canonical && n > 0 {
		e.indicator(",", false, false, false)
		e.writeIndent()
	}
	e.indicator(right, false, false, false)
}

func (e *emitter) breakLongFlow() {
	if e.o.Canonical || e.column > e.o.Width {
		e.writeIndent()
	}
}

func (e *emitter) flowSequence(n *node) {
	e.flowCollection("[", "]", len(n.items), func(i int) { e.node(n.items[i], context{}) })
}

func (e *emitter) flowMapping(n *node) {
	e.flowCollection("{", "}", len(n.pairs), func(i int) {
		p := n.pairs[i]
		if !e.o.Canonical && p.key.isSimpleKey() {
			e.node(p.key, context{inMapping: true, simpleKey: true})
			e.indicator(":", false, false, false)
		} else {
			e.indicator("?", true, false, false)
			e.node(p.key, context{inMapping: true})
			e.breakLongFlow()
			e.indicator(":", true, false, false)
		}
		e.node(p.val, context{inMapping: true})
	})
}

// maxSimpleKey is the length in bytes up to which a key goes without "?".
const maxSimpleKey = 128

func (n *node) isSimpleKey() bool {
	if n.shape != scalar {
		return n.empty()
	}
	return len(n.text) <= maxSimpleKey && !strings.ContainsFunc(n.text, isBreak)
}

// scalar writes a scalar in the best style that its text and place allow.
func (e *emitter) scalar(n *node, c context) {
	text := []rune(n.text)
	style := e.scalarStyle(n, text, c)
	resolved := resolve(n.text)
	switch {
	case n.tag != "":
		e.writeTag(n.tag)
	case e.o.Canonical || resolved != n.kind && n.kind != kindStr:
		e.writeTag("!!" + string(n.kind))
	case style != plainStyle && n.kind != kindStr:
		e.writeTag("!")
	}
	e.indented(true, false, func() {
		switch style {
		case plainStyle:
			e.plain(text, !c.simpleKey)
		case '\'':
			e.singleQuoted(text, !c.simpleKey)
		case '"':
			e.doubleQuoted(text, !c.simpleKey)
		case '|':
			e.literal(text)
		case '>':
			e.folded(text)
		}
	})
}

const plainStyle byte = 0

func (e *emitter) scalarStyle(n *node, text []rune, c context) byte {
	t := analyze(text, !e.o.EscapeUnicode)
	style := n.style
	if e.o.Canonical || c.simpleKey && t.multiline {
		style = '"'
	}
	plainReads := resolve(n.text) == n.kind
	tagged := !plainReads && n.kind != kindStr
	if style == plainStyle {
		allowed := t.blockPlain
		if e.flowLevel > 0 {
			allowed = t.flowPlain
		}
		bare := len(text) == 0 && (e.flowLevel > 0 || c.simpleKey)
		if !allowed || bare || !plainReads && !tagged {
			style = '\''
		}
	}
	if style == '\'' && !t.single {
		style = '"'
	}
	if (style == '|' || style == '>') && (!t.literal || e.flowLevel > 0 || c.simpleKey || len(text) == 0) {
		style = '"'
	}
	return style
}
