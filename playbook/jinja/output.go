package jinja

import (
	"errors"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// output collects what a template prints. One thing keeps its type; several
// are joined as text; None counts as nothing.
type output struct {
	c      *Context
	n      int
	first  value.Value
	buf    strings.Builder
	secret bool
	undef  *value.Undefined // met while joining: the result is undefined
	// later are the pieces before buf, kept because the template changes
	// containers: they are printed as they are at the end, but those of the
	// template's own as they are now.
	later []value.Value
}

func newOutput(c *Context) *output { return &output{c: c} }

// write adds a value.
func (o *output) write(v value.Value) error {
	if v == value.None {
		return nil
	}
	if o.c.copies {
		v = unowned(v)
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

// literal adds text of the template itself.
func (o *output) literal(t *textStmt) error {
	if o.n < 2 {
		return o.write(t.text)
	}
	o.n++
	o.buf.WriteString(t.raw)
	return o.check()
}

// text appends the text of a value.
func (o *output) text(v value.Value) error {
	switch v := v.(type) {
	case value.Str:
		o.buf.WriteString(string(v))
	case value.Int:
		var digits [20]byte
		o.buf.Write(strconv.AppendInt(digits[:0], int64(v), 10))
	case value.Secret:
		o.c.sees(v)
		o.secret = true
		o.buf.WriteString(string(v))
	case *value.List, *value.Dict, *loop, *namespace:
		if _, isLoop := v.(*loop); isLoop || o.c.copies {
			o.later = append(o.later, value.Str(o.buf.String()), v)
			o.buf.Reset()
			return nil
		}
		return o.join(v)
	default:
		return o.join(v)
	}
	return o.check()
}

// join appends the text of a value that is none itself.
func (o *output) join(v value.Value) error {
	s, secret, err := o.c.joinable(v)
	if u := undefinedOf(err); u != nil {
		if s := o.c.run.showing; s != nil && o.c.run.depth == s.depth {
			o.buf.WriteString(s.mark(u.Msg))
		} else if o.undef == nil {
			o.undef = u
		}
		return nil
	}
	if err != nil {
		return err
	}
	o.secret = o.secret || secret
	o.buf.WriteString(string(s))
	return o.check()
}

func (o *output) check() error {
	if limit := o.c.lim.Output; o.buf.Len() > limit {
		return limitf("the output of the template is larger than the limit of %d bytes", limit)
	}
	return nil
}

// result gives what was printed; an undefined part makes it undefined.
func (o *output) result() (value.Value, error) {
	if o.later != nil {
		if err := o.joinLater(); err != nil {
			return nil, err
		}
	}
	switch {
	case o.undef != nil:
		return o.undef, nil
	case o.n == 0:
		return value.None, nil
	case o.n == 1:
		return o.first, nil
	case o.secret:
		return value.Secret(o.buf.String()), nil
	}
	return value.Str(o.buf.String()), nil
}

// cut ends the output at a failure: what was undefined in the text before it
// comes first.
func (o *output) cut(err error) (value.Value, error) {
	var limit *limitError
	if errors.As(err, &limit) {
		return nil, err
	}
	if o.n == 1 {
		o.text(o.first) // notes what is undefined in it
	}
	if v, _ := o.result(); o.undef != nil {
		return v, nil
	}
	return nil, err
}

// joinLater prints the pieces that were kept.
func (o *output) joinLater() error {
	pieces := append(o.later, value.Str(o.buf.String()))
	o.later = nil
	o.buf.Reset()
	for _, p := range pieces {
		if s, ok := p.(value.Str); ok {
			o.buf.WriteString(string(s))
		} else if err := o.join(p); err != nil {
			return err
		}
	}
	return o.check()
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
	if b, ok := v.(value.Bytes); ok {
		text, err = decodeUTF8(string(b))
		return text, false, err
	}
	return value.String(v), value.IsSecret(v), nil
}
