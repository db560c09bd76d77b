package jinja

import (
	"errors"

	"drover/playbook/value"
)

// In ansible-core 2.19 a filter meets an undefined part of an argument only when
// it gets there: one that takes no such argument at all fails before, and that
// is the failure to show.

// standIns are what refusal puts in the place of undefined parts.
var standIns = [...]value.Value{value.Str(""), value.Int(1), value.NewList()}

// refusal gives the error of a function that refuses its arguments whatever their
// undefined parts were; nil when it is these that matter.
func (c *Context) refusal(call *Call) error {
	if call.Func.Impure {
		return nil
	}
	var refused error
	for _, part := range standIns {
		try := *call
		try.Args, try.Kwargs = c.filledArgs(call, part)
		_, err := call.Func.Call(&try)
		var undef *UndefinedError
		switch {
		case err == nil, errors.As(err, &undef), refused != nil && err.Error() != refused.Error():
			return nil
		}
		refused = err
	}
	return refused
}

func (c *Context) filledArgs(call *Call, part value.Value) (args []value.Value, kw []Kwarg) {
	for _, a := range call.Args {
		args = append(args, c.filled(a, part, 0))
	}
	for _, k := range call.Kwargs {
		kw = append(kw, Kwarg{k.Name, c.filled(k.Val, part, 0)})
	}
	return args, kw
}

// filled gives a copy of v in which part stands for all that is undefined or
// can't be evaluated.
func (c *Context) filled(v, part value.Value, depth int) value.Value {
	if t, ok := v.(*value.Template); ok {
		r, err := c.resolveTemplate(t)
		if err != nil {
			return part
		}
		v = r
	}
	if depth > maxValueDepth {
		return part
	}
	switch v := v.(type) {
	case *value.Undefined:
		if !v.Plain {
			return part
		}
	case *value.List:
		return &value.List{Elems: c.filledAll(v.Elems, part, depth)}
	case value.Tuple:
		return value.Tuple(c.filledAll(v, part, depth))
	case *value.Dict:
		d := value.NewDict(v.Len())
		for _, e := range v.Entries() {
			d.Set(e.Key, c.filled(e.Val, part, depth+1))
		}
		return d
	}
	return v
}

func (c *Context) filledAll(vs []value.Value, part value.Value, depth int) []value.Value {
	out := make([]value.Value, len(vs))
	for i, e := range vs {
		out[i] = c.filled(e, part, depth+1)
	}
	return out
}
