package modules

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

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

// errnoText gives the text of a system call's error as the C library has it,
// which results show and playbooks look for: Permission denied.
func errnoText(err error) error {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return reason(err)
	}
	return &systemError{no}
}

// systemError is the error of a system call in the words of the C library.
type systemError struct{ no syscall.Errno }

func (e *systemError) Error() string {
	text := e.no.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// Unwrap gives the number.
func (e *systemError) Unwrap() error { return e.no }

// osError words an error of a system call on a path as results do:
// [Errno 13] Permission denied: '/root'.
func osError(err error, path string) string {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return reason(err).Error()
	}
	return fmt.Sprintf("[Errno %d] %s: '%s'", int(no), errnoText(no), path)
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
