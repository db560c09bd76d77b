package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

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
	{Name: "get", Call: dictGet},
	{Name: "copy", Call: func(c *Call) (value.Value, error) {
		d := value.NewDict(0)
		return d, c.Ctx.fillDict(d, c.Args[0])
	}},
	{Name: "pop", Call: dictPop},
	{Name: "popitem", Call: dictPopItem},
	{Name: "setdefault", Call: dictSetDefault},
	{Name: "update", Call: dictUpdate},
	{Name: "clear", Call: func(c *Call) (value.Value, error) {
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
		c.Args[0].(*value.List).Elems = nil
		return value.None, nil
	}},
	{Name: "copy", Call: func(c *Call) (value.Value, error) {
		return value.NewList(slices.Clone(c.Args[0].(*value.List).Elems)...), nil
	}},
	{Name: "reverse", Call: func(c *Call) (value.Value, error) {
		slices.Reverse(c.Args[0].(*value.List).Elems)
		return value.None, nil
	}},
	{Name: "sort", Call: listSort},
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
		return errors.New("a list or dict can't hold itself")
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

func listExtend(c *Call) (value.Value, error) {
	var vs []value.Value
	if err := c.rest().Unpack("iterable", &vs); err != nil {
		return nil, err
	}
	l := c.Args[0].(*value.List)
	if err := c.Ctx.mayHold(l, value.Tuple(vs), len(l.Elems)+len(vs)); err != nil {
		return nil, err
	}
	l.Append(vs...)
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
	var key value.Value
	reverse := false
	if err := c.rest().Unpack("key?", &key, "reverse?", &reverse); err != nil {
		return nil, err
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
	var start, stop value.Value = value.None, value.None
	if err := c.rest().Unpack("value", &v, "start?", &start, "stop?", &stop); err != nil {
		return nil, err
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

var intMethods = methodTable([]*Func{
	{Name: "bit_length", Call: func(c *Call) (value.Value, error) {
		n, _ := value.AsBig(c.Args[0])
		return value.Int(n.BitLen()), c.rest().Unpack()
	}},
	{Name: "bit_count", Call: func(c *Call) (value.Value, error) {
		n, _ := value.AsBig(c.Args[0])
		return value.Int(strings.Count(n.Text(2), "1")), c.rest().Unpack()
	}},
	{Name: "conjugate", Call: func(c *Call) (value.Value, error) { return c.Args[0], c.rest().Unpack() }},
	{Name: "as_integer_ratio", Call: func(c *Call) (value.Value, error) {
		return value.Tuple{c.Args[0], value.Int(1)}, c.rest().Unpack()
	}},
	{Name: "is_integer", Call: func(c *Call) (value.Value, error) { return value.Bool(true), c.rest().Unpack() }},
	bitMethod("__and__", (*big.Int).And),
	bitMethod("__or__", (*big.Int).Or),
	bitMethod("__xor__", (*big.Int).Xor),
	{Name: "__lshift__", Call: shiftMethod(true)},
	{Name: "__rshift__", Call: shiftMethod(false)},
})

// bitMethod makes one of the operators on bits that Ansible lets templates
// call by name.
func bitMethod(name string, op func(z, x, y *big.Int) *big.Int) *Func {
	return &Func{Name: name, Call: func(c *Call) (value.Value, error) {
		var other value.Value
		if err := c.rest().Unpack("other", &other); err != nil {
			return nil, err
		}
		x, _ := value.AsBig(c.Args[0])
		y, ok := value.AsBig(other)
		if !ok {
			return nil, unsupported(name, c.Args[0], other)
		}
		return value.NewInt(op(new(big.Int), x, y)), nil
	}}
}

func shiftMethod(left bool) func(*Call) (value.Value, error) {
	return func(c *Call) (value.Value, error) {
		var n int
		if err := c.rest().Unpack("other", &n); err != nil {
			return nil, err
		}
		x, _ := value.AsBig(c.Args[0])
		switch {
		case n < 0:
			return nil, valueErrorf("negative shift count")
		case !left:
			return value.NewInt(new(big.Int).Rsh(x, uint(n))), nil
		case n > maxBits:
			return nil, errors.New("the number is too large")
		}
		return value.NewInt(new(big.Int).Lsh(x, uint(n))), nil
	}
}

var floatMethods = methodTable([]*Func{
	{Name: "is_integer", Call: func(c *Call) (value.Value, error) {
		f := float64(c.Args[0].(value.Float))
		return value.Bool(f == math.Trunc(f) && !math.IsInf(f, 0)), c.rest().Unpack()
	}},
	{Name: "conjugate", Call: func(c *Call) (value.Value, error) { return c.Args[0], c.rest().Unpack() }},
	{Name: "hex", Call: func(c *Call) (value.Value, error) {
		return value.Str(hexFloat(float64(c.Args[0].(value.Float)))), c.rest().Unpack()
	}},
	{Name: "as_integer_ratio", Call: func(c *Call) (value.Value, error) {
		r := new(big.Rat).SetFloat64(float64(c.Args[0].(value.Float)))
		if r == nil {
			return nil, errors.New("cannot convert Infinity or NaN to integer ratio")
		}
		return value.Tuple{value.NewInt(r.Num()), value.NewInt(r.Denom())}, c.rest().Unpack()
	}},
})

// hexFloat is float.hex.
func hexFloat(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return value.FloatString(f)
	}
	s := strconv.FormatFloat(f, 'x', 13, 64)
	mant, exp, _ := strings.Cut(s, "p")
	n, _ := strconv.Atoi(exp)
	if f == 0 {
		return strings.TrimSuffix(mant, "."+strings.Repeat("0", 13)) + ".0p+0"
	}
	return fmt.Sprintf("%sp%+d", mant, n)
}

var bytesMethods = methodTable([]*Func{
	{Name: "decode", Call: bytesDecode},
	{Name: "hex", Call: func(c *Call) (value.Value, error) {
		return value.Str(fmt.Sprintf("%x", string(c.Args[0].(value.Bytes)))), c.rest().Unpack()
	}},
})

func bytesDecode(c *Call) (value.Value, error) {
	enc, onError := "utf-8", "strict"
	if err := c.rest().Unpack("encoding?", &enc, "errors?", &onError); err != nil {
		return nil, err
	}
	s := string(c.Args[0].(value.Bytes))
	switch strings.ToLower(enc) {
	case "latin-1", "latin1", "iso-8859-1":
		r := make([]rune, len(s))
		for i := range len(s) {
			r[i] = rune(s[i])
		}
		return value.Str(string(r)), nil
	case "utf-8", "utf8", "ascii", "us-ascii":
		switch {
		case utf8.ValidString(s):
		case onError == "ignore":
			s = strings.ToValidUTF8(s, "")
		case onError == "replace":
			s = strings.ToValidUTF8(s, "\uFFFD")
		default:
			return nil, fmt.Errorf("'%s' codec can't decode the bytes: invalid start byte", enc)
		}
		return value.Str(s), nil
	}
	return nil, fmt.Errorf("unknown encoding: %s", enc)
}

func encodeUTF16(s, name string) []byte {
	var b []byte
	if name == "utf-16" {
		b = []byte{0xff, 0xfe}
	}
	for _, u := range utf16.Encode([]rune(s)) {
		if strings.HasSuffix(name, "be") {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}
