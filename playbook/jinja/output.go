package jinja

import (
	"fmt"

	"drover/playbook/value"
)

// output collects what a template prints. One thing keeps its type; several
// are joined as text; None counts as nothing.
type output struct {
	c      *Context
	n      int
	first  value.Value
	buf    []byte
	secret bool
	undef  *value.Undefined // met while joining: the result is undefined
}

func newOutput(c *Context) *output { return &output{c: c} }

// write adds a value.
func (o *output) write(v value.Value) error {
	if v == value.None {
		return nil
	}
	o.n++
	if o.n == 1 {
		o.first = v
		return nil
	}
	if o.n == 2 {
		if err := o.text(o.first); err != nil {
			return err
		}
	}
	return o.text(v)
}

// text appends the text of a value.
func (o *output) text(v value.Value) error {
	switch v := v.(type) {
	case value.Str:
		o.buf = append(o.buf, v...)
	case value.Secret:
		o.secret = true
		o.buf = append(o.buf, v...)
	default:
		s, secret, err := o.c.joinable(v)
		if u := undefinedOf(err); u != nil {
			if o.undef == nil {
				o.undef = u
			}
			return nil
		}
		if err != nil {
			return err
		}
		o.secret = o.secret || secret
		o.buf = append(o.buf, s...)
	}
	if limit := o.c.env.limits().Output; len(o.buf) > limit {
		return fmt.Errorf("the output of the template is larger than the limit of %d bytes", limit)
	}
	return nil
}

// result gives what was printed; an undefined part makes it undefined.
func (o *output) result() (value.Value, error) {
	switch {
	case o.undef != nil:
		return o.undef, nil
	case o.n == 0:
		return value.None, nil
	case o.n == 1:
		return o.first, nil
	case o.secret:
		return value.Secret(o.buf), nil
	}
	return value.Str(o.buf), nil
}

// joinable gives the text of a value between other text.
func (c *Context) joinable(v value.Value) (text string, secret bool, err error) {
	v, err = c.finalize(v, true)
	if err != nil {
		return "", false, err
	}
	if v == value.Omit || v == value.None {
		return "", false, nil
	}
	return value.String(v), value.IsSecret(v), nil
}
