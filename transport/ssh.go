package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshDialer makes connections by SSH. Files, keys and bastions are read and
// opened once for all hosts.
type sshDialer struct {
	o       Options
	configs once[*configFile]
	keys    keyring
	hosts   hostKeys
	jumps   jumps
	warned  sync.Map
}

func newSSHDialer(o Options) *sshDialer {
	d := &sshDialer{o: o, hosts: hostKeys{o: o}, keys: keyring{ask: o.AskPassphrase}}
	d.jumps.dialer = d
	return d
}

// warnOnce passes a warning on the first time.
func (d *sshDialer) warnOnce(text string) {
	if _, again := d.warned.LoadOrStore(text, true); !again {
		d.o.Warn(text)
	}
}

func (d *sshDialer) Close() error {
	d.jumps.close()
	d.keys.close()
	return nil
}

func (d *sshDialer) Dial(ctx context.Context, t *Target) (Conn, error) {
	e, err := d.resolve(t)
	if err != nil {
		return nil, err
	}
	client, err := d.connect(ctx, e)
	if err != nil {
		return nil, err
	}
	c := newSSHConn(client, e)
	c.forwardAgent()
	return c, nil
}

// connect makes the link to e, straight or through its proxies, and logs in.
func (d *sshDialer) connect(ctx context.Context, e *endpoint) (*ssh.Client, error) {
	raw, err := d.link(ctx, e)
	if err != nil {
		return nil, err
	}
	return d.handshake(ctx, e, raw)
}

// link opens the byte stream to e's sshd.
func (d *sshDialer) link(ctx context.Context, e *endpoint) (net.Conn, error) {
	if cmd := e.get("proxycommand"); cmd != "" && cmd != "none" {
		return proxyCommand(e, cmd)
	}
	if jump := e.get("proxyjump"); jump != "" && jump != "none" {
		return d.jumps.through(ctx, e, jump)
	}
	dialer := net.Dialer{Timeout: e.timeout, KeepAlive: 30 * time.Second}
	if from := e.get("bindaddress"); from != "" {
		local, err := net.ResolveTCPAddr(e.network(), net.JoinHostPort(from, "0"))
		if err != nil {
			return nil, e.target.fault(PhaseResolve, err, "BindAddress must be an address of this machine")
		}
		dialer.LocalAddr = local
	}
	return reach(ctx, e, &dialer)
}

// attemptPause lies between attempts to connect, as with ssh.
const attemptPause = time.Second

