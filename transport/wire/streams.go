package wire

import (
	"errors"
	"fmt"
	"sync"
)

// Streams are the streams of one connection that are under way, in both
// directions, by their ids. It is safe for concurrent use.
type Streams struct {
	w    *Writer
	peer string // what the other side is called in errors

	mu   sync.Mutex
	last uint32
	in   map[uint32]*Incoming
	out  map[uint32]*Outgoing
}

// NewStreams makes the streams of a connection on which w writes. peer names
// the other side in errors: "the controller".
func NewStreams(w *Writer, peer string) *Streams {
	return &Streams{w: w, peer: peer, in: map[uint32]*Incoming{}, out: map[uint32]*Outgoing{}}
}

// NextID gives an id that no stream of this side had before.
func (s *Streams) NextID() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	return s.last
}

// Receive begins a stream from the other side. Forget ends it.
func (s *Streams) Receive(id uint32) *Incoming {
	in := NewIncoming(s.w, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in[id] = in
	return in
}

// Send begins a stream to the other side; credit and size are NewOutgoing's.
// Forget ends it.
func (s *Streams) Send(id uint32, credit, size int64) *Outgoing {
	out := NewOutgoing(s.w, id, credit, size)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out[id] = out
	return out
}

// Forget drops a stream: frames for it that still come are ignored.
func (s *Streams) Forget(id uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.in, id)
	delete(s.out, id)
}

// Lose ends all streams: nobody is on the other side any more.
func (s *Streams) Lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range s.in {
		in.End(ErrStreamLost)
	}
	for _, out := range s.out {
		out.Refuse(ErrStreamLost)
	}
}

// Take hands a frame of TypeData, TypeEnd, TypeCredit or TypeReset to its
// stream. A stream that is not known any more was given up. The error is one
// of the protocol, after which the connection is of no use.
func (s *Streams) Take(f Frame) error {
	s.mu.Lock()
	in, out := s.in[f.ID], s.out[f.ID]
	s.mu.Unlock()
	switch f.Type {
	case TypeData, TypeEnd:
		return feed(in, f)
	case TypeReset:
		if out != nil {
			out.Refuse(fmt.Errorf("%s does not take it: %s", s.peer, f.Body))
		}
		return nil
	default:
		n, err := DecodeCredit(f.Body)
		if err == nil && out != nil {
			out.Grant(n)
		}
		return err
	}
}

func feed(in *Incoming, f Frame) error {
	switch {
	case in == nil:
		return nil
	case f.Type == TypeData:
		return in.Push(f.Body)
	case len(f.Body) > 0:
		in.End(errors.New(string(f.Body)))
	default:
		in.End(nil)
	}
	return nil
}
