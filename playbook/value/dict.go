package value

import (
	"math"
	"slices"
)

// Dict is a mapping that keeps the order of insertion, as Python's dict does.
// Keys compare as in Python: 1, 1.0 and True are one key. The zero Dict is
// empty and ready to use.
type Dict struct {
	entries []Entry
	// Of large dicts: where string keys and all others are.
	index map[string]int
	other map[any]int
	own   bool // see List.Own
}

// SetOwn marks d as a template's own; see List.Own.
func (d *Dict) SetOwn() { d.own = true }

// Own reports the mark of SetOwn.
func (d *Dict) Own() bool { return d.own }

// Entry is one pair of a Dict.
type Entry struct{ Key, Val Value }

// smallDict is the size up to which a linear search is faster than a map.
const smallDict = 8

// NewDict makes an empty dict with room for n pairs.
func NewDict(n int) *Dict { return &Dict{entries: make([]Entry, 0, n)} }

// DictOf makes a dict from alternating string keys and values.
func DictOf(kv ...any) *Dict {
	d := NewDict(len(kv) / 2)
	for i := 0; i+1 < len(kv); i += 2 {
		v, ok := kv[i+1].(Value)
		if !ok {
			v = FromGo(kv[i+1])
		}
		d.Put(kv[i].(string), v)
	}
	return d
}

// hashKey maps equal keys to equal Go values usable as map keys.
func hashKey(k Value) any {
	switch k := k.(type) {
	case Str:
		return string(k)
	case Secret:
		return string(k)
	case Int:
		return int64(k)
	case Bool:
		if k {
			return int64(1)
		}
		return int64(0)
	case Float:
		if f := float64(k); f == math.Trunc(f) && math.Abs(f) < 1<<62 {
			return int64(f)
		}
		return float64(k)
	case none:
		return none{}
	}
	return [2]string{k.Type(), Repr(k)}
}

func (d *Dict) find(k Value) int {
	if s, ok := AsString(k); ok {
		return d.findString(s)
	}
	if d.index != nil {
		if i, ok := d.other[hashKey(k)]; ok {
			return i
		}
		return -1
	}
	if len(d.entries) == 0 {
		return -1
	}
	h := hashKey(k)
	for i := range d.entries {
		if hashKey(d.entries[i].Key) == h {
			return i
		}
	}
	return -1
}

func (d *Dict) findString(s string) int {
	if d.index != nil {
		if i, ok := d.index[s]; ok {
			return i
		}
		return -1
	}
	for i := range d.entries {
		if k, ok := AsString(d.entries[i].Key); ok && k == s {
			return i
		}
	}
	return -1
}

// Get gives the value at key; err is always nil (see Mapping).
func (d *Dict) Get(key Value) (Value, bool, error) {
	if i := d.find(key); i >= 0 {
		return d.entries[i].Val, true, nil
	}
	return nil, false, nil
}

// Lookup gives the value at a string key. A nil dict is empty.
func (d *Dict) Lookup(key string) (Value, bool) {
	if d == nil {
		return nil, false
	}
	if i := d.findString(key); i >= 0 {
		return d.entries[i].Val, true
	}
	return nil, false
}

// At gives the value at a string key, or None.
func (d *Dict) At(key string) Value {
	if v, ok := d.Lookup(key); ok {
		return v
	}
	return None
}

// Set puts a value at key; a key that is there keeps its place.
func (d *Dict) Set(key, v Value) {
	if i := d.find(key); i >= 0 {
		d.entries[i].Val = v
		return
	}
	d.entries = append(d.entries, Entry{key, v})
	switch {
	case d.index != nil:
		d.note(key, len(d.entries)-1)
	case len(d.entries) > smallDict:
		d.reindex()
	}
}

// Put is Set with a string key.
func (d *Dict) Put(key string, v Value) { d.Set(Str(key), v) }

// Delete removes a key and reports whether it was there.
func (d *Dict) Delete(key Value) bool {
	i := d.find(key)
	if i < 0 {
		return false
	}
	d.entries = slices.Delete(d.entries, i, i+1)
	d.reindex()
	return true
}

func (d *Dict) reindex() {
	d.index, d.other = nil, nil
	if len(d.entries) <= smallDict {
		return
	}
	d.index = make(map[string]int, len(d.entries)*2)
	for i, e := range d.entries {
		d.note(e.Key, i)
	}
}

// note remembers where the entry of a key is.
func (d *Dict) note(key Value, i int) {
	if s, ok := AsString(key); ok {
		d.index[s] = i
		return
	}
	if d.other == nil {
		d.other = map[any]int{}
	}
	d.other[hashKey(key)] = i
}

// Len gives the number of pairs. A nil dict has none.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.entries)
}

// Entries gives the pairs in order. The slice belongs to the dict: read only.
func (d *Dict) Entries() []Entry {
	if d == nil {
		return nil
	}
	return d.entries
}

// Keys gives a fresh slice of the keys in order.
func (d *Dict) Keys() []Value {
	ks := make([]Value, d.Len())
	for i, e := range d.Entries() {
		ks[i] = e.Key
	}
	return ks
}

// Clone gives a shallow copy. Cloning nil gives an empty dict.
func (d *Dict) Clone() *Dict {
	c := &Dict{entries: slices.Clone(d.Entries())}
	c.reindex()
	return c
}

// Update sets every pair of other in d and returns d.
func (d *Dict) Update(other *Dict) *Dict {
	for _, e := range other.Entries() {
		d.Set(e.Key, e.Val)
	}
	return d
}
