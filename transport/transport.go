// Package transport reaches hosts: it dials them (ssh, local), runs commands
// and moves files. What runs over a connection (the runner, its calls) is
// package remote's; retry, limits, recording and become are wrappers that have
// the same interfaces.
package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Target is where and how to connect: the connection variables of a host,
// already templated and merged with the command line's flags.
type Target struct {
	Name       string // the inventory's name, for messages
	Kind       string // "ssh", "local" (also smart, paramiko: ssh)
	Host       string // address or name; Name when empty
	Port       int    // 0: from the ssh configuration, else 22
	User       string // "": from the ssh configuration, else the local user
	Password   string
	KeyFile    string // ansible_ssh_private_key_file
	KeyData    string // a private key itself
	Passphrase string
	CommonArgs []string      // ssh_args, ssh_common_args, ssh_extra_args, split
	Timeout    time.Duration // a deadline for each phase of the contact; 0 means 10 s
	Become     *Become       // nil: as the user who logs in
	RemoteTmp  string        // a first directory to try for the runner
	Dir        string        // where commands run when the connection is local; "": the working directory
	// Env is set for the runner's process by the exec that starts it.
	Env map[string]string
}

// Become is who to become on the host and how.
type Become struct {
	Method   string // sudo, su, doas, …
	User     string // root by default
	Password string
	Flags    []string
	Exe      string
}

// Dialer makes connections. It is safe for concurrent use.
type Dialer interface {
	Dial(ctx context.Context, t *Target) (Conn, error)
	Close() error
}

// Conn is a connection to one host as its login user; it is safe for
// concurrent use. A lost or refused connection is an *UnreachableError.
type Conn interface {
	// Exec starts a command line under the login shell. Its end is told by
	// Wait of the Process.
	Exec(ctx context.Context, line string, o ExecOptions) (Process, error)
	// Put writes a file on the host, atomically; Get reads one.
	Put(ctx context.Context, r io.Reader, path string, mode fs.FileMode) error
	Get(ctx context.Context, path string, w io.Writer) error
	Close() error
}

// ExecOptions go with an Exec.
type ExecOptions struct {
	TTY  bool
	Env  map[string]string
	Bulk bool // the input comes by io.Copy, all at once, and may be large
}

// Process is a command running on a host.
type Process interface {
	Stdin() io.WriteCloser
	Stdout() io.Reader
	Stderr() io.Reader
	// Wait gives the exit code (minus the signal's number when killed), or an
	// *UnreachableError when the connection went.
	Wait() (int, error)
	Kill() error
}

// Phase is a step of the contact with a host, named in errors.
type Phase string

// The phases, in order.
const (
	PhaseResolve   Phase = "resolve"
	PhaseConnect   Phase = "connect"
	PhaseHandshake Phase = "key exchange"
	PhaseHostKey   Phase = "host key"
	PhaseAuth      Phase = "authentication"
	PhaseExec      Phase = "exec"
	PhaseUpload    Phase = "upload of the runner"
	PhaseBecome    Phase = "become"
	PhaseRunner    Phase = "start of the runner"
	PhaseCall      Phase = "call"
)

// UnreachableError says that a host can't be reached (any more): who, in
// which phase, why, and what to do.
type UnreachableError struct {
	Host  string
	Phase Phase
	Err   error
	Hint  string
}

func (e *UnreachableError) Error() string {
	s := fmt.Sprintf("%s: %s failed: %v", e.Host, e.Phase, e.Err)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap gives the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// IsUnreachable reports whether err is or wraps an *UnreachableError.
func IsUnreachable(err error) bool {
	var u *UnreachableError
	return errors.As(err, &u)
}

// Gone reports whether a connection is known to be lost. It never asks the
// host.
func Gone(c Conn) bool {
	g, ok := c.(interface{ Gone() bool })
	return ok && g.Gone()
}

// Lost gives a channel that is closed when a connection is known to be lost; nil
// when that is never known.
func Lost(c Conn) <-chan struct{} {
	if l, ok := c.(interface{ Lost() <-chan struct{} }); ok {
		return l.Lost()
	}
	return nil
}

// Alive asks the host of a connection that was not used for a while whether it
// is there. A connection that gets no answer soon is given up.
func Alive(c Conn) bool {
	a, ok := c.(interface{ Alive() bool })
	return !Gone(c) && (!ok || a.Alive())
}

// Leave ends the use of a connection by a run: one that can be kept for the next
// run is, any other is closed.
func Leave(c Conn) error {
	if l, ok := c.(interface{ Leave() error }); ok {
		return l.Leave()
	}
	return c.Close()
}
