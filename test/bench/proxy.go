package main

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// slowLink is a TCP proxy on loopback that holds back every byte by half a
// round-trip time, in both directions, and counts what passes.
type slowLink struct {
	listener net.Listener
	to       string
	half     time.Duration
	turns    atomic.Int64 // times that data came from the client after data from the server
	bytes    atomic.Int64
}

func newSlowLink(to string, rtt time.Duration) (*slowLink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &slowLink{listener: l, to: to, half: rtt / 2}
	go s.accept()
	return s, nil
}

func (s *slowLink) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

func (s *slowLink) close() { s.listener.Close() }

// reset begins to count anew.
func (s *slowLink) reset() { s.turns.Store(0); s.bytes.Store(0) }

func (s *slowLink) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		go s.serve(c)
	}
}

func (s *slowLink) serve(client net.Conn) {
	defer client.Close()
	time.Sleep(2 * s.half) // the handshake of TCP itself
	server, err := net.Dial("tcp", s.to)
	if err != nil {
		return
	}
	defer server.Close()
	var heard atomic.Bool // the server spoke since the client did
	var both sync.WaitGroup
	both.Go(func() {
		s.pass(server, client, func() {
			if heard.Swap(false) {
				s.turns.Add(1)
			}
		})
	})
	both.Go(func() { s.pass(client, server, func() { heard.Store(true) }) })
	both.Wait()
}

// parcel is what was read at a time.
type parcel struct {
	data []byte
	due  time.Time
}

// pass carries bytes one way, late; seen is called when they leave the link.
func (s *slowLink) pass(to, from net.Conn, seen func()) {
	parcels := make(chan parcel, 4096)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(parcels)
		for {
			buf := make([]byte, 64<<10)
			n, err := from.Read(buf)
			if n > 0 {
				s.bytes.Add(int64(n))
				select {
				case parcels <- parcel{buf[:n], time.Now().Add(s.half)}:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	defer cancel()
	for p := range parcels {
		time.Sleep(time.Until(p.due))
		seen()
		if _, err := to.Write(p.data); err != nil {
			break
		}
	}
	if tcp, ok := to.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
}
