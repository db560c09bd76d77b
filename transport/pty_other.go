//go:build !linux

package transport

import (
	"errors"
	"os/exec"
)

// startOnTTY is for Linux only: elsewhere a local su with a password is
// refused with this error.
func startOnTTY(t *Target, _ *exec.Cmd) (Process, error) {
	return nil, t.fault(PhaseExec, errors.New("a local command on a terminal is not supported on this system"),
		"use sudo instead of su (ansible_become_method)")
}
