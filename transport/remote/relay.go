package remote

import (
	"errors"
	"io"
	"sync"
)

// maxUnconfirmed is how much may be written before the runner has answered.
const maxUnconfirmed = 512 << 10

// relay is the way to a runner that may not be there yet. What is written
// before it has greeted is kept, so that it can be said again to the next
// process when the first one was not a runner. It is safe for concurrent use.
type relay struct {
	mu     sync.Mutex
	cond   *sync.Cond
	dst    io.WriteCloser // nil: only keep
	kept   []byte
	ready  bool
	closed error
}

func newRelay() *relay {
	r := &relay{}
	r.cond = sync.NewCond(&r.mu)
	return r
}

var errClosed = errors.New("the session is closed")

// Write implements io.Writer.
func (r *relay) Write(p []byte) (int, error) {
	r.mu.Lock()
	for !r.ready && r.closed == nil && len(r.kept) > 0 && len(r.kept)+len(p) > maxUnconfirmed {
		r.cond.Wait()
	}
	if r.closed != nil {
		defer r.mu.Unlock()
		return 0, r.closed
	}
	dst := r.dst
	if r.ready {
		r.mu.Unlock()
		return dst.Write(p)
	}
	defer r.mu.Unlock()
	r.kept = append(r.kept, p...)
	if dst != nil {
		// Whoever reads this may be no runner and be gone: it is kept.
		_, _ = dst.Write(p)
	}
	return len(p), nil
}

// to gives what is written, from the start, to a process that may be a runner.
func (r *relay) to(dst io.WriteCloser) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dst = dst
	if len(r.kept) > 0 {
		_, _ = dst.Write(r.kept)
	}
}

// confirm ends the keeping: the process is a runner.
func (r *relay) confirm() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready, r.kept = true, nil
	r.cond.Broadcast()
}

// close ends the runner's input; later writes fail.
func (r *relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed != nil {
		return
	}
	r.closed = errClosed
	if r.dst != nil {
		_ = r.dst.Close()
	}
	r.cond.Broadcast()
}
