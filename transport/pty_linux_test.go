package transport_test

import (
	"io"
	"strings"
	"testing"

	"drover/transport"
)

// Programs that want a terminal for a password get one on this machine too.
func TestLocalTerminal(t *testing.T) {
	c := dial(t, &transport.Target{Name: "here", Kind: "local"})
	p, err := c.Exec(t.Context(), "test -t 0 && stty -echo && read word && echo got $word", transport.ExecOptions{TTY: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(p.Stdin(), "it\n"); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(p.Stdout())
	if err != nil || !strings.Contains(string(out), "got it") {
		t.Errorf("got %q, %v", out, err)
	}
	if code, err := p.Wait(); code != 0 || err != nil {
		t.Errorf("exit code %d, %v", code, err)
	}
}
