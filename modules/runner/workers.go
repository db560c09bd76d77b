package runner

import "context"

// workers are the goroutines of calls. One that has ended its call takes the
// next, because its stack has grown to what a call needs: a new goroutine copies
// its stack four times on the way there, as much work as a short module is.
type workers struct {
	ctx  context.Context // ends the idle ones
	next chan func()
}

func newWorkers(ctx context.Context) *workers {
	return &workers{ctx: ctx, next: make(chan func())}
}

// do has f done beside all else.
func (w *workers) do(f func()) {
	select {
	case w.next <- f:
	default:
		go w.work(f)
	}
}

func (w *workers) work(f func()) {
	for {
		f()
		select {
		case f = <-w.next:
		case <-w.ctx.Done():
			return
		}
	}
}
