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
		m.receive(p, s.Name, m.streams.Receive(f.ID), f.ID)
		return nil
	}
	blob, ok := Blob{}, false
	if p != nil {
		blob, ok = p.request.Blobs[s.Name]
	}
	out := m.streams.Send(f.ID, s.Credit, blob.Size)
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
	m.streams.Forget(id)
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
			m.streams.Forget(id)
		}()
		return
	}
	p.streams.Add(1)
	go func() {
		defer p.streams.Done()
		defer m.streams.Forget(id)
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
