package transport

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Options are what a run sets once for all its hosts.
type Options struct {
	// AcceptNewHostKeys takes and remembers the key of a host that is not
	// known yet; a changed key is refused all the same.
	AcceptNewHostKeys bool
	// NoHostKeyCheck takes any key (ANSIBLE_HOST_KEY_CHECKING=False).
	NoHostKeyCheck bool
	// AskHostKey asks a person whether an unknown host's key is right; nil
	// when there is no terminal. It is called by one goroutine at a time.
	AskHostKey func(ctx context.Context, q HostKeyQuestion) (bool, error)
	// AskPassphrase asks a person for the passphrase of a private key's file;
	// nil when there is no terminal. It is called by one goroutine at a time
	// for each file.
	AskPassphrase func(ctx context.Context, file string) (string, error)
	// Warn gets what deserves attention but stops nothing; may be nil.
	Warn func(text string)
	// Handshakes bounds how many handshakes are under way, in all and with
	// one address; 0 means 64 and 8.
	Handshakes, HandshakesPerAddress int
}

// HostKeyQuestion is what AskHostKey shows.
type HostKeyQuestion struct {
	Host        string // the inventory's name
	Address     string
	KeyType     string // ED25519
	Fingerprint string // SHA256:…
}

const defaultTimeout = 10 * time.Second

// timeout is the deadline of each phase of the contact with t.
func (t *Target) timeout() time.Duration {
	if t.Timeout > 0 {
		return t.Timeout
	}
	return defaultTimeout
}

func (t *Target) name() string {
	if t.Name != "" {
		return t.Name
	}
	return t.Host
}

// fault makes the UnreachableError of a phase.
func (t *Target) fault(p Phase, err error, hint string) error {
	return &UnreachableError{Host: t.name(), Phase: p, Err: err, Hint: hint}
}

// NewDialer makes a Dialer for every kind of connection: it retries what sshd
// drops when too many come at once, limits how many do, and makes another
// connection where one has no room for a further session.
func NewDialer(o Options) Dialer {
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	ssh := newSSHDialer(o)
	return &kindDialer{
		ssh:   spareDialer(limitDialer(retryDialer(ssh), o.Handshakes, o.HandshakesPerAddress)),
		local: localDialer{},
	}
}

// kindDialer gives each target to the dialer of its kind.
type kindDialer struct{ ssh, local Dialer }

func (d *kindDialer) Dial(ctx context.Context, t *Target) (Conn, error) {
	switch t.Kind {
	case "", "ssh", "smart", "paramiko", "paramiko_ssh",
		"ansible.builtin.ssh", "ansible.builtin.paramiko_ssh", "ansible.builtin.smart":
		return d.ssh.Dial(ctx, t)
	case "local", "ansible.builtin.local":
		return d.local.Dial(ctx, t)
	}
	return nil, t.fault(PhaseConnect, fmt.Errorf("no connection of the kind %q", t.Kind),
		`set ansible_connection to "ssh" or "local"`)
}

func (d *kindDialer) Close() error { return d.ssh.Close() }

// IsLocal reports whether t is the machine drover runs on, without a network.
func (t *Target) IsLocal() bool {
	return t.Kind == "local" || t.Kind == "ansible.builtin.local"
}

// once remembers the answers of a function by key; errors are not remembered.
type once[T any] struct {
	mu sync.Mutex
	m  map[string]T
}

func (o *once[T]) get(key string, f func() (T, error)) (T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if v, ok := o.m[key]; ok {
		return v, nil
	}
	v, err := f()
	if err != nil {
		return v, err
	}
	if o.m == nil {
		o.m = map[string]T{}
	}
	o.m[key] = v
	return v, nil
}
