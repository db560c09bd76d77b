package main

import (
	"context"
	"errors"
	"io/fs"

	"drover/inventory"
	"drover/playbook"
	"drover/playbook/engine"
	"drover/playbook/source"
	"drover/playbook/vault"
	"drover/playbook/yaml"
	"drover/transport"
)

// The exit codes, those of ansible-playbook.
const (
	exitOK          = 0
	exitError       = 1 // something is not there: an inventory, a file, a role, a handler
	exitFailed      = 2 // a task failed on a host; also a wrong command line
	exitUnreachable = 4 // a host was unreachable; also a playbook that can't be read
	exitOptions     = 5 // options that do not go together
	exitInterrupted = 99
	exitUnexpected  = 250
)

// usageError is a wrong command line.
type usageError struct {
	msg     string
	command string
}

func (e *usageError) Error() string { return e.msg }

// optionsError is a command line whose options do not go together.
type optionsError struct{ msg string }

func (e *optionsError) Error() string { return e.msg }

// settingError is a configuration that can't be read.
type settingError struct{ error }

func (e *settingError) Unwrap() error { return e.error }

// adhocError is a call of one module that would fail on every host.
type adhocError struct{ error }

func (e *adhocError) Unwrap() error { return e.error }

// olderError is an error that is shown as Ansible showed it before 2.19.
type olderError struct{ error }

func (e *olderError) Unwrap() error { return e.error }

// exitCode is the one place that gives errors their exit code.
func exitCode(err error) int {
	var usage *usageError
	var options *optionsError
	var fault *source.Error
	var list source.List
	var locked *vault.Error
	var setting *settingError
	var adhoc *adhocError
	var running *engine.RunError
	var hostVars *engine.HostVarsError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &list) && len(list) > 0 && errors.As(list[0], &fault):
		return firstCode(list)
	case errors.As(err, &usage):
		return exitFailed
	case errors.As(err, &hostVars):
		return exitUnreachable
	case errors.As(err, &locked), errors.As(err, &running), errors.Is(err, fs.ErrNotExist), errors.Is(err, playbook.ErrGeneral),
		errors.Is(err, yaml.ErrLocked), errors.Is(err, inventory.ErrUnparsed):
		return exitError
	case errors.Is(err, playbook.ErrTaskFails):
		return exitFailed
	case errors.As(err, &adhoc):
		return exitFailed
	case errors.As(err, &options), errors.As(err, &setting), errors.Is(err, inventory.ErrSelection):
		return exitOptions
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case transport.IsUnreachable(err), errors.As(err, &fault), errors.As(err, &list):
		return exitUnreachable
	}
	return exitError
}

// firstCode gives the exit code of several mistakes: that of the first that
// keeps the playbook from being run, else of the first that a task would meet.
func firstCode(list source.List) int {
	for _, err := range list {
		if !errors.Is(err, playbook.ErrTaskFails) {
			return exitCode(err)
		}
	}
	return exitFailed
}

// outcomeCode gives the exit code of a run that came to its end.
func outcomeCode(o *engine.Outcome) int {
	switch {
	case o.Interrupted:
		return exitInterrupted
	case o.Unreachable:
		return exitUnreachable
	case o.Failed:
		return exitFailed
	}
	return exitOK
}
