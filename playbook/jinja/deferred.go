package jinja

import (
	"errors"
	"fmt"

	"drover/playbook/source"
	"drover/playbook/value"
)

// In ansible-core 2.19 a call, filter, test or variable that fails does not
// end the template there: its result is a value that stands for the failure.
// Whatever uses that value fails, the filter default and the test defined
// included; a template that never looks at it succeeds.

// deferred gives the value that stands for a failure. What is undefined stays
// so; the limits of evaluation, and every failure in 2.18's mode, end the
// template at once.
func (c *Context) deferred(err error) (value.Value, error) {
	if u := undefinedOf(err); u != nil {
		return u, nil
	}
	var limit *limitError
	if c.env.Lenient || errors.As(err, &limit) {
		return nil, err
	}
	return &value.Undefined{Msg: err.Error(), Err: err}, nil
}

// failure gives the failure that a value stands for, or nil.
func failure(v value.Value) error {
	if u, ok := v.(*value.Undefined); ok {
		return u.Err
	}
	return nil
}

// surfaced is for callers outside of templates: it gives a deferred failure as
// the error it is.
func surfaced(v value.Value, err error) (value.Value, error) {
	if err == nil {
		err = failure(v)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// tracedValue adds a step of the way to an undefined value or a deferred failure.
func tracedValue(v value.Value, pos source.Pos, format string, args ...any) value.Value {
	u, ok := v.(*value.Undefined)
	switch {
	case !ok || u.Plain:
		return v
	case u.Err == nil:
		return u.Through(source.Frame{Pos: pos, What: fmt.Sprintf(format, args...)})
	}
	c := *u
	c.Err = traced(u.Err, pos, format, args...)
	return &c
}

// limitError reports that an evaluation exceeds a limit.
type limitError struct{ msg string }

func (e *limitError) Error() string { return e.msg }

func limitf(format string, args ...any) error { return &limitError{fmt.Sprintf(format, args...)} }
