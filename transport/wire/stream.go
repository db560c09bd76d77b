package wire

import (
	"errors"
	"io"
	"sync"
	"time"
)

// ErrStreamLost ends the streams of a connection that went.
var ErrStreamLost = errors.New("the connection was lost")

// Outgoing is the sending end of a stream: an io.Writer that waits for the
// receiver's credit. Write and Finish belong to one goroutine; Grant and
// Refuse to the one that reads frames.
type Outgoing struct {
	w      *Writer
	id     uint32
	mu     sync.Mutex
	cond   *sync.Cond
	credit int64
	err    error
	pack   packing
}

// NewOutgoing makes the sending end of stream id; size is what will be sent
// if that is known, else -1.
func NewOutgoing(w *Writer, id uint32, credit, size int64) *Outgoing {
	o := &Outgoing{w: w, id: id, credit: credit}
	o.cond = sync.NewCond(&o.mu)
	o.pack.begin(size)
	return o
}

// Grant adds credit.
func (o *Outgoing) Grant(n int64) {
	o.mu.Lock()
	o.credit += n
	o.mu.Unlock()
	o.cond.Signal()
}

// Refuse ends the stream because the receiver wants no more.
func (o *Outgoing) Refuse(err error) {
	o.mu.Lock()
	if o.err == nil {
		o.err = err
	}
	o.mu.Unlock()
	o.cond.Signal()
}

// Write implements io.Writer.
func (o *Outgoing) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		n, err := o.take(min(len(p)-sent, PartSize))
		if err != nil {
			return sent, err
		}
		piece := p[sent : sent+n]
		try := o.pack.wanted()
		packed, err := o.w.WriteData(o.id, piece, try)
		if err != nil {
			return sent, err
		}
		o.pack.sent(n, try && !packed)
		sent += n
	}
	return sent, nil
}

// take waits for credit and uses up to n of it.
func (o *Outgoing) take(n int) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.credit == 0 && o.err == nil {
		o.cond.Wait()
	}
	if o.err != nil {
		return 0, o.err
	}
	n = int(min(int64(n), o.credit))
	o.credit -= int64(n)
	return n, nil
}

// Finish tells the receiver that the stream ended, well when err is nil.
func (o *Outgoing) Finish(err error) error {
	o.mu.Lock()
	refused := o.err
	o.mu.Unlock()
	if refused != nil {
		return refused
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	return o.w.Write(TypeEnd, o.id, []byte(text))
}

// packing decides whether the pieces of a stream are compressed: small ones
// always, long ones when the link is slower than compressing is, and not again
// soon when it did not help.
type packing struct {
	start time.Time
	bytes int64
	small bool
	skip  int // pieces to send as they are
}

const (
	packSmall = 1 << 20  // streams up to this size are always compressed
	packTrial = 1 << 20  // the size after which the link's rate is known
	packRate  = 40 << 20 // bytes a second, below which compressing is worth it
	packPause = 32       // pieces that are not tried after one that did not shrink
)

func (p *packing) begin(size int64) { p.small = size >= 0 && size <= packSmall }

func (p *packing) sent(n int, inVain bool) {
	if p.start.IsZero() {
		p.start = time.Now()
	}
	p.bytes += int64(n)
	if inVain {
		p.skip = packPause
	}
}

func (p *packing) wanted() bool {
	if p.skip > 0 {
		p.skip--
		return false
	}
	if p.small || p.bytes < packTrial {
		return p.small
	}
	return float64(p.bytes) < packRate*time.Since(p.start).Seconds()
}

// Incoming is the receiving end of a stream: an io.ReadCloser that gives
// credit as it is read. Push and End belong to the goroutine that reads
// frames; Read and Close to one other.
type Incoming struct {
	w      *Writer
	id     uint32
	mu     sync.Mutex
	cond   *sync.Cond
	chunks [][]byte
	off    int   // what was read of the first chunk
	held   int64 // in chunks
	owed   int64 // read, credit not yet given
	err    error // io.EOF after a good end
	closed bool
}

// NewIncoming makes the receiving end of stream id.
func NewIncoming(w *Writer, id uint32) *Incoming {
	in := &Incoming{w: w, id: id}
	in.cond = sync.NewCond(&in.mu)
	return in
}

// chunkPool holds pointers to arrays, which a pool takes without allocating.
var chunkPool = sync.Pool{New: func() any { return new([PartSize]byte) }}

func newChunk(p []byte) []byte {
	if len(p) < PartSize/2 || len(p) > PartSize {
		return append([]byte(nil), p...)
	}
	c := chunkPool.Get().(*[PartSize]byte)[:len(p)]
	copy(c, p)
	return c
}

func freeChunk(c []byte) {
	if cap(c) == PartSize {
		chunkPool.Put((*[PartSize]byte)(c[:PartSize]))
	}
}

// Push takes a piece that came; it copies p.
func (in *Incoming) Push(p []byte) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed || in.err != nil {
		return nil // it was sent before the sender knew
	}
	if in.held+int64(len(p)) > Window {
		return protocolErrorf("stream %d sends more than it has credit for", in.id)
	}
	in.held += int64(len(p))
	in.chunks = append(in.chunks, newChunk(p))
	in.cond.Signal()
	return nil
}

