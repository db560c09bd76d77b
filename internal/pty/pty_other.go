//go:build !linux

// Package pty opens terminals for programs that want one.
package pty

import (
	"errors"
	"os"
	"os/exec"
)

// Start is for Linux only: elsewhere it gives this error.
func Start(*exec.Cmd, bool) (*os.File, error) {
	return nil, errors.New("a command on a terminal is not supported on this system")
}

// Output reads a terminal to its end.
type Output struct{ *os.File }
