package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// link joins an Outgoing with an Incoming through real frames.
func link(t *testing.T, size int64) (*Outgoing, *Incoming) {
	t.Helper()
	toReceiver, toSender := pipe(t), pipe(t)
	sender, receiver := NewStreams(toReceiver.w, "the receiver"), NewStreams(toSender.w, "the sender")
	out, in := sender.Send(1, Window, size), receiver.Receive(1)
	go toReceiver.each(func(f Frame) {
		if err := receiver.Take(f); err != nil {
			in.End(err)
		}
	})
	go toSender.each(func(f Frame) {
		if err := sender.Take(f); err != nil {
			out.Refuse(err)
		}
	})
	return out, in
}

type oneWay struct {
	w *Writer
	r *Reader
}

func pipe(t *testing.T) oneWay {
	pr, pw := io.Pipe()
	t.Cleanup(func() { pw.Close() })
	return oneWay{NewWriter(pw), NewReader(pr)}
}

func (o oneWay) each(take func(Frame)) {
	for {
		f, err := o.r.Read()
		if err != nil {
			return
		}
		take(f)
	}
}

func TestStream(t *testing.T) {
	for _, content := range [][]byte{nil, []byte("small"), noise(3*Window + 17), bytes.Repeat([]byte("abc"), 2*Window)} {
		for _, size := range []int64{-1, int64(len(content))} {
			out, in := link(t, size)
			go func() {
				_, err := io.Copy(out, bytes.NewReader(content))
				_ = out.Finish(err)
			}()
			got, err := io.ReadAll(in)
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%d of %d bytes came (%v)", len(got), len(content), err)
			}
		}
	}
}

// io.Copy takes the pieces without a buffer in between, also after a Read that
// took a part of one.
func TestStreamWriteTo(t *testing.T) {
	content := noise(2*Window + 17)
	out, in := link(t, int64(len(content)))
	go func() {
		_, err := io.Copy(out, bytes.NewReader(content))
		_ = out.Finish(err)
	}()
	head := make([]byte, 1000)
	if _, err := io.ReadFull(in, head); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	n, err := io.Copy(&got, in)
	if err != nil || n != int64(len(content)-len(head)) || !bytes.Equal(append(head, got.Bytes()...), content) {
		t.Errorf("%d of %d bytes came (%v)", n, len(content)-len(head), err)
	}

	out, in = link(t, -1)
	go func() {
		_, _ = out.Write(content[:Window])
		_ = out.Finish(errors.New("the disk broke"))
	}()
	if _, err := io.Copy(io.Discard, in); err == nil || err.Error() != "the disk broke" {
		t.Errorf("a bad end gave %v", err)
	}
}

// A large frame leaves in one write, behind what was written before.
func TestLargeFrameIsOneWrite(t *testing.T) {
	var sizes []int
	w := NewWriter(writerFunc(func(p []byte) (int, error) {
		sizes = append(sizes, len(p))
		return len(p), nil
	}))
	if _, err := w.WriteData(1, noise(PartSize), false); err != nil {
		t.Fatal(err)
	}
	if len(sizes) != 1 || sizes[0] != 64<<10 {
		t.Errorf("it left in writes of %v bytes", sizes)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A sender waits when nobody reads.
func TestBackPressure(t *testing.T) {
	out, in := link(t, -1)
	sent := make(chan error, 1)
	go func() {
		_, err := out.Write(make([]byte, 4*Window))
		sent <- err
	}()
	buf := make([]byte, Window)
	if _, err := io.ReadFull(in, buf); err != nil {
		t.Fatal(err)
	}
	if err := in.Refuse("enough"); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err == nil || err.Error() != "the receiver does not take it: enough" {
		t.Errorf("got %v", err)
	}
}

func TestStreamEndsBadly(t *testing.T) {
	out, in := link(t, -1)
	if _, err := out.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if err := out.Finish(errors.New("disk error")); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(in)
	if string(got) != "half" || err == nil || err.Error() != "disk error" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOverdraft(t *testing.T) {
	in := NewIncoming(NewWriter(io.Discard), 1)
	if err := in.Push(make([]byte, Window)); err != nil {
		t.Fatal(err)
	}
	if err := in.Push([]byte{1}); err == nil {
		t.Error("more than the window was taken")
	}
}

func BenchmarkStream(b *testing.B) {
	pr, pw := io.Pipe()
	w := NewWriter(pw)
	out := NewOutgoing(w, 1, 1<<62, -1)
	go func() {
		r := NewReader(pr)
		for {
			if _, err := r.Read(); err != nil {
				return
			}
		}
	}()
	p := noise(PartSize)
	b.SetBytes(PartSize)
	for b.Loop() {
		if _, err := out.Write(p); err != nil {
			b.Fatal(err)
		}
	}
}

func TestForgottenStream(t *testing.T) {
	p := pipe(t)
	s := NewStreams(p.w, "the peer")
	if a, b := s.NextID(), s.NextID(); a == b {
		t.Errorf("two streams have the id %d", a)
	}
	s.Receive(1)
	s.Forget(1)
	for _, typ := range []Type{TypeData, TypeEnd, TypeReset} {
		if err := s.Take(Frame{Type: typ, ID: 1}); err != nil {
			t.Errorf("type %d: %v", typ, err)
		}
	}
	if err := s.Take(Frame{Type: TypeCredit, ID: 1}); err == nil {
		t.Error("a credit without a number was taken")
	}
}
