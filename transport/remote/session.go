package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"drover/playbook/value"
	"drover/transport"
	"drover/transport/wire"
)

// session is one runner on one host, as one user.
type session struct {
	host  *host // whose connection it uses
	again func(context.Context) (Session, error)
	conn  transport.Conn
	t     *transport.Target
	o     *Options
	m     *mux
	relay *relay
	stop  context.CancelFunc
}

// Call implements Session.
func (s *session) Call(ctx context.Context, r *Request) (*value.Dict, error) {
	s.host.leave(r.Leaving, s)
	d, err := s.m.call(ctx, r)
	if errors.Is(err, errRetired) {
		next, err := s.again(ctx)
		if err != nil {
			return nil, err
		}
		return next.Call(ctx, r)
	}
	return d, err
}

// Batch implements Session.
func (s *session) Batch(ctx context.Context, rs []*Request, o BatchOptions, done func(int, *value.Dict) bool) error {
	for _, r := range rs {
		s.host.leave(r.Leaving, s)
	}
	err := s.m.batch(ctx, rs, o, done)
	if errors.Is(err, errRetired) {
		next, err := s.again(ctx)
		if err != nil {
			return err
		}
		return next.Batch(ctx, rs, o, done)
	}
	return err
}

// Conn implements Session.
func (s *session) Conn() transport.Conn { return s.conn }

// broken reports whether the session is of no use any more.
func (s *session) broken() bool { return s.m.failure() != nil }

// close lets the runner go: it leaves at the end of its input.
func (s *session) close() {
	_ = s.m.w.Write(wire.TypeBye, 0, nil) // it may be gone already
	select {
	case <-s.m.done:
	case <-time.After(closeTime):
	}
	s.relay.close()
	s.stop()
}

// closeTime is how long a runner may take to leave.
const closeTime = 2 * time.Second

// openSession starts a runner. It does not wait for its greeting: the first
// calls travel with the hello, and a failure to start fails them.
func openSession(ctx context.Context, conn transport.Conn, t *transport.Target, o *Options) (*session, error) {
	s := &session{conn: conn, t: t, o: o, relay: newRelay()}
	s.m = newMux(hostName(t), wire.NewWriter(s.relay))
	life, stop := context.WithCancel(context.Background())
	s.stop = stop
	if err := s.m.w.Preface(&wire.Hello{Version: wire.Version, Env: t.Env}); err != nil {
		stop()
		return nil, err
	}
	if t.IsLocal() && t.Become == nil && o.Local != nil {
		s.inProcess(life)
		return s, nil
	}
	start, err := newStarter(s)
	if err != nil {
		stop()
		return nil, err
	}
	p, err := start.exec(ctx)
	if err != nil {
		stop()
		return nil, err
	}
	go s.run(life, start, p)
	return s, nil
}

func hostName(t *transport.Target) string {
	if t.Name != "" {
		return t.Name
	}
	return t.Host
}

// inProcess serves the calls in this very process.
func (s *session) inProcess(ctx context.Context) {
	hostIn, ourOut := io.Pipe()
	ourIn, hostOut := io.Pipe()
	go func() {
		err := s.o.Local(ctx, s.t.Dir, hostIn, hostOut)
		hostOut.CloseWithError(errors.Join(err, io.EOF))
	}()
	go func() {
		s.relay.to(ourOut)
		s.relay.confirm()
	}()
	go func() {
		r := wire.NewReader(ourIn)
		_, err := r.Greet(nil, wire.Magic)
		if err == nil {
			_, err = r.Hello()
		}
		if err == nil {
			err = s.m.read(r)
		}
		s.m.fail(s.fault(transport.PhaseCall, err, ""))
		s.relay.close()
	}()
}

func (s *session) fault(phase transport.Phase, err error, hint string) error {
	var u *transport.UnreachableError
	if errors.As(err, &u) {
		return u
	}
	return &transport.UnreachableError{Host: hostName(s.t), Phase: phase, Err: err, Hint: hint}
}

// run lives as long as the runner: it brings it to the host where it is
// missing, and reads what it sends.
func (s *session) run(ctx context.Context, start *starter, p *process) {
	err := s.serve(ctx, start, p)
	if ctx.Err() != nil {
		err = s.fault(transport.PhaseCall, errClosed, "")
	}
	s.m.fail(err)
	s.relay.close()
	s.stop()
}

func (s *session) serve(ctx context.Context, start *starter, p *process) error {
	for {
		missing, err := start.greet(ctx, p)
		if start.another(err) {
			if p, err = start.exec(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if missing == nil {
			defer context.AfterFunc(ctx, p.kill)()
			return s.ended(p, s.m.read(p.frames))
		}
		if p, err = start.bring(ctx, *missing); err != nil {
			return err
		}
	}
}

// another reports whether the runner may start another way after err.
func (st *starter) another(err error) bool {
	switch {
	case errors.Is(err, transport.ErrNoTerminal) && !st.tty:
		st.tty = true
	case err != nil && st.guessed && !transport.Gone(st.s.conn):
		st.doubted = true
	default:
		return false
	}
	return true
}

// ended explains why a runner that worked does not send any more.
func (s *session) ended(p *process, err error) error {
	var broken *wire.ProtocolError
	if errors.As(err, &broken) {
		p.kill()
		return s.fault(transport.PhaseCall, err, "something else writes to the runner's output")
	}
	code, waitErr := p.wait()
	if waitErr != nil {
		return s.fault(transport.PhaseCall, waitErr, "")
	}
	how := fmt.Sprintf("the runner on the host ended with exit code %d", code)
	switch {
	case code < 0:
		how = fmt.Sprintf("the runner on the host was killed by signal %d", -code)
	case code > 128:
		how = fmt.Sprintf("the runner on the host was killed by signal %d", code-128)
	}
	if said := p.said.text(); said != "" {
		how += ": " + said
	}
	return s.fault(transport.PhaseCall, errors.New(how),
		"somebody killed it or the host ran out of memory; the task may be half done")
}

// tail keeps the last words of a process. It is safe for concurrent use.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const maxTail = 2 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p...)
	if len(t.last) > maxTail {
		t.last = append([]byte(nil), t.last[len(t.last)-maxTail:]...)
	}
	return len(p), nil
}
