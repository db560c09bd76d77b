package remote

import (
	"context"
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

// batch runs requests in order, in one message.
func (m *mux) batch(ctx context.Context, rs []*Request, o BatchOptions, done func(int, *value.Dict) bool) error {
	if len(rs) == 0 {
		return nil
	}
	body, err := encodeBatch(rs, o)
	if err != nil {
		return m.fault(err)
	}
	answers := make(chan indexed, len(rs))
	id, end, err := m.registerBatch(rs, answers)
	if err != nil {
		return err
	}
	defer m.forgetBatch(id, len(rs))
	if err := m.w.Write(wire.TypeBatch, id, body); err != nil {
		return m.lost(ctx, err)
	}
	return m.collect(ctx, id, answers, end, done)
}

func encodeBatch(rs []*Request, o BatchOptions) ([]byte, error) {
	b := wire.Batch{StopOnFailure: o.StopOnFailure}
	for _, r := range rs {
		c, err := encode(r)
		if err != nil {
			return nil, err
		}
		b.Calls = append(b.Calls, c)
	}
	return b.Append(nil)
}

func (m *mux) registerBatch(rs []*Request, answers chan<- indexed) (uint32, <-chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return 0, nil, m.err
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
func (m *mux) collect(ctx context.Context, id uint32, answers <-chan indexed, end <-chan struct{}, done func(int, *value.Dict) bool) error {
	stopped := false
	hand := func(a indexed) error {
		result, err := m.finish(a.p, a.reply)
		if err != nil || stopped {
			return err
		}
		if !done(a.i, result) {
			stopped = true
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
