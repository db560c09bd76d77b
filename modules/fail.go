package modules

import (
	"errors"
	"fmt"
	"io/fs"

	"drover/playbook/value"
)

// Failf gives a module's failure with a message, wrapping the cause named by %w.
func Failf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Msg: err.Error(), Err: errors.Unwrap(err)}
}

// FailWith gives a module's failure that carries further keys of the result.
func FailWith(data *value.Dict, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Msg: err.Error(), Data: data, Err: errors.Unwrap(err)}
}

// FailResult turns the error of a Run into the result that reports it.
func FailResult(err error) *Result {
	r := &Result{Failed: true, Msg: err.Error()}
	var e *Error
	if errors.As(err, &e) {
		r.Msg, r.Data = e.Msg, e.Data
	}
	return r
}

// reason gives the cause of a file error without the operation and path that
// our own message names.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
