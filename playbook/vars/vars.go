// Package vars holds variables: stores that belong to one host or one play,
// and stacks that lay them over each other in the order of precedence.
// Nothing is copied: a stack is a list of views, and a variable is looked up,
// highest layer first, when a template asks for it. The order of the layers
// is the engine's; see docs/variables.md.
package vars

import (
	"sync"

	"drover/playbook/value"
)

// Layer gives variables by name. It is what templates see (jinja.Scope).
type Layer interface {
	Lookup(name string) (value.Value, bool)
	Names() []string
}

// Dict is a Layer over a dict that nobody changes any more. A nil dict is
// empty.
type Dict struct{ D *value.Dict }

// Lookup implements Layer.
func (l Dict) Lookup(name string) (value.Value, bool) { return l.D.Lookup(name) }

// Names implements Layer.
func (l Dict) Names() []string { return keys(l.D) }

// Data is a Dict of values that may have come from hosts.
type Data struct{ D *value.Dict }

// Lookup implements Layer.
func (l Data) Lookup(name string) (value.Value, bool) { return l.D.Lookup(name) }

// Names implements Layer.
func (l Data) Names() []string { return keys(l.D) }

// FromHosts says that the text is data.
func (Data) FromHosts() bool { return true }

func keys(d *value.Dict) []string {
	names := make([]string, 0, d.Len())
	for _, e := range d.Entries() {
		names = append(names, value.String(e.Key))
	}
	return names
}

// fromHosts marks layers whose values came from hosts: their text is data and
// never trusted as an expression.
type fromHosts interface{ FromHosts() bool }

// Store is a Layer that changes during a run (registered variables, facts).
// It is safe for concurrent use; the values in it must not change.
type Store struct {
	mu      sync.RWMutex
	d       value.Dict
	trusted bool
	classes map[string]string // of text, as far as it is known
}

// NewTrusted makes a Store for what was loaded from the playbook's own files.
func NewTrusted() *Store { return &Store{trusted: true} }

// FromHosts reports whether the values came from hosts.
func (s *Store) FromHosts() bool { return !s.trusted }

// Lookup implements Layer.
func (s *Store) Lookup(name string) (value.Value, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.d.Lookup(name)
}

// Names implements Layer.
func (s *Store) Names() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return keys(&s.d)
}

// Set puts one variable.
func (s *Store) Set(name string, v value.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d.Put(name, v)
	delete(s.classes, name)
}

// Update puts every pair of d.
func (s *Store) Update(d *value.Dict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d.Update(d)
	if len(s.classes) > 0 {
		for _, name := range keys(d) {
			delete(s.classes, name)
		}
	}
}

// Classify notes of which class the text in a variable is until that changes;
// see jinja.ClassScope.
func (s *Store) Classify(name, class string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.classes == nil {
		s.classes = map[string]string{}
	}
	s.classes[name] = class
}

// TextClass gives the class of the text in a variable, "" when it is not known.
func (s *Store) TextClass(name string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.classes[name]
}

// Clear forgets everything.
func (s *Store) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d = value.Dict{}
}

// Snapshot gives a copy of what is stored.
func (s *Store) Snapshot() *value.Dict {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.d.Clone()
}

// Stack lays layers over each other, the lowest first. With Merge (Ansible's
// hash_behaviour = merge) dicts of the same name are merged recursively
// instead of the higher hiding the lower.
type Stack struct {
	Layers []Layer
	Merge  bool
}

// Over gives a stack with further layers on top; s itself stays as it is.
func (s *Stack) Over(layers ...Layer) *Stack {
	all := make([]Layer, 0, len(s.Layers)+len(layers))
	return &Stack{Layers: append(append(all, s.Layers...), layers...), Merge: s.Merge}
}

// Lookup implements Layer.
func (s *Stack) Lookup(name string) (value.Value, bool) {
	for i := len(s.Layers) - 1; i >= 0; i-- {
		v, ok := s.Layers[i].Lookup(name)
		if !ok {
			continue
		}
		if d, isDict := v.(*value.Dict); isDict && s.Merge {
			return s.merged(name, i, d), true
		}
		return v, true
	}
	return nil, false
}

// Trusted reports whether the variable comes from the playbook's side, so that
// text in it may be a conditional (jinja.TrustingScope).
func (s *Stack) Trusted(name string) bool {
	for i := len(s.Layers) - 1; i >= 0; i-- {
		if _, ok := s.Layers[i].Lookup(name); ok {
			l, marked := s.Layers[i].(fromHosts)
			return !marked || !l.FromHosts()
		}
	}
	return false
}

// TextClass gives the class of the text in a variable, "" when it is not known
// (jinja.ClassScope).
func (s *Stack) TextClass(name string) string {
	for i := len(s.Layers) - 1; i >= 0; i-- {
		if _, ok := s.Layers[i].Lookup(name); ok {
			if l, ok := s.Layers[i].(interface{ TextClass(string) string }); ok {
				return l.TextClass(name)
			}
			return ""
		}
	}
	return ""
}

func (s *Stack) merged(name string, top int, d *value.Dict) value.Value {
	for i := top - 1; i >= 0; i-- {
		if v, ok := s.Layers[i].Lookup(name); ok {
			lower, isDict := v.(*value.Dict)
			if !isDict {
				break
			}
			d = Merge(lower, d)
		}
	}
	return d
}

// Names implements Layer; each name comes once.
func (s *Stack) Names() []string {
	seen := map[string]bool{}
	var names []string
	for _, l := range s.Layers {
		for _, n := range l.Names() {
			if !seen[n] {
				seen[n] = true
				names = append(names, n)
			}
		}
	}
	return names
}

// Merge gives a new dict with high laid over low; dicts in both are merged
// recursively, anything else of high replaces that of low.
func Merge(low, high *value.Dict) *value.Dict {
	out := low.Clone()
	for _, e := range high.Entries() {
		if hd, ok := e.Val.(*value.Dict); ok {
			if lv, found, _ := out.Get(e.Key); found {
				if ld, ok := lv.(*value.Dict); ok {
					out.Set(e.Key, Merge(ld, hd))
					continue
				}
			}
		}
		out.Set(e.Key, e.Val)
	}
	return out
}
