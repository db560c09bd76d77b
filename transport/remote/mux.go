package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"drover/playbook/value"
	"drover/transport"
	"drover/transport/wire"
)

// mux carries any number of calls over one runner's streams. One goroutine
// reads frames and never waits for anybody.
type mux struct {
	host     string
	w        *wire.Writer
	streams  *wire.Streams
	prefetch chan struct{} // bounds the files open for small blobs

	mu      sync.Mutex
	next    uint32
	calls   map[uint32]*pending
	batches map[uint32]chan struct{}
	retired bool // takes no calls any more
	err     error
	done    chan struct{} // closed with err set
}

// errRetired is the error of a call that came when the runner was about to
// leave. Nothing of it was sent.
var errRetired = errors.New("the runner has left")

// pending is a call that has not been answered.
type pending struct {
	request *Request
	answer  func(wire.Reply)
	streams sync.WaitGroup // what the module sends
	failed  error          // of receiving it; read after streams
}

func newMux(host string, w *wire.Writer) *mux {
	return &mux{host: host, w: w, streams: wire.NewStreams(w, "the module"), prefetch: make(chan struct{}, 16),
		calls: map[uint32]*pending{}, batches: map[uint32]chan struct{}{}, done: make(chan struct{})}
}

// reserve takes n ids in a row.
func (m *mux) reserve(n int) uint32 {
	id := m.next + 1
	m.next += uint32(n)
	return id
}

// fail ends everything that is under way; the first error stays.
func (m *mux) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return
	}
	m.err = err
	m.streams.Lose()
	close(m.done)
}

func (m *mux) failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// read takes frames until the stream ends or breaks the protocol.
func (m *mux) read(r *wire.Reader) error {
	for {
		f, err := r.Read()
		if err == nil {
			err = m.take(f)
		}
		if err != nil {
			return err
		}
	}
}

func (m *mux) take(f wire.Frame) error {
	switch f.Type {
	case wire.TypeResult:
		return m.takeResult(f)
	case wire.TypeBatchEnd:
		m.mu.Lock()
		defer m.mu.Unlock()
		if end := m.batches[f.ID]; end != nil {
			close(end)
			delete(m.batches, f.ID)
		}
		return nil
	case wire.TypeProgress:
		if p := m.pending(f.ID); p != nil && p.request.Progress != nil {
			p.request.Progress(string(f.Body))
		}
		return nil
	case wire.TypeOpen, wire.TypeSend:
		return m.openStream(f)
	case wire.TypeData, wire.TypeEnd, wire.TypeCredit, wire.TypeReset:
		return m.streams.Take(f)
	}
	return &wire.ProtocolError{Msg: fmt.Sprintf("the runner sent a frame of type %d", f.Type)}
}

func (m *mux) pending(id uint32) *pending {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[id]
}

func (m *mux) takeResult(f wire.Frame) error {
	m.mu.Lock()
	p := m.calls[f.ID]
	delete(m.calls, f.ID)
	m.mu.Unlock()
	if p == nil {
		return nil // given up by its caller
	}
	var reply wire.Reply
	if err := reply.Decode(f.Body); err != nil {
		return err
	}
	p.answer(reply)
	return nil
}

// encode turns a request into a call; small blobs go along.
func encode(r *Request) (*wire.Call, error) {
	c := &wire.Call{Module: r.Module, Args: r.Args, Check: r.Check, Diff: r.Diff, Verbosity: r.Verbosity, Env: r.Env}
	if r.Async != nil {
		c.Async = &wire.Async{Limit: r.Async.Limit, JobID: r.Async.JobID, Dir: r.Async.Dir}
	}
	for name, b := range r.Blobs {
		blob, err := encodeBlob(name, b)
		if err != nil {
			return nil, err
		}
		c.Blobs = append(c.Blobs, blob)
	}
	return c, nil
}

func encodeBlob(name string, b Blob) (wire.Blob, error) {
	blob := wire.Blob{Name: name, Size: b.Size}
	if b.Wait || b.Size < 0 || b.Size > wire.InlineBlob {
		return blob, nil
	}
	r, err := b.Open()
	if err != nil {
		return blob, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, wire.InlineBlob+1))
	if err != nil {
		return blob, err
	}
	if len(data) <= wire.InlineBlob {
		blob.Inline, blob.Data, blob.Size = true, data, int64(len(data))
	}
	return blob, nil
}

// killTime is how long a cancelled call may take to end its processes.
const killTime = 5 * time.Second

// call runs one request.
func (m *mux) call(ctx context.Context, r *Request) (*value.Dict, error) {
	c, err := encode(r)
	if err != nil {
		return nil, m.fault(err)
	}
	body, err := c.Append(nil)
	if err != nil {
		return nil, m.fault(err)
	}
	replies := make(chan wire.Reply, 1)
	p := &pending{request: r, answer: func(reply wire.Reply) { replies <- reply }}
	id, err := m.register(p)
	if err != nil {
		return nil, err
	}
	defer m.forget(id)
	if err := m.w.Write(wire.TypeCall, id, body); err != nil {
		return nil, m.lost(ctx, err)
	}
	select {
	case reply := <-replies:
		return m.finish(p, reply)
	case <-m.done:
		return nil, m.failure()
	case <-ctx.Done():
	}
	_ = m.w.Write(wire.TypeCancel, id, nil)
	select {
	case <-replies:
	case <-m.done:
	case <-time.After(killTime):
	}
	return nil, ctx.Err()
}

// retire makes later calls fail with errRetired, unless some are under way.
func (m *mux) retire() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.calls) == 0 && len(m.batches) == 0 {
		m.retired = true
	}
	return m.retired
}

// refusal is the error of a call that can't be made any more.
func (m *mux) refusal() error {
	if m.retired {
		return errRetired
	}
	return m.err
}

func (m *mux) register(p *pending) (uint32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refusal(); err != nil {
		return 0, err
	}
	id := m.reserve(1)
	m.calls[id] = p
	return id, nil
}

func (m *mux) forget(id uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.calls, id)
}

// lost is the error of a frame that could not be written: the reader knows
// better than the writer why.
func (m *mux) lost(ctx context.Context, err error) error {
	select {
	case <-m.done:
		return m.failure()
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(killTime):
		return &transport.UnreachableError{Host: m.host, Phase: transport.PhaseCall, Err: err}
	}
}

func (m *mux) fault(err error) error { return &CallError{Host: m.host, Msg: err.Error()} }

// finish waits for the streams of an answered call and gives its result.
func (m *mux) finish(p *pending, reply wire.Reply) (*value.Dict, error) {
	p.streams.Wait()
	switch reply.Outcome {
	case wire.OutcomeResult:
		if p.failed != nil {
			return nil, m.fault(p.failed)
		}
		return reply.Result, nil
	case wire.OutcomeCancelled:
		return nil, context.Canceled
	}
	return nil, m.fault(errors.New(reply.Text))
}
