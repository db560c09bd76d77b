package runner

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"drover/modules"
	"drover/modules/target"
	"drover/playbook/value"
	"drover/transport/wire"
)

// startCall runs a call beside the others.
func (s *server) startCall(ctx context.Context, id uint32, c *wire.Call) {
	ctx, done := s.begin(ctx, id, func() {})
	s.workers.do(func() {
		defer done()
		s.reply(id, s.run(ctx, id, c, nil))
	})
}

// startBatch runs the calls of a batch one after the other.
func (s *server) startBatch(ctx context.Context, id uint32, b *wire.Batch) {
	var stopped atomic.Bool
	ctx, done := s.begin(ctx, id, func() { stopped.Store(true) })
	s.workers.do(func() {
		defer done()
		fetched := s.prefetch(ctx, id, b)
		defer fetched.close()
		for i, c := range b.Calls {
			if stopped.Load() || ctx.Err() != nil {
				break
			}
			call := id + 1 + uint32(i)
			r := s.run(ctx, call, c, fetched)
			s.reply(call, r)
			if b.StopOnFailure && failed(r) {
				break
			}
		}
		_ = s.w.Write(wire.TypeBatchEnd, id, nil)
	})
}

func failed(r *wire.Reply) bool {
	return r.Outcome != wire.OutcomeResult || value.Truth(r.Result.At("failed"))
}

// reply sends the end of a call. A connection that is lost is noticed by the
// one who reads.
func (s *server) reply(id uint32, r *wire.Reply) {
	body, err := r.Append(nil)
	if err != nil {
		r = &wire.Reply{Outcome: wire.OutcomeFault, Text: "the result can't be sent: " + err.Error()}
		body, _ = r.Append(nil)
	}
	_ = s.w.Write(wire.TypeResult, id, body)
}

// run runs one call to its end.
func (s *server) run(ctx context.Context, id uint32, c *wire.Call, fetched *prefetched) *wire.Reply {
	m, ok := s.o.Lookup(c.Module)
	if !ok {
		return &wire.Reply{Outcome: wire.OutcomeFault, Text: fmt.Sprintf("the runner has no module %q", c.Module)}
	}
	blobs := &callBlobs{s: s, call: id, offered: c.Blobs, fetched: fetched}
	defer blobs.close()
	if c.Async != nil {
		return &wire.Reply{Result: s.detach(ctx, c, blobs)}
	}
	call := newCall(c, s.env)
	call.Blobs = blobs
	call.Progress = func(text string) { _ = s.w.Write(wire.TypeProgress, id, []byte(text)) }
	result := runModule(ctx, m, s.o.Host, call)
	if ctx.Err() != nil {
		return &wire.Reply{Outcome: wire.OutcomeCancelled, Text: "cancelled"}
	}
	return &wire.Reply{Result: result}
}

// newCall turns a call of the wire into one of a module.
func newCall(c *wire.Call, env map[string]string) *modules.Call {
	all := maps.Clone(env)
	if all == nil {
		all = c.Env
	} else {
		maps.Copy(all, c.Env)
	}
	return &modules.Call{Args: c.Args, Check: c.Check, Diff: c.Diff, Verbosity: c.Verbosity, Env: all,
		Module: c.Module, Progress: func(string) {}}
}

// runModule runs a module; a failure, and a panic too, is in the result.
func runModule(ctx context.Context, m modules.Module, h target.Host, c *modules.Call) (d *value.Dict) {
	defer func() {
		if p := recover(); p != nil {
			d = panicResult(c.Module, p, debug.Stack())
		}
	}()
	r, err := m.Run(ctx, h, c)
	switch {
	case err != nil:
		r = modules.FailResult(err)
	case r == nil:
		r = &modules.Result{}
	}
	return r.Dict()
}

func panicResult(module string, p any, stack []byte) *value.Dict {
	r := &modules.Result{Failed: true,
		Msg: fmt.Sprintf("the module %s broke: %v; this is a fault of drover, please report it with the exception shown by -vvv", module, p)}
	r.Set("exception", strings.TrimSpace(string(stack)))
	return r.Dict()
}
