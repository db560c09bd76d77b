package keep

import (
	"errors"
	"io"
	"sync"
	"time"

	"drover/transport"
)

// pipeTime is how long a command's two links may come after each other.
const pipeTime = 10 * time.Second

// pipes brings the two links of a command together.
type pipes struct {
	mu      sync.Mutex
	waiting map[string]chan *link
}

func (p *pipes) get(stream string) chan *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[string]chan *link{}
	}
	if p.waiting[stream] == nil {
		p.waiting[stream] = make(chan *link, 1)
	}
	return p.waiting[stream]
}

// offer gives the pipe to whoever wants it, or closes it when nobody comes.
func (p *pipes) offer(stream string, l *link) {
	c := p.get(stream)
	select {
	case c <- l:
	default:
		l.Close()
		return
	}
	time.AfterFunc(pipeTime, func() {
		select {
		case left := <-c:
			left.Close()
			p.forget(stream)
		default:
		}
	})
}

func (p *pipes) forget(stream string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, stream)
}

func (p *pipes) want(stream string) (*link, error) {
	defer p.forget(stream)
	select {
	case l := <-p.get(stream):
		return l, nil
	case <-time.After(pipeTime):
		return nil, errors.New("no pipe came for the command")
	}
}

// exec runs a command for the run that has the lease, until it ends, the run
// hangs up, or the lease ends.
func (k *keeper) exec(l *link, h *hello) {
	defer l.Close()
	pipe, err := k.pipes.want(h.Stream)
	if err != nil {
		_ = l.send(news{Err: faultOf(err)})
		return
	}
	defer pipe.Close()
	conn, ctx, err := k.leased(h.Lease)
	if err != nil {
		_ = l.send(news{Err: faultOf(err)})
		return
	}
	p, err := conn.Exec(ctx, h.Line, h.Options)
	if err != nil {
		_ = l.send(news{Err: faultOf(err)})
		return
	}
	_ = l.send(news{})
	hungUp := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, struct{ io.Reader }{l})
		close(hungUp)
	}()
	ended := make(chan struct{})
	go func() {
		k.relay(p, pipe, l, h.Options.Bulk)
		close(ended)
	}()
	select {
	case <-ended:
		// The run reads what is left in the pipe before it hangs up.
		select {
		case <-hungUp:
		case <-ctx.Done():
		}
	case <-hungUp:
		_ = p.Kill()
	case <-ctx.Done():
		_ = p.Kill()
	}
}

// relay passes on a command's input, output and end.
func (k *keeper) relay(p transport.Process, pipe, l *link, bulk bool) {
	go func() {
		in := io.Writer(p.Stdin()) // in the pace of a large amount
		if bulk {
			k.width.widen()
		} else {
			in = k.width.watch(in)
		}
		_, _ = io.Copy(in, struct{ io.Reader }{pipe})
		_ = p.Stdin().Close()
	}()
	var output sync.WaitGroup
	output.Go(func() {
		_, _ = io.Copy(k.width.watch(pipe), p.Stdout())
		_ = pipe.CloseWrite()
	})
	output.Go(func() { _, _ = io.Copy(saidWriter{l}, p.Stderr()) })
	code, err := p.Wait()
	output.Wait()
	end := news{Ended: true, Code: code}
	if err != nil {
		end.Err = faultOf(err)
	}
	_ = l.send(end)
}

// saidWriter sends what a command says on its standard error.
type saidWriter struct{ l *link }

func (w saidWriter) Write(text []byte) (int, error) {
	if err := w.l.send(news{Said: text}); err != nil {
		return 0, err
	}
	return len(text), nil
}
