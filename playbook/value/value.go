// Package value is drover's one value model: what YAML, JSON, templates, module
// arguments, results and the wire speak. It follows Python's data model as
// Ansible shows it: None, bool, int of any size, float, str, list, tuple,
// insertion-ordered dict, and the two kinds that only templating knows:
// Template (trusted text, not evaluated yet) and *Undefined.
//
// Trust is a matter of type: only a Template is ever evaluated. Text read from
// a host, a lookup or a command is a Str and stays data for ever; a Template is
// made only by the loaders of playbooks, roles, inventories, vars files and the
// command line. A Secret is a Str that sinks must never print.
//
// Values are immutable once shared between goroutines; only List and Dict can
// change at all, and only while they have one owner.
//
// The package is a leaf: it imports only playbook/source.
package value

import (
	"math/big"

	"drover/playbook/source"
)

// Value is any value. Type gives Python's name of its type ("str", "dict", …),
// as the type_debug filter prints it. The interface is tiny on purpose: what
// else a value can do, it shows by the optional interfaces below.
type Value interface {
	Type() string
}

// The scalar kinds.
type (
	none struct{}
	// Bool is True or False.
	Bool bool
	// Int is an integer that fits 64 bits; larger ones are *BigInt. Use
	// NewInt to get the right one.
	Int int64
	// Float is a 64-bit float.
	Float float64
	// Str is text that is data: never evaluated as a template.
	Str string
	// Bytes is Python's bytes; templates meet it rarely (b64 of binaries).
	Bytes string
	// Secret is a Str that came from a vault, a no_log result or a password
	// prompt. It behaves as the Str it holds; sinks print ******** for it.
	Secret string
)

// None is Python's None.
var None Value = none{}

// BigInt is an integer outside the range of Int. Never mutate the number.
type BigInt struct{ N *big.Int }

// Template is trusted text with template markup that is evaluated when its
// value is needed, in the variables of the place that needs it.
// Compiled is a slot for the template engine's parsed form. What a Secret
// template (one that came out of a vault) gives is to be treated as a Secret.
type Template struct {
	Src      string
	Pos      source.Pos
	Secret   bool
	Compiled Memo
}

// Undefined stands for a name, key or attribute that is not there, or for a
// value that could not be computed (Err set). Using it is an error; tests such
// as "is defined" and the filter default() accept it.
type Undefined struct {
	Name string // the missing name or attribute: "foo"
	Msg  string // the full message, as Ansible words it: "'foo' is undefined"
	Pos  source.Pos
	Err  error // the error that made the value undefinable, nil for a plain miss
	// Plain undefined values come from an inline if without else: they print
	// as nothing and count as false, but are no result.
	Plain bool
	// Explain gives the place of the use and a hint, computed only when an
	// error is printed; may be nil.
	Explain func() (pos source.Pos, hint string)
	// Via are the variables that it came through, innermost first.
	Via []source.Frame
}

// Through gives a copy of u that came through one variable more.
func (u *Undefined) Through(step source.Frame) *Undefined {
	c := *u
	c.Via = append(u.Via[:len(u.Via):len(u.Via)], step)
	return &c
}

func (none) Type() string      { return "NoneType" }
func (Bool) Type() string      { return "bool" }
func (Int) Type() string       { return "int" }
func (*BigInt) Type() string   { return "int" }
func (Float) Type() string     { return "float" }
func (Str) Type() string       { return "str" }
func (Bytes) Type() string     { return "bytes" }
func (Secret) Type() string    { return "str" }
func (*Template) Type() string { return "str" }
func (u *Undefined) Type() string {
	if u.Plain {
		return "Undefined"
	}
	return "UndefinedMarker"
}

func (*List) Type() string { return "list" }
func (Tuple) Type() string { return "tuple" }
func (*Dict) Type() string { return "dict" }

// List is a mutable sequence.
type List struct {
	Elems []Value
	// Own marks what a template wrote down itself. YAML has no anchors for it
	// when it stands in several places, as it has for what comes from variables
	// and filters; it is printed as it is, and handed on as a copy.
	Own bool
}

// Tuple is an immutable sequence.
type Tuple []Value

// NewList makes a list that owns elems.
func NewList(elems ...Value) *List { return &List{Elems: elems} }

// Strings makes a list of Str.
func Strings(s ...string) *List {
	l := &List{Elems: make([]Value, len(s))}
	for i, x := range s {
		l.Elems[i] = Str(x)
	}
	return l
}

// NewInt gives n as an Int when it fits, else as a *BigInt that owns n.
func NewInt(n *big.Int) Value {
	if n.IsInt64() {
		return Int(n.Int64())
	}
	return &BigInt{N: n}
}

// Optional capabilities, found by type assertion.
type (
	// Mapping is a read-only view of keyed values: *Dict, and lazy views such
	// as hostvars. Get gives ok=false for a key that is not there and an error
	// when the value exists but can't be had.
	Mapping interface {
		Value
		Get(key Value) (v Value, ok bool, err error)
		Keys() []Value
		Len() int
	}
	// Sequence is an indexable value: *List, Tuple, range.
	Sequence interface {
		Value
		Index(i int) Value
		Len() int
	}
	// Iterable can be looped over once or more; Iterate calls yield for each
	// element until yield gives false.
	Iterable interface {
		Value
		Iterate(yield func(Value) bool) error
	}
	// HasAttrs has attributes of its own (a datetime's year, a loop's index).
	HasAttrs interface {
		Value
		Attr(name string) (v Value, ok bool, err error)
	}
	// Truther says itself whether it is true.
	Truther interface{ Truth() bool }
	// Stringer prints itself as Python's str() and repr() would.
	Stringer interface {
		Str() string
		Repr() string
	}
	// Transient values live only inside a template: a range, a loop, a
	// function can be used there but never be its result.
	Transient interface{ Transient() }
	// Equaler compares itself to another value.
	Equaler interface{ Equal(other Value) bool }
)

// Index gives element i, which must be in range.
func (l *List) Index(i int) Value { return l.Elems[i] }

// Len gives the number of elements.
func (l *List) Len() int { return len(l.Elems) }

// Append adds elements at the end.
func (l *List) Append(v ...Value) { l.Elems = append(l.Elems, v...) }

// Index gives element i, which must be in range.
func (t Tuple) Index(i int) Value { return t[i] }

// Len gives the number of elements.
func (t Tuple) Len() int { return len(t) }

// AsString gives the text of a Str or Secret.
func AsString(v Value) (string, bool) {
	switch v := v.(type) {
	case Str:
		return string(v), true
	case Secret:
		return string(v), true
	}
	return "", false
}

// IsSecret reports whether v itself or anything inside it is a Secret.
func IsSecret(v Value) bool {
	switch v := v.(type) {
	case Secret:
		return true
	case *List:
		return anySecret(v.Elems)
	case Tuple:
		return anySecret(v)
	case *Dict:
		for _, e := range v.entries {
			if IsSecret(e.Key) || IsSecret(e.Val) {
				return true
			}
		}
	}
	return false
}

func anySecret(vs []Value) bool {
	for _, v := range vs {
		if IsSecret(v) {
			return true
		}
	}
	return false
}
