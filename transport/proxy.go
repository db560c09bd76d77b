package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// jumps are the bastions of a run: one connection each, shared by all the
// hosts behind it.
type jumps struct {
	dialer *sshDialer
	mu     sync.Mutex
	open   map[string]*jump
}

type jump struct {
	mu     sync.Mutex // held while connecting
	client *ssh.Client
}

func (j *jumps) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, b := range j.open {
		if b.client != nil {
			b.client.Close()
		}
	}
	j.open = nil
}

// through reaches e over a chain of bastions, "user@host:port,…".
func (j *jumps) through(ctx context.Context, e *endpoint, chain string) (net.Conn, error) {
	b := j.get(chain)
	client, err := b.connect(ctx, j.dialer, e, chain)
	if err != nil {
		return nil, viaFault(e, chain, err)
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	conn, err := client.DialContext(ctx, "tcp", e.address())
	if err == nil {
		return conn, nil
	}
	var refused *ssh.OpenChannelError
	if !errors.As(err, &refused) && !errors.Is(err, context.DeadlineExceeded) {
		b.drop(client)
	}
	return nil, e.target.fault(PhaseConnect, fmt.Errorf("the bastion %s does not reach %s: %w", chain, e.address(), err),
		"check the address as the bastion sees it, and that its sshd allows TCP forwarding")
}

func viaFault(e *endpoint, chain string, err error) error {
	var u *UnreachableError
	if errors.As(err, &u) {
		return e.target.fault(u.Phase, fmt.Errorf("at the bastion %s: %w", chain, u.Err), u.Hint)
	}
	return err
}

func (j *jumps) get(chain string) *jump {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.open == nil {
		j.open = map[string]*jump{}
	}
	if j.open[chain] == nil {
		j.open[chain] = &jump{}
	}
	return j.open[chain]
}

func (b *jump) drop(client *ssh.Client) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.client == client {
		client.Close()
		b.client = nil
	}
}

func (b *jump) connect(ctx context.Context, d *sshDialer, e *endpoint, chain string) (*ssh.Client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.client != nil {
		return b.client, nil
	}
	hop, err := hopTarget(e, chain)
	if err != nil {
		return nil, err
	}
	he, err := d.resolve(hop)
	if err != nil {
		return nil, err
	}
	b.client, err = d.connect(ctx, he)
	return b.client, err
}

// hopTarget is the last bastion of a chain, reached through those before it.
// It takes the host key options of the target, but neither its port nor key.
func hopTarget(e *endpoint, chain string) (*Target, error) {
	before, last := "", chain
	if i := strings.LastIndexByte(chain, ','); i >= 0 {
		before, last = chain[:i], chain[i+1:]
	}
	last = strings.TrimPrefix(strings.TrimSpace(last), "ssh://")
	hop := &Target{Timeout: e.target.Timeout, Passphrase: e.target.Passphrase}
	if i := strings.LastIndexByte(last, '@'); i >= 0 {
		hop.User, last = last[:i], last[i+1:]
	}
	hop.Host = last
	if host, port, err := net.SplitHostPort(last); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil {
			return nil, e.target.fault(PhaseResolve, fmt.Errorf("the port of the bastion %q is no number", last), "")
		}
		hop.Host, hop.Port = host, n
	}
	hop.Host = strings.Trim(hop.Host, "[]")
	hop.Name = hop.Host
	// The bastion is logged into with the same keys unless the configuration
	// names others for it.
	hop.KeyFile, hop.KeyData = e.target.KeyFile, e.target.KeyData
	for _, name := range []string{"stricthostkeychecking", "userknownhostsfile", "globalknownhostsfile", "identityagent"} {
		if v := e.get(name); v != "" {
			hop.CommonArgs = append(hop.CommonArgs, "-o", name+"="+v)
		}
	}
	if e.config != "" {
		hop.CommonArgs = append(hop.CommonArgs, "-F", e.config)
	}
	if before != "" {
		hop.CommonArgs = append(hop.CommonArgs, "-J", before)
	}
	return hop, nil
}

// proxyCommand reaches e through a local program's standard streams.
func proxyCommand(e *endpoint, line string) (net.Conn, error) {
	cmd := exec.Command("/bin/sh", "-c", "exec "+e.expand(line))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr); err != nil {
		return nil, e.target.fault(PhaseConnect, err, "")
	}
	conn := &programConn{cmd: cmd, in: in, out: out, line: line, gone: make(chan struct{})}
	cmd.Stderr = &conn.said
	if err := cmd.Start(); err != nil {
		return nil, e.target.fault(PhaseConnect, fmt.Errorf("ProxyCommand %q: %w", line, err), "")
	}
	return conn, nil
}

// programConn is a program's standard streams as a network connection.
type programConn struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  io.ReadCloser
	line string
	said firstWords
	once sync.Once
	gone chan struct{} // closed when the program has ended after Close
}

// lastWordsTime is how long a closed program may take to say why it ended.
const lastWordsTime = time.Second

// explain adds to err which program the closed connection went through, and
// what it complained of.
func (c *programConn) explain(err error) error {
	select {
	case <-c.gone:
	case <-time.After(lastWordsTime):
	}
	if said := c.said.text(); said != "" {
		return fmt.Errorf("ProxyCommand %q: %w: %s", c.line, err, said)
	}
	return fmt.Errorf("ProxyCommand %q: %w", c.line, err)
}

// firstWords keeps the beginning of what is written to it.
type firstWords struct {
	mu   sync.Mutex
	kept []byte
}

const keptWords = 1000

func (w *firstWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	room := max(0, keptWords-len(w.kept))
	w.kept = append(w.kept, p[:min(room, len(p))]...)
	return len(p), nil
}

func (w *firstWords) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(strings.Fields(string(w.kept)), " ")
}

func (c *programConn) Read(p []byte) (int, error)  { return c.out.Read(p) }
func (c *programConn) Write(p []byte) (int, error) { return c.in.Write(p) }

func (c *programConn) Close() error {
	c.once.Do(func() {
		c.in.Close()
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGTERM)
		go func() {
			_ = c.cmd.Wait()
			close(c.gone)
		}()
	})
	return nil
}

type programAddr string

func (programAddr) Network() string  { return "program" }
func (a programAddr) String() string { return string(a) }

// The addresses name the program; deadlines are kept by closing.
func (c *programConn) LocalAddr() net.Addr              { return programAddr("local") }
func (c *programConn) RemoteAddr() net.Addr             { return programAddr(c.line) }
func (c *programConn) SetDeadline(time.Time) error      { return nil }
func (c *programConn) SetReadDeadline(time.Time) error  { return nil }
func (c *programConn) SetWriteDeadline(time.Time) error { return nil }