// reach connects as often as ConnectionAttempts says.
func reach(ctx context.Context, e *endpoint, dialer *net.Dialer) (net.Conn, error) {
	attempts, _ := strconv.Atoi(e.get("connectionattempts"))
	for {
		raw, err := dialer.DialContext(ctx, e.network(), e.address())
		if err == nil {
			return raw, nil
		}
		if attempts--; attempts < 1 {
			return nil, connectFault(ctx, e, err)
		}
		select {
		case <-time.After(attemptPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func connectFault(ctx context.Context, e *endpoint, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return e.target.fault(PhaseResolve, err, "check the name, or set ansible_host")
	case errors.Is(err, syscall.ECONNREFUSED):
		return e.target.fault(PhaseConnect, err, fmt.Sprintf("nothing listens there: is sshd running, and is %d its port (ansible_port)?", e.port))
	case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
		return e.target.fault(PhaseConnect, err, "drover has no file descriptors left: raise `ulimit -n` or lower --forks")
	case errors.As(err, &timeout) && timeout.Timeout():
		return e.target.fault(PhaseConnect, fmt.Errorf("no answer from %s within %v", e.address(), e.timeout),
			"is the host up and its address right? A firewall may drop the packets; --timeout sets the limit")
	}
	return e.target.fault(PhaseConnect, err, "is the host up, and its address right (ansible_host)?")
}

// handshake exchanges keys and logs in over raw. Every phase has its own
// deadline; raw is closed when one of them fails.
func (d *sshDialer) handshake(ctx context.Context, e *endpoint, raw net.Conn) (*ssh.Client, error) {
	auth, methods := d.keys.methods(ctx, e)
	cfg := &ssh.ClientConfig{User: e.user, Auth: methods}
	cfg.Ciphers = e.algorithms("ciphers", ssh.SupportedAlgorithms().Ciphers)
	cfg.KeyExchanges = e.algorithms("kexalgorithms", ssh.SupportedAlgorithms().KeyExchanges)
	cfg.MACs = e.algorithms("macs", ssh.SupportedAlgorithms().MACs)
	if err := d.hosts.configure(ctx, e, cfg); err != nil {
		raw.Close()
		return nil, err
	}
	phase := startPhases(ctx, e.timeout, raw)
	defer phase.end()
	check := cfg.HostKeyCallback
	cfg.HostKeyCallback = func(host string, remote net.Addr, key ssh.PublicKey) error {
		phase.enter(PhaseHostKey) // a person may be asked: no deadline
		err := check(host, remote, key)
		phase.enter(PhaseAuth)
		return err
	}
	conn, chans, reqs, err := ssh.NewClientConn(raw, e.address(), cfg)
	if err != nil {
		raw.Close()
		if p, ok := raw.(*programConn); ok {
			err = p.explain(err)
		}
		return nil, handshakeFault(ctx, e, phase, auth, err)
	}
	return ssh.NewClient(conn, chans, reqs), nil
}

func handshakeFault(ctx context.Context, e *endpoint, phase *phases, auth *auth, err error) error {
	var u *UnreachableError
	if errors.As(err, &u) { // from the check of the host key
		return u
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if phase.expired() {
		return e.target.fault(phase.now(), fmt.Errorf("%s took the connection but did not answer within %v", e.address(), e.timeout),
			"sshd there hangs or is overloaded; --timeout sets the limit")
	}
	if strings.Contains(err.Error(), "unable to authenticate") {
		return auth.fault(err)
	}
	hint := ""
	switch {
	case strings.Contains(err.Error(), "no common algorithm"):
		hint = "the host offers only algorithms that are off by default: name one in ansible_ssh_common_args, " +
			"as -o KexAlgorithms=+…, -o HostKeyAlgorithms=+… or -o Ciphers=+…"
	case phase.now() == PhaseHandshake && e.get("proxycommand") != "":
		hint = "the ProxyCommand ended, or sshd behind it closed the connection: does the command work in a shell on this machine?"
	case phase.now() == PhaseHandshake:
		hint = "sshd closed the connection before the login: is it sshd that listens there, and does it allow this address (MaxStartups, hosts.deny)?"
	case phase.now() == PhaseAuth:
		hint = "sshd closed the connection during the login: too many keys tried (set ansible_ssh_private_key_file and -o IdentitiesOnly=yes), or the account is locked"
	}
	return e.target.fault(phase.now(), err, hint)
}

// phases gives each phase of a handshake its deadline on the connection and
// breaks it off when the context ends.
type phases struct {
	conn    net.Conn
	limit   time.Duration
	current atomic.Value
	timer   *time.Timer
	late    atomic.Bool
	stop    func() bool
}

func startPhases(ctx context.Context, limit time.Duration, conn net.Conn) *phases {
	p := &phases{conn: conn, limit: limit}
	p.current.Store(PhaseHandshake)
	p.timer = time.AfterFunc(limit, func() {
		p.late.Store(true)
		conn.Close()
	})
	p.stop = context.AfterFunc(ctx, func() { conn.Close() })
	return p
}

func (p *phases) enter(phase Phase) {
	p.current.Store(phase)
	if phase == PhaseHostKey {
		p.timer.Stop()
		return
	}
	p.timer.Reset(p.limit)
}

func (p *phases) now() Phase    { return p.current.Load().(Phase) }
func (p *phases) expired() bool { return p.late.Load() }

func (p *phases) end() {
	p.timer.Stop()
	p.stop()
}
