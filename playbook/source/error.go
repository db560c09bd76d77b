package source

import (
	"errors"
	"strings"
)

// Error is an error that a user can cause and mend. Msg says what is wrong in
// one sentence without a final full stop, Pos where, Hint what to do. Trace
// lists the places that led there, innermost first ("in variable 'x'"),
// each printed on a line of its own below the snippet.
type Error struct {
	Pos   Pos
	Msg   string
	Hint  string
	Trace []Frame
	Err   error // the cause, may be nil; its text is not printed again
	// Width is the number of characters the caret underlines, 0 and 1 mean one.
	Width int
}

// Frame is one step of the way that led to an error.
type Frame struct {
	Pos  Pos
	What string // for example "in variable 'http_port'"
}

// Errorf makes an Error at pos.
func Errorf(pos Pos, format string, args ...any) *Error {
	return &Error{Pos: pos, Msg: sprintf(format, args...)}
}

// WithHint sets what the user can do about the error and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = sprintf(format, args...)
	return e
}

// Error gives the message on one line: "file:line:col: message".
func (e *Error) Error() string {
	if !e.Pos.Known() {
		return e.Msg
	}
	return e.Pos.String() + ": " + e.Msg
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// List is several errors found in one go, in the order they were found.
type List []error

func (l List) Error() string {
	s := make([]string, len(l))
	for i, e := range l {
		s[i] = e.Error()
	}
	return strings.Join(s, "\n")
}

// Unwrap lets errors.Is and errors.As look into every error of the list.
func (l List) Unwrap() []error { return l }

// Err gives nil for an empty list, the error itself for a list of one, and
// the list otherwise.
func (l List) Err() error {
	switch len(l) {
	case 0:
		return nil
	case 1:
		return l[0]
	}
	return l
}

// Add appends err, flattening lists; nil is ignored.
func (l *List) Add(err error) {
	var sub List
	switch {
	case err == nil:
	case errors.As(err, &sub):
		*l = append(*l, sub...)
	default:
		*l = append(*l, err)
	}
}

// Wrap gives err a place when it has none of its own; nil stays nil.
func Wrap(pos Pos, err error) error {
	var e *Error
	var list List
	switch {
	case err == nil:
		return nil
	case errors.As(err, &list):
		return err
	case errors.As(err, &e):
		if e.Pos.Known() {
			return err
		}
		placed := *e
		placed.Pos = pos
		return &placed
	}
	return &Error{Pos: pos, Msg: err.Error(), Err: err}
}
