package transport_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"drover/transport"
	"drover/transport/sshtest"
)

// writeKey writes a new private key, locked when there is a passphrase.
func writeKey(t *testing.T, path, passphrase string) ssh.PublicKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return writePrivate(t, path, key, passphrase)
}

func writePrivate(t *testing.T, path string, key any, passphrase string) ssh.PublicKey {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey()
}

func TestLoginByKeys(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rs, _ := rsa.GenerateKey(rand.Reader, 2048)
	tests := map[string]struct {
		key        any
		passphrase string
	}{"ed25519": {ed, ""}, "ecdsa": {ec, ""}, "rsa": {rs, ""}, "with a passphrase": {ed, "open sesame"}}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			public := writePrivate(t, path, test.key, test.passphrase)
			h := startHost(t, func(o *sshtest.Options) { o.Key = public })
			target := h.target()
			target.KeyFile, target.Passphrase = path, test.passphrase
			dial(t, target)

			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			target.KeyFile, target.KeyData = "", strings.TrimSpace(string(text))
			dial(t, target)
		})
	}
}

// A locked key's passphrase is asked for, once for all hosts, and again when it
// is wrong.
func TestAskPassphrase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	public := writeKey(t, path, "open sesame")
	h := startHost(t, func(o *sshtest.Options) { o.Key = public })
	target := h.target()
	target.KeyFile = path
	tests := map[string]struct {
		answers []string
		asked   int
		fault   string // empty: it opens
	}{
		"right":       {[]string{"open sesame"}, 1, ""},
		"right later": {[]string{"open barley", "open sesame"}, 2, ""},
		"wrong":       {[]string{"a", "b", "c", "open sesame"}, 3, "passphrase was wrong"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			asked := 0
			d := newDialer(t, transport.Options{AskPassphrase: func(_ context.Context, file string) (string, error) {
				asked++
				return test.answers[asked-1], nil
			}})
			for range 2 {
				c, err := d.Dial(t.Context(), target)
				switch {
				case test.fault != "":
					wantFault(t, err, transport.PhaseAuth, path, test.fault)
				case err != nil:
					t.Fatal(err)
				default:
					c.Close()
				}
			}
			if asked != test.asked {
				t.Errorf("asked %d times, want %d", asked, test.asked)
			}
		})
	}
}

func TestLoginByAgent(t *testing.T) {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sock := filepath.Join(dir, "agent")
	l, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, c) }()
		}
	}()
	locked := filepath.Join(dir, "locked")
	public := writePrivate(t, locked, key, "secret")
	h := startHost(t, func(o *sshtest.Options) { o.Key = public })
	target := h.target()
	target.KeyFile = ""
	target.CommonArgs = append([]string{"-o", "IdentityAgent=" + sock}, target.CommonArgs...)
	dial(t, target)

	target.KeyFile = locked // the file is locked, the agent has it open
	dial(t, target)
}

func TestLoginByPassword(t *testing.T) {
	h := startHost(t, func(o *sshtest.Options) { o.Key, o.Password = nil, "right" })
	target := h.target()
	target.KeyFile, target.Password = "", "right"
	dial(t, target)

	target.Password = "wrong"
	_, err := newDialer(t, transport.Options{}).Dial(t.Context(), target)
	wantFault(t, err, transport.PhaseAuth, "refused the login of user tester", "the password", "ansible_password")
}

func TestLoginRefused(t *testing.T) {
	h := startHost(t, nil)
	other := filepath.Join(t.TempDir(), "other")
	writeKey(t, other, "")
	locked := filepath.Join(t.TempDir(), "locked")
	writeKey(t, locked, "secret")
	tests := map[string]struct {
		file  string
		words []string
	}{
		"wrong key":   {other, []string{"tried 1 key(s)", "ansible_ssh_private_key_file"}},
		"no such key": {"/no/such/key", []string{"/no/such/key: no such file", "neither a key nor a password"}},
		"locked key":  {locked, []string{"locked with a passphrase", "ansible_ssh_private_key_passphrase"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			target := h.target()
			target.KeyFile = test.file
			_, err := newDialer(t, transport.Options{}).Dial(t.Context(), target)
			wantFault(t, err, transport.PhaseAuth, test.words...)
		})
	}
}

