package jinja

import (
	"drover/playbook/source"
	"drover/playbook/value"
)

// maxValueDepth bounds how deep containers may nest.
const maxValueDepth = 1000

var errTooDeep = limitf("lists or dicts nest too deeply")

// finalizer makes plain values of what templates give.
type finalizer struct {
	c *Context
	// joined values become text next: transient and plain undefined values
	// are fine there.
	joined bool
	depth  int
	at     source.Pos // of the template whose result this is
}

func (c *Context) finalize(v value.Value, joined bool) (value.Value, error) {
	f := finalizer{c: c, joined: joined}
	return f.value(v)
}

func (f *finalizer) value(v value.Value) (value.Value, error) {
	switch v := v.(type) {
	case value.Str, value.Int, value.Bool, value.Float, value.Secret:
		return v, nil
	case *value.Template:
		r, err := f.c.resolveTemplate(v)
		if err != nil {
			return nil, err
		}
		was := f.at
		f.at = v.Pos
		r, err = f.value(r)
		f.at = was
		return r, placeError(err, v.Pos)
	case *value.Undefined:
		return f.undefined(v)
	case *value.List:
		elems, changed, err := f.seq(v.Elems)
		if err != nil || !changed {
			return v, err
		}
		return &value.List{Elems: elems}, nil
	case value.Tuple:
		elems, _, err := f.seq(v)
		return &value.List{Elems: elems}, err
	case *value.Dict:
		return f.dict(v)
	case value.Mapping:
		return f.mapping(v)
	case *module:
		return value.Str(v.Str()), nil
	case value.Transient:
		return f.transient(v.(value.Value))
	case groupTuple:
		elems, _, err := f.seq([]value.Value{v.grouper, v.list})
		return &value.List{Elems: elems}, err
	}
	return v, nil
}

// transient refuses a value that is no result; in lenient mode a range becomes
// a list and anything else its text.
func (f *finalizer) transient(v value.Value) (value.Value, error) {
	r, isRange := v.(*rangeValue)
	switch {
	case f.joined:
		return v, nil
	case !f.c.env.Lenient:
		return nil, unstorable(v)
	}
	f.c.lenientOn(f.at, "a value of type '"+v.Type()+"' can't be kept", "add | list, or | string")
	if isRange {
		elems, err := r.all(f.c)
		return &value.List{Elems: elems}, err
	}
	return value.Str(value.String(v)), nil
}

func unstorable(v value.Value) error {
	return TypeErrorf("Type '%s' is unsupported for variable storage.", v.Type())
}

func (f *finalizer) undefined(u *value.Undefined) (value.Value, error) {
	switch {
	case !u.Plain:
		return nil, &UndefinedError{u}
	case f.joined:
		return value.Str(""), nil
	case f.c.env.Lenient:
		f.c.lenientOn(f.at, "the inline if was false and has no else", "add else ''")
		return value.Str(""), nil
	}
	return nil, unstorable(u)
}

func (f *finalizer) enter() error {
	f.depth++
	if f.depth > maxValueDepth {
		return errTooDeep
	}
	return nil
}

func (f *finalizer) seq(elems []value.Value) (out []value.Value, changed bool, err error) {
	if err := f.enter(); err != nil {
		return nil, false, err
	}
	defer func() { f.depth-- }()
	out = elems
	for i, e := range elems {
		n, err := f.value(e)
		if err != nil {
			return nil, false, err
		}
		if !changed && (n == value.Omit || !same(e, n)) {
			changed = true
			out = append(make([]value.Value, 0, len(elems)), elems[:i]...)
		}
		if changed && n != value.Omit {
			out = append(out, n)
		}
	}
	return out, changed, nil
}

// same reports whether finalizing left a value as it was. Scalars are never
// changed; containers are compared by identity.
func same(a, b value.Value) bool {
	switch a := a.(type) {
	case *value.Template, value.Tuple, groupTuple, *value.Undefined:
		return false
	case *value.List, *value.Dict:
		return a == b
	case value.Mapping:
		return false
	}
	return true
}

