package transport_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"drover/transport"
	"drover/transport/sshtest"
)

// testHost is a server and what it takes to reach it.
type testHost struct {
	*sshtest.Server
	home       string
	keyFile    string // a private key that it lets in
	knownHosts string // a file with its key
}

// startHost starts a server; change may alter its options.
func startHost(t *testing.T, change func(*sshtest.Options)) *testHost {
	t.Helper()
	dir := t.TempDir()
	h := &testHost{home: filepath.Join(dir, "home"), keyFile: filepath.Join(dir, "id"), knownHosts: filepath.Join(dir, "known_hosts")}
	if err := os.Mkdir(h.home, 0o700); err != nil {
		t.Fatal(err)
	}
	o := sshtest.Options{Home: h.home, Key: writeKey(t, h.keyFile, "")}
	if change != nil {
		change(&o)
	}
	server, err := sshtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	h.Server = server
	writeKnown(t, h.knownHosts, h.address(), server.HostKey())
	return h
}

func (h *testHost) address() string {
	return knownhosts.Normalize("127.0.0.1:" + strconv.Itoa(h.Port()))
}

func writeKnown(t *testing.T, path, address string, key ssh.PublicKey) {
	t.Helper()
	if err := os.WriteFile(path, []byte(knownhosts.Line([]string{address}, key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// target reaches the host with its key, without the configuration of whoever
// runs the test.
func (h *testHost) target() *transport.Target {
	return &transport.Target{Name: "web1", Host: "127.0.0.1", Port: h.Port(), User: "tester", KeyFile: h.keyFile,
		CommonArgs: []string{"-F", "none", "-o", "IdentityAgent=none", "-o", "GlobalKnownHostsFile=none",
			"-o", "UserKnownHostsFile=" + h.knownHosts},
		Timeout: 5 * time.Second}
}

func newDialer(t *testing.T, o transport.Options) transport.Dialer {
	t.Helper()
	if o.Warn == nil {
		o.Warn = func(text string) { t.Errorf("unexpected warning: %s", text) }
	}
	d := transport.NewDialer(o)
	t.Cleanup(func() { d.Close() })
	return d
}

func dial(t *testing.T, target *transport.Target) transport.Conn {
	t.Helper()
	c, err := newDialer(t, transport.Options{}).Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// wantFault checks that err names the host, the phase and the given words.
func wantFault(t *testing.T, err error, phase transport.Phase, words ...string) {
	t.Helper()
	var u *transport.UnreachableError
	if !errors.As(err, &u) {
		t.Fatalf("got %v, want an UnreachableError", err)
	}
	if u.Phase != phase || u.Host != "web1" {
		t.Errorf("got phase %q of %q, want %q: %v", u.Phase, u.Host, phase, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the message lacks %q: %v", w, err)
		}
	}
}
