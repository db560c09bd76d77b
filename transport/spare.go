package transport

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"
)

// spareDialer gives connections that have room for any number of sessions:
// where sshd opens no more on one (MaxSessions), another is made.
func spareDialer(d Dialer) Dialer { return &sparing{d} }

type sparing struct{ Dialer }

func (s *sparing) Dial(ctx context.Context, t *Target) (Conn, error) {
	c, err := s.Dialer.Dial(ctx, t)
	if err != nil {
		return nil, err
	}
	return &spareConn{first: c, dialer: s.Dialer, target: t}, nil
}

// spareConn is a connection and those made because it was full.
type spareConn struct {
	first  Conn
	dialer Dialer
	target *Target
	mu     sync.Mutex
	spares []Conn
	closed bool
}

// full reports whether a host refused a further session on a connection.
func full(err error) bool {
	var refused *ssh.OpenChannelError
	return errors.As(err, &refused)
}

// Exec implements Conn.
func (s *spareConn) Exec(ctx context.Context, line string, o ExecOptions) (Process, error) {
	p, err := s.first.Exec(ctx, line, o)
	if !full(err) {
		return p, err
	}
	for _, c := range s.alive() {
		if p, err := c.Exec(ctx, line, o); err == nil {
			return p, nil
		}
	}
	return s.more(ctx, line, o)
}

// alive gives the spare connections, without those that were lost.
func (s *spareConn) alive() []Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spares = slices.DeleteFunc(s.spares, Gone)
	return slices.Clone(s.spares)
}

// more runs line on a further connection, which others may use once its first
// session is taken.
func (s *spareConn) more(ctx context.Context, line string, o ExecOptions) (Process, error) {
	c, err := s.dialer.Dial(ctx, s.target)
	if err != nil {
		return nil, err
	}
	p, err := c.Exec(ctx, line, o)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = c.Close()
		return nil, s.target.fault(PhaseExec, errors.New("the connection was closed"), "")
	}
	s.spares = append(s.spares, c)
	return p, nil
}

// Put implements Conn.
func (s *spareConn) Put(ctx context.Context, r io.Reader, path string, mode fs.FileMode) error {
	return PutByShell(ctx, s, s.target, r, path, mode)
}

// Get implements Conn.
func (s *spareConn) Get(ctx context.Context, path string, w io.Writer) error {
	return GetByShell(ctx, s, s.target, path, w)
}

// Gone reports whether the first connection is lost.
func (s *spareConn) Gone() bool { return Gone(s.first) }

// Lost is the first connection's.
func (s *spareConn) Lost() <-chan struct{} { return Lost(s.first) }

// Alive asks over the first connection.
func (s *spareConn) Alive() bool { return Alive(s.first) }

// Close implements Conn.
func (s *spareConn) Close() error {
	s.mu.Lock()
	s.closed = true
	spares := s.spares
	s.spares = nil
	s.mu.Unlock()
	for _, c := range spares {
		_ = c.Close()
	}
	return s.first.Close()
}
