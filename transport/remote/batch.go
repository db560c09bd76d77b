package remote

import (
	"context"
	"errors"
	"time"

	"drover/playbook/value"
	"drover/transport/wire"
)

// indexed is the answer to a request of a batch.
type indexed struct {
	i     int
	p     *pending
	reply wire.Reply
}

// batchBytes is about how long a batch's message is at most: a longer one
// becomes several, one after the other.
const batchBytes = 8 << 20

// batch runs requests in order, in one message or a few.
func (m *mux) batch(ctx context.Context, rs []*Request, o BatchOptions, done func(int, *value.Dict) bool) error {
	parts, err := encodeBatch(rs, o)
	if err != nil {
		return m.fault(err)
	}
	for start := 0; len(parts) > 0; parts = parts[1:] {
		p := &batchPart{mux: m, rs: rs[start : start+parts[0].n], o: o}
		p.done = func(i int, d *value.Dict) bool { return done(start+i, d) }
		if err := p.run(ctx, parts[0].body); err != nil || p.stopped {
			return err
		}
		start += parts[0].n
	}
	return nil
}

// encodedPart is the message of a batch's next n requests.
type encodedPart struct {
	n    int
	body []byte
}

func encodeBatch(rs []*Request, o BatchOptions) ([]encodedPart, error) {
	var parts []encodedPart
	b := wire.Batch{StopOnFailure: o.StopOnFailure}
	size := 0
	end := func() error {
		body, err := b.Append(nil)
		parts = append(parts, encodedPart{len(b.Calls), body})
		b.Calls, size = nil, 0
		return err
	}
	var one []byte
	for _, r := range rs {
		c, err := encode(r)
		if err != nil {
			return nil, err
		}
		if one, err = c.Append(one[:0]); err != nil {
			return nil, err
		}
		if len(b.Calls) > 0 && size+len(one) > batchBytes {
			if err := end(); err != nil {
				return nil, err
			}
		}
		b.Calls = append(b.Calls, c)
		size += len(one)
	}
	if len(b.Calls) == 0 {
		return parts, nil
	}
	return parts, end()
}

// batchPart is a message of a batch at work.
type batchPart struct {
	*mux
	rs      []*Request
	o       BatchOptions
	done    func(int, *value.Dict) bool
	stopped bool // by done, or on the host by a failure
}

func (p *batchPart) run(ctx context.Context, body []byte) error {
	answers := make(chan indexed, len(p.rs))
	id, end, err := p.registerBatch(p.rs, answers)
	if err != nil {
		return err
	}
	defer p.forgetBatch(id, len(p.rs))
	if err := p.w.Write(wire.TypeBatch, id, body); err != nil {
		return p.lost(ctx, err)
	}
	return p.collect(ctx, id, answers, end)
}

func (m *mux) registerBatch(rs []*Request, answers chan<- indexed) (uint32, <-chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refusal(); err != nil {
		return 0, nil, err
	}
	id := m.reserve(1 + len(rs))
	end := make(chan struct{})
	m.batches[id] = end
	for i, r := range rs {
		p := &pending{request: r}
		p.answer = func(reply wire.Reply) { answers <- indexed{i, p, reply} }
		m.calls[id+1+uint32(i)] = p
	}
	return id, end, nil
}

func (m *mux) forgetBatch(id uint32, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.batches, id)
	for i := range n {
		delete(m.calls, id+1+uint32(i))
	}
}

// collect hands the answers on until the batch ends.
func (p *batchPart) collect(ctx context.Context, id uint32, answers <-chan indexed, end <-chan struct{}) error {
	m := p.mux
	hand := func(a indexed) error {
		result, err := m.finish(a.p, a.reply)
		var fault *CallError
		if errors.As(err, &fault) { // of this request alone
			result, err = value.DictOf("failed", true, "changed", false, "msg", fault.Msg), nil
		}
		if err != nil || p.stopped {
			return err
		}
		goOn := p.done(a.i, result)
		p.stopped = !goOn || p.o.StopOnFailure && value.Truth(result.At("failed"))
		if !goOn {
			return m.w.Write(wire.TypeBatchStop, id, nil)
		}
		return nil
	}
	for {
		select {
		case a := <-answers:
			if err := hand(a); err != nil {
				m.cancelBatch(id, end)
				return err
			}
		case <-end:
			for len(answers) > 0 {
				if err := hand(<-answers); err != nil {
					return err
				}
			}
			return nil
		case <-m.done:
			return m.failure()
		case <-ctx.Done():
			m.cancelBatch(id, end)
			return ctx.Err()
		}
	}
}

// cancelBatch stops the rest, kills what runs and waits for its end.
func (m *mux) cancelBatch(id uint32, end <-chan struct{}) {
	_ = m.w.Write(wire.TypeCancel, id, nil)
	select {
	case <-end:
	case <-m.done:
	case <-time.After(killTime):
	}
}
