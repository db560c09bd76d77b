package keep

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"drover/transport"
)

// keeper holds the connections that no run uses, and lends them.
type keeper struct {
	listener net.Listener
	mu       sync.Mutex
	idle     map[string][]*kept // by keyOf
	leases   map[uint64]*kept
	last     uint64 // of the leases
	runs     int
	pipes    pipes
	width    width
	ended    bool
}

// kept is a connection.
type kept struct {
	conn   transport.Conn
	key    string
	limit  time.Duration // how long it may be idle
	timer  *time.Timer   // runs while it is
	dialer *sharedDialer
	runner string          // where the runner is, as a run said
	ctx    context.Context // of the lease; its commands end with it
	end    context.CancelFunc
}

// serve accepts runs until there is neither a run nor a connection left; a run
// must come within firstTime.
func (k *keeper) serve(firstTime time.Duration) {
	time.AfterFunc(firstTime, k.leaveIfIdle)
	for {
		c, err := k.listener.Accept()
		if err != nil {
			return
		}
		go k.link(newLink(c))
	}
}

// link serves one link for as long as it is there.
func (k *keeper) link(l *link) {
	var h hello
	if err := l.receive(&h); err != nil {
		l.Close()
		return
	}
	switch h.Kind {
	case linkRun:
		if !k.enter() {
			l.Close()
			return
		}
		serveRun(k, l, &h)
		k.leave()
	case linkPipe:
		k.pipes.offer(h.Stream, l)
	case linkExec:
		k.exec(l, &h)
	default:
		l.Close()
	}
}

// enter counts a run in, unless it comes too late.
func (k *keeper) enter() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.ended {
		k.runs++
	}
	return !k.ended
}

// stop ends the keeper at once, with all its connections.
func (k *keeper) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = true
	k.listener.Close()
}

func (k *keeper) leave() {
	k.mu.Lock()
	k.runs--
	if k.runs == 0 {
		k.width.narrow()
	}
	k.mu.Unlock()
	k.leaveIfIdle()
}

// leaveIfIdle ends the keeper when nobody needs it. The socket's file goes with
// the listener; who connects meanwhile is turned away and starts another.
func (k *keeper) leaveIfIdle() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.runs == 0 && len(k.idle) == 0 && !k.ended {
		k.ended = true
		k.listener.Close()
	}
}

// take gives an idle connection that answers, with a new lease; nil when there
// is none.
func (k *keeper) take(key string) (*kept, uint64) {
	for {
		c := k.pop(key)
		if c == nil {
			return nil, 0
		}
		if transport.Alive(c.conn) {
			return c, k.lend(c)
		}
		c.close()
	}
}

func (k *keeper) pop(key string) *kept {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := k.idle[key]
	if len(list) == 0 {
		return nil
	}
	c := list[len(list)-1]
	k.remove(c)
	c.timer.Stop()
	return c
}

// remove takes c out of the idle ones; it reports whether it was there.
func (k *keeper) remove(c *kept) bool {
	list := k.idle[c.key]
	for i, other := range list {
		if other == c {
			if list = append(list[:i:i], list[i+1:]...); len(list) == 0 {
				delete(k.idle, c.key)
			} else {
				k.idle[c.key] = list
			}
			return true
		}
	}
	return false
}

// lend gives a connection a lease.
func (k *keeper) lend(c *kept) uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	c.ctx, c.end = context.WithCancel(context.Background())
	k.last++
	k.leases[k.last] = c
	if len(k.leases) > narrowLeases {
		k.width.widen()
	}
	return k.last
}

// leased gives the connection of a lease, and the context that ends with it.
func (k *keeper) leased(lease uint64) (transport.Conn, context.Context, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.leases[lease]; c != nil {
		return c.conn, c.ctx, nil
	}
	return nil, nil, errors.New("the connection was closed")
}

// remember notes where the runner is on a connection.
func (k *keeper) remember(lease uint64, runner string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.leases[lease]; c != nil {
		c.runner = runner
	}
}

// giveBack ends a lease: its commands end, and the connection waits for the next
// run, unless it is to be closed.
func (k *keeper) giveBack(lease uint64, closed bool) {
	k.mu.Lock()
	c := k.leases[lease]
	delete(k.leases, lease)
	k.mu.Unlock()
	if c == nil {
		return
	}
	c.end()
	if closed || !k.park(c) {
		c.close()
	}
}

// park lets a connection wait for the next run, unless it is lost. One that is
// lost later is dropped: it is among the idle ones by then.
func (k *keeper) park(c *kept) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if transport.Gone(c.conn) {
		return false
	}
	k.idle[c.key] = append(k.idle[c.key], c)
	c.timer = time.AfterFunc(c.limit, func() { k.drop(c) })
	return true
}

// drop closes a connection that was idle for too long, or was lost meanwhile; one
// in use is left alone.
func (k *keeper) drop(c *kept) {
	k.mu.Lock()
	found := k.remove(c)
	k.mu.Unlock()
	if found {
		c.close()
		k.leaveIfIdle()
	}
}

func (c *kept) close() {
	_ = c.conn.Close()
	c.dialer.release()
}

// sharedDialer is the dialer of a run, which its connections outlive: what they
// go through (bastions, agents) is the dialer's.
type sharedDialer struct {
	transport.Dialer
	mu    sync.Mutex
	users int
}

func (d *sharedDialer) hold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users++
}

func (d *sharedDialer) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users--; d.users == 0 {
		_ = d.Dialer.Close()
	}
}
