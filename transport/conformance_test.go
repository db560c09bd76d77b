package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"drover/transport"
	"drover/transport/keep"
	"drover/transport/sshtest"
)

// conns are the kinds of connections that must all behave alike.
var conns = map[string]func(t *testing.T) (transport.Conn, string){
	"ssh": func(t *testing.T) (transport.Conn, string) {
		h := startHost(t, nil)
		return dial(t, h.target()), h.home
	},
	"ssh, one session a connection": func(t *testing.T) (transport.Conn, string) {
		h := startHost(t, func(o *sshtest.Options) { o.MaxSessions = 1 })
		return dial(t, h.target()), h.home
	},
	"kept": func(t *testing.T) (transport.Conn, string) {
		h := startHost(t, nil)
		target := h.target()
		target.CommonArgs = append(target.CommonArgs, "-o", "ControlMaster=auto", "-o", "ControlPersist=1s")
		d := keep.NewDialer(newDialer(t, transport.Options{}), keep.Options{Dir: controlDir(t), Start: []string{os.Args[0]}})
		t.Cleanup(func() { d.Close() })
		c, err := d.Dial(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		return c, h.home
	},
	"local": func(t *testing.T) (transport.Conn, string) {
		return dial(t, &transport.Target{Name: "here", Kind: "local"}), t.TempDir()
	},
}

// TestMain lets this program be the keeper of connections that it starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == keep.Arg {
		os.Exit(keep.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// controlDir gives a folder whose name is short enough for a socket in it.
func controlDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "cp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestConn(t *testing.T) {
	suite := map[string]func(*testing.T, transport.Conn, string){
		"Exec": testExec, "Env": testEnv, "Kill": testKill, "Signal": testSignal, "BigOutput": testBigOutput,
		"PutGet": testPutGet, "PutFails": testPutFails, "Concurrent": testConcurrent,
	}
	for kind, connect := range conns {
		for name, test := range suite {
			t.Run(kind+"/"+name, func(t *testing.T) {
				conn, dir := connect(t)
				test(t, conn, dir)
			})
		}
	}
}

// output runs a command with input and gives what it printed.
func output(t *testing.T, c transport.Conn, line, input string, o transport.ExecOptions) (out, stderr string, code int) {
	t.Helper()
	p, err := c.Exec(t.Context(), line, o)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(&said, p.Stderr()) })
	_, _ = io.WriteString(p.Stdin(), input)
	p.Stdin().Close()
	text, err := io.ReadAll(p.Stdout())
	if err != nil {
		t.Fatal(err)
	}
	reading.Wait()
	code, err = p.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return string(text), said.String(), code
}

func testExec(t *testing.T, c transport.Conn, _ string) {
	out, stderr, code := output(t, c, "cat; echo to stderr >&2; exit 7", "to stdin", transport.ExecOptions{})
	if out != "to stdin" || stderr != "to stderr\n" || code != 7 {
		t.Errorf("got %q, %q, %d", out, stderr, code)
	}
}

func testEnv(t *testing.T, c transport.Conn, _ string) {
	env := map[string]string{"A": "it's", "B": "a\nb $A"}
	out, _, _ := output(t, c, `printf "%s|%s" "$A" "$B"`, "", transport.ExecOptions{Env: env})
	if want := "it's|a\nb $A"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func testKill(t *testing.T, c transport.Conn, dir string) {
	p, err := c.Exec(t.Context(), "echo up; sleep 100; touch "+transport.Quote(filepath.Join(dir, "late")), transport.ExecOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(p.Stdout(), make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	code, err := p.Wait()
	if err == nil && code == 0 {
		t.Error("a killed command ended well")
	}
}

func testSignal(t *testing.T, c transport.Conn, _ string) {
	if _, _, code := output(t, c, "kill -9 $$", "", transport.ExecOptions{}); code != -9 {
		t.Errorf("exit code %d, want -9", code)
	}
}

func testBigOutput(t *testing.T, c transport.Conn, _ string) {
	out, _, _ := output(t, c, "head -c 5000000 /dev/zero", "", transport.ExecOptions{})
	if len(out) != 5000000 {
		t.Errorf("%d bytes came", len(out))
	}
}

func testPutGet(t *testing.T, c transport.Conn, dir string) {
	path := filepath.Join(dir, "it's a file")
	content := strings.Repeat("content\x00\xff", 100000)
	if err := c.Put(t.Context(), strings.NewReader(content), path, 0o640); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("got %v, %v", info, err)
	}
	var got bytes.Buffer
	if err := c.Get(t.Context(), path, &got); err != nil || got.String() != content {
		t.Errorf("%d bytes came back (%v)", got.Len(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 2 {
		t.Errorf("left behind: %v (%v)", entries, err)
	}
}

func testPutFails(t *testing.T, c transport.Conn, dir string) {
	err := c.Put(t.Context(), strings.NewReader("x"), filepath.Join(dir, "no", "such", "folder"), 0o600)
	if err == nil || transport.IsUnreachable(err) || !strings.Contains(err.Error(), "no/such") {
		t.Errorf("got %v", err)
	}
}

func testConcurrent(t *testing.T, c transport.Conn, _ string) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			out, _, _ := output(t, c, fmt.Sprintf("cat; echo %d", i), "in ", transport.ExecOptions{})
			if want := fmt.Sprintf("in %d\n", i); out != want {
				t.Errorf("got %q, want %q", out, want)
			}
		})
	}
	all.Wait()
}

func TestExecStopsWithContext(t *testing.T) {
	h := startHost(t, nil)
	c := dial(t, h.target())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := c.Get(ctx, "/dev/zero", io.Discard)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
