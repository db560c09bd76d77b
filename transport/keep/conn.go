package keep

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net"
	"sync"
	"sync/atomic"

	"drover/transport"
)

// conn is a connection that the keeper has.
type conn struct {
	run    *run
	lease  uint64
	runner string // where a run before found the runner
	t      *transport.Target
	gone   atomic.Bool
}

// Gone reports whether the connection is known to be lost.
func (c *conn) Gone() bool { return c.gone.Load() || c.run.lost() }

// Close implements transport.Conn: the keeper closes the connection too.
func (c *conn) Close() error {
	c.gone.Store(true)
	c.run.close(c.lease)
	return nil
}

// Leave leaves the connection to the next run; the keeper has it as soon as this
// run's link ends.
func (c *conn) Leave() error { return nil }

// Recall gives what a run before remembered of the runner: its path, or "".
func (c *conn) Recall() string { return c.runner }

// Remember has the keeper tell the next run where the runner is.
func (c *conn) Remember(path string) {
	_ = c.run.link.send(request{Lease: c.lease, Runner: path})
}

// Put implements transport.Conn.
func (c *conn) Put(ctx context.Context, r io.Reader, path string, mode fs.FileMode) error {
	return transport.PutByShell(ctx, c, c.t, r, path, mode)
}

// Get implements transport.Conn.
func (c *conn) Get(ctx context.Context, path string, w io.Writer) error {
	return transport.GetByShell(ctx, c, c.t, path, w)
}

// Exec implements transport.Conn.
func (c *conn) Exec(ctx context.Context, line string, o transport.ExecOptions) (transport.Process, error) {
	h := hello{Kind: linkExec, Stream: rand.Text(), Lease: c.lease, Line: line, Options: o}
	pipe, err := c.open(ctx, &hello{Kind: linkPipe, Stream: h.Stream})
	if err != nil {
		return nil, err
	}
	said, err := c.open(ctx, &h)
	if err != nil {
		pipe.Close()
		return nil, err
	}
	p := &process{c: c, pipe: pipe, news: said, said: newBacklog(), exit: make(chan struct{})}
	stop := context.AfterFunc(ctx, func() { _ = p.Kill() })
	var begun news
	err = said.receive(&begun)
	if !stop() && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && begun.Err != nil {
		err = begun.Err.error()
	} else if err != nil {
		err = c.lostFault(transport.PhaseExec)
	}
	if err != nil {
		_ = p.Kill()
		return nil, err
	}
	go p.listen()
	return p, nil
}

// open makes a further link to the keeper.
func (c *conn) open(ctx context.Context, h *hello) (*link, error) {
	var d net.Dialer
	raw, err := d.DialContext(ctx, "unix", c.run.path)
	if err != nil {
		return nil, c.lostFault(transport.PhaseExec)
	}
	l := newLink(raw)
	if err := l.send(h); err != nil {
		l.Close()
		return nil, c.lostFault(transport.PhaseExec)
	}
	return l, nil
}

func (c *conn) lostFault(phase transport.Phase) error {
	return &transport.UnreachableError{Host: c.t.Name, Phase: phase, Err: errNoKeeper,
		Hint: "run again; with -o ControlMaster=no in the ssh arguments drover keeps no connections"}
}

// process is a command on such a connection.
type process struct {
	c     *conn
	pipe  *link // its input and output
	news  *link // its errors and end
	said  *backlog
	exit  chan struct{} // closed when code and err are there
	code  int
	err   error
	parts atomic.Int32 // of output and waiting that are over
}

// listen takes the news of the command until its end.
func (p *process) listen() {
	defer close(p.exit)
	defer p.said.end()
	for {
		var n news
		if p.news.receive(&n) != nil {
			p.err = p.c.lostFault(transport.PhaseCall)
			return
		}
		if n.Ended {
			if p.code = n.Code; n.Err != nil {
				p.err = n.Err.error()
			}
			return
		}
		p.said.write(n.Said)
	}
}

func (p *process) Stdin() io.WriteCloser { return pipeInput{p.pipe} }
func (p *process) Stdout() io.Reader     { return pipeOutput{p} }
func (p *process) Stderr() io.Reader     { return p.said }

// Wait implements transport.Process.
func (p *process) Wait() (int, error) {
	<-p.exit
	p.part()
	return p.code, p.err
}

// Kill implements transport.Process.
func (p *process) Kill() error {
	return errors.Join(p.news.Close(), p.pipe.Close())
}

// part hangs up when both the output was read and the end was heard of.
func (p *process) part() {
	if p.parts.Add(1) == 2 {
		_ = p.Kill()
	}
}

// pipeInput ends the command's input without ending its output.
type pipeInput struct{ *link }

func (i pipeInput) Close() error { return i.CloseWrite() }

// pipeOutput is the command's output.
type pipeOutput struct{ p *process }

func (o pipeOutput) Read(b []byte) (int, error) {
	n, err := o.p.pipe.Read(b)
	if err == io.EOF {
		o.p.part()
	}
	return n, err
}

// backlog is what a command said and nobody has read yet. Who writes waits while
// it is long.
type backlog struct {
	mu    sync.Mutex
	moved *sync.Cond
	text  []byte
	ended bool
}

const longBacklog = 1 << 20

func newBacklog() *backlog {
	b := &backlog{}
	b.moved = sync.NewCond(&b.mu)
	return b
}

func (b *backlog) write(text []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.text) > longBacklog && !b.ended {
		b.moved.Wait()
	}
	b.text = append(b.text, text...)
	b.moved.Broadcast()
}

func (b *backlog) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	b.moved.Broadcast()
}

// Read implements io.Reader.
func (b *backlog) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.text) == 0 && !b.ended {
		b.moved.Wait()
	}
	if len(b.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.text)
	b.text = b.text[n:]
	b.moved.Broadcast()
	return n, nil
}
