package remote

import (
	"errors"
	"fmt"
	"io"

	"drover/transport/wire"
)

// openStream begins a stream that the runner asks for or announces.
func (m *mux) openStream(f wire.Frame) error {
	var s wire.StreamOpen
	if err := s.Decode(f.Body); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.calls[s.Call]
	if f.Type == wire.TypeSend {
		in := wire.NewIncoming(m.w, f.ID)
		m.in[f.ID] = in
		m.receive(p, s.Name, in, f.ID)
		return nil
	}
	blob, ok := Blob{}, false
	if p != nil {
		blob, ok = p.request.Blobs[s.Name]
	}
	out := wire.NewOutgoing(m.w, f.ID, s.Credit, blob.Size)
	m.out[f.ID] = out
	go m.pump(f.ID, out, blob, ok, s.Name)
	return nil
}

// pump sends a blob.
func (m *mux) pump(id uint32, out *wire.Outgoing, blob Blob, known bool, name string) {
	if blob.Size <= wire.PartSize {
		m.prefetch <- struct{}{}
		defer func() { <-m.prefetch }()
	}
	err := fmt.Errorf("the controller has no content named %q", name)
	if known {
		err = copyBlob(out, blob)
	}
	_ = out.Finish(err)
	m.mu.Lock()
	delete(m.out, id)
	m.mu.Unlock()
}

func copyBlob(out *wire.Outgoing, blob Blob) error {
	r, err := blob.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{r}, make([]byte, min(wire.PartSize*4, max(blob.Size, 512))))
	return err
}

// receive writes a stream of a module where its call wants it. It is called
// with m.mu held.
func (m *mux) receive(p *pending, name string, in *wire.Incoming, id uint32) {
	if p == nil || p.request.Receive == nil {
		go func() {
			_ = in.Refuse(fmt.Sprintf("the controller does not take %q", name))
			m.forgetIncoming(id)
		}()
		return
	}
	p.streams.Add(1)
	go func() {
		defer p.streams.Done()
		defer m.forgetIncoming(id)
		if err := save(p.request.Receive, name, in); err != nil {
			_ = in.Refuse(err.Error())
			m.mu.Lock()
			p.failed = errors.Join(p.failed, err)
			m.mu.Unlock()
		}
	}()
}

// save copies a stream to its place; a receiver that can be told of a bad end
// (as an io.PipeWriter can) is.
func save(receive ReceiveFunc, name string, in *wire.Incoming) error {
	w, err := receive(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, in)
	if err == nil {
		return w.Close()
	}
	if a, ok := w.(interface{ CloseWithError(error) error }); ok {
		_ = a.CloseWithError(err)
	} else {
		_ = w.Close()
	}
	return fmt.Errorf("%s: %w", name, err)
}

func (m *mux) forgetIncoming(id uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.in, id)
}

// feed gives a frame of a module's stream to its receiver. One that is not
// known any more was given up.
func (m *mux) feed(f wire.Frame) error {
	m.mu.Lock()
	in := m.in[f.ID]
	m.mu.Unlock()
	switch {
	case in == nil:
		return nil
	case f.Type == wire.TypeData:
		return in.Push(f.Body)
	case len(f.Body) > 0:
		in.End(errors.New(string(f.Body)))
	default:
		in.End(nil)
	}
	return nil
}

// steer gives credit or a refusal to a stream that is being sent.
func (m *mux) steer(f wire.Frame) error {
	m.mu.Lock()
	out := m.out[f.ID]
	m.mu.Unlock()
	if f.Type == wire.TypeReset {
		if out != nil {
			out.Refuse(errors.New("the module closed it: " + string(f.Body)))
		}
		return nil
	}
	n, err := wire.DecodeCredit(f.Body)
	if err == nil && out != nil {
		out.Grant(n)
	}
	return err
}
