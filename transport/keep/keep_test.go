package keep_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"drover/transport"
	"drover/transport/keep"
	"drover/transport/sshtest"
)

// TestMain lets this program be the keeper that it starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == keep.Arg {
		os.Exit(keep.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// site is a host, and the folder of the keeper's socket.
type site struct {
	*sshtest.Server
	dir    string
	target *transport.Target
}

func newSite(t *testing.T, persist string) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "cp") // a short name: a socket's is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &site{dir: dir}
	if s.Server, err = sshtest.Start(sshtest.Options{Home: t.TempDir(), Password: "let me in"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.target = &transport.Target{Name: "web1", Host: "127.0.0.1", Port: s.Port(), User: "tester", Password: "let me in", Timeout: 5 * time.Second,
		CommonArgs: []string{"-F", "none", "-o", "IdentityAgent=none", "-o", "PubkeyAuthentication=no", "-o", "StrictHostKeyChecking=no",
			"-o", "ControlMaster=auto", "-o", "ControlPersist=" + persist}}
	return s
}

// run makes the dialer of a run; end ends it.
func (s *site) run(t *testing.T, o transport.Options) (d transport.Dialer, end func()) {
	t.Helper()
	d = keep.NewDialer(transport.NewDialer(o), keep.Options{Options: o, Dir: s.dir, Start: []string{os.Args[0]}})
	t.Cleanup(func() { d.Close() })
	return d, func() { d.Close() }
}

// dial gets a connection and proves that it works.
func (s *site) dial(t *testing.T, d transport.Dialer) transport.Conn {
	t.Helper()
	c, err := d.Dial(t.Context(), s.target)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.say(t, c); got != "hello" {
		t.Fatalf("the host said %q", got)
	}
	return c
}

func (s *site) say(t *testing.T, c transport.Conn) string {
	t.Helper()
	var out strings.Builder
	if err := transport.Script(t.Context(), c, s.target, "printf hello", strings.NewReader(""), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// logins waits until the host has taken n connections, and no more.
func (s *site) logins(t *testing.T, n int) {
	t.Helper()
	if got := s.Starts(); got != n {
		t.Errorf("the host took %d connections, want %d", got, n)
	}
}

// ended waits until the keeper has gone with its socket.
func (s *site) ended(t *testing.T) {
	t.Helper()
	for range 100 {
		left, err := filepath.Glob(filepath.Join(s.dir, "drover-*"))
		if err == nil && len(left) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("the keeper is still there")
}

func TestNextRunTakesTheConnection(t *testing.T) {
	s := newSite(t, "10s")
	for range 3 {
		d, end := s.run(t, transport.Options{})
		if err := transport.Leave(s.dial(t, d)); err != nil {
			t.Error(err)
		}
		end()
	}
	s.logins(t, 1)
}

func TestOneRunAtATimeUsesAConnection(t *testing.T) {
	s := newSite(t, "10s")
	first, _ := s.run(t, transport.Options{})
	second, _ := s.run(t, transport.Options{})
	s.dial(t, first)
	s.dial(t, second)
	s.logins(t, 2)
}

func TestOtherPasswordLogsIn(t *testing.T) {
	s := newSite(t, "10s")
	d, end := s.run(t, transport.Options{})
	s.dial(t, d)
	end()
	s.target.Password = "a wrong one"
	d, _ = s.run(t, transport.Options{})
	_, err := d.Dial(t.Context(), s.target)
	var u *transport.UnreachableError
	if !errors.As(err, &u) || u.Phase != transport.PhaseAuth || u.Host != "web1" || !strings.Contains(u.Hint, "-k") {
		t.Errorf("got %v", err)
	}
}

func TestCloseClosesTheConnection(t *testing.T) {
	s := newSite(t, "10s")
	d, _ := s.run(t, transport.Options{})
	c := s.dial(t, d)
	if err := c.Close(); err != nil || !transport.Gone(c) {
		t.Errorf("Close: %v; gone: %v", err, transport.Gone(c))
	}
	s.dial(t, d)
	s.logins(t, 2)
}

func TestKeeperEndsWithTheLastConnection(t *testing.T) {
	s := newSite(t, "1s")
	d, end := s.run(t, transport.Options{})
	s.dial(t, d)
	end()
	s.ended(t)
}

func TestLostWhileIdle(t *testing.T) {
	s := newSite(t, "10s")
	d, end := s.run(t, transport.Options{})
	s.dial(t, d)
	end()
	s.Cut()
	d, _ = s.run(t, transport.Options{})
	s.dial(t, d)
	s.logins(t, 2)
}

func TestKeeperEndsWhenItsConnectionsAreLost(t *testing.T) {
	s := newSite(t, "60s")
	d, end := s.run(t, transport.Options{})
	s.dial(t, d)
	end()
	s.Cut()
	s.ended(t)
}

func TestSocketsOfTheDeadAreRemoved(t *testing.T) {
	s := newSite(t, "10s")
	dead := filepath.Join(s.dir, "drover-dead")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	d, _ := s.run(t, transport.Options{})
	s.dial(t, d)
	if _, err := os.Lstat(dead); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there (%v)", err)
	}
}

func TestKeeperHoldsNoFilesOfOthers(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETFD, 0); err != nil { // as if it had been inherited
		t.Fatal(err)
	}
	s := newSite(t, "10s")
	d, _ := s.run(t, transport.Options{})
	s.dial(t, d)
	w.Close()
	if err := r.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the other end is still open: %v", err)
	}
}

func TestLostInUse(t *testing.T) {
	s := newSite(t, "10s")
	d, _ := s.run(t, transport.Options{})
	c := s.dial(t, d)
	p, err := c.Exec(t.Context(), "echo up; sleep 100", transport.ExecOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(p.Stdout(), make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	s.Cut()
	if _, err := p.Wait(); !transport.IsUnreachable(err) || !strings.Contains(err.Error(), "web1") {
		t.Errorf("got %v", err)
	}
	for range 50 {
		if transport.Gone(c) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the run was not told that its connection is lost")
}

func TestCommandsEndWithTheRun(t *testing.T) {
	s := newSite(t, "10s")
	d, end := s.run(t, transport.Options{})
	c := s.dial(t, d)
	p, err := c.Exec(t.Context(), "echo up; exec sleep 100", transport.ExecOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(p.Stdout(), make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	end()
	if _, err := p.Wait(); err == nil {
		t.Error("the command ended well")
	}
	d, _ = s.run(t, transport.Options{})
	s.dial(t, d)
	s.logins(t, 1)
}

func TestQuestionsReachThePerson(t *testing.T) {
	s := newSite(t, "10s")
	known := filepath.Join(t.TempDir(), "known_hosts")
	s.target.CommonArgs = append([]string{"-o", "StrictHostKeyChecking=ask", "-o", "UserKnownHostsFile=" + known}, s.target.CommonArgs...)
	var asked []string
	answer := false
	o := transport.Options{AskHostKey: func(_ context.Context, q transport.HostKeyQuestion) (bool, error) {
		asked = append(asked, q.Host+" "+q.KeyType)
		return answer, nil
	}}
	d, end := s.run(t, o)
	var u *transport.UnreachableError
	if _, err := d.Dial(t.Context(), s.target); !errors.As(err, &u) || u.Phase != transport.PhaseHostKey {
		t.Errorf("got %v", err)
	}
	end()
	answer = true
	d, end = s.run(t, o)
	s.dial(t, d)
	end()
	if len(asked) != 2 || asked[0] != "web1 ED25519" {
		t.Errorf("asked %q", asked)
	}
	if text, err := os.ReadFile(known); err != nil || !strings.Contains(string(text), "ssh-ed25519") {
		t.Errorf("stored %q (%v)", text, err)
	}
}

func TestRemembersTheRunner(t *testing.T) {
	type recaller interface {
		Recall() string
		Remember(string)
	}
	s := newSite(t, "10s")
	d, end := s.run(t, transport.Options{})
	c := s.dial(t, d).(recaller)
	if got := c.Recall(); got != "" {
		t.Errorf("a new connection recalls %q", got)
	}
	c.Remember("/where/it/is")
	end()
	d, _ = s.run(t, transport.Options{})
	if got := s.dial(t, d).(recaller).Recall(); got != "/where/it/is" {
		t.Errorf("recalls %q", got)
	}
}

func TestOpenFolderIsNotUsed(t *testing.T) {
	s := newSite(t, "10s")
	if err := os.Chmod(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		d, end := s.run(t, transport.Options{})
		c := s.dial(t, d)
		_ = transport.Leave(c)
		end()
	}
	s.logins(t, 2)
	if left, _ := os.ReadDir(s.dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestCancelledDial(t *testing.T) {
	s := newSite(t, "10s")
	s.Set(sshtest.Faults{SilentAccept: true})
	d, _ := s.run(t, transport.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := d.Dial(ctx, s.target); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	s.Set(sshtest.Faults{})
	s.dial(t, d)
}