// End takes the stream's end; nil is a good one.
func (in *Incoming) End(err error) {
	if err == nil {
		err = io.EOF
	}
	in.mu.Lock()
	if in.err == nil {
		in.err = err
	}
	in.mu.Unlock()
	in.cond.Signal()
}

// Read implements io.Reader.
func (in *Incoming) Read(p []byte) (int, error) {
	var n int
	err := in.next(func(c []byte) int {
		n = copy(p, c[in.off:])
		if in.off+n == len(c) {
			freeChunk(c)
		}
		return n
	})
	return n, err
}

// WriteTo implements io.WriterTo: the pieces go to w as they came, without a
// buffer in between.
func (in *Incoming) WriteTo(w io.Writer) (written int64, err error) {
	for {
		var piece, whole []byte
		err := in.next(func(c []byte) int {
			whole, piece = c, c[in.off:]
			return len(piece)
		})
		if err == io.EOF {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(piece)
		freeChunk(whole)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
}

// next waits for a piece, which take uses some of from in.off on, and gives
// credit for what was used. At the end it gives the end's error.
func (in *Incoming) next(take func(chunk []byte) int) error {
	in.mu.Lock()
	for len(in.chunks) == 0 && in.err == nil && !in.closed {
		in.cond.Wait()
	}
	if in.closed {
		in.mu.Unlock()
		return io.ErrClosedPipe
	}
	if len(in.chunks) == 0 {
		defer in.mu.Unlock()
		return in.err
	}
	in.used(take(in.chunks[0]))
	grant := int64(0)
	if in.owed >= Window/4 && in.err == nil {
		grant, in.owed = in.owed, 0
	}
	in.mu.Unlock()
	if grant > 0 {
		// A lost connection ends the stream by itself.
		_ = in.w.Write(TypeCredit, in.id, AppendCredit(nil, grant))
	}
	return nil
}

// used notes that n bytes of the first chunk are done with.
func (in *Incoming) used(n int) {
	if in.off += n; in.off == len(in.chunks[0]) {
		in.chunks[0] = nil
		in.chunks, in.off = in.chunks[1:], 0
	}
	in.held -= int64(n)
	in.owed += int64(n)
}

// Close gives the stream up; the sender is told when it has not ended.
func (in *Incoming) Close() error {
	return in.Refuse("")
}

// Refuse is Close with a reason for the sender.
func (in *Incoming) Refuse(why string) error {
	in.mu.Lock()
	ended := in.err != nil || in.closed
	in.closed = true
	in.chunks, in.held = nil, 0
	in.mu.Unlock()
	in.cond.Signal()
	if ended {
		return nil
	}
	return in.w.Write(TypeReset, in.id, []byte(why))
}
