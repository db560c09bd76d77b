package jinja

import (
	"errors"
	"math"
	"slices"

	"drover/playbook/value"
)

func listExtend(c *Call) (value.Value, error) {
	var vs []value.Value
	if err := c.rest().Unpack("iterable", &vs); err != nil {
		return nil, err
	}
	l := c.Args[0].(*value.List)
	if err := c.Ctx.mayHold(l, value.Tuple(vs), len(l.Elems)+len(vs)); err != nil {
		return nil, err
	}
	for _, v := range vs {
		l.Append(unowned(v))
	}
	return value.None, nil
}

func listInsert(c *Call) (value.Value, error) {
	var i int
	var v value.Value
	if err := c.rest().Unpack("index", &i, "object", &v); err != nil {
		return nil, err
	}
	l := c.Args[0].(*value.List)
	if err := c.Ctx.mayHold(l, v, len(l.Elems)+1); err != nil {
		return nil, err
	}
	if i < 0 {
		i += len(l.Elems)
	}
	l.Elems = slices.Insert(l.Elems, min(max(i, 0), len(l.Elems)), v)
	return value.None, nil
}

func listPop(c *Call) (value.Value, error) {
	i := -1
	if err := c.rest().Unpack("index?", &i); err != nil {
		return nil, err
	}
	l := c.Args[0].(*value.List)
	if len(l.Elems) == 0 {
		return nil, errors.New("pop from empty list")
	}
	i, ok := index(value.Int(i), len(l.Elems))
	if !ok {
		return nil, errors.New("pop index out of range")
	}
	v := l.Elems[i]
	l.Elems = slices.Delete(l.Elems, i, i+1)
	return c.Ctx.forced(v, nil)
}

func (c *Context) indexOf(vs []value.Value, x value.Value) (int, error) {
	for i, e := range vs {
		e, err := c.forced(e, nil)
		if err != nil {
			return -1, err
		}
		if eq, err := c.equal(e, x); eq || err != nil {
			return i, err
		}
	}
	return -1, nil
}

func listRemove(c *Call) (value.Value, error) {
	var v value.Value
	if err := c.rest().Unpack("value", &v); err != nil {
		return nil, err
	}
	l := c.Args[0].(*value.List)
	i, err := c.Ctx.indexOf(l.Elems, v)
	if err != nil {
		return nil, err
	}
	if i < 0 {
		return nil, valueErrorf("list.remove(x): x not in list")
	}
	l.Elems = slices.Delete(l.Elems, i, i+1)
	return value.None, nil
}

func listSort(c *Call) (value.Value, error) {
	var key value.Value = value.None
	reverse := false
	if len(c.Args) > 1 {
		return nil, TypeErrorf("sort() takes no positional arguments")
	}
	if err := c.rest().Unpack("key?", &key, "reverse?", &reverse); err != nil {
		return nil, err
	}
	if key != value.None {
		return nil, TypeErrorf("'%s' object is not callable", key.Type())
	}
	l := c.Args[0].(*value.List)
	vs, err := c.Ctx.forceAll(l.Elems)
	if err != nil {
		return nil, err
	}
	vs = slices.Clone(vs)
	if err := c.Ctx.sortBy(vs, func(v value.Value) (value.Value, error) { return v, nil }, reverse); err != nil {
		return nil, err
	}
	l.Elems = vs
	return value.None, nil
}

func seqIndex(c *Call) (value.Value, error) {
	var v value.Value
	var start, stop value.Value = value.Int(0), value.Int(math.MaxInt32)
	if err := c.rest().Unpack("value", &v, "start?", &start, "stop?", &stop); err != nil {
		return nil, err
	}
	_, isRange := c.Args[0].(*rangeValue)
	switch {
	case start == value.None || stop == value.None:
		return nil, TypeErrorf("slice indices must be integers or have an __index__ method")
	case isRange && len(c.Args) > 2:
		return nil, TypeErrorf("range.index() takes exactly one argument (%d given)", len(c.Args)-1)
	}
	vs, err := c.Ctx.elements(c.Args[0])
	if err != nil {
		return nil, err
	}
	from, to, _, err := sliceBounds(len(vs), start, stop, value.None)
	if err != nil {
		return nil, err
	}
	i := -1
	if from < to {
		if i, err = c.Ctx.indexOf(vs[from:to], v); err != nil {
			return nil, err
		}
	}
	if i < 0 {
		if t := c.Args[0].Type(); t != "list" {
			return nil, valueErrorf("%s.index(x): x not in %s", t, t)
		}
		return nil, valueErrorf("%s is not in list", value.Repr(v))
	}
	return value.Int(from + i), nil
}

func seqCount(c *Call) (value.Value, error) {
	var v value.Value
	if err := c.rest().Unpack("value", &v); err != nil {
		return nil, err
	}
	vs, err := c.Ctx.elements(c.Args[0])
	if err != nil {
		return nil, err
	}
	n := 0
	for _, e := range vs {
		eq, err := c.Ctx.equal(e, v)
		if err != nil {
			return nil, err
		}
		if eq {
			n++
		}
	}
	return value.Int(n), nil
}
