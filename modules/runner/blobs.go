package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"drover/modules"
	"drover/transport/wire"
)

// callBlobs is the channel for bulk data of one call.
type callBlobs struct {
	s       *server
	call    uint32
	offered []wire.Blob
	fetched *prefetched // of the batch, may be nil
	mu      sync.Mutex
	open    []io.Closer
}

// close gives up what the module left open.
func (b *callBlobs) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.open {
		_ = c.Close()
	}
}

// Open implements modules.Blobs.
func (b *callBlobs) Open(ctx context.Context, id string) (io.ReadCloser, error) {
	i := b.find(id)
	if i < 0 {
		return nil, fmt.Errorf("the controller offers no content named %q", id)
	}
	if b.offered[i].Inline {
		return io.NopCloser(bytes.NewReader(b.offered[i].Data)), nil
	}
	in := b.fetched.take(b.call, id)
	if in == nil {
		var err error
		if in, err = b.s.request(b.call, id); err != nil {
			return nil, err
		}
	}
	return b.track(ctx, in), nil
}

func (b *callBlobs) find(id string) int {
	for i := range b.offered {
		if b.offered[i].Name == id {
			return i
		}
	}
	return -1
}

// track ends a stream with its call or ctx.
func (b *callBlobs) track(ctx context.Context, in *incoming) io.ReadCloser {
	b.mu.Lock()
	b.open = append(b.open, in)
	b.mu.Unlock()
	context.AfterFunc(ctx, func() { in.End(context.Cause(ctx)) })
	return in
}

// Send implements modules.Blobs.
func (b *callBlobs) Send(ctx context.Context, name string) (io.WriteCloser, error) {
	s := b.s
	id := s.streams.NextID()
	out := s.streams.Send(id, wire.Window, -1)
	open := wire.StreamOpen{Call: b.call, Name: name}
	if err := s.w.Write(wire.TypeSend, id, open.Append(nil)); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { out.Refuse(context.Cause(ctx)) })
	w := &sending{Outgoing: out, forget: func() { stop(); s.streams.Forget(id) }}
	b.mu.Lock()
	b.open = append(b.open, abandoned{w})
	b.mu.Unlock()
	return w, nil
}

// sending is a stream to the controller.
type sending struct {
	*wire.Outgoing
	once   sync.Once
	forget func()
}

// Close ends the stream well.
func (w *sending) Close() error { return w.end(nil) }

func (w *sending) end(err error) (result error) {
	w.once.Do(func() {
		result = w.Finish(err)
		w.forget()
	})
	return result
}

// abandoned ends a stream that the module did not close: its end is not good.
type abandoned struct{ *sending }

func (a abandoned) Close() error { return a.end(errors.New("the module did not finish it")) }

// incoming is a stream from the controller that is forgotten when closed.
type incoming struct {
	*wire.Incoming
	forget func()
}

// Close gives the stream up.
func (in *incoming) Close() error {
	defer in.forget()
	return in.Incoming.Close()
}

// request asks the controller for a blob.
func (s *server) request(call uint32, name string) (*incoming, error) {
	id := s.streams.NextID()
	in := s.streams.Receive(id)
	forget := func() { s.streams.Forget(id) }
	open := wire.StreamOpen{Call: call, Name: name, Credit: wire.Window}
	if err := s.w.Write(wire.TypeOpen, id, open.Append(nil)); err != nil {
		forget()
		return nil, err
	}
	return &incoming{Incoming: in, forget: forget}, nil
}

// Limits of what is asked for ahead: larger contents are streamed when they
// are needed.
const (
	prefetchEach = 256 << 10
	prefetchAll  = 32 << 20
)

// prefetched are blobs of a batch that were asked for before it began. A nil
// one has none.
type prefetched struct {
	mu      sync.Mutex
	streams map[string]*incoming
}

func prefetchKey(call uint32, name string) string { return fmt.Sprintf("%d/%s", call, name) }

// prefetch asks in one round trip for all that the calls of a batch say they
// will open.
func (s *server) prefetch(ctx context.Context, id uint32, b *wire.Batch) *prefetched {
	f := &prefetched{streams: map[string]*incoming{}}
	room := int64(prefetchAll)
	for i, c := range b.Calls {
		for _, blob := range s.needs(ctx, c) {
			if blob.Size > prefetchEach || blob.Size > room {
				continue
			}
			call := id + 1 + uint32(i)
			in, err := s.request(call, blob.Name)
			if err != nil {
				return f
			}
			f.streams[prefetchKey(call, blob.Name)] = in
			room -= blob.Size
		}
	}
	return f
}

// needs gives the blobs that a call will ask for, without those sent along.
func (s *server) needs(ctx context.Context, c *wire.Call) []wire.Blob {
	m, ok := s.o.Lookup(c.Module)
	if !ok || c.Async != nil || len(c.Blobs) == 0 {
		return nil
	}
	p, ok := m.(modules.Prefetcher)
	if !ok {
		return nil
	}
	var blobs []wire.Blob
	for _, name := range p.Needs(ctx, s.o.Host, newCall(c, s.env)) {
		for _, b := range c.Blobs {
			if b.Name == name && !b.Inline && b.Size >= 0 {
				blobs = append(blobs, b)
			}
		}
	}
	return blobs
}

func (f *prefetched) take(call uint32, name string) *incoming {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := prefetchKey(call, name)
	in := f.streams[key]
	delete(f.streams, key)
	return in
}

// close gives up what nobody opened.
func (f *prefetched) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, in := range f.streams {
		_ = in.Close()
	}
}
