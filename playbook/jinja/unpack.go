package jinja

import (
	"fmt"
	"math"
	"strings"

	"drover/playbook/value"
)

// Unpack assigns the call's arguments to variables, in pairs of a name and a
// pointer: "width", &n. From the first name that ends in "?" on, arguments may
// be missing and leave their variables alone. For filters and tests the first
// pair takes the value on the left.
//
// Pointers may be *value.Value, *string, *int, *int64, *float64, *bool,
// **value.List, *value.Mapping, *[]value.Value (any iterable); None leaves an
// optional variable of another type than *value.Value alone.
func (c *Call) Unpack(pairs ...any) error {
	n := len(pairs) / 2
	if len(c.Args) > n {
		return TypeErrorf("%s() takes at most %d argument(s), %d given", c.name(), n, len(c.Args))
	}
	used := 0
	optional := false
	for i := range n {
		name, opt := strings.CutSuffix(pairs[2*i].(string), "?")
		optional = optional || opt
		var v value.Value
		if k, ok := c.kwarg(name); ok {
			if i < len(c.Args) {
				return TypeErrorf("%s() got multiple values for argument '%s'", c.name(), name)
			}
			v = k
			used++
		} else if i < len(c.Args) {
			v = c.Args[i]
		}
		if v == nil {
			if !optional {
				return TypeErrorf("%s() missing required argument: '%s'", c.name(), name)
			}
			continue
		}
		if err := c.store(name, v, pairs[2*i+1], optional); err != nil {
			return err
		}
	}
	if used < len(c.Kwargs) {
		return c.unexpected(pairs)
	}
	return nil
}

func (c *Call) name() string {
	if c.Func != nil {
		return c.Func.Name
	}
	return "function"
}

func (c *Call) kwarg(name string) (value.Value, bool) {
	for _, k := range c.Kwargs {
		if k.Name == name {
			return k.Val, true
		}
	}
	return nil, false
}

// unexpected reports the first keyword argument that no pair takes.
func (c *Call) unexpected(pairs []any) error {
	var names []string
	for i := 0; i < len(pairs); i += 2 {
		names = append(names, strings.TrimSuffix(pairs[i].(string), "?"))
	}
next:
	for _, k := range c.Kwargs {
		for _, n := range names {
			if n == k.Name {
				continue next
			}
		}
		return TypeErrorf("%s() got an unexpected keyword argument '%s'%s", c.name(), k.Name, didYouMean(k.Name, names))
	}
	return TypeErrorf("%s() got a keyword argument twice", c.name())
}

// store converts v to what p points to.
func (c *Call) store(name string, v value.Value, p any, optional bool) error {
	if p, ok := p.(*value.Value); ok {
		*p = v
		return nil
	}
	if v == value.None && optional && !c.exact {
		return nil
	}
	if u, ok := v.(*value.Undefined); ok && !u.Plain {
		return &UndefinedError{u}
	}
	want := ""
	ok := false
	switch p := p.(type) {
	case *string:
		want = "a string"
		*p, ok = value.AsString(v)
	case *int:
		want = "an integer"
		var n int64
		if n, ok = c.integer(v); ok {
			*p = int(n)
		}
	case *int64:
		want = "an integer"
		*p, ok = c.integer(v)
	case *float64:
		want = "a number"
		if ok = isNumber(v); ok {
			*p, _ = value.AsFloat(v)
		}
	case *bool:
		want = "an integer"
		*p, ok = value.Truth(v), !c.exact
		if c.exact {
			_, ok = value.AsInt(v)
		}
	case **value.List:
		want = "a list"
		if t, isTuple := v.(value.Tuple); isTuple {
			v = &value.List{Elems: t}
		}
		var l *value.List
		if l, ok = v.(*value.List); ok {
			*p = l
		}
	case *value.Mapping:
		want = "a dict"
		var m value.Mapping
		if m, ok = v.(value.Mapping); ok {
			*p = m
		}
	case *[]value.Value:
		vs, err := c.Ctx.elements(v)
		if err != nil {
			return err
		}
		*p, ok = vs, true
	default:
		return fmt.Errorf("%s(): argument '%s' can't be stored in a %T", c.name(), name, p)
	}
	if !ok {
		return TypeErrorf("%s(): argument '%s' must be %s, not '%s'", c.name(), name, want, v.Type())
	}
	return nil
}

// integer gives an integer argument.
func (c *Call) integer(v value.Value) (int64, bool) {
	if c.exact {
		return value.AsInt(v)
	}
	return asInteger(v)
}

// asInteger accepts integers, booleans and whole floats.
func asInteger(v value.Value) (int64, bool) {
	if f, ok := v.(value.Float); ok {
		return int64(f), float64(f) == math.Trunc(float64(f)) && math.Abs(float64(f)) < 1<<62
	}
	return value.AsInt(v)
}
