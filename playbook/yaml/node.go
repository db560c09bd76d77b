// Package yaml reads YAML as Ansible reads it: the scalars of YAML 1.1 as
// PyYAML resolves them (yes and on are booleans, 0644 is octal, 1e3 is text),
// mappings in the order they are written, merge keys, and the tags !unsafe and
// !vault. Every node knows its place, and every error shows it.
//
// There are two ways in. Trusted text (playbooks, roles, variable files) goes
// through Vars, Value or Documents: its strings with template markup become
// *value.Template. Data from elsewhere goes through Parse and stays data.
package yaml

import (
	"drover/playbook/source"
	"drover/playbook/value"
)

// Kind is the kind of a Node.
type Kind int

// The kinds of nodes.
const (
	Scalar Kind = iota
	Mapping
	List
)

// Node is one value of a document together with its place. Anchors, merge
// keys, duplicate keys and tags are already resolved. Nodes are immutable and
// may be shared (an alias is the node it names).
type Node struct {
	Kind Kind
	// Pos is where the text of a scalar starts (behind the opening quote; the
	// first line of a block scalar), else where the node starts.
	Pos source.Pos
	// Scalar is the value of a Scalar.
	Scalar value.Value
	// Plain is set on scalars written without quotes and without a tag.
	Plain bool
	Pairs []Pair
	Items []*Node

	size int // nodes below and including this one, aliases expanded
}

// Pair is one entry of a mapping.
type Pair struct{ Key, Value *Node }

// Name gives the text of a key, with other scalars as Python prints them.
func (p Pair) Name() string { return value.String(p.Key.Value()) }

// Get gives the value at a key of a mapping, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, p := range n.Pairs {
		if p.Name() == key {
			return p.Value
		}
	}
	return nil
}

// IsNull reports whether the node is missing or null.
func (n *Node) IsNull() bool {
	return n == nil || n.Kind == Scalar && n.Scalar == value.None
}

// Text gives the text of a string scalar, template or not.
func (n *Node) Text() (string, bool) {
	if n == nil || n.Kind != Scalar {
		return "", false
	}
	if t, ok := n.Scalar.(*value.Template); ok {
		return t.Src, true
	}
	return value.AsString(n.Scalar)
}

// IsTemplate reports whether the node is text with template markup.
func (n *Node) IsTemplate() bool {
	if n == nil || n.Kind != Scalar {
		return false
	}
	_, ok := n.Scalar.(*value.Template)
	return ok
}

// What names the kind of value for messages: "a list", "a string".
func (n *Node) What() string {
	switch {
	case n.IsNull():
		return "nothing"
	case n.Kind == Mapping:
		return "a mapping"
	case n.Kind == List:
		return "a list"
	}
	switch n.Scalar.(type) {
	case value.Bool:
		return "a boolean"
	case value.Int, *value.BigInt, value.Float:
		return "a number"
	}
	return "a string"
}

// Value gives the node as a value; containers are fresh with every call.
func (n *Node) Value() value.Value {
	switch n.Kind {
	case Mapping:
		return n.Dict()
	case List:
		l := &value.List{Elems: make([]value.Value, len(n.Items))}
		for i, item := range n.Items {
			l.Elems[i] = item.Value()
		}
		return l
	}
	return n.Scalar
}

// Dict gives a mapping as a fresh dict; empty for any other kind.
func (n *Node) Dict() *value.Dict {
	d := value.NewDict(len(n.Pairs))
	for _, p := range n.Pairs {
		d.Set(p.Key.Value(), p.Value.Value())
	}
	return d
}