func (f *finalizer) dict(d *value.Dict) (value.Value, error) {
	if err := f.enter(); err != nil {
		return nil, err
	}
	defer func() { f.depth-- }()
	var out *value.Dict
	for i, e := range d.Entries() {
		if err := hashable(e.Key, true); err != nil {
			return nil, err
		}
		n, err := f.value(e.Val)
		if err != nil {
			return nil, err
		}
		if out == nil && (n == value.Omit || !same(e.Val, n)) {
			out = value.NewDict(d.Len())
			for _, p := range d.Entries()[:i] {
				out.Set(p.Key, p.Val)
			}
		}
		if out != nil && n != value.Omit {
			out.Set(e.Key, n)
		}
	}
	if out == nil {
		return d, nil
	}
	return out, nil
}

func (f *finalizer) mapping(m value.Mapping) (value.Value, error) {
	if t, ok := m.(value.Transient); ok && !f.joined {
		return nil, unstorable(t.(value.Value))
	}
	out := value.NewDict(m.Len())
	for _, k := range m.Keys() {
		v, ok, err := m.Get(k)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if v, err = f.value(v); err != nil {
			return nil, err
		}
		if v != value.Omit {
			out.Set(k, v)
		}
	}
	return out, nil
}

// hashable reports a key that can't be one; stored keys can't be tuples,
// because those become lists.
func hashable(k value.Value, stored bool) error {
	switch k := k.(type) {
	case *value.List, *value.Dict:
		return TypeErrorf("unhashable type: '%s'", k.Type())
	case value.Tuple:
		if stored {
			return TypeErrorf("unhashable type: 'list'")
		}
		for _, e := range k {
			if err := hashable(e, false); err != nil {
				return err
			}
		}
	case *value.Undefined:
		if !k.Plain {
			return &UndefinedError{k}
		}
	}
	return nil
}

// settle evaluates the templates in v; elements that are undefined stay so.
func (c *Context) settle(v value.Value, depth int) (value.Value, error) {
	if depth > maxValueDepth {
		return nil, errTooDeep
	}
	switch v := v.(type) {
	case *value.Template:
		r, err := surfaced(c.resolveTemplate(v))
		if err == nil {
			r, err = c.settle(r, depth+1)
		}
		if err != nil || depth == 0 {
			return r, err
		}
		return deepCopy(r), nil // not the same list or dict as where it came from
	case *value.List:
		elems, err := c.settleSeq(v.Elems, depth)
		if err != nil || elems == nil {
			return v, err
		}
		return &value.List{Elems: elems}, nil
	case value.Tuple:
		elems, err := c.settleSeq(v, depth)
		if err != nil || elems == nil {
			return v, err
		}
		return value.Tuple(elems), nil
	case *value.Dict:
		return c.settleDict(v, depth)
	}
	return v, nil
}

// settleSeq gives nil when nothing changed.
func (c *Context) settleSeq(elems []value.Value, depth int) ([]value.Value, error) {
	var out []value.Value
	for i, e := range elems {
		if !mayHoldTemplates(e) {
			if out != nil {
				out = append(out, e)
			}
			continue
		}
		n, err := c.settle(e, depth+1)
		if err != nil {
			return nil, err
		}
		if out == nil && !identical(e, n) {
			out = append(make([]value.Value, 0, len(elems)), elems[:i]...)
		}
		if out != nil {
			out = append(out, n)
		}
	}
	return out, nil
}

func mayHoldTemplates(v value.Value) bool {
	switch v.(type) {
	case *value.Template, *value.List, *value.Dict, value.Tuple:
		return true
	}
	return false
}

// identical reports whether settling left a value alone.
func identical(a, b value.Value) bool {
	switch a := a.(type) {
	case *value.Template:
		return false
	case value.Tuple:
		t, ok := b.(value.Tuple)
		return ok && len(a) == len(t) && (len(a) == 0 || &a[0] == &t[0])
	}
	return a == b
}

func (c *Context) settleDict(d *value.Dict, depth int) (value.Value, error) {
	var out *value.Dict
	for i, e := range d.Entries() {
		n := e.Val
		if mayHoldTemplates(e.Val) {
			var err error
			if n, err = c.settle(e.Val, depth+1); err != nil {
				return nil, err
			}
			if out == nil && !identical(e.Val, n) {
				out = value.NewDict(d.Len())
				for _, p := range d.Entries()[:i] {
					out.Set(p.Key, p.Val)
				}
			}
		}
		if out != nil {
			out.Set(e.Key, n)
		}
	}
	if out == nil {
		return d, nil
	}
	return out, nil
}
