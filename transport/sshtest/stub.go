package sshtest

import (
	"context"
	"fmt"
	"io"
	"sync"

	"drover/playbook/value"
	"drover/transport/wire"
)

// Stub makes an Options.Runner that speaks drover's protocol and answers every
// call by a function, for fleets too large to run modules on.
func Stub(answer func(module string, args *value.Dict) *value.Dict) func(context.Context, io.Reader, io.Writer) error {
	return func(_ context.Context, in io.Reader, out io.Writer) error {
		s := &stub{answer: answer, w: wire.NewWriter(out)}
		if err := s.w.Preface(&wire.Hello{Version: wire.Version, User: "stub"}); err != nil {
			return err
		}
		r := wire.NewReader(in)
		if _, err := r.Greet(nil, wire.Magic); err != nil {
			return err
		}
		if _, err := r.Hello(); err != nil {
			return err
		}
		defer s.running.Wait()
		return s.serve(r)
	}
}

type stub struct {
	answer  func(module string, args *value.Dict) *value.Dict
	w       *wire.Writer
	running sync.WaitGroup
}

func (s *stub) serve(r *wire.Reader) error {
	for {
		f, err := r.Read()
		switch {
		case err == io.EOF || err == nil && f.Type == wire.TypeBye:
			return nil
		case err != nil:
			return err
		}
		if err := s.take(f); err != nil {
			return err
		}
	}
}

func (s *stub) take(f wire.Frame) error {
	switch f.Type {
	case wire.TypeCall:
		c := new(wire.Call)
		if err := c.Decode(f.Body); err != nil {
			return err
		}
		s.running.Go(func() { _ = s.reply(f.ID, c) })
	case wire.TypeBatch:
		b := new(wire.Batch)
		if err := b.Decode(f.Body); err != nil {
			return err
		}
		s.running.Go(func() { s.batch(f.ID, b) })
	case wire.TypeCancel, wire.TypeBatchStop:
	default:
		return fmt.Errorf("sshtest: the stub does not answer frames of type %d", f.Type)
	}
	return nil
}

func (s *stub) batch(id uint32, b *wire.Batch) {
	for i, c := range b.Calls {
		if s.reply(id+1+uint32(i), c) != nil {
			return
		}
	}
	_ = s.w.Write(wire.TypeBatchEnd, id, nil)
}

func (s *stub) reply(id uint32, c *wire.Call) error {
	r := wire.Reply{Result: s.answer(c.Module, c.Args)}
	body, err := r.Append(nil)
	if err != nil {
		return err
	}
	return s.w.Write(wire.TypeResult, id, body)
}
