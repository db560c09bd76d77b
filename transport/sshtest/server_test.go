package sshtest

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"drover/playbook/value"
	"drover/transport/wire"
)

func connect(t *testing.T, o Options) *ssh.Client {
	t.Helper()
	o.Password = "pw"
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c, err := ssh.Dial("tcp", s.listener.Addr().String(), &ssh.ClientConfig{User: "u",
		Auth: []ssh.AuthMethod{ssh.Password("pw")}, HostKeyCallback: ssh.FixedHostKey(s.HostKey())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCommandsRunInTheHome(t *testing.T) {
	home := t.TempDir()
	session, err := connect(t, Options{Home: home}).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.Output(`printf "%s %s" "$PWD" "$USER"`)
	if err != nil || string(out) != home+" u" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestSFTP(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "f"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := sftp.NewClient(connect(t, Options{Home: home}))
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(f); err != nil || string(text) != "content" {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := sftp.NewClient(connect(t, Options{Home: home, NoSFTP: true})); err == nil {
		t.Error("SFTP is there although it is off")
	}
}

func TestStub(t *testing.T) {
	theirs, ours := io.Pipe()
	answers, back := io.Pipe()
	go func() {
		defer back.Close()
		_ = Stub(func(module string, _ *value.Dict) *value.Dict { return value.DictOf("module", module) })(context.Background(), theirs, back)
	}()
	go func() {
		w := wire.NewWriter(ours)
		_ = w.Preface(&wire.Hello{Version: wire.Version})
		b := wire.Batch{Calls: []*wire.Call{{Module: "a"}, {Module: "b"}}}
		body, _ := b.Append(nil)
		_ = w.Write(wire.TypeBatch, 1, body)
		_ = w.Write(wire.TypeBye, 0, nil)
	}()
	r := wire.NewReader(answers)
	if _, err := r.Greet(nil, wire.Magic); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Hello(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a", "b"} {
		f, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		var reply wire.Reply
		if err := reply.Decode(f.Body); err != nil || value.String(reply.Result.At("module")) != want {
			t.Errorf("got %+v, %v", reply, err)
		}
	}
	if f, err := r.Read(); err != nil || f.Type != wire.TypeBatchEnd {
		t.Errorf("got %+v, %v", f, err)
	}
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}
