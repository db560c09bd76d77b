package value

import (
	"math"
	"slices"
	"sync/atomic"
)

// Dict is a mapping that keeps the order of insertion, as Python's dict does.
// Keys compare as in Python: 1, 1.0 and True are one key. The zero Dict is
// empty and ready to use.
type Dict struct {
	entries []Entry
	// Of large dicts that were searched often.
	index    atomic.Pointer[dictIndex]
	searches atomic.Int32 // without an index
	own      bool         // see List.Own
}

// dictIndex says where the entries of keys are.
type dictIndex struct {
	strings map[string]int
	other   map[any]int // of all other keys
}

// SetOwn marks d as a template's own; see List.Own.
func (d *Dict) SetOwn() { d.own = true }

// Own reports the mark of SetOwn.
func (d *Dict) Own() bool { return d.own }

// Entry is one pair of a Dict.
type Entry struct{ Key, Val Value }

// smallDict is the size up to which a linear search is faster than a map.
const smallDict = 8

// searchesUnindexed is how often a larger dict is searched before it gets an
// index, which takes as long as many searches. Many copies never need one: those
// that a loop makes, each with one key more, are searched once.
const searchesUnindexed = 16

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
	if ix := d.indexed(); ix != nil {
		if i, ok := ix.other[hashKey(k)]; ok {
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
	if ix := d.indexed(); ix != nil {
		if i, ok := ix.strings[s]; ok {
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
	if ix := d.index.Load(); ix != nil {
		ix.note(key, len(d.entries)-1)
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
	d.index.Store(nil)
	return true
}

// indexed gives the index for a search; nil where looking through the entries
// is as good. It may be called by many readers at once.
func (d *Dict) indexed() *dictIndex {
	if len(d.entries) <= smallDict {
		return nil
	}
	ix := d.index.Load()
	if ix == nil && d.searches.Add(1) > searchesUnindexed {
		ix = &dictIndex{strings: make(map[string]int, len(d.entries)*2)}
		for i, e := range d.entries {
			ix.note(e.Key, i)
		}
		d.index.Store(ix)
	}
	return ix
}

// note remembers where the entry of a key is.
func (ix *dictIndex) note(key Value, i int) {
	if s, ok := AsString(key); ok {
		ix.strings[s] = i
		return
	}
	if ix.other == nil {
		ix.other = map[any]int{}
	}
	ix.other[hashKey(key)] = i
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
	return &Dict{entries: slices.Clone(d.Entries())}
}

// Rebuild gives a copy of a list or dict whose elements are what f makes of them
// (not of a dict's keys), and all else as it is.
func Rebuild(v Value, f func(Value) Value) Value {
	switch v := v.(type) {
	case *List:
		l := &List{Elems: make([]Value, len(v.Elems))}
		for i, e := range v.Elems {
			l.Elems[i] = f(e)
		}
		return l
	case *Dict:
		d := &Dict{entries: make([]Entry, v.Len())}
		for i, e := range v.Entries() {
			d.entries[i] = Entry{e.Key, f(e.Val)}
		}
		return d
	}
	return v
}

// Update sets every pair of other in d and returns d.
func (d *Dict) Update(other *Dict) *Dict {
	for _, e := range other.Entries() {
		d.Set(e.Key, e.Val)
	}
	return d
}
