// Package keep holds connections open between runs, as OpenSSH's ControlPersist
// does for Ansible: a run leaves its connections with a keeper, a process of
// the user's own in the background, and the next run within ControlPersist's
// time takes them from there without logging in again. The keeper ends with the
// last connection.
//
// One run at a time uses a connection, so the sessions of two runs never meet on
// one. A run speaks to the keeper over a socket in a folder that only the user
// can enter: one link for the whole run, on which it asks for connections (run.go
// here, session.go there), and two for each command, its input and output on one
// (a pipe) and its errors and end on the other (stream.go).
//
// A keeper serves runs of one program with one environment: what decides about
// connections (the working directory, the home, the agent, the PATH) is a part
// of its socket's name. Fleets beyond maxKept hosts are dialed past it.
package keep

import (
	"errors"
	"time"

	"drover/transport"
)

// Arg is the first argument of a process that is to be a keeper; Main takes it
// from there.
const Arg = "__drover_keeper"

// maxKept is how many connections of a run go through the keeper: each costs
// it and the run file descriptors and memory, which a large fleet would notice.
const maxKept = 200

// kinds of links; the first message on a link says which it is.
const (
	linkRun  = "run"
	linkExec = "exec"
	linkPipe = "pipe"
)

// hello is the first message on a link.
type hello struct {
	Kind string
	// Of a run: its options, and whether somebody is there to be asked.
	AcceptNew, NoCheck, AskKey, AskPassphrase bool
	// Of a command and its pipe: what joins them.
	Stream string
	// Of a command.
	Lease   uint64
	Line    string
	Options transport.ExecOptions
}

// request is what a run asks of the keeper.
type request struct {
	ID     uint64            // of a dial, repeated in its reply; of a question that is answered
	Dial   *transport.Target `json:",omitempty"`
	Keep   time.Duration     `json:",omitempty"` // how long the connection may be idle
	Cancel bool              `json:",omitempty"` // of the dial ID
	Close  uint64            `json:",omitempty"` // a lease whose connection is to be closed
	Lease  uint64            `json:",omitempty"` // whose connection is to remember Runner
	Runner string            `json:",omitempty"`
	Answer *answer           `json:",omitempty"`
}

// answer is a person's to a question.
type answer struct {
	Yes  bool
	Text string
	Err  string
}

// reply is what the keeper tells a run.
type reply struct {
	ID            uint64                     `json:",omitempty"`
	Lease         uint64                     `json:",omitempty"` // 0: the dial failed, or it is a question
	Runner        string                     `json:",omitempty"` // where the run before found it
	Err           *fault                     `json:",omitempty"`
	AskHostKey    *transport.HostKeyQuestion `json:",omitempty"`
	AskPassphrase string                     `json:",omitempty"`
	Warn          string                     `json:",omitempty"`
	Gone          uint64                     `json:",omitempty"` // a lease whose connection was lost
}

// news is what the keeper tells about a command, in this order: that it has
// started, or the error; what it says on its standard error; its end.
type news struct {
	Said  []byte `json:",omitempty"`
	Err   *fault `json:",omitempty"` // the command did not start, or its connection went
	Ended bool   `json:",omitempty"`
	Code  int    `json:",omitempty"`
}

// fault is an error on its way through a link.
type fault struct{ Host, Phase, Text, Hint string }

func faultOf(err error) *fault {
	var u *transport.UnreachableError
	if errors.As(err, &u) {
		return &fault{Host: u.Host, Phase: string(u.Phase), Text: u.Err.Error(), Hint: u.Hint}
	}
	return &fault{Text: err.Error()}
}

// error gives the fault as whoever dials himself would see it.
func (f *fault) error() error {
	if f.Phase == "" {
		return errors.New(f.Text)
	}
	return &transport.UnreachableError{Host: f.Host, Phase: transport.Phase(f.Phase), Err: errors.New(f.Text), Hint: f.Hint}
}
