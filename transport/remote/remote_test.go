package remote_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"drover/modules"
	"drover/modules/runner"
	"drover/modules/target"
	"drover/playbook/value"
	"drover/transport"
	"drover/transport/remote"
	"drover/transport/sshtest"
)

// The test's own program serves as the runner, with modules made for tests.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == remote.SelfArg {
		os.Exit(runner.MainWith(os.Args[1:], testOptions().Lookup))
	}
	os.Exit(m.Run())
}

func testOptions() runner.Options {
	return runner.Options{Host: target.NewReal(), Lookup: func(name string) (modules.Module, bool) {
		m, ok := testModules[name]
		return m, ok
	}}
}

// funcModule is a module made of a function.
type funcModule func(ctx context.Context, h target.Host, c *modules.Call) (*modules.Result, error)

func (f funcModule) Spec() *modules.Spec { return &modules.Spec{} }

func (f funcModule) Run(ctx context.Context, h target.Host, c *modules.Call) (*modules.Result, error) {
	return f(ctx, h, c)
}

var testModules = map[string]modules.Module{
	"echo": funcModule(func(_ context.Context, _ target.Host, c *modules.Call) (*modules.Result, error) {
		r := new(modules.Result)
		for _, e := range c.Args.Entries() {
			r.Set(value.String(e.Key), e.Val)
		}
		return r.Set("pid", os.Getpid()).Set("env", c.Env["ENV"]), nil
	}),
	"environ": funcModule(func(context.Context, target.Host, *modules.Call) (*modules.Result, error) {
		return new(modules.Result).Set("environ", strings.Join(os.Environ(), "\n")), nil
	}),
	"sh": funcModule(func(ctx context.Context, h target.Host, c *modules.Call) (*modules.Result, error) {
		out, err := h.Run(ctx, target.Cmd{Argv: []string{"/bin/sh", "-c", value.String(c.Args.At("line"))}})
		if err != nil {
			return nil, err
		}
		return new(modules.Result).Set("rc", out.RC).Set("stdout", string(out.Stdout)), nil
	}),
	"fail": funcModule(func(context.Context, target.Host, *modules.Call) (*modules.Result, error) {
		return nil, modules.Failf("it failed")
	}),
	"panic": funcModule(func(context.Context, target.Host, *modules.Call) (*modules.Result, error) {
		panic("out of cheese")
	}),
	"say": funcModule(func(_ context.Context, _ target.Host, c *modules.Call) (*modules.Result, error) {
		c.Progress("half way")
		return new(modules.Result), nil
	}),
	"sleep": funcModule(func(ctx context.Context, h target.Host, c *modules.Call) (*modules.Result, error) {
		c.Progress("asleep")
		_, err := h.Run(ctx, target.Cmd{Argv: []string{"/bin/sh", "-c", "sleep 100 & echo $! >" + value.String(c.Args.At("file")) + "; wait"}})
		return new(modules.Result), err
	}),
	"die": funcModule(func(context.Context, target.Host, *modules.Call) (*modules.Result, error) {
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {}
	}),
	"read": reader{},
	"send": funcModule(func(ctx context.Context, _ target.Host, c *modules.Call) (*modules.Result, error) {
		w, err := c.Blobs.Send(ctx, "out")
		if err != nil {
			return nil, err
		}
		n, _ := value.AsInt(c.Args.At("size"))
		if _, err := io.Copy(w, io.LimitReader(zeros{}, n)); err != nil {
			return nil, err
		}
		return new(modules.Result), w.Close()
	}),
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// reader gives the length of a blob and says so beforehand.
type reader struct{}

func (reader) Spec() *modules.Spec { return &modules.Spec{} }

func (reader) Needs(context.Context, target.Host, *modules.Call) []string { return []string{"in"} }

func (reader) Run(ctx context.Context, _ target.Host, c *modules.Call) (*modules.Result, error) {
	r, err := c.Blobs.Open(ctx, "in")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	return new(modules.Result).Set("size", n), err
}

// testHost is a host in the process.
type testHost struct {
	*sshtest.Server
	home string
}

func startHost(t *testing.T, change func(*sshtest.Options)) *testHost {
	t.Helper()
	home := t.TempDir()
	o := sshtest.Options{Home: home, Password: "pw"}
	if change != nil {
		change(&o)
	}
	s, err := sshtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &testHost{s, home}
}

func (h *testHost) target() *transport.Target {
	return &transport.Target{Name: "web1", Host: "127.0.0.1", Port: h.Port(), User: "tester", Password: "pw",
		CommonArgs: []string{"-F", "none", "-o", "IdentityAgent=none", "-o", "StrictHostKeyChecking=no"}}
}

type runners []*remote.Runner

func (r runners) All() ([]*remote.Runner, error) { return r, nil }

var self = sync.OnceValues(remote.SelfRunner)

func newPool(t *testing.T) *remote.Pool {
	t.Helper()
	r, err := self()
	if err != nil {
		t.Fatal(err)
	}
	return poolWith(t, remote.Options{Runners: runners{r}})
}

func poolWith(t *testing.T, o remote.Options) *remote.Pool {
	t.Helper()
	p := remote.NewPool(transport.NewDialer(transport.Options{}), o)
	t.Cleanup(func() { p.Close() })
	return p
}

func open(t *testing.T, p *remote.Pool, target *transport.Target) remote.Session {
	t.Helper()
	s, err := p.Session(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func request(module string, kv ...any) *remote.Request {
	return &remote.Request{Module: module, Args: value.DictOf(kv...)}
}

func call(t *testing.T, s remote.Session, r *remote.Request) *value.Dict {
	t.Helper()
	d, err := s.Call(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sessions are the ways to a runner that must all behave alike.
var sessions = map[string]func(t *testing.T) remote.Session{
	"ssh": func(t *testing.T) remote.Session { return open(t, newPool(t), startHost(t, nil).target()) },
	"local": func(t *testing.T) remote.Session {
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		return open(t, newPool(t), &transport.Target{Name: "web1", Kind: "local"})
	},
	"in process": func(t *testing.T) remote.Session {
		p := poolWith(t, remote.Options{Local: func(ctx context.Context, _ string, in io.Reader, out io.Writer) error {
			return runner.Serve(ctx, in, out, testOptions())
		}})
		return open(t, p, &transport.Target{Name: "web1", Kind: "local"})
	},
}

func TestSession(t *testing.T) {
	suite := map[string]func(*testing.T, remote.Session){
		"Call": testCall, "Failures": testFailures, "Progress": testProgress, "Cancel": testCancel, "Batch": testBatch,
		"BatchFault": testBatchFault, "BatchLong": testBatchLong,
		"BatchStops": testBatchStops, "Blobs": testBlobs, "Receive": testReceive, "Concurrent": testConcurrent,
	}
	for kind, connect := range sessions {
		for name, test := range suite {
			t.Run(kind+"/"+name, func(t *testing.T) { test(t, connect(t)) })
		}
	}
}

func testCall(t *testing.T, s remote.Session) {
	r := request("echo", "z", 1, "a", "two")
	r.Env = map[string]string{"ENV": "is set"}
	d := call(t, s, r)
	d.Delete(value.Str("pid"))
	if got, want := value.Repr(d), "{'changed': False, 'z': 1, 'a': 'two', 'env': 'is set'}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func testFailures(t *testing.T, s remote.Session) {
	if d := call(t, s, request("fail")); value.Repr(d) != "{'changed': False, 'failed': True, 'msg': 'it failed'}" {
		t.Errorf("got %s", value.Repr(d))
	}
	d := call(t, s, request("panic"))
	if msg := value.String(d.At("msg")); !value.Truth(d.At("failed")) || !strings.Contains(msg, "out of cheese") {
		t.Errorf("got %s", value.Repr(d))
	}
	_, err := s.Call(t.Context(), request("nonsense"))
	var fault *remote.CallError
	if !errors.As(err, &fault) || !strings.Contains(err.Error(), `no module "nonsense"`) {
		t.Errorf("got %v", err)
	}
	_, err = s.Call(t.Context(), request("echo", "x", &value.Undefined{Name: "foo"}))
	if !errors.As(err, &fault) || !strings.Contains(err.Error(), "'foo' is undefined") {
		t.Errorf("got %v", err)
	}
}

func testProgress(t *testing.T, s remote.Session) {
	r := request("say")
	var said []string
	r.Progress = func(text string) { said = append(said, text) }
	call(t, s, r)
	if len(said) != 1 || said[0] != "half way" {
		t.Errorf("progress %q", said)
	}
}

// A cancelled call's processes are gone when Call returns.
func testCancel(t *testing.T, s remote.Session) {
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	r := request("sleep", "file", file)
	r.Progress = func(string) {
		for range 500 {
			if text, _ := os.ReadFile(file); len(text) > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}
	if _, err := s.Call(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	pid, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	waitGone(t, strings.TrimSpace(string(pid)))
	call(t, s, request("echo")) // the session is as good as before
}

func testBatch(t *testing.T, s remote.Session) {
	var rs []*remote.Request
	for i := range 100 {
		rs = append(rs, request("echo", "i", i))
	}
	next := 0
	err := s.Batch(t.Context(), rs, remote.BatchOptions{}, func(i int, d *value.Dict) bool {
		if n, _ := value.AsInt(d.At("i")); i != next || n != int64(i) {
			t.Errorf("result %d in place %d: %s", i, next, value.Repr(d))
		}
		next++
		return true
	})
	if err != nil || next != 100 {
		t.Errorf("%d results, %v", next, err)
	}
}

func testBatchStops(t *testing.T, s remote.Session) {
	rs := []*remote.Request{request("echo"), request("fail"), request("echo")}
	for stop, want := range map[bool]int{true: 2, false: 3} {
		n := 0
		err := s.Batch(t.Context(), rs, remote.BatchOptions{StopOnFailure: stop}, func(int, *value.Dict) bool { n++; return true })
		if err != nil || n != want {
			t.Errorf("StopOnFailure %v: %d results, want %d (%v)", stop, n, want, err)
		}
	}
	n := 0
	err := s.Batch(t.Context(), rs, remote.BatchOptions{}, func(int, *value.Dict) bool { n++; return false })
	if err != nil || n != 1 {
		t.Errorf("stopped by the caller: %d results (%v)", n, err)
	}
}

// A fault of one call is its result, and the others run.
func testBatchFault(t *testing.T, s remote.Session) {
	rs := []*remote.Request{request("echo"), request("no such module"), request("echo", "last", true)}
	var failed []bool
	err := s.Batch(t.Context(), rs, remote.BatchOptions{}, func(_ int, d *value.Dict) bool {
		failed = append(failed, value.Truth(d.At("failed")))
		return true
	})
	if want := []bool{false, true, false}; err != nil || !slices.Equal(failed, want) {
		t.Errorf("failed: %v, want %v (%v)", failed, want, err)
	}
}

// A batch that is too long for one message is several, with the same rules.
func testBatchLong(t *testing.T, s remote.Session) {
	long := strings.Repeat("long ", 1<<20)
	rs := []*remote.Request{request("echo", "a", long), request("echo", "b", long), request("fail"), request("echo", "c", long)}
	for stop, want := range map[bool][]int{true: {0, 1, 2}, false: {0, 1, 2, 3}} {
		var got []int
		err := s.Batch(t.Context(), rs, remote.BatchOptions{StopOnFailure: stop}, func(i int, _ *value.Dict) bool {
			got = append(got, i)
			return true
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("StopOnFailure %v: results %v, want %v (%v)", stop, got, want, err)
		}
	}
}

func blob(size int64) remote.Blob {
	return remote.Blob{Size: size, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeros{}, size)), nil
	}}
}

func testBlobs(t *testing.T, s remote.Session) {
	sizes := []int64{0, 1, 4096, 4097, 100_000, 3 << 20, 20 << 20}
	var rs []*remote.Request
	for _, size := range sizes {
		r := request("read")
		r.Blobs = map[string]remote.Blob{"in": blob(size)}
		rs = append(rs, r)
		if got := call(t, s, r).At("size"); !value.Equal(got, value.Int(size)) {
			t.Errorf("%s bytes came, not %d", value.Repr(got), size)
		}
	}
	err := s.Batch(t.Context(), rs, remote.BatchOptions{}, func(i int, d *value.Dict) bool {
		if got := d.At("size"); !value.Equal(got, value.Int(sizes[i])) {
			t.Errorf("in a batch %s bytes came, not %d", value.Repr(got), sizes[i])
		}
		return true
	})
	if err != nil {
		t.Error(err)
	}
	broken := request("read")
	broken.Blobs = map[string]remote.Blob{"in": {Size: 1 << 20, Open: func() (io.ReadCloser, error) {
		return nil, errors.New("the disk is on fire")
	}}}
	if msg := value.String(call(t, s, broken).At("msg")); !strings.Contains(msg, "on fire") {
		t.Errorf("got %q", msg)
	}
}

// closable is a buffer that knows its end.
type closable struct {
	bytes.Buffer
	closed bool
}

func (c *closable) Close() error { c.closed = true; return nil }

func testReceive(t *testing.T, s remote.Session) {
	for _, size := range []int{0, 10, 5 << 20} {
		var got closable
		r := request("send", "size", size)
		r.Receive = func(string) (io.WriteCloser, error) { return &got, nil }
		call(t, s, r)
		if got.Len() != size || !got.closed {
			t.Errorf("%d bytes came, not %d; closed: %v", got.Len(), size, got.closed)
		}
	}
	r := request("send", "size", 5<<20)
	r.Receive = func(string) (io.WriteCloser, error) { return nil, errors.New("no room") }
	if _, err := s.Call(t.Context(), r); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v", err)
	}
}

func testConcurrent(t *testing.T, s remote.Session) {
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			r := request("read")
			r.Blobs = map[string]remote.Blob{"in": blob(int64(i * 10000))}
			d, err := s.Call(t.Context(), r)
			if err != nil || !value.Equal(d.At("size"), value.Int(i*10000)) {
				t.Errorf("%d: %v %v", i, d, err)
			}
		})
	}
	all.Wait()
}

// readAll reads both outputs of a process.
func readAll(t *testing.T, p transport.Process) (out, stderr string) {
	t.Helper()
	said := make(chan string)
	go func() {
		text, _ := io.ReadAll(p.Stderr())
		said <- string(text)
	}()
	text, err := io.ReadAll(p.Stdout())
	if err != nil {
		t.Fatal(err)
	}
	return string(text), <-said
}
