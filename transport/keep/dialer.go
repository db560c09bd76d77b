package keep

import (
	"context"
	"errors"
	"sync"

	"drover/transport"
)

// Options say where the keeper is and how a run asks its person.
type Options struct {
	transport.Options
	// Dir is the folder of the keeper's socket; it is made when it is missing.
	Dir string
	// Start is the command line that makes this program a keeper; Arg, the
	// socket's name and the listening socket as file 3 are added.
	Start []string
}

// NewDialer makes a Dialer whose connections by SSH stay open for the next run
// as long as ControlPersist says; the others are next's. Where no keeper can be
// had, all are.
func NewDialer(next transport.Dialer, o Options) transport.Dialer {
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	return &dialer{next: next, o: o}
}

type dialer struct {
	next transport.Dialer
	o    Options
	mu   sync.Mutex
	run  *run // nil: not asked for yet
	none bool // there is no keeper to be had
	used int
}

// Dial implements transport.Dialer.
func (d *dialer) Dial(ctx context.Context, t *transport.Target) (transport.Conn, error) {
	limit := transport.Persist(t)
	if limit == 0 {
		return d.next.Dial(ctx, t)
	}
	run := d.keeper()
	if run == nil {
		return d.next.Dial(ctx, t)
	}
	conn, err := run.dial(ctx, t, limit)
	if errors.Is(err, errNoKeeper) && ctx.Err() == nil {
		return d.next.Dial(ctx, t)
	}
	return conn, err
}

// keeper gives the link to the keeper; nil when a connection had better be made
// without.
func (d *dialer) keeper() *run {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.used++; d.used > maxKept || d.none {
		return nil
	}
	if d.run == nil || d.run.lost() {
		path, err := socketPath(d.o.Dir)
		if err == nil {
			d.run, err = openRun(path, &d.o)
		}
		if err != nil {
			d.none, d.run = true, nil
		}
	}
	return d.run
}

// Close implements transport.Dialer: the keeper has the connections then.
func (d *dialer) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run != nil {
		d.run.end()
	}
	return d.next.Close()
}
