package transport

import (
	"context"
	"net"
	"strconv"
	"sync"
	"time"
)

// limitDialer lets only so many handshakes be under way, in all and with one
// address: sshd drops connections at random beyond its MaxStartups (10 by
// default), and a thousand handshakes at once only time out each other.
func limitDialer(d Dialer, all, perAddress int) Dialer {
	if all <= 0 {
		all = 64
	}
	if perAddress <= 0 {
		perAddress = 8
	}
	return &limited{Dialer: d, all: make(chan struct{}, all), perAddress: perAddress,
		addresses: map[string]*addressSlots{}}
}

type limited struct {
	Dialer
	all        chan struct{}
	perAddress int
	mu         sync.Mutex
	addresses  map[string]*addressSlots
}

// addressSlots exist while somebody uses or waits for them.
type addressSlots struct {
	slots chan struct{}
	users int
}

func (l *limited) Dial(ctx context.Context, t *Target) (Conn, error) {
	leave, err := l.enter(ctx, net.JoinHostPort(t.Host, strconv.Itoa(t.Port)))
	if err != nil {
		return nil, err
	}
	defer leave()
	select {
	case l.all <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release := sync.OnceFunc(func() { <-l.all })
	defer release()
	patience := time.AfterFunc(slotTime, release)
	defer patience.Stop()
	return l.Dialer.Dial(ctx, t)
}

// slotTime is how long a handshake counts against the limit of all: a host
// that accepts and says nothing must not hold up the others.
const slotTime = time.Second

// enter waits for a slot at the address and gives the way to leave it.
func (l *limited) enter(ctx context.Context, address string) (func(), error) {
	l.mu.Lock()
	a := l.addresses[address]
	if a == nil {
		a = &addressSlots{slots: make(chan struct{}, l.perAddress)}
		l.addresses[address] = a
	}
	a.users++
	l.mu.Unlock()
	select {
	case a.slots <- struct{}{}:
		return func() { <-a.slots; l.forget(address, a) }, nil
	case <-ctx.Done():
		l.forget(address, a)
		return nil, ctx.Err()
	}
}

func (l *limited) forget(address string, a *addressSlots) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.users--; a.users == 0 {
		delete(l.addresses, address)
	}
}
