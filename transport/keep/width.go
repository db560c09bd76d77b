package keep

import (
	"io"
	"runtime"
	"sync/atomic"
)

// A keeper passes small messages on: a chain of waits, where a second processor
// is only woken up for nothing. So it has one until there is more to do than one
// can: many connections, or large files.
const (
	narrowLeases = 16      // connections of runs
	narrowStream = 1 << 20 // bytes of one command's input or output
)

// width is how many processors a keeper has. It is safe for concurrent use.
type width struct{ wide atomic.Bool }

func (w *width) narrow() {
	w.wide.Store(false)
	runtime.GOMAXPROCS(1)
}

func (w *width) widen() {
	if w.wide.CompareAndSwap(false, true) {
		runtime.SetDefaultGOMAXPROCS()
	}
}

// watch gives a writer to out that widens w once it was given much.
func (w *width) watch(out io.Writer) io.Writer { return &watched{out: out, width: w} }

type watched struct {
	out   io.Writer
	width *width
	sent  int
}

// Write implements io.Writer.
func (w *watched) Write(p []byte) (int, error) {
	if w.sent += len(p); w.sent > narrowStream {
		w.width.widen()
	}
	return w.out.Write(p)
}