// Each phase of the contact has a deadline of its own.
func TestSilentHosts(t *testing.T) {
	tests := map[string]struct {
		faults sshtest.Faults
		phase  transport.Phase
	}{
		"after accept":       {sshtest.Faults{SilentAccept: true}, transport.PhaseHandshake},
		"after key exchange": {sshtest.Faults{SilentAuth: true}, transport.PhaseAuth},
		"after login":        {sshtest.Faults{SilentExec: true}, transport.PhaseExec},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := startHost(t, nil)
			h.Set(test.faults)
			target := h.target()
			target.Timeout = 300 * time.Millisecond
			c, err := newDialer(t, transport.Options{}).Dial(t.Context(), target)
			if err == nil {
				_, err = c.Exec(t.Context(), "true", transport.ExecOptions{})
				defer c.Close()
			}
			wantFault(t, err, test.phase, "within 300ms", "--timeout")
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	target := &transport.Target{Name: "web1", Host: "127.0.0.1", Port: port, CommonArgs: []string{"-F", "none"}}
	_, err = newDialer(t, transport.Options{}).Dial(t.Context(), target)
	wantFault(t, err, transport.PhaseConnect, "refused", "ansible_port")
}

func TestCutConnection(t *testing.T) {
	h := startHost(t, nil)
	c := dial(t, h.target())
	p, err := c.Exec(t.Context(), "sleep 100", transport.ExecOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h.Cut()
	_, err = p.Wait()
	wantFault(t, err, transport.PhaseCall, "closed by the host")
	if !transport.Gone(c) {
		t.Error("the connection does not know that it is lost")
	}
}

func TestCutHandshake(t *testing.T) {
	h := startHost(t, nil)
	h.Set(sshtest.Faults{CutAfter: 600})
	_, err := newDialer(t, transport.Options{}).Dial(t.Context(), h.target())
	if !transport.IsUnreachable(err) {
		t.Errorf("got %v", err)
	}
}

// What sshd drops beyond its MaxStartups is tried again.
func TestDroppedStartsAreRetried(t *testing.T) {
	h := startHost(t, nil)
	h.Set(sshtest.Faults{DropStarts: 2})
	dial(t, h.target())
	if h.Starts() != 3 {
		t.Errorf("%d connections were made, want 3", h.Starts())
	}
}

func TestCancelledDial(t *testing.T) {
	h := startHost(t, nil)
	h.Set(sshtest.Faults{SilentAccept: true})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := newDialer(t, transport.Options{}).Dial(ctx, h.target())
	if err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}

func TestProxyJump(t *testing.T) {
	inner := startHost(t, nil)
	public, _, _, _, _ := ssh.ParseAuthorizedKey(authorizedKey(t, inner.keyFile))
	bastion := startHost(t, func(o *sshtest.Options) { o.Key = public })
	second := startHost(t, func(o *sshtest.Options) { o.Key = public })
	join(t, inner.knownHosts, bastion.knownHosts, second.knownHosts)
	chain := "hop@127.0.0.1:" + strconv.Itoa(bastion.Port()) + ",127.0.0.1:" + strconv.Itoa(second.Port())
	target := inner.target()
	target.CommonArgs = append(target.CommonArgs, "-J", chain)
	if out, _, _ := output(t, dial(t, target), "pwd", "", transport.ExecOptions{}); strings.TrimSpace(out) != inner.home {
		t.Errorf("the command ran in %s, want %s", out, inner.home)
	}
	if bastion.Starts() != 1 || second.Starts() != 1 {
		t.Errorf("connections: %d to the first hop, %d to the second", bastion.Starts(), second.Starts())
	}

	bastion.Close()
	_, err := newDialer(t, transport.Options{}).Dial(t.Context(), target)
	wantFault(t, err, transport.PhaseConnect, "at the bastion", "refused")
}

func authorizedKey(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return ssh.MarshalAuthorizedKey(s.PublicKey())
}

// join appends the other files to the first.
func join(t *testing.T, first string, others ...string) {
	t.Helper()
	var all bytes.Buffer
	for _, path := range append([]string{first}, others...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	if err := os.WriteFile(first, all.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestConfigFile(t *testing.T) {
	h := startHost(t, nil)
	config := filepath.Join(t.TempDir(), "config")
	text := "Host web1 web2\n  HostName 127.0.0.1\n  Port " + strconv.Itoa(h.Port()) + "\n  User tester\n" +
		"  IdentityFile " + h.keyFile + "\n  UserKnownHostsFile " + h.knownHosts + "\n  IdentityAgent none\n  ControlMaster auto\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dial(t, &transport.Target{Name: "web1", CommonArgs: []string{"-F", config}})
}

func TestUnknownOptionWarns(t *testing.T) {
	h := startHost(t, nil)
	var warned []string
	d := newDialer(t, transport.Options{Warn: func(text string) { warned = append(warned, text) }})
	target := h.target()
	target.CommonArgs = append(target.CommonArgs, "-o", "ControlPersist=60s", "-C", "-oFrobnicate=yes", "-4")
	for range 2 {
		c, err := d.Dial(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "frobnicate") {
		t.Errorf("warnings: %q", warned)
	}
}

func TestProxyCommand(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("the proxy command of this test is written for bash, which is not installed")
	}
	h := startHost(t, nil)
	proxy := filepath.Join(t.TempDir(), "proxy")
	script := "#!/bin/bash\nexec 3<>/dev/tcp/$1/$2; cat <&3 & cat >&3; kill $!\n"
	if err := os.WriteFile(proxy, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	target := h.target()
	target.CommonArgs = append(target.CommonArgs, "-o", "ProxyCommand="+proxy+" %h %p")
	if out, _, _ := output(t, dial(t, target), "pwd", "", transport.ExecOptions{}); strings.TrimSpace(out) != h.home {
		t.Errorf("the command ran in %s, want %s", out, h.home)
	}
	target.CommonArgs = append([]string{"-o", "ProxyCommand=/no/such/program"}, target.CommonArgs...)
	_, err := newDialer(t, transport.Options{}).Dial(t.Context(), target)
	wantFault(t, err, transport.PhaseHandshake, "ProxyCommand", "/no/such/program", "not found")
}

// Match lines that no library evaluates are evaluated by ssh itself.
func TestConfigWithMatch(t *testing.T) {
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("ssh is not installed")
	}
	h := startHost(t, nil)
	config := filepath.Join(t.TempDir(), "config")
	text := "Match exec \"test %n = web1\"\n  HostName 127.0.0.1\n  Port " + strconv.Itoa(h.Port()) + "\n  User tester\n" +
		"  IdentityFile " + h.keyFile + "\n  UserKnownHostsFile " + h.knownHosts + "\n  IdentityAgent none\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dial(t, &transport.Target{Name: "web1", CommonArgs: []string{"-F", config}})
}
