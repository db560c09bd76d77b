// Package sshtest is an SSH and SFTP server inside the process, for tests, for
// "drover demo" and for simulated fleets. Commands are real ones, run by
// /bin/sh in a scratch folder per host; failures of hosts and links can be
// scripted (see Faults).
package sshtest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"
)

// Options describe a host.
type Options struct {
	// Addr is where it listens; "" means a free port of 127.0.0.1.
	Addr string
	// AllLoopback listens on every address of 127.0.0.0/8 at one port, so that
	// one server is thousands of hosts. Addr is ignored.
	AllLoopback bool
	// Home is the scratch folder in which commands run and the value of HOME.
	Home string
	// Password lets in who knows it; Key lets in its owner. When neither is
	// set, everybody with any key is let in.
	Password string
	Key      ssh.PublicKey
	// HostKey is made when nil.
	HostKey ssh.Signer
	// MaxSessions is how many sessions a connection may have at a time; 0 means
	// any number.
	MaxSessions int
	// NoSFTP switches the SFTP subsystem off.
	NoSFTP bool
	// Env is added to the environment of commands, over HOME, PATH and USER.
	Env []string
	// LoginScript runs before every command, as a login shell's profile does.
	LoginScript string
	// Runner answers the start of drover's runner inside the process, instead
	// of a shell (see Stub).
	Runner func(ctx context.Context, in io.Reader, out io.Writer) error
}

// Server is a running server. It is safe for concurrent use.
type Server struct {
	o        Options
	listener net.Listener
	config   *ssh.ServerConfig
	ctx      context.Context
	cancel   context.CancelFunc
	faults   atomic.Pointer[Faults]
	starts   atomic.Int64 // connections taken
	running  sync.WaitGroup
	mu       sync.Mutex
	conns    map[net.Conn]bool
}

// NewKey makes an ed25519 key.
func NewKey() (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return ssh.NewSignerFromKey(private)
}

// Start starts a server; Close ends it.
func Start(o Options) (*Server, error) {
	if o.HostKey == nil {
		key, err := NewKey()
		if err != nil {
			return nil, err
		}
		o.HostKey = key
	}
	addr := o.Addr
	switch {
	case o.AllLoopback:
		addr = "0.0.0.0:0"
	case addr == "":
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sshtest: %w", err)
	}
	s := &Server{o: o, listener: l, conns: map[net.Conn]bool{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.faults.Store(&Faults{})
	s.config = s.serverConfig()
	s.running.Go(s.accept)
	return s, nil
}

// Port gives the port it listens on.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// HostKey gives the key it shows.
func (s *Server) HostKey() ssh.PublicKey { return s.o.HostKey.PublicKey() }

// Starts counts the connections that were taken.
func (s *Server) Starts() int { return int(s.starts.Load()) }

// Cut drops all connections at once, as a host does that loses its power.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// Close ends the server, its connections and its commands.
func (s *Server) Close() error {
	s.cancel()
	err := s.listener.Close()
	s.Cut()
	s.running.Wait()
	return err
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // out of descriptors for a moment
		}
		if tcp, ok := c.LocalAddr().(*net.TCPAddr); ok && s.o.AllLoopback && !tcp.IP.IsLoopback() {
			c.Close() // this port is for nobody else
			continue
		}
		s.running.Go(func() { s.serve(c) })
	}
}

// serve is the life of a connection.
func (s *Server) serve(raw net.Conn) {
	n := s.starts.Add(1)
	f := s.faults.Load()
	c := f.wrap(raw)
	s.mu.Lock()
	s.conns[raw] = true
	s.mu.Unlock()
	defer func() {
		raw.Close()
		s.mu.Lock()
		delete(s.conns, raw)
		s.mu.Unlock()
	}()
	if n <= f.DropStarts {
		return
	}
	if f.SilentAccept {
		_, _ = io.Copy(io.Discard, raw)
		return
	}
	conn, channels, requests, err := ssh.NewServerConn(c, s.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	var sessions atomic.Int64
	for ch := range channels {
		s.channel(ctx, conn, ch, &sessions)
	}
}

// channel takes a session, or passes a connection on as a bastion does.
func (s *Server) channel(ctx context.Context, conn *ssh.ServerConn, ch ssh.NewChannel, sessions *atomic.Int64) {
	switch ch.ChannelType() {
	case "session":
		if s.faults.Load().SilentExec {
			return
		}
		if n := s.o.MaxSessions; n > 0 && sessions.Load() >= int64(n) {
			_ = ch.Reject(ssh.ConnectionFailed, "open failed")
			return
		}
		c, requests, err := ch.Accept()
		if err == nil {
			sessions.Add(1)
			s.running.Go(func() {
				defer sessions.Add(-1)
				s.session(ctx, conn, c, requests)
			})
		}
	case "direct-tcpip":
		s.running.Go(func() { forward(ctx, ch) })
	default:
		_ = ch.Reject(ssh.UnknownChannelType, "only sessions and forwarding")
	}
}

// forward connects a direct-tcpip channel with where it asks to go.
func forward(ctx context.Context, ch ssh.NewChannel) {
	var to struct {
		Host  string
		Port  uint32
		From  string
		FromP uint32
	}
	if err := ssh.Unmarshal(ch.ExtraData(), &to); err != nil {
		_ = ch.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	out, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(to.Host, fmt.Sprint(to.Port)))
	if err != nil {
		_ = ch.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	defer out.Close()
	c, requests, err := ch.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	go ssh.DiscardRequests(requests)
	go func() {
		_, _ = io.Copy(out, c)
		out.Close()
	}()
	_, _ = io.Copy(c, out)
}

// serverConfig sets who is let in.
func (s *Server) serverConfig() *ssh.ServerConfig {
	refused := errors.New("refused")
	c := &ssh.ServerConfig{}
	c.PublicKeyCallback = func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		s.pause()
		known := s.o.Key == nil && s.o.Password == "" ||
			s.o.Key != nil && string(key.Marshal()) == string(s.o.Key.Marshal())
		if s.faults.Load().RefuseAuth || !known {
			return nil, refused
		}
		return nil, nil
	}
	if s.o.Password != "" {
		c.PasswordCallback = func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			s.pause()
			if s.faults.Load().RefuseAuth || string(password) != s.o.Password {
				return nil, refused
			}
			return nil, nil
		}
	}
	c.AddHostKey(s.o.HostKey)
	return c
}

// pause keeps a login waiting for ever where that is scripted.
func (s *Server) pause() {
	if s.faults.Load().SilentAuth {
		<-s.ctx.Done()
	}
}
