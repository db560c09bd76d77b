package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// sshConn is a connection by SSH.
type sshConn struct {
	client *ssh.Client
	e      *endpoint
	done   chan struct{} // closed when the link is gone
	end    sync.Once
	mu     sync.Mutex
	why    error       // of a link that was given up
	pulse  *time.Timer // of the next keep-alive
	agent  bool        // commands may use this machine's ssh-agent
}

func newSSHConn(client *ssh.Client, e *endpoint) *sshConn {
	c := &sshConn{client: client, e: e, done: make(chan struct{})}
	go func() {
		err := client.Wait()
		c.lost(err)
	}()
	c.keepAlive()
	return c
}

// forwardAgent lets the host use this machine's ssh-agent, where the user asks
// for that (ForwardAgent) and an agent is there.
func (c *sshConn) forwardAgent() {
	if sock := c.e.agentSocket(); sock != "" && c.e.yes("forwardagent") {
		c.agent = agent.ForwardToRemote(c.client, sock) == nil
	}
}

// lost notes that the link went, and why.
func (c *sshConn) lost(err error) {
	c.mu.Lock()
	if c.why == nil {
		c.why = err
	}
	if c.pulse != nil {
		c.pulse.Stop()
	}
	c.mu.Unlock()
	c.end.Do(func() { close(c.done) })
}

// lostFault is what a lost link means to whoever used it.
func (c *sshConn) lostFault(phase Phase) error {
	c.mu.Lock()
	why := c.why
	c.mu.Unlock()
	if why == nil || errors.Is(why, io.EOF) || errors.Is(why, syscall.ECONNRESET) || errors.Is(why, syscall.EPIPE) {
		why = errors.New("the connection was closed by the host")
	}
	return c.e.target.fault(phase, why, "the host may have gone down, or its sshd was restarted or killed the session")
}

func (c *sshConn) Close() error {
	c.lost(errors.New("the connection was closed"))
	return c.client.Close()
}

// keepAlive asks the host regularly whether it is still there.
func (c *sshConn) keepAlive() {
	interval, count := 15*time.Second, 3
	if n, err := strconv.Atoi(c.e.get("serveraliveinterval")); err == nil && n > 0 {
		interval = time.Duration(n) * time.Second
	}
	if n, err := strconv.Atoi(c.e.get("serveralivecountmax")); err == nil && n > 0 {
		count = n
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulse = time.AfterFunc(interval, func() {
		if c.answers(interval * time.Duration(count)) {
			c.pulse.Reset(interval)
		}
	})
}

// answers waits for a sign of life, and gives the link up when none comes.
func (c *sshConn) answers(limit time.Duration) bool {
	answer := make(chan error, 1)
	go func() {
		_, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil)
		answer <- err
	}()
	select {
	case err := <-answer:
		return err == nil
	case <-c.done:
		return false
	case <-time.After(limit):
		c.lost(fmt.Errorf("%s has not answered for %v", c.e.address(), limit))
		c.client.Close()
		return false
	}
}

// Exec implements Conn.
func (c *sshConn) Exec(ctx context.Context, line string, o ExecOptions) (Process, error) {
	type opened struct {
		p   *sshProcess
		err error
	}
	result := make(chan opened, 1)
	go func() {
		p, err := c.start(withEnv(line, o.Env), o.TTY)
		result <- opened{p, err}
	}()
	timer := time.NewTimer(c.e.timeout)
	defer timer.Stop()
	abandon := func() {
		go func() {
			if r := <-result; r.p != nil {
				_ = r.p.Kill()
			}
		}()
	}
	select {
	case r := <-result:
		if r.err != nil {
			return nil, r.err
		}
		return r.p, nil
	case <-timer.C:
		abandon()
		return nil, c.e.target.fault(PhaseExec, fmt.Errorf("%s did not start a command within %v", c.e.address(), c.e.timeout),
			"its sshd hangs, or is out of processes or memory; --timeout sets the limit")
	case <-ctx.Done():
		abandon()
		return nil, ctx.Err()
	}
}

func (c *sshConn) start(line string, tty bool) (*sshProcess, error) {
	ch, requests, err := c.client.OpenChannel("session", nil)
	if err != nil {
		return nil, c.openFault(err)
	}
	p := newSSHProcess(c, ch, requests)
	if tty {
		if err := requestTTY(ch); err != nil {
			ch.Close()
			return nil, c.e.target.fault(PhaseExec, err, "sshd there gives no terminal (PermitTTY)")
		}
	}
	c.equip(ch)
	// No answer is asked for: what the command does shows whether it runs, and
	// its input can follow at once.
	if _, err := ch.SendRequest("exec", false, ssh.Marshal(struct{ Command string }{line})); err != nil {
		ch.Close()
		return nil, c.lostFault(PhaseExec)
	}
	return p, nil
}

