package transport

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// pieces remembers the sizes of what was written.
type pieces struct {
	bytes.Buffer
	sizes []int
}

func (p *pieces) Write(data []byte) (int, error) {
	p.sizes = append(p.sizes, len(data)>>10)
	return p.Buffer.Write(data)
}

// The pieces of a megabyte, in KiB, by how far away the host is.
func TestPacerPieces(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for _, c := range []struct {
		away time.Duration
		want []int
	}{
		{time.Microsecond, slices.Repeat([]int{32}, 32)},
		{3 * time.Millisecond, []int{32, 64, 96, 96, 96, 96, 96, 96, 96, 96, 96, 64}},
		{26 * time.Millisecond, []int{32, 64, 128, 256, 512, 32}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out pieces
			p := &pacer{w: &out, ask: func() error { time.Sleep(c.away); return nil }}
			n, err := p.ReadFrom(bytes.NewReader(data))
			if err != nil || n != int64(len(data)) || !bytes.Equal(out.Bytes(), data) {
				t.Fatalf("%v away: %d bytes, %v", c.away, n, err)
			}
			if !slices.Equal(out.sizes, c.want) {
				t.Errorf("%v away: pieces %v, want %v", c.away, out.sizes, c.want)
			}
		})
	}
}

// A server that answers no such questions gets all the same, unpaced.
func TestPacerMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out pieces
		never := make(chan error)
		p := &pacer{w: &out, ask: func() error { return <-never }}
		if n, err := p.ReadFrom(bytes.NewReader(make([]byte, 1<<20))); err != nil || n != 1<<20 {
			t.Fatalf("%d bytes, %v", n, err)
		}
		if !slices.Equal(out.sizes, []int{32, 992}) {
			t.Errorf("pieces %v", out.sizes)
		}
		close(never)
	})
}

// A command that ends early ends the sending.
func TestPacerEnds(t *testing.T) {
	p := &pacer{w: io.Discard, ask: func() error { return io.EOF }}
	if n, err := p.ReadFrom(bytes.NewReader(make([]byte, 1<<20))); !errors.Is(err, io.EOF) || n != leastPiece {
		t.Fatalf("sent %d bytes, %v", n, err)
	}
}
