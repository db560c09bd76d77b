package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

const headerSize = 10

const (
	flagMore       = 1 << 0
	flagCompressed = 1 << 1
	knownFlags     = flagMore | flagCompressed
)

// Frame is one message, assembled and unpacked.
type Frame struct {
	Type Type
	ID   uint32
	// Body of a TypeData frame is valid until the next Read; any other belongs
	// to the receiver.
	Body []byte
}

// ProtocolError says that the other side sent what the protocol forbids.
type ProtocolError struct{ Msg string }

func (e *ProtocolError) Error() string { return "protocol error: " + e.Msg }

func protocolErrorf(format string, a ...any) error {
	return &ProtocolError{Msg: fmt.Sprintf(format, a...)}
}

// Writer sends frames. It is safe for concurrent use. Frames of several
// writers are sent together when they come together.
type Writer struct {
	mu      sync.Mutex
	dst     io.Writer
	buf     *bufio.Writer
	waiting atomic.Int32
	err     error
}

// NewWriter makes a Writer; Preface must be the first thing sent on it.
func NewWriter(w io.Writer) *Writer { return &Writer{dst: w, buf: bufio.NewWriterSize(w, 4096)} }

// Preface sends the magic and the hello.
func (w *Writer) Preface(h *Hello) error {
	w.mu.Lock()
	_, err := w.buf.WriteString(Magic)
	w.mu.Unlock()
	if err != nil {
		return err
	}
	return w.Write(TypeHello, 0, h.Append(nil))
}

// Write sends a message, in parts when it is long, compressed when that helps.
func (w *Writer) Write(t Type, id uint32, body []byte) error {
	var flags byte
	if len(body) >= CompressFrom && t != TypeData {
		if packed := compress(body); packed != nil {
			body, flags = packed, flagCompressed
		}
	}
	for len(body) > PartSize {
		if err := w.frame(t, flags|flagMore, id, body[:PartSize]); err != nil {
			return err
		}
		body = body[PartSize:]
	}
	return w.frame(t, flags, id, body)
}

// WriteData sends a piece of a stream, of at most PartSize bytes; pack says to
// try compressing it, packed whether that helped.
func (w *Writer) WriteData(id uint32, p []byte, pack bool) (packed bool, err error) {
	if pack {
		if small := compress(p); small != nil {
			return true, w.frame(TypeData, flagCompressed, id, small)
		}
	}
	return false, w.frame(TypeData, 0, id, p)
}

func (w *Writer) frame(t Type, flags byte, id uint32, body []byte) error {
	w.waiting.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.waiting.Add(-1) == 0
	if w.err != nil {
		return w.err
	}
	var h [headerSize]byte
	binary.BigEndian.PutUint32(h[:], uint32(len(body)))
	h[4], h[5] = byte(t), flags
	binary.BigEndian.PutUint32(h[6:], id)
	if headerSize+len(body) > w.buf.Size() {
		w.err = w.large(h[:], body)
		return w.err
	}
	w.buf.Write(h[:])
	_, w.err = w.buf.Write(body)
	if w.err == nil && last && flags&flagMore == 0 {
		w.err = w.buf.Flush()
	}
	return w.err
}

// frames holds buffers for large frames: each leaves in one write, since every
// write becomes a packet of SSH and a turn of both sides.
var frames = sync.Pool{New: func() any { return new([headerSize + PartSize]byte) }}

func (w *Writer) large(header, body []byte) error {
	if err := w.buf.Flush(); err != nil {
		return err
	}
	buf := frames.Get().(*[headerSize + PartSize]byte)
	defer frames.Put(buf)
	n := copy(buf[:], header)
	n += copy(buf[n:], body)
	_, err := w.dst.Write(buf[:n])
	return err
}

// Reader receives frames. It is not safe for concurrent use.
type Reader struct {
	r       *bufio.Reader
	data    []byte // body of the last Data frame
	packed  []byte
	partial map[partKey][]byte
	held    int // bytes in partial
}

type partKey struct {
	t  Type
	id uint32
}

// NewReader makes a Reader; Greet or Preface must be called first.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 4096), partial: map[partKey][]byte{}}
}

// Read gives the next message. At a clean end it gives io.EOF; an end inside
// of a frame is io.ErrUnexpectedEOF.
func (r *Reader) Read() (Frame, error) {
	for {
		t, flags, id, n, err := r.header()
		if err != nil {
			return Frame{}, err
		}
		if t == TypeData {
			return r.readData(flags, id, n)
		}
		body := make([]byte, n)
		if err := r.full(body); err != nil {
			return Frame{}, err
		}
		body, err = r.join(partKey{t, id}, flags, body)
		if err != nil {
			return Frame{}, err
		}
		if flags&flagMore != 0 {
			continue
		}
		if flags&flagCompressed != 0 {
			if body, err = decompress(nil, body, MaxMessage); err != nil {
				return Frame{}, err
			}
		}
		return Frame{Type: t, ID: id, Body: body}, nil
	}
}

func (r *Reader) header() (t Type, flags byte, id uint32, n int, err error) {
	var h [headerSize]byte
	if _, err = io.ReadFull(r.r, h[:]); err != nil {
		return
	}
	length := binary.BigEndian.Uint32(h[:])
	t, flags, id = Type(h[4]), h[5], binary.BigEndian.Uint32(h[6:])
	switch {
	case t == 0 || t >= typeLast:
		err = protocolErrorf("a frame of the unknown type %d", t)
	case flags&^knownFlags != 0:
		err = protocolErrorf("a frame with unknown flags %#x", flags)
	case length > MaxFrame:
		err = protocolErrorf("a frame of %d bytes is over the limit of %d", length, MaxFrame)
	}
	return t, flags, id, int(length), err
}

// full reads what was announced; the stream's end here is an error.
func (r *Reader) full(p []byte) error {
	_, err := io.ReadFull(r.r, p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// join adds a part to those that came before and gives the whole.
func (r *Reader) join(k partKey, flags byte, body []byte) ([]byte, error) {
	former, begun := r.partial[k]
	if !begun && flags&flagMore == 0 {
		return body, nil
	}
	if r.held+len(body) > MaxMessage {
		return nil, protocolErrorf("a message is over the limit of %d bytes", MaxMessage)
	}
	whole := append(former, body...)
	if flags&flagMore != 0 {
		r.held += len(body)
		r.partial[k] = whole
		return nil, nil
	}
	r.held -= len(former)
	delete(r.partial, k)
	return whole, nil
}

func (r *Reader) readData(flags byte, id uint32, n int) (Frame, error) {
	buf := &r.data
	if flags&flagCompressed != 0 {
		buf = &r.packed
	}
	if cap(*buf) < n {
		*buf = make([]byte, max(n, min(2*n, PartSize)))
	}
	body := (*buf)[:n]
	if err := r.full(body); err != nil {
		return Frame{}, err
	}
	if flags&flagCompressed != 0 {
		var err error
		if body, err = decompress(r.data[:0], body, MaxFrame); err != nil {
			return Frame{}, err
		}
		r.data = body
	}
	return Frame{Type: TypeData, ID: id, Body: body}, nil
}
