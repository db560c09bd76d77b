package jinja

import (
	"errors"
	"slices"

	"drover/playbook/value"
)

// Methods of containers and numbers. They take containers as they are, with
// templates and undefined elements inside.

var dictMethods = lazyTable([]*Func{
	{Name: "keys", Call: func(c *Call) (value.Value, error) {
		return value.NewList(c.Args[0].(value.Mapping).Keys()...), c.rest().Unpack()
	}},
	{Name: "values", Call: func(c *Call) (value.Value, error) {
		_, vs, err := c.Ctx.pairs(c.Args[0].(value.Mapping))
		return value.NewList(vs...), errors.Join(err, c.rest().Unpack())
	}},
	{Name: "items", Call: dictItems},
	{Name: "get", named: true, Call: dictGet},
	{Name: "fromkeys", Call: func(c *Call) (value.Value, error) {
		if d, ok := c.Args[0].(*value.Dict); ok && d.Own() {
			return dictFromKeys(c.rest())
		}
		return nil, TypeErrorf("a dict of variables or results has no fromkeys; use dict.fromkeys")
	}},
	{Name: "copy", Call: func(c *Call) (value.Value, error) {
		d := value.NewDict(0)
		if err := c.rest().Unpack(); err != nil {
			return nil, err
		}
		return d, c.Ctx.fillDict(d, c.Args[0])
	}},
	{Name: "pop", Call: dictPop},
	{Name: "popitem", Call: dictPopItem},
	{Name: "setdefault", Call: dictSetDefault},
	{Name: "update", named: true, Call: dictUpdate},
	{Name: "clear", Call: func(c *Call) (value.Value, error) {
		if err := c.rest().Unpack(); err != nil {
			return nil, err
		}
		*c.Args[0].(*value.Dict) = value.Dict{}
		return value.None, nil
	}},
})

var listMethods = lazyTable([]*Func{
	{Name: "append", Call: func(c *Call) (value.Value, error) {
		var v value.Value
		if err := c.rest().Unpack("object", &v); err != nil {
			return nil, err
		}
		l := c.Args[0].(*value.List)
		if err := c.Ctx.mayHold(l, v, len(l.Elems)+1); err != nil {
			return nil, err
		}
		l.Append(v)
		return value.None, nil
	}},
	{Name: "extend", Call: listExtend},
	{Name: "insert", Call: listInsert},
	{Name: "pop", Call: listPop},
	{Name: "remove", Call: listRemove},
	{Name: "clear", Call: func(c *Call) (value.Value, error) {
		if err := c.rest().Unpack(); err != nil {
			return nil, err
		}
		c.Args[0].(*value.List).Elems = nil
		return value.None, nil
	}},
	{Name: "copy", Call: func(c *Call) (value.Value, error) {
		return value.NewList(slices.Clone(c.Args[0].(*value.List).Elems)...), c.rest().Unpack()
	}},
	{Name: "reverse", Call: func(c *Call) (value.Value, error) {
		if err := c.rest().Unpack(); err != nil {
			return nil, err
		}
		slices.Reverse(c.Args[0].(*value.List).Elems)
		return value.None, nil
	}},
	{Name: "sort", named: true, Call: listSort},
	{Name: "index", Call: seqIndex},
	{Name: "count", Call: seqCount},
})

func lazyTable(fns []*Func) map[string]*Func {
	for _, f := range fns {
		f.Lazy = true
	}
	return methodTable(fns)
}

// mayHold checks that a container stays free of cycles and of a fair size.
func (c *Context) mayHold(container, v value.Value, n int) error {
	if n > c.lim.Range {
		return c.tooLong()
	}
	if reaches(v, container, 0) {
		return limitf("a list or dict can't hold itself")
	}
	return nil
}

func reaches(v, what value.Value, depth int) bool {
	if v == nil || depth > maxValueDepth {
		return depth > maxValueDepth
	}
	switch v := v.(type) {
	case *value.List:
		return v == what || slices.ContainsFunc(v.Elems, func(e value.Value) bool { return reaches(e, what, depth+1) })
	case value.Tuple:
		return slices.ContainsFunc(v, func(e value.Value) bool { return reaches(e, what, depth+1) })
	case *value.Dict:
		return v == what || slices.ContainsFunc(v.Entries(), func(e value.Entry) bool { return reaches(e.Val, what, depth+1) })
	}
	return false
}

