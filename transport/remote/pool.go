package remote

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"drover/transport"
)

// Options are what a Pool needs besides a dialer.
type Options struct {
	// Runners are the programs to push; nil means DefaultRunners.
	Runners Runners
	// Local serves the calls to the local machine, as the user drover runs
	// as, in this process (runner.Serve), with dir as their working directory.
	// When nil they go to a runner in a process of its own, as for any other
	// host.
	Local func(ctx context.Context, dir string, in io.Reader, out io.Writer) error
}

// Pool keeps the sessions of a run. It is safe for concurrent use.
type Pool struct {
	dialer transport.Dialer
	o      Options
	mu     sync.Mutex
	hosts  map[string]*host
	closed bool
}

// host is a connection and the sessions on it.
type host struct {
	mu       sync.Mutex // held while connecting and starting
	conn     transport.Conn
	sessions map[string]*session
}

// NewPool makes a Pool that connects through d. Close also closes d.
func NewPool(d transport.Dialer, o Options) *Pool {
	if o.Runners == nil {
		o.Runners = DefaultRunners()
	}
	return &Pool{dialer: d, o: o, hosts: map[string]*host{}}
}

// Session gives the session of a target, opening it on first use and again
// when it was lost. Opening several users' sessions shares one connection.
func (p *Pool) Session(ctx context.Context, t *transport.Target) (Session, error) {
	h, err := p.host(t)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key := identity(t)
	if s := h.sessions[key]; s != nil && !s.broken() {
		return s, nil
	}
	delete(h.sessions, key)
	s, err := p.open(ctx, h, t)
	if err != nil {
		return nil, err
	}
	s.host, s.again = h, func(ctx context.Context) (Session, error) { return p.Session(ctx, t) }
	h.sessions[key] = s
	return s, nil
}

// Conn gives the bare connection of a target, without a runner: what raw
// needs on hosts that can't have one.
func (p *Pool) Conn(ctx context.Context, t *transport.Target) (transport.Conn, error) {
	h, err := p.host(t)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.connect(ctx, p.dialer, t)
}

func (p *Pool) host(t *transport.Target) (*host, error) {
	key := linkKey(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errors.New("the pool is closed")
	}
	h := p.hosts[key]
	if h == nil {
		h = &host{sessions: map[string]*session{}}
		p.hosts[key] = h
	}
	return h, nil
}

func (h *host) connect(ctx context.Context, d transport.Dialer, t *transport.Target) (transport.Conn, error) {
	if h.conn != nil && !transport.Gone(h.conn) {
		return h.conn, nil
	}
	h.drop()
	conn, err := d.Dial(ctx, t)
	if err != nil {
		return nil, err
	}
	h.conn = conn
	return conn, nil
}

func (p *Pool) open(ctx context.Context, h *host, t *transport.Target) (*session, error) {
	conn, err := h.connect(ctx, p.dialer, t)
	if err != nil {
		return nil, err
	}
	return openSession(ctx, conn, t, &p.o)
}

// leave lets the runners go that became user and have nothing to do. They are
// no part of the playbook: what it does to the account shall not find it in
// use by them.
func (h *host) leave(user string, caller *session) {
	if user == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, s := range h.sessions {
		if b := s.t.Become; b != nil && b.User == user && s != caller && s.m.retire() {
			delete(h.sessions, key)
			s.close()
		}
	}
}

// drop closes the connection and what runs over it.
func (h *host) drop() { h.end(transport.Conn.Close) }

// end ends what runs over the connection, and then the connection or its use.
func (h *host) end(conn func(transport.Conn) error) {
	var all sync.WaitGroup
	for _, s := range h.sessions {
		all.Go(s.close)
	}
	all.Wait()
	clear(h.sessions)
	if h.conn != nil {
		_ = conn(h.conn)
		h.conn = nil
	}
}

// Reset closes the connection of a target and its sessions; the next Session
// opens it anew.
func (p *Pool) Reset(t *transport.Target) {
	p.mu.Lock()
	h := p.hosts[linkKey(t)]
	p.mu.Unlock()
	if h != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.drop()
	}
}

// Close ends all sessions and connections, but those that are kept for the next
// run. Detached jobs go on.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	hosts := p.hosts
	p.hosts = map[string]*host{}
	p.mu.Unlock()
	var all sync.WaitGroup
	for _, h := range hosts {
		all.Go(func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.end(transport.Leave)
		})
	}
	all.Wait()
	return p.dialer.Close()
}

// linkKey tells connections apart. Secrets are in it as a hash only.
func linkKey(t *transport.Target) string {
	var secrets string
	if t.Password != "" || t.KeyData != "" || t.Passphrase != "" {
		sum := sha256.Sum256([]byte(t.Password + "\x00" + t.KeyData + "\x00" + t.Passphrase))
		secrets = string(sum[:8])
	}
	dir := ""
	if t.IsLocal() {
		dir = t.Dir
	}
	return strings.Join(append([]string{t.Name, t.Kind, t.Host, strconv.Itoa(t.Port), t.User, t.KeyFile, secrets, dir},
		t.CommonArgs...), "\x00")
}

// identity tells the users on a host apart.
func identity(t *transport.Target) string {
	env := ""
	if len(t.Env) > 0 {
		env = fmt.Sprint(t.Env)
	}
	b := t.Become
	if b == nil {
		return env
	}
	return strings.Join(append([]string{env, b.Method, b.User, b.Exe}, b.Flags...), "\x00")
}
