package vars

import (
	"sync/atomic"

	"drover/playbook/value"
)

// Shared is a Layer that is read often as a whole and changed seldom (facts):
// a change swaps in a changed copy, so Dict is free and its result never
// changes. It is safe for concurrent readers and one writer at a time.
type Shared struct{ p atomic.Pointer[value.Dict] }

// Dict gives the present content, never nil; it must not be changed.
func (s *Shared) Dict() *value.Dict {
	if d := s.p.Load(); d != nil {
		return d
	}
	return &value.Dict{}
}

// Lookup implements Layer.
func (s *Shared) Lookup(name string) (value.Value, bool) { return s.p.Load().Lookup(name) }

// FromHosts says that facts are data.
func (s *Shared) FromHosts() bool { return true }

// Names implements Layer.
func (s *Shared) Names() []string { return keys(s.p.Load()) }

// Update puts every pair of d.
func (s *Shared) Update(d *value.Dict) { s.p.Store(s.Dict().Clone().Update(d)) }

// Clear forgets everything.
func (s *Shared) Clear() { s.p.Store(nil) }
