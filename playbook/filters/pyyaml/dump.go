// Package pyyaml writes YAML byte for byte as PyYAML does with libyaml, the way
// Ansible's to_yaml filters print it: the same styles, quotes, line folding and
// indentation, for YAML 1.1.
package pyyaml

import (
	"encoding/base64"
	"fmt"
	"math"
	"strings"

	"drover/playbook/value"
)

// FlowStyle chooses between block and flow collections.
type FlowStyle int

// The values of default_flow_style: None writes innermost collections of plain
// scalars in flow style.
const (
	FlowInnermost FlowStyle = iota
	FlowNever
	FlowAlways
)

// Options are the options of yaml.dump.
type Options struct {
	Indent        int // 2 when 0
	Width         int // 80 when 0, unlimited when negative
	Flow          FlowStyle
	Style         byte // default_style: 0, '\'', '"', '|' or '>'
	KeepOrder     bool // sort_keys=False
	EscapeUnicode bool // allow_unicode=False
	Canonical     bool
	ExplicitStart bool
	ExplicitEnd   bool
	LineBreak     string   // "\n" when empty
	Version       string   // of YAML, written as a directive; none when empty
	Tags          []string // "handle prefix", written as directives
}

// Timestamp is a value that is written as a YAML timestamp.
type Timestamp interface{ YAMLTimestamp() string }

// Tagged is text that is written as a block, with a tag of its own ("!vault").
type Tagged interface {
	YAMLTagged() (tag, text string)
}

// maxDepth bounds nesting.
const maxDepth = 1000

// Dump prints v as a document.
func Dump(v value.Value, o Options) (string, error) {
	r := &representer{o: &o, seen: map[value.Value]*node{}}
	root, err := r.represent(v, 0)
	if err != nil {
		return "", err
	}
	e := newEmitter(o)
	e.document(root)
	return e.out.String(), nil
}

// node is a value in the form in which it is written.
type node struct {
	kind  kind // of a scalar
	tag   string
	text  string
	style byte
	items []*node // of a sequence
	pairs []pair  // of a mapping
	shape shape
	flow  bool
	// anchor names a collection that stands in several places; told says that
	// it was written once.
	anchor string
	told   bool
}

type pair struct{ key, val *node }

type shape uint8

const (
	scalar shape = iota
	sequence
	mapping
)

// plain reports whether the node is a scalar without a style of its own.
func (n *node) plain() bool { return n.shape == scalar && n.style == 0 }

func (n *node) empty() bool { return len(n.items) == 0 && len(n.pairs) == 0 }

// representer makes nodes of values.
type representer struct {
	o       *Options
	seen    map[value.Value]*node // lists and dicts
	anchors int
}

// again gives the node of a list or dict that was met before, which needs an
// anchor then.
func (r *representer) again(v value.Value) *node {
	n := r.seen[v]
	if n != nil && n.anchor == "" {
		r.anchors++
		n.anchor = fmt.Sprintf("id%03d", r.anchors)
	}
	return n
}

// collection makes the node of a list or dict, or of a view of one.
func (r *representer) collection(v value.Value, s shape) *node {
	n := &node{shape: s, flow: true}
	switch v := v.(type) {
	case *value.List:
		if !v.Own {
			r.seen[v] = n
		}
	case *value.Dict:
		if !v.Own() {
			r.seen[v] = n
		}
	}
	return n
}

func (r *representer) represent(v value.Value, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the value is nested deeper than %d levels, or contains itself", maxDepth)
	}
	switch v := v.(type) {
	case *value.Dict, *value.List:
		if n := r.again(v); n != nil {
			return n, nil
		}
	}
	switch v := v.(type) {
	case value.Mapping:
		return r.mapping(v, depth)
	case Timestamp:
		return &node{kind: kindTimestamp, text: v.YAMLTimestamp(), style: r.o.Style}, nil
	case Tagged:
		tag, text := v.YAMLTagged()
		return &node{kind: kindStr, tag: tag, text: text, style: '|'}, nil
	case value.Transient: // a range is no list to PyYAML
	case value.Sequence:
		return r.sequence(v, depth)
	}
	return representScalar(v, r.o)
}

func representScalar(v value.Value, o *Options) (*node, error) {
	n := &node{kind: kindStr, style: o.Style}
	switch v := v.(type) {
	case value.Str, value.Secret, *value.Template:
		n.text = value.String(v)
	case value.Bool:
		n.kind, n.text = kindBool, "false"
		if v {
			n.text = "true"
		}
	case value.Int, *value.BigInt:
		n.kind, n.text = kindInt, value.String(v)
	case value.Float:
		n.kind, n.text = kindFloat, floatText(float64(v))
	case value.Bytes:
		n.kind, n.text = kindBinary, base64Lines([]byte(v))
		if n.style == 0 {
			n.style = '|'
		}
	default:
		if v != value.None {
			return nil, fmt.Errorf("cannot represent an object of type '%s' in YAML", v.Type())
		}
		n.kind, n.text = kindNull, "null"
	}
	return n, nil
}

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return ".nan"
	case math.IsInf(f, 1):
		return ".inf"
	case math.IsInf(f, -1):
		return "-.inf"
	}
	s := value.FloatString(f)
	if !strings.Contains(s, ".") {
		s = strings.Replace(s, "e", ".0e", 1)
	}
	return s
}

func base64Lines(data []byte) string {
	s := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return b.String() + s + "\n"
}

func (r *representer) sequence(s value.Sequence, depth int) (*node, error) {
	n := r.collection(s, sequence)
	for i := range s.Len() {
		item, err := r.represent(s.Index(i), depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
		n.flow = n.flow && item.plain()
	}
	n.chooseFlow(r.o)
	return n, nil
}

func (n *node) chooseFlow(o *Options) {
	if o.Flow != FlowInnermost {
		n.flow = o.Flow == FlowAlways
	}
}

func entriesOf(m value.Mapping) ([]value.Entry, error) {
	if d, ok := m.(*value.Dict); ok {
		return d.Entries(), nil
	}
	entries := make([]value.Entry, 0, m.Len())
	for _, k := range m.Keys() {
		v, ok, err := m.Get(k)
		if err != nil {
			return nil, err
		}
		if ok {
			entries = append(entries, value.Entry{Key: k, Val: v})
		}
	}
	return entries, nil
}

func (r *representer) mapping(m value.Mapping, depth int) (*node, error) {
	entries, err := entriesOf(m)
	if err != nil {
		return nil, err
	}
	if !r.o.KeepOrder { // keys that can't be compared stay in their order
		if sorted, err := value.SortedEntries(entries); err == nil {
			entries = sorted
		}
	}
	n := r.collection(m, mapping)
	for _, e := range entries {
		k, err := r.represent(e.Key, depth+1)
		if err != nil {
			return nil, err
		}
		v, err := r.represent(e.Val, depth+1)
		if err != nil {
			return nil, err
		}
		n.pairs = append(n.pairs, pair{k, v})
		n.flow = n.flow && k.plain() && v.plain()
	}
	n.chooseFlow(r.o)
	return n, nil
}
