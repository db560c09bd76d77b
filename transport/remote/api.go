// Package remote puts the runner on hosts and calls modules through it: one
// Session for each host and identity (login user, or a user it becomes), any
// number of calls at a time on each.
package remote

import (
	"context"
	"io"

	"drover/playbook/value"
	"drover/transport"
)

// Pool keeps the sessions of a run: a connection per target, a runner per
// identity, opened on first use, with a ramp that no sshd's MaxStartups drops.
// It is safe for concurrent use. NewPool is in pool.go.
//
//	func NewPool(d transport.Dialer, o Options) *Pool
//	func (p *Pool) Session(ctx context.Context, t *transport.Target) (Session, error)
//	func (p *Pool) Reset(t *transport.Target)      closes the host's connection (meta: reset_connection)
//	func (p *Pool) Close() error

// Session calls modules on one host as one user.
type Session interface {
	// Call runs one module. The error is an *UnreachableError, ctx's error
	// (the call was cancelled and its processes killed), or a *CallError; a
	// module's failure is in the result ("failed": true).
	Call(ctx context.Context, r *Request) (*value.Dict, error)
	// Batch runs requests in order on the host in one round trip and gives
	// each result as it comes through done, which gives false to stop the
	// rest before they start. StopOnFailure stops on the host by itself. A
	// fault of one call, where Call gives a *CallError, is its failed result;
	// a *CallError of Batch means that nothing was sent.
	Batch(ctx context.Context, rs []*Request, o BatchOptions, done func(i int, result *value.Dict) bool) error
	// Conn gives the bare connection, for raw and script.
	Conn() transport.Conn
}

// BatchOptions go with Session.Batch.
type BatchOptions struct{ StopOnFailure bool }

// Request is one call of a module.
type Request struct {
	Module    string // fully qualified name
	Args      *value.Dict
	Check     bool
	Diff      bool
	Verbosity int
	Env       map[string]string
	// Blobs are contents the module may ask for by id. Open is called when it
	// does, at most once a call unless small contents were sent along.
	Blobs map[string]Blob
	// Receive takes the streams that the module sends, by name.
	Receive ReceiveFunc
	// Progress gets the module's words while it runs; may be nil.
	Progress func(text string)
	// Leaving is a user on the host as whom no runner may run during the call,
	// "" for none. One that has nothing to do goes, and comes again when needed.
	Leaving string
	// Async detaches the call: the result has the job's id at once.
	Async *Async
}

// Blob is content on the controller.
type Blob struct {
	Size int64
	Open func() (io.ReadCloser, error)
	// Wait keeps contents that are work to make from being sent along with
	// the call, however small they are: they are opened only when asked for.
	Wait bool
}

// Async says how long a detached call may run, in seconds, and its job id.
type Async struct {
	Limit int
	JobID string
	Dir   string // where the job's file is written ("~/.ansible_async")
}

// CallError is a fault between controller and module that is neither: an
// unknown module on the runner, a frame that breaks the protocol.
type CallError struct{ Host, Msg string }

func (e *CallError) Error() string { return e.Host + ": " + e.Msg }

// ReceiveFunc opens the place for a stream that a module sends under a name.
type ReceiveFunc func(name string) (io.WriteCloser, error)
