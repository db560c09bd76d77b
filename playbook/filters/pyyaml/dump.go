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
	LineBreak     string // "\n" when empty
}

// Timestamp is a value that is written as a YAML timestamp.
type Timestamp interface{ YAMLTimestamp() string }

// maxDepth bounds nesting.
const maxDepth = 1000

// Dump prints v as a document.
func Dump(v value.Value, o Options) (string, error) {
	root, err := represent(v, &o, 0)
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
	text  string
	style byte
	items []*node // of a sequence
	pairs []pair  // of a mapping
	shape shape
	flow  bool
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

func represent(v value.Value, o *Options, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the value is nested deeper than %d levels, or contains itself", maxDepth)
	}
	switch v := v.(type) {
	case value.Mapping:
		return representMapping(v, o, depth)
	case Timestamp:
		return &node{kind: kindTimestamp, text: v.YAMLTimestamp(), style: o.Style}, nil
	case value.JSONer:
		return represent(v.JSONValue(), o, depth)
	case value.Sequence:
		return representSequence(v, o, depth)
	}
	return representScalar(v, o)
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

func representSequence(s value.Sequence, o *Options, depth int) (*node, error) {
	n := &node{shape: sequence, flow: true}
	for i := range s.Len() {
		item, err := represent(s.Index(i), o, depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
		n.flow = n.flow && item.plain()
	}
	n.chooseFlow(o)
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

func representMapping(m value.Mapping, o *Options, depth int) (*node, error) {
	entries, err := entriesOf(m)
	if err != nil {
		return nil, err
	}
	if !o.KeepOrder { // keys that can't be compared stay in their order
		if sorted, err := value.SortedEntries(entries); err == nil {
			entries = sorted
		}
	}
	n := &node{shape: mapping, flow: true}
	for _, e := range entries {
		k, err := represent(e.Key, o, depth+1)
		if err != nil {
			return nil, err
		}
		v, err := represent(e.Val, o, depth+1)
		if err != nil {
			return nil, err
		}
		n.pairs = append(n.pairs, pair{k, v})
		n.flow = n.flow && k.plain() && v.plain()
	}
	n.chooseFlow(o)
	return n, nil
}
