package filters

import (
	"math"
	"math/big"

	"drover/playbook/value"
)

// The set filters of Ansible give the order of Python's sets. That of text is
// another in each run there, so drover keeps the order of the lists; that of
// numbers is always the same, and numberSet has it: a hash table with open
// addressing, in which numbers hash to themselves.

// numberSet is a set of numbers in Python's order.
type numberSet struct {
	slots []numberSlot
	fill  int // slots in use, those of removed numbers included
	used  int
}

type numberSlot struct {
	v    value.Value // nil for a free slot
	hash uint64
	gone bool
}

const (
	smallestSet = 8
	nearby      = 9 // slots that are tried one after the other
	perturbBits = 5
)

// numberHash gives Python's hash of a whole number; ok is false for all else.
func numberHash(v value.Value) (hash uint64, ok bool) {
	const prime = 1<<61 - 1
	var n *big.Int
	switch v := v.(type) {
	case value.Int:
		return hashOf(int64(v) % prime), true
	case value.Bool, *value.BigInt:
		n, ok = value.AsBig(v)
	case value.Float:
		if f := float64(v); f == math.Trunc(f) && !math.IsInf(f, 0) {
			n, _ = big.NewFloat(f).Int(nil)
			ok = true
		}
	}
	if !ok {
		return 0, false
	}
	return hashOf(new(big.Int).Rem(n, big.NewInt(prime)).Int64()), true
}

// hashOf leaves out -1, which stands for an error in Python.
func hashOf(h int64) uint64 {
	if h == -1 {
		h = -2
	}
	return uint64(h)
}

// newNumberSet makes a set of a list; ok is false when not all are numbers.
func newNumberSet(elems []value.Value) (s *numberSet, ok bool) {
	s = &numberSet{slots: make([]numberSlot, smallestSet)}
	for _, v := range elems {
		hash, ok := numberHash(v)
		if !ok {
			return nil, false
		}
		s.add(v, hash)
	}
	return s, true
}

// probe goes through the slots that a hash may be in until stop says so.
func (s *numberSet) probe(hash uint64, stop func(*numberSlot) bool) {
	mask := uint64(len(s.slots) - 1)
	perturb := hash
	for i := hash & mask; ; i = (i*5 + 1 + perturb) & mask {
		last := i
		if i+nearby <= mask {
			last = i + nearby
		}
		for j := i; j <= last; j++ {
			if stop(&s.slots[j]) {
				return
			}
		}
		perturb >>= perturbBits
	}
}

// find gives the slot of a number, or the free one where it belongs.
func (s *numberSet) find(v value.Value, hash uint64) (slot *numberSlot) {
	s.probe(hash, func(e *numberSlot) bool {
		slot = e
		return e.v == nil && !e.gone || e.v != nil && e.hash == hash && value.Equal(e.v, v)
	})
	return slot
}

func (s *numberSet) has(v value.Value, hash uint64) bool { return s.find(v, hash).v != nil }

func (s *numberSet) add(v value.Value, hash uint64) {
	var left *numberSlot // by a number that was removed
	var e *numberSlot
	s.probe(hash, func(slot *numberSlot) bool {
		e = slot
		if slot.gone && left == nil {
			left = slot
		}
		return slot.v == nil && !slot.gone || slot.v != nil && slot.hash == hash && value.Equal(slot.v, v)
	})
	if e.v != nil {
		return
	}
	s.used++
	if left != nil {
		*left = numberSlot{v: v, hash: hash}
		return
	}
	*e = numberSlot{v: v, hash: hash}
	s.fill++
	if s.fill*5 < (len(s.slots)-1)*3 {
		return
	}
	factor := 4
	if s.used > 50000 {
		factor = 2
	}
	s.resize(s.used * factor)
}

func (s *numberSet) remove(v value.Value, hash uint64) bool {
	e := s.find(v, hash)
	if e.v == nil {
		return false
	}
	*e = numberSlot{gone: true}
	s.used--
	return true
}

// resize makes room for more than so many numbers.
func (s *numberSet) resize(room int) {
	size := smallestSet
	for size <= room {
		size *= 2
	}
	old := s.slots
	s.slots = make([]numberSlot, size)
	s.fill = 0
	s.insertAll(old)
}

// insertAll puts in numbers that are not there yet.
func (s *numberSet) insertAll(slots []numberSlot) {
	for _, e := range slots {
		if e.v == nil {
			continue
		}
		s.probe(e.hash, func(slot *numberSlot) bool {
			if slot.v != nil {
				return false
			}
			*slot = e
			return true
		})
		s.fill++
	}
}

// merge adds all of another set.
func (s *numberSet) merge(o *numberSet) {
	if o.used == 0 {
		return
	}
	if (s.fill+o.used)*5 >= (len(s.slots)-1)*3 {
		s.resize((s.used + o.used) * 2)
	}
	switch {
	case s.fill > 0:
		o.each(s.add)
	case len(s.slots) == len(o.slots) && o.fill == o.used:
		copy(s.slots, o.slots)
		s.fill, s.used = o.fill, o.used
	default:
		s.insertAll(o.slots)
		s.used = o.used
	}
}

func (s *numberSet) each(do func(v value.Value, hash uint64)) {
	for _, e := range s.slots {
		if e.v != nil {
			do(e.v, e.hash)
		}
	}
}

func (s *numberSet) clone() *numberSet {
	c, _ := newNumberSet(nil)
	c.merge(s)
	return c
}

func (s *numberSet) list() *value.List {
	out := value.NewList()
	s.each(func(v value.Value, _ uint64) { out.Append(v) })
	return out
}

func (s *numberSet) union(o *numberSet) *numberSet {
	c := s.clone()
	c.merge(o)
	return c
}

func (s *numberSet) intersection(o *numberSet) *numberSet {
	if o.used > s.used {
		s, o = o, s
	}
	c, _ := newNumberSet(nil)
	o.each(func(v value.Value, hash uint64) {
		if s.has(v, hash) {
			c.add(v, hash)
		}
	})
	return c
}

func (s *numberSet) difference(o *numberSet) *numberSet {
	if s.used>>2 > o.used {
		c := s.clone()
		o.each(func(v value.Value, hash uint64) { c.remove(v, hash) })
		return c
	}
	c, _ := newNumberSet(nil)
	s.each(func(v value.Value, hash uint64) {
		if !o.has(v, hash) {
			c.add(v, hash)
		}
	})
	return c
}

func (s *numberSet) symmetricDifference(o *numberSet) *numberSet {
	c := o.clone()
	s.each(func(v value.Value, hash uint64) {
		if !c.remove(v, hash) {
			c.add(v, hash)
		}
	})
	return c
}
