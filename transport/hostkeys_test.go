package transport_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"drover/transport"
	"drover/transport/sshtest"
)

func TestUnknownHostKey(t *testing.T) {
	h := startHost(t, nil)
	empty := filepath.Join(t.TempDir(), "ssh", "known_hosts")
	h.knownHosts = empty
	fingerprint := ssh.FingerprintSHA256(h.HostKey())

	_, err := newDialer(t, transport.Options{}).Dial(t.Context(), h.target())
	wantFault(t, err, transport.PhaseHostKey, "is not known", "ED25519 "+fingerprint, "--accept-new-host-keys")

	var asked transport.HostKeyQuestion
	answer := false
	ask := transport.Options{AskHostKey: func(_ context.Context, q transport.HostKeyQuestion) (bool, error) {
		asked = q
		return answer, nil
	}}
	_, err = newDialer(t, ask).Dial(t.Context(), h.target())
	wantFault(t, err, transport.PhaseHostKey, "is not known")
	if asked.Host != "web1" || asked.Fingerprint != fingerprint || asked.KeyType != "ED25519" {
		t.Errorf("asked %+v", asked)
	}

	answer = true
	if _, err := newDialer(t, ask).Dial(t.Context(), h.target()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(empty); err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("stored %q (%v)", text, err)
	}
	dial(t, h.target()) // known from now on, without any question
}

func TestAcceptNewHostKeys(t *testing.T) {
	h := startHost(t, nil)
	h.knownHosts = filepath.Join(t.TempDir(), "known_hosts")
	d := newDialer(t, transport.Options{AcceptNewHostKeys: true})
	for range 2 { // the second time it is known
		if _, err := d.Dial(t.Context(), h.target()); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(h.knownHosts)
	if err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("stored %q (%v)", text, err)
	}
}

func TestChangedHostKey(t *testing.T) {
	h := startHost(t, nil)
	other, err := sshtest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	writeKnown(t, h.knownHosts, h.address(), other.PublicKey())
	for _, accept := range []bool{false, true} {
		_, err = newDialer(t, transport.Options{AcceptNewHostKeys: accept}).Dial(t.Context(), h.target())
		wantFault(t, err, transport.PhaseHostKey, "has changed", h.knownHosts+":1", ssh.FingerprintSHA256(h.HostKey()))
	}
	target := h.target()
	target.CommonArgs = append([]string{"-o", "StrictHostKeyChecking=no"}, target.CommonArgs...)
	dial(t, target)
}
