package sshtest

import (
	"net"
	"sync/atomic"
)

// Faults are failures that the server shows to new connections (and SilentExec
// to new sessions of old ones).
type Faults struct {
	// SilentAccept takes connections and says nothing, ever.
	SilentAccept bool
	// SilentAuth exchanges keys and then never answers a login.
	SilentAuth bool
	// SilentExec logs in and never opens a session.
	SilentExec bool
	// RefuseAuth refuses every login.
	RefuseAuth bool
	// DropStarts drops that many connections before the first word, counted
	// from the server's start, as sshd does beyond its MaxStartups.
	DropStarts int64
	// CutAfter cuts a connection when it has sent so many bytes.
	CutAfter int64
}

// Set changes the faults.
func (s *Server) Set(f Faults) { s.faults.Store(&f) }

func (f *Faults) wrap(c net.Conn) net.Conn {
	if f.CutAfter > 0 {
		cut := &cutConn{Conn: c}
		cut.left.Store(f.CutAfter)
		return cut
	}
	return c
}

// cutConn closes itself when it has sent its bytes.
type cutConn struct {
	net.Conn
	left atomic.Int64
}

func (c *cutConn) Write(p []byte) (int, error) {
	if c.left.Add(-int64(len(p))) < 0 {
		c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}
