package keep

import (
	"context"
	"errors"
	"sync"
	"time"

	"drover/transport"
)

// errNoKeeper is of a keeper that went away.
var errNoKeeper = errors.New("the keeper of the connections went away")

// run is a run's end of its link to the keeper.
type run struct {
	path    string // of the socket
	link    *link
	o       *Options
	ended   chan struct{} // closed when the link is lost
	ctx     context.Context
	mu      sync.Mutex
	last    uint64
	replies map[uint64]chan reply
	conns   map[uint64]*conn // by lease
}

// openRun tells the keeper at path, which it starts if need be, of a run.
func openRun(path string, o *Options) (*run, error) {
	l, err := reach(path, o.Start)
	if err != nil {
		return nil, err
	}
	err = l.send(hello{Kind: linkRun, AcceptNew: o.AcceptNewHostKeys, NoCheck: o.NoHostKeyCheck,
		AskKey: o.AskHostKey != nil, AskPassphrase: o.AskPassphrase != nil})
	if err != nil {
		l.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &run{path: path, link: l, o: o, ended: make(chan struct{}), ctx: ctx,
		replies: map[uint64]chan reply{}, conns: map[uint64]*conn{}}
	go func() {
		r.listen()
		cancel()
		close(r.ended)
	}()
	return r, nil
}

func (r *run) lost() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// listen takes what the keeper says until the link ends.
func (r *run) listen() {
	for {
		var p reply
		if r.link.receive(&p) != nil {
			return
		}
		switch {
		case p.Warn != "":
			r.o.Warn(p.Warn)
		case p.AskHostKey != nil || p.AskPassphrase != "":
			go r.answer(&p)
		case p.Gone != 0:
			r.mu.Lock()
			c := r.conns[p.Gone]
			r.mu.Unlock()
			if c != nil {
				c.gone.Store(true)
			}
		default:
			r.mu.Lock()
			waiting := r.replies[p.ID]
			delete(r.replies, p.ID)
			r.mu.Unlock()
			if waiting != nil {
				waiting <- p
			} else if p.Lease != 0 { // of a dial that was given up
				_ = r.link.send(request{Close: p.Lease})
			}
		}
	}
}

// answer asks the person what the keeper wants to know.
func (r *run) answer(p *reply) {
	var a answer
	var err error
	if p.AskHostKey != nil {
		a.Yes, err = r.o.AskHostKey(r.ctx, *p.AskHostKey)
	} else {
		a.Text, err = r.o.AskPassphrase(r.ctx, p.AskPassphrase)
	}
	if err != nil {
		a.Err = err.Error()
	}
	_ = r.link.send(request{ID: p.ID, Answer: &a})
}

// dial gets a connection from the keeper.
func (r *run) dial(ctx context.Context, t *transport.Target, limit time.Duration) (transport.Conn, error) {
	wanted := *t
	wanted.Become, wanted.Env, wanted.RemoteTmp, wanted.Dir = nil, nil, "", "" // matters of the sessions
	waiting := make(chan reply, 1)
	r.mu.Lock()
	r.last++
	id := r.last
	r.replies[id] = waiting
	r.mu.Unlock()
	if r.link.send(request{ID: id, Dial: &wanted, Keep: limit}) != nil {
		return nil, errNoKeeper
	}
	select {
	case p := <-waiting:
		if p.Err != nil {
			return nil, p.Err.error()
		}
		c := &conn{run: r, lease: p.Lease, runner: p.Runner, t: t}
		r.mu.Lock()
		r.conns[p.Lease] = c
		r.mu.Unlock()
		return c, nil
	case <-ctx.Done():
		r.mu.Lock()
		delete(r.replies, id)
		r.mu.Unlock()
		_ = r.link.send(request{ID: id, Cancel: true})
		return nil, ctx.Err()
	case <-r.ended:
		return nil, errNoKeeper
	}
}

// endTime is how long the keeper may take to take the connections back.
const endTime = time.Second

// end leaves the connections to the keeper: the next run finds them.
func (r *run) end() {
	_ = r.link.CloseWrite()
	select {
	case <-r.ended:
	case <-time.After(endTime):
	}
	r.link.Close()
}

// close ends the use of a connection and the connection.
func (r *run) close(lease uint64) {
	r.mu.Lock()
	delete(r.conns, lease)
	r.mu.Unlock()
	_ = r.link.send(request{Close: lease})
}