// pairs gives keys and evaluated values of a mapping.
func (c *Context) pairs(m value.Mapping) (keys, vals []value.Value, err error) {
	keys = m.Keys()
	vals = make([]value.Value, len(keys))
	for i, k := range keys {
		v, _, err := m.Get(k)
		if err == nil {
			v, err = c.forced(v, nil)
		}
		if err != nil {
			return nil, nil, err
		}
		if u, ok := v.(*value.Undefined); ok && !u.Plain {
			return nil, nil, &UndefinedError{u}
		}
		vals[i] = v
	}
	return keys, vals, nil
}

func dictItems(c *Call) (value.Value, error) {
	if err := c.rest().Unpack(); err != nil {
		return nil, err
	}
	keys, vals, err := c.Ctx.pairs(c.Args[0].(value.Mapping))
	if err != nil {
		return nil, err
	}
	l := &value.List{Elems: make([]value.Value, len(keys))}
	for i := range keys {
		l.Elems[i] = value.Tuple{keys[i], vals[i]}
	}
	return l, nil
}

func dictGet(c *Call) (value.Value, error) {
	var key, def value.Value = nil, value.None
	if err := c.rest().Unpack("key", &key, "default?", &def); err != nil {
		return nil, err
	}
	if err := hashable(key, false); err != nil {
		return nil, err
	}
	v, ok, err := c.Args[0].(value.Mapping).Get(key)
	if err != nil {
		return nil, err
	}
	if !ok {
		return def, nil
	}
	return c.Ctx.forced(v, nil)
}

func dictPop(c *Call) (value.Value, error) {
	var key, def value.Value
	if err := c.rest().Unpack("key", &key, "default?", &def); err != nil {
		return nil, err
	}
	d := c.Args[0].(*value.Dict)
	if v, ok, _ := d.Get(key); ok {
		d.Delete(key)
		return c.Ctx.forced(v, nil)
	}
	if def == nil {
		return nil, errors.New(value.Repr(key))
	}
	return def, nil
}

func dictPopItem(c *Call) (value.Value, error) {
	if err := c.rest().Unpack(); err != nil {
		return nil, err
	}
	d := c.Args[0].(*value.Dict)
	if d.Len() == 0 {
		return nil, errors.New("'popitem(): dictionary is empty'")
	}
	e := d.Entries()[d.Len()-1]
	d.Delete(e.Key)
	return value.Tuple{e.Key, e.Val}, nil
}

func dictSetDefault(c *Call) (value.Value, error) {
	var key, def value.Value = nil, value.None
	if err := c.rest().Unpack("key", &key, "default?", &def); err != nil {
		return nil, err
	}
	d := c.Args[0].(*value.Dict)
	if v, ok, _ := d.Get(key); ok {
		return c.Ctx.forced(v, nil)
	}
	if err := errors.Join(hashable(key, false), c.Ctx.mayHold(d, def, d.Len()+1)); err != nil {
		return nil, err
	}
	d.Set(key, def)
	return def, nil
}

func dictUpdate(c *Call) (value.Value, error) {
	if len(c.Args) > 2 {
		return nil, TypeErrorf("update expected at most 1 argument, got %d", len(c.Args)-1)
	}
	d := c.Args[0].(*value.Dict)
	more := value.NewDict(0)
	if len(c.Args) == 2 {
		if err := c.Ctx.fillDict(more, c.Args[1]); err != nil {
			return nil, err
		}
	}
	for _, k := range c.Kwargs {
		more.Put(k.Name, k.Val)
	}
	for _, e := range more.Entries() {
		if u, ok := e.Val.(*value.Undefined); ok && !u.Plain {
			return nil, &UndefinedError{u}
		}
		more.Set(e.Key, unowned(e.Val))
	}
	if err := c.Ctx.mayHold(d, more, d.Len()+more.Len()); err != nil {
		return nil, err
	}
	d.Update(more)
	return value.None, nil
}

// dictFromKeys is dict.fromkeys.
func dictFromKeys(c *Call) (value.Value, error) {
	var keys []value.Value
	val := value.None
	if err := c.Unpack("iterable", &keys, "value?", &val); err != nil {
		return nil, err
	}
	d := value.NewDict(len(keys))
	for _, k := range keys {
		if err := hashable(k, false); err != nil {
			return nil, err
		}
		d.Set(k, val)
	}
	return d, nil
}
