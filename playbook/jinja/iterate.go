package jinja

import (
	"fmt"
	"iter"

	"drover/playbook/value"
)

// Iter iterates over any iterable value, evaluated element by element; dicts
// give their keys and text its characters. Elements that are undefined come as
// *value.Undefined.
func (c *Context) Iter(v value.Value) (iter.Seq[value.Value], error) {
	vs, err := c.elements(v)
	if err != nil {
		return nil, err
	}
	return func(yield func(value.Value) bool) {
		for _, e := range vs {
			if !yield(e) {
				return
			}
		}
	}, nil
}

// ToList gives the elements of any iterable value. The slice may belong to v:
// read only.
func (c *Context) ToList(v value.Value) ([]value.Value, error) { return c.elements(v) }

// elements gives what iterating over v gives, each element evaluated.
func (c *Context) elements(v value.Value) ([]value.Value, error) {
	switch v := v.(type) {
	case *value.List:
		return c.forceAll(v.Elems)
	case value.Tuple:
		return c.forceAll(v)
	case value.Mapping:
		return v.Keys(), nil
	case value.Str:
		return chars(string(v), func(s string) value.Value { return value.Str(s) }), nil
	case value.Secret:
		return chars(string(v), func(s string) value.Value { return value.Secret(s) }), nil
	case value.Bytes:
		vs := make([]value.Value, len(v))
		for i := range vs {
			vs[i] = value.Int(v[i])
		}
		return vs, nil
	case *rangeValue:
		return v.all(c)
	case *value.Undefined:
		if v.Plain {
			return nil, nil
		}
		return nil, &UndefinedError{v}
	case *value.Template:
		r, err := c.resolveTemplate(v)
		if err != nil {
			return nil, err
		}
		return c.elements(r)
	case value.Sequence:
		vs := make([]value.Value, v.Len())
		for i := range vs {
			vs[i] = v.Index(i)
		}
		return c.forceAll(vs)
	case value.Iterable:
		return c.collect(v)
	}
	return nil, TypeErrorf("'%s' object is not iterable", v.Type())
}

func (c *Context) collect(v value.Iterable) ([]value.Value, error) {
	var vs []value.Value
	limit := c.lim.Range
	err := v.Iterate(func(e value.Value) bool {
		vs = append(vs, e)
		return len(vs) <= limit
	})
	if err == nil && len(vs) > limit {
		err = c.tooLong()
	}
	if err != nil {
		return nil, err
	}
	return c.forceAll(vs)
}

func (c *Context) tooLong() error {
	return limitf("the sequence is longer than the limit of %d elements", c.lim.Range)
}

// forceAll evaluates the templates among vs, in a copy when there are any.
func (c *Context) forceAll(vs []value.Value) ([]value.Value, error) {
	var out []value.Value
	for i, e := range vs {
		t, ok := e.(*value.Template)
		if !ok {
			continue
		}
		r, err := c.resolveTemplate(t)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = append([]value.Value{}, vs...)
		}
		out[i] = r
	}
	if out == nil {
		return vs, nil
	}
	return out, nil
}

func chars(s string, make func(string) value.Value) []value.Value {
	vs := []value.Value{}
	for i, r := range s {
		vs = append(vs, make(s[i:i+len(string(r))]))
	}
	return vs
}

// rangeValue is Python's range.
type rangeValue struct{ start, stop, step int64 }

// Type implements value.Value.
func (*rangeValue) Type() string { return "range" }

// Transient marks ranges as no result of a template.
func (*rangeValue) Transient() {}

// Len gives the number of elements.
func (r *rangeValue) Len() int {
	switch {
	case r.step > 0 && r.start < r.stop:
		return int((uint64(r.stop-r.start)-1)/uint64(r.step)) + 1
	case r.step < 0 && r.start > r.stop:
		return int((uint64(r.start-r.stop)-1)/uint64(-r.step)) + 1
	}
	return 0
}

// Index gives element i.
func (r *rangeValue) Index(i int) value.Value { return value.Int(r.start + int64(i)*r.step) }

// Str implements value.Stringer.
func (r *rangeValue) Str() string {
	if r.step == 1 {
		return fmt.Sprintf("range(%d, %d)", r.start, r.stop)
	}
	return fmt.Sprintf("range(%d, %d, %d)", r.start, r.stop, r.step)
}

// Repr implements value.Stringer.
func (r *rangeValue) Repr() string { return r.Str() }

// Equal compares ranges by their elements.
func (r *rangeValue) Equal(other value.Value) bool {
	o, ok := other.(*rangeValue)
	n := r.Len()
	return ok && n == o.Len() && (n == 0 || r.start == o.start && (n == 1 || r.step == o.step))
}

// contains reports whether a number is in the range.
func (r *rangeValue) contains(v value.Value) bool {
	f, ok := value.AsFloat(v)
	if !ok || f != float64(int64(f)) {
		return false
	}
	n := int64(f)
	if r.step > 0 {
		return n >= r.start && n < r.stop && (n-r.start)%r.step == 0
	}
	return n <= r.start && n > r.stop && (r.start-n)%-r.step == 0
}

func (r *rangeValue) all(c *Context) ([]value.Value, error) {
	n := r.Len()
	if n > c.lim.Range || n < 0 {
		return nil, c.tooLong()
	}
	vs := make([]value.Value, n)
	for i := range vs {
		vs[i] = r.Index(i)
	}
	return vs, nil
}

func (r *rangeValue) slice(start, stop, step value.Value) (value.Value, error) {
	from, to, by, err := sliceBounds(r.Len(), start, stop, step)
	if err != nil {
		return nil, err
	}
	return &rangeValue{r.start + int64(from)*r.step, r.start + int64(to)*r.step, r.step * int64(by)}, nil
}
