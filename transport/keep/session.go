package keep

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"drover/transport"
)

// runLink is the keeper's end of a run's link.
type runLink struct {
	k      *keeper
	link   *link
	o      transport.Options
	dialer *sharedDialer
	ctx    context.Context
	mu     sync.Mutex
	dials  map[uint64]context.CancelFunc
	leases map[uint64]bool
	asked  map[uint64]chan *answer
	last   uint64 // of the questions
}

// serveRun answers a run until it ends.
func serveRun(k *keeper, l *link, h *hello) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &runLink{k: k, link: l, ctx: ctx, dials: map[uint64]context.CancelFunc{}, leases: map[uint64]bool{},
		asked: map[uint64]chan *answer{}}
	r.o = transport.Options{AcceptNewHostKeys: h.AcceptNew, NoHostKeyCheck: h.NoCheck,
		Warn: func(text string) { _ = l.send(reply{Warn: text}) }}
	if h.AskKey {
		r.o.AskHostKey = r.askHostKey
	}
	if h.AskPassphrase {
		r.o.AskPassphrase = r.askPassphrase
	}
	r.dialer = &sharedDialer{Dialer: transport.NewDialer(r.o), users: 1}
	for {
		var q request
		if l.receive(&q) != nil {
			break
		}
		r.take(&q)
	}
	cancel()
	r.end()
	l.Close() // upon which the run's process ends, and the next may come
}

// end gives all connections back.
func (r *runLink) end() {
	r.mu.Lock()
	leases := r.leases
	r.leases = nil
	r.mu.Unlock()
	for lease := range leases {
		r.k.giveBack(lease, false)
	}
	r.dialer.release()
}

func (r *runLink) take(q *request) {
	switch {
	case q.Dial != nil:
		ctx, cancel := context.WithCancel(r.ctx)
		r.mu.Lock()
		r.dials[q.ID] = cancel
		r.mu.Unlock()
		go r.dial(ctx, q)
	case q.Cancel:
		r.mu.Lock()
		cancel := r.dials[q.ID]
		r.mu.Unlock()
		if cancel != nil {
			cancel()
		}
	case q.Close != 0:
		r.mu.Lock()
		delete(r.leases, q.Close)
		r.mu.Unlock()
		r.k.giveBack(q.Close, true)
	case q.Lease != 0:
		r.k.remember(q.Lease, q.Runner)
	case q.Answer != nil:
		r.mu.Lock()
		asked := r.asked[q.ID]
		delete(r.asked, q.ID)
		r.mu.Unlock()
		if asked != nil {
			asked <- q.Answer
		}
	}
}

// dial lends the run a connection, one that is there or a new one.
func (r *runLink) dial(ctx context.Context, q *request) {
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.dials[q.ID]()
		delete(r.dials, q.ID)
	}()
	key := keyOf(q.Dial, &r.o)
	c, lease := r.k.take(key)
	if c == nil {
		var err error
		if c, err = r.connect(ctx, q.Dial, key); err != nil {
			_ = r.link.send(reply{ID: q.ID, Err: faultOf(err)})
			return
		}
		lease = r.k.lend(c)
	}
	c.limit = q.Keep
	r.mu.Lock()
	ended := r.leases == nil || ctx.Err() != nil
	if !ended {
		r.leases[lease] = true
	}
	r.mu.Unlock()
	if ended {
		r.k.giveBack(lease, false)
		return
	}
	_ = r.link.send(reply{ID: q.ID, Lease: lease, Runner: c.runner})
	go r.watch(lease)
}

// connect logs in.
func (r *runLink) connect(ctx context.Context, t *transport.Target, key string) (*kept, error) {
	r.dialer.hold()
	conn, err := r.dialer.Dial(ctx, t)
	if err != nil {
		r.dialer.release()
		return nil, err
	}
	c := &kept{conn: conn, key: key, dialer: r.dialer}
	go func() {
		<-transport.Lost(conn)
		r.k.drop(c)
	}()
	return c, nil
}

// watch tells the run when its connection is lost.
func (r *runLink) watch(lease uint64) {
	conn, ctx, err := r.k.leased(lease)
	if err != nil {
		return
	}
	select {
	case <-transport.Lost(conn):
		_ = r.link.send(reply{Gone: lease})
	case <-ctx.Done():
	}
}

// keyOf tells connections apart: by all that decides about them.
func keyOf(t *transport.Target, o *transport.Options) string {
	text, _ := json.Marshal(t) // texts and numbers alone
	if o.AcceptNewHostKeys {
		text = append(text, "accept-new"...)
	}
	if o.NoHostKeyCheck {
		text = append(text, "no-check"...)
	}
	return string(text)
}

var errNobody = errors.New("there is nobody left to be asked")

// ask puts a question to the run's person.
func (r *runLink) ask(ctx context.Context, question reply) (*answer, error) {
	asked := make(chan *answer, 1)
	r.mu.Lock()
	r.last++
	question.ID = r.last
	r.asked[r.last] = asked
	r.mu.Unlock()
	if r.link.send(question) != nil {
		return nil, errNobody
	}
	select {
	case a := <-asked:
		if a.Err != "" {
			return nil, errors.New(a.Err)
		}
		return a, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-r.ctx.Done():
		return nil, errNobody
	}
}

func (r *runLink) askHostKey(ctx context.Context, q transport.HostKeyQuestion) (bool, error) {
	a, err := r.ask(ctx, reply{AskHostKey: &q})
	return err == nil && a.Yes, err
}

func (r *runLink) askPassphrase(ctx context.Context, file string) (string, error) {
	a, err := r.ask(ctx, reply{AskPassphrase: file})
	if err != nil {
		return "", err
	}
	return a.Text, nil
}