// equip asks for what a session should have besides its command. A host that
// gives none of it (AcceptEnv, AllowAgentForwarding) runs the command all the
// same, as with ssh.
func (c *sshConn) equip(ch ssh.Channel) {
	for _, line := range c.e.values["setenv"] {
		for _, word := range strings.Fields(line) {
			if name, val, ok := strings.Cut(word, "="); ok {
				_, _ = ch.SendRequest("env", false, ssh.Marshal(struct{ Name, Value string }{name, val}))
			}
		}
	}
	if c.agent {
		_, _ = ch.SendRequest("auth-agent-req@openssh.com", false, nil)
	}
}

func (c *sshConn) openFault(err error) error {
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) {
		return c.e.target.fault(PhaseExec, err, "sshd there opens no more sessions on this connection (MaxSessions)")
	}
	return c.lostFault(PhaseExec)
}

func requestTTY(ch ssh.Channel) error {
	request := struct {
		Term          string
		Columns, Rows uint32
		Width, Height uint32
		Modes         string
	}{Term: "dumb", Columns: 80, Rows: 24, Modes: string([]byte{ttyEcho, 0, 0, 0, 0, 0})}
	ok, err := ch.SendRequest("pty-req", true, ssh.Marshal(&request))
	if err == nil && !ok {
		err = errors.New("the host refused a terminal")
	}
	return err
}

const ttyEcho = 53 // RFC 4254, 8: ECHO

// Put implements Conn.
func (c *sshConn) Put(ctx context.Context, r io.Reader, path string, mode fs.FileMode) error {
	return PutByShell(ctx, c, c.e.target, r, path, mode)
}

// Get implements Conn.
func (c *sshConn) Get(ctx context.Context, path string, w io.Writer) error {
	return GetByShell(ctx, c, c.e.target, path, w)
}

// sshProcess is a command on a session channel.
type sshProcess struct {
	c    *sshConn
	ch   ssh.Channel
	exit chan struct{} // closed when code is there, or the channel went
	code int
	got  bool

	killed atomic.Bool // by us
}

func newSSHProcess(c *sshConn, ch ssh.Channel, requests <-chan *ssh.Request) *sshProcess {
	p := &sshProcess{c: c, ch: ch, exit: make(chan struct{})}
	go p.watch(requests)
	return p
}

// watch takes the channel's requests until it closes.
func (p *sshProcess) watch(requests <-chan *ssh.Request) {
	defer close(p.exit)
	for r := range requests {
		switch r.Type {
		case "exit-status":
			var m struct{ Status uint32 }
			if ssh.Unmarshal(r.Payload, &m) == nil {
				p.code, p.got = int(m.Status), true
			}
		case "exit-signal":
			var m struct {
				Signal     string
				CoreDumped bool
				Msg, Lang  string
			}
			if ssh.Unmarshal(r.Payload, &m) == nil {
				p.code, p.got = -signalNumber(m.Signal), true
			}
		}
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
}

func (p *sshProcess) Stdin() io.WriteCloser { return channelInput{p.ch} }
func (p *sshProcess) Stdout() io.Reader     { return p.ch }
func (p *sshProcess) Stderr() io.Reader     { return p.ch.Stderr() }

// channelInput ends the command's input without ending the channel.
type channelInput struct{ ssh.Channel }

func (c channelInput) Close() error { return c.CloseWrite() }

// ReadFrom makes io.Copy send in pieces that the host can swallow.
func (c channelInput) ReadFrom(r io.Reader) (int64, error) {
	p := &pacer{w: c.Channel, ask: func() error {
		_, err := c.SendRequest("keepalive@openssh.com", true, nil)
		return err
	}}
	return p.ReadFrom(r)
}

// Wait implements Process.
func (p *sshProcess) Wait() (int, error) {
	<-p.exit
	p.ch.Close()
	if p.got {
		return p.code, nil
	}
	if !p.killed.Load() {
		// The channel went first: the connection's end, and why, is about to
		// be known.
		select {
		case <-p.c.done:
		case <-time.After(lostTime):
		}
	}
	return 0, p.c.lostFault(PhaseCall)
}

// lostTime is how long a connection's end may come after its channels'.
const lostTime = time.Second

// Kill implements Process: the channel is closed, upon which sshd hangs up on
// the command; those that know signals are told as well.
func (p *sshProcess) Kill() error {
	p.killed.Store(true)
	_, _ = p.ch.SendRequest("signal", false, ssh.Marshal(struct{ Signal string }{"KILL"}))
	return p.ch.Close()
}

// signalNumber gives the number of a signal by SSH's name for it.
func signalNumber(name string) int {
	numbers := map[string]int{"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "ABRT": 6, "FPE": 8, "KILL": 9,
		"USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15}
	if n, ok := numbers[name]; ok {
		return n
	}
	return 15
}

// Gone reports whether the link is known to be lost.
func (c *sshConn) Gone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Lost gives a channel that is closed when the link is.
func (c *sshConn) Lost() <-chan struct{} { return c.done }

// aliveTime is how long a host may take to answer on a link that was idle; a new
// login takes longer on any line.
const aliveTime = 2 * time.Second

// Alive asks the host for a sign of life, and gives the link up when none comes
// soon.
func (c *sshConn) Alive() bool { return c.answers(aliveTime) }
