package wire

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// noise gives bytes that don't compress.
func noise(n int) []byte {
	p := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func TestFrameBytes(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	if err := w.Write(TypeCall, 0x01020304, []byte("body")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteData(7, []byte{0xff}, false); err != nil {
		t.Fatal(err)
	}
	want := "\x00\x00\x00\x04" + "\x02" + "\x00" + "\x01\x02\x03\x04" + "body" +
		"\x00\x00\x00\x01" + "\x0b" + "\x00" + "\x00\x00\x00\x07" + "\xff"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestMessages(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	bodies := [][]byte{{}, []byte("x"), bytes.Repeat([]byte("same "), 100_000), noise(PartSize), noise(PartSize + 1), noise(5 * PartSize)}
	for i, body := range bodies {
		if err := w.Write(TypeResult, uint32(i), body); err != nil {
			t.Fatal(err)
		}
	}
	r := NewReader(&b)
	for i, body := range bodies {
		f, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		if f.Type != TypeResult || f.ID != uint32(i) || !bytes.Equal(f.Body, body) {
			t.Errorf("message %d: got type %d, id %d, %d bytes", i, f.Type, f.ID, len(f.Body))
		}
	}
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestRepeatingMessagesAreCompressed(t *testing.T) {
	var b bytes.Buffer
	if err := NewWriter(&b).Write(TypeBatch, 1, bytes.Repeat([]byte("dest=/etc/x "), 10_000)); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 2000 {
		t.Errorf("120000 bytes became %d", b.Len())
	}
}

func TestBrokenFrames(t *testing.T) {
	header := func(n uint32, t Type, flags byte) string {
		return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), byte(t), flags, 0, 0, 0, 1})
	}
	tests := map[string]struct{ in, want string }{
		"half a header":  {"\x00\x00", "unexpected EOF"},
		"half a body":    {header(10, TypeCall, 0) + "abc", "unexpected EOF"},
		"unknown type":   {header(0, 99, 0), "unknown type 99"},
		"unknown flags":  {header(0, TypeCall, 0x80), "unknown flags"},
		"too long":       {header(MaxFrame+1, TypeCall, 0), "over the limit"},
		"not compressed": {header(3, TypeCall, flagCompressed) + "abc", "compressed message is broken"},
		"text":           {"bash: command not found\n", "protocol error"},
	}
	for name, test := range tests {
		_, err := NewReader(strings.NewReader(test.in)).Read()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestGreet(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("Welcome to web1!\n#drover-wire is not it #drover-")
	if err := NewWriter(&b).Preface(&Hello{Version: Version, PID: 42, User: "root", Env: map[string]string{"A": "b"}}); err != nil {
		t.Fatal(err)
	}
	r := NewReader(&b)
	if which, err := r.Greet(nil, "#other#", Magic); which != 1 || err != nil {
		t.Fatalf("got %d, %v", which, err)
	}
	h, err := r.Hello()
	if err != nil || h.PID != 42 || h.User != "root" || h.Env["A"] != "b" {
		t.Errorf("got %+v, %v", h, err)
	}
}

func TestGreetFails(t *testing.T) {
	_, err := NewReader(strings.NewReader("This account is\nnot available.\n")).Greet(nil, Magic)
	var n *NoiseError
	if !errors.As(err, &n) || !strings.Contains(err.Error(), "not available.") {
		t.Errorf("got %v", err)
	}
	endless := io.LimitReader(rand.NewChaCha8([32]byte{}), maxNoise*2)
	if _, err := NewReader(endless).Greet(nil, Magic); err == nil {
		t.Error("endless noise was taken")
	}
}

func TestHelloOfAnotherVersion(t *testing.T) {
	var b bytes.Buffer
	if err := NewWriter(&b).Write(TypeHello, 0, (&Hello{Version: Version + 1}).Append(nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := NewReader(&b).Hello(); err == nil || !strings.Contains(err.Error(), "version") {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	w := NewWriter(&b)
	_ = w.Write(TypeCall, 1, bytes.Repeat([]byte("x"), 3000))
	_, _ = w.WriteData(2, []byte("data"), true)
	_ = w.Write(TypeResult, 3, []byte{0, 1, 2})
	f.Add(b.Bytes())
	f.Add([]byte(Magic))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := NewReader(bytes.NewReader(in))
		for {
			f, err := r.Read()
			if err != nil {
				return
			}
			_ = new(Call).Decode(f.Body)
			_ = new(Batch).Decode(f.Body)
			_ = new(Reply).Decode(f.Body)
			_ = new(StreamOpen).Decode(f.Body)
		}
	})
}

func BenchmarkFrameRoundTrip(b *testing.B) {
	var buf bytes.Buffer
	w, r := NewWriter(&buf), NewReader(&buf)
	body := bytes.Repeat([]byte("0123456789"), 30)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(TypeCall, 1, body); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Read(); err != nil {
			b.Fatal(err)
		}
	}
}
