package transport

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

func newPublicKey(t testing.TB) ssh.PublicKey {
	t.Helper()
	pub, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writeKnownHosts(t testing.TB, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKeyIndexLeavesSpecialLinesToTheLibrary(t *testing.T) {
	key := newPublicKey(t)
	plain := knownhosts.Line([]string{"web1:22", "web2:2222"}, key)
	for name, tc := range map[string]struct {
		lines []string
		want  bool
	}{
		"plain":     {[]string{"# hosts", "", plain}, true},
		"pattern":   {[]string{plain, knownhosts.Line([]string{"db*"}, key)}, false},
		"revoked":   {[]string{plain, "@revoked " + plain}, false},
		"authority": {[]string{plain, "@cert-authority " + plain}, false},
		"hashed":    {[]string{plain, strings.Replace(plain, "web1", "|1|c2FsdA==|aGFzaA==", 1)}, false},
	} {
		x := readIndex([]string{writeKnownHosts(t, tc.lines...)})
		for _, address := range []string{"web1:22", "web2:2222"} {
			if got := holds(x.known(address), key); got != tc.want {
				t.Errorf("%s: %s known: %v, want %v", name, address, got, tc.want)
			}
		}
		if x.known("web1:2222") != nil || holds(x.known("web1:22"), newPublicKey(t)) {
			t.Errorf("%s: knows what is not there", name)
		}
	}
}

// BenchmarkKnownHost checks the key of one host among 10,000.
func BenchmarkKnownHost(b *testing.B) {
	key := newPublicKey(b)
	lines := make([]string, 10_000)
	for i := range lines {
		lines[i] = knownhosts.Line([]string{fmt.Sprintf("host%d:22", i)}, key)
	}
	path := writeKnownHosts(b, lines...)
	h := &hostKeys{}
	s := newSettings(func(string) {})
	s.values["userknownhostsfile"] = []string{path}
	s.values["globalknownhostsfile"] = []string{"none"}
	e := &endpoint{settings: s, target: &Target{Name: "host5000"}, host: "host5000", port: 22}
	check := func() {
		cfg := &ssh.ClientConfig{}
		if err := h.configure(context.Background(), e, cfg); err != nil {
			b.Fatal(err)
		}
		if err := cfg.HostKeyCallback("", &net.TCPAddr{}, key); err != nil {
			b.Fatal(err)
		}
	}
	check() // reads the file
	for b.Loop() {
		check()
	}
}
