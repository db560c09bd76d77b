// Package runner is what runs on the hosts: it takes calls from a stream,
// runs modules, any number at a time, and sends the results back. It lives as
// long as its input and leaves nothing behind.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"drover/modules"
	"drover/modules/target"
	"drover/transport/wire"
)

// Options are what a runner needs to know.
type Options struct {
	Host   target.Host
	Lookup func(name string) (modules.Module, bool)
	// Detach starts this program in a mode that runs a detached job (Main
	// with AsyncArg); its words are argv.
	Detach []string
	Dir    string // where detached jobs run; "": the process's working directory
	// Long, if any, is told when a call or batch takes longer than longCall;
	// it may be told again.
	Long func()
}

// longCall is when a call begins to be worth more than one processor.
const longCall = 100 * time.Millisecond

// leaveTime is how long calls may take to end when the controller has gone.
const leaveTime = 5 * time.Second

// Serve greets on out, takes calls from in until it ends, and returns when
// they have ended too. A clean end of in, or of ctx, is no error.
func Serve(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Long == nil {
		o.Long = func() {}
	}
	w := wire.NewWriter(out)
	s := &server{o: o, w: w, workers: newWorkers(ctx), streams: wire.NewStreams(w, "the controller"), cancels: map[uint32]func(stopOnly bool){}}
	hello := &wire.Hello{Version: wire.Version, PID: os.Getpid(), User: o.Host.Users().Current().Name}
	if len(o.Detach) > 0 {
		hello.Program = o.Detach[0]
	}
	if err := s.w.Preface(hello); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.read(ctx, in) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	cancel()
	s.streams.Lose()
	s.wait(leaveTime)
	return err
}

// server is one connection to a controller.
type server struct {
	o       Options
	w       *wire.Writer
	env     map[string]string // from the controller's hello
	streams *wire.Streams
	workers *workers

	running sync.WaitGroup
	mu      sync.Mutex
	cancels map[uint32]func(stopOnly bool) // of calls and batches
}

// wait waits for the calls, but not for ever: one may hang in the kernel.
func (s *server) wait(limit time.Duration) {
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
}

func (s *server) read(ctx context.Context, in io.Reader) error {
	r := wire.NewReader(in)
	if _, err := r.Greet(nil, wire.Magic); err != nil {
		if errors.Is(err, io.EOF) {
			return nil // nobody came
		}
		return err
	}
	hello, err := r.Hello()
	if err != nil {
		return err
	}
	s.env = hello.Env
	for {
		f, err := r.Read()
		if err == io.EOF || err == nil && f.Type == wire.TypeBye {
			return nil
		}
		if err == nil {
			err = s.take(ctx, f)
		}
		if err != nil {
			return err
		}
	}
}

func (s *server) take(ctx context.Context, f wire.Frame) error {
	switch f.Type {
	case wire.TypeCall:
		c := new(wire.Call)
		if err := c.Decode(f.Body); err != nil {
			return err
		}
		s.startCall(ctx, f.ID, c)
	case wire.TypeBatch:
		b := new(wire.Batch)
		if err := b.Decode(f.Body); err != nil {
			return err
		}
		s.startBatch(ctx, f.ID, b)
	case wire.TypeCancel, wire.TypeBatchStop:
		s.mu.Lock()
		cancel := s.cancels[f.ID]
		s.mu.Unlock()
		if cancel != nil {
			cancel(f.Type == wire.TypeBatchStop)
		}
	case wire.TypeData, wire.TypeEnd, wire.TypeCredit, wire.TypeReset:
		return s.streams.Take(f)
	default:
		return &wire.ProtocolError{Msg: fmt.Sprintf("the controller sent a frame of type %d", f.Type)}
	}
	return nil
}

// begin makes the context of a call or batch, which a Cancel frame ends. done
// must be called at its end.
func (s *server) begin(ctx context.Context, id uint32, stop func()) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancel(ctx)
	long := time.AfterFunc(longCall, s.o.Long)
	s.mu.Lock()
	s.cancels[id] = func(stopOnly bool) {
		stop()
		if !stopOnly {
			cancel()
		}
	}
	s.mu.Unlock()
	s.running.Add(1)
	return ctx, func() {
		cancel()
		long.Stop()
		s.mu.Lock()
		delete(s.cancels, id)
		s.mu.Unlock()
		s.running.Done()
	}
}
