package value

import "sync/atomic"

// Memo is a slot that remembers one computed thing; it is safe for concurrent
// use, and the last Store wins.
type Memo struct{ p atomic.Pointer[any] }

// Load gives what was stored, or nil.
func (m *Memo) Load() any {
	if p := m.p.Load(); p != nil {
		return *p
	}
	return nil
}

// Store remembers v.
func (m *Memo) Store(v any) { m.p.Store(&v) }
