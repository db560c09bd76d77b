package runner

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drover/modules"
	"drover/modules/target"
	"drover/playbook/value"
	"drover/transport/wire"
)

// module is a module made of a function.
type module func(ctx context.Context, h target.Host, c *modules.Call) (*modules.Result, error)

func (m module) Spec() *modules.Spec { return &modules.Spec{} }

func (m module) Run(ctx context.Context, h target.Host, c *modules.Call) (*modules.Result, error) {
	return m(ctx, h, c)
}

func options(run module) Options {
	return Options{Host: target.NewReal(), Lookup: func(name string) (modules.Module, bool) { return run, name == "m" }}
}

// controller is the other side of a Serve.
type controller struct {
	t    testing.TB
	w    *wire.Writer
	r    *wire.Reader
	in   *io.PipeWriter
	done chan error // what Serve returned
}

func serve(t testing.TB, o Options, env map[string]string) *controller {
	t.Helper()
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	c := &controller{t: t, w: wire.NewWriter(toServer), r: wire.NewReader(fromServer), in: toServer, done: make(chan error, 1)}
	go func() {
		err := Serve(context.Background(), in, out, o)
		out.Close()
		c.done <- err
	}()
	greeted := make(chan error, 1)
	go func() { greeted <- c.w.Preface(&wire.Hello{Version: wire.Version, Env: env}) }()
	if _, err := c.r.Greet(nil, wire.Magic); err != nil {
		t.Fatal(err)
	}
	if _, err := c.r.Hello(); err != nil {
		t.Fatal(err)
	}
	// A call that overtook the greeting would be taken for noise before it.
	if err := <-greeted; err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *controller) call(id uint32, call *wire.Call) {
	c.t.Helper()
	body, err := call.Append(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.w.Write(wire.TypeCall, id, body); err != nil {
		c.t.Fatal(err)
	}
}

func (c *controller) reply() (uint32, wire.Reply) {
	c.t.Helper()
	f, err := c.r.Read()
	if err != nil {
		c.t.Fatal(err)
	}
	var r wire.Reply
	if f.Type != wire.TypeResult {
		c.t.Fatalf("a frame of type %d instead of a result", f.Type)
	}
	if err := r.Decode(f.Body); err != nil {
		c.t.Fatal(err)
	}
	return f.ID, r
}

func TestEnvironments(t *testing.T) {
	c := serve(t, options(func(_ context.Context, _ target.Host, c *modules.Call) (*modules.Result, error) {
		return new(modules.Result).Set("env", c.Env["A"]+c.Env["B"]), nil
	}), map[string]string{"A": "session ", "B": "session"})
	for id, want := range map[uint32]string{1: "session session", 2: "session call"} {
		call := &wire.Call{Module: "m"}
		if id == 2 {
			call.Env = map[string]string{"B": "call"}
		}
		c.call(id, call)
		if _, r := c.reply(); value.String(r.Result.At("env")) != want {
			t.Errorf("got %s, want %q", value.Repr(r.Result), want)
		}
	}
}

// Calls do not wait for each other.
func TestCallsRunBesideEachOther(t *testing.T) {
	release := make(chan struct{})
	c := serve(t, options(func(_ context.Context, _ target.Host, c *modules.Call) (*modules.Result, error) {
		if c.Check {
			<-release
		} else {
			close(release)
		}
		return nil, nil
	}), nil)
	c.call(1, &wire.Call{Module: "m", Check: true})
	c.call(2, &wire.Call{Module: "m"})
	for range 2 {
		if _, r := c.reply(); r.Outcome != wire.OutcomeResult {
			t.Errorf("got %+v", r)
		}
	}
}

// A call that takes its time is told of while it runs.
func TestLongCall(t *testing.T) {
	long := make(chan struct{}, 1)
	o := options(func(ctx context.Context, _ target.Host, _ *modules.Call) (*modules.Result, error) {
		select {
		case <-long:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	o.Long = func() { long <- struct{}{} }
	c := serve(t, o, nil)
	c.call(1, &wire.Call{Module: "m"})
	if _, r := c.reply(); r.Outcome != wire.OutcomeResult {
		t.Errorf("got %+v", r)
	}
}

// The end of the input ends the calls and their processes.
func TestEndOfInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "late")
	started := make(chan struct{})
	c := serve(t, options(func(ctx context.Context, h target.Host, _ *modules.Call) (*modules.Result, error) {
		close(started)
		_, err := h.Run(ctx, target.Cmd{Argv: []string{"/bin/sh", "-c", "sleep 100; touch " + file}})
		return nil, err
	}), nil)
	c.call(1, &wire.Call{Module: "m"})
	<-started
	go func() { _, _ = io.Copy(io.Discard, readerOf(c.r)) }()
	c.in.Close()
	select {
	case err := <-c.done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the runner stayed")
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the command ran on to its end")
	}
}

// readerOf drains frames.
func readerOf(r *wire.Reader) io.Reader { return drain{r} }

type drain struct{ r *wire.Reader }

func (d drain) Read([]byte) (int, error) {
	_, err := d.r.Read()
	return 0, err
}

func TestGarbage(t *testing.T) {
	var hello bytes.Buffer
	if err := wire.NewWriter(&hello).Preface(&wire.Hello{Version: wire.Version}); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ in, want string }{
		"nobody":           {"", ""},
		"text only":        {"hello there\n", ""},
		"hello, then text": {hello.String() + "ls -la; rm -rf /", "protocol error"},
		"half a frame":     {hello.String() + "\x00\x00", "unexpected EOF"},
		"a result":         {hello.String() + "\x00\x00\x00\x00\x06\x00\x00\x00\x00\x01", "type 6"},
		"a broken call":    {hello.String() + "\x00\x00\x00\x01\x02\x00\x00\x00\x00\x01\xff", "protocol error"},
		"another version":  {wire.Magic + "\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x63\x00\x00\x00", "version"},
	}
	for name, test := range tests {
		err := Serve(t.Context(), strings.NewReader(test.in), io.Discard, options(nil))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// What a module leaves open is closed, and the controller is told that a
// stream it did not finish is not whole.
func TestUnfinishedStream(t *testing.T) {
	c := serve(t, options(func(ctx context.Context, _ target.Host, c *modules.Call) (*modules.Result, error) {
		w, err := c.Blobs.Send(ctx, "out")
		if err != nil {
			return nil, err
		}
		_, err = w.Write([]byte("half"))
		return nil, err
	}), nil)
	c.call(1, &wire.Call{Module: "m"})
	var types []wire.Type
	var end string
	for range 4 {
		f, err := c.r.Read()
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, f.Type)
		if f.Type == wire.TypeEnd {
			end = string(f.Body)
		}
	}
	want := []wire.Type{wire.TypeSend, wire.TypeData, wire.TypeEnd, wire.TypeResult}
	for i := range want {
		if types[i] != want[i] {
			t.Errorf("frames %v, want %v", types, want)
			break
		}
	}
	if end == "" {
		t.Error("the stream ended well")
	}
}

// The needs of a whole batch are asked for before its first call runs.
func TestPrefetch(t *testing.T) {
	c := serve(t, Options{Host: target.NewReal(), Lookup: func(string) (modules.Module, bool) { return needy{}, true }}, nil)
	var b wire.Batch
	for range 3 {
		b.Calls = append(b.Calls, &wire.Call{Module: "m", Blobs: []wire.Blob{{Name: "big", Size: 10_000}, {Name: "other", Size: 10_000}}})
	}
	body, err := b.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.w.Write(wire.TypeBatch, 10, body); err != nil {
		t.Fatal(err)
	}
	for call := uint32(11); call <= 13; call++ {
		f, err := c.r.Read()
		if err != nil {
			t.Fatal(err)
		}
		var s wire.StreamOpen
		if err := s.Decode(f.Body); err != nil || f.Type != wire.TypeOpen || s.Call != call || s.Name != "big" {
			t.Errorf("got type %d, %+v, %v", f.Type, s, err)
		}
	}
}

// needy is a module that says what it will open.
type needy struct{}

func (needy) Spec() *modules.Spec { return &modules.Spec{} }

func (needy) Needs(context.Context, target.Host, *modules.Call) []string { return []string{"big"} }

func (needy) Run(ctx context.Context, _ target.Host, c *modules.Call) (*modules.Result, error) {
	r, err := c.Blobs.Open(ctx, "big")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return nil, err
}
