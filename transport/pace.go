package transport

import (
	"errors"
	"io"
	"time"
)

// OpenSSH's server keeps what a command has not read yet in a buffer that it
// grows by one packet at a time, and copies whole each time: a few megabytes
// that come faster than the command reads cost the host a second of processor
// where memory is slow to get. So data goes in pieces that wait for each other,
// small ones to a near host, and larger ones to a far one, so that the waiting
// costs all alike: a tenth of a second for the three megabytes of a runner.
const (
	leastPiece   = 32 << 10 // bytes; as much as a packet may hold
	mostPiece    = 2 << 20  // what OpenSSH lets be on the way at once
	piecePerTime = leastPiece / float64(time.Millisecond)
	answerTime   = 5 * time.Second // after it a server is taken for one that answers no such question
)

// pacer sends pieces of data, each after the host has taken the one before.
type pacer struct {
	w    io.Writer
	ask  func() error  // returns when the host has taken what was written
	best time.Duration // the quickest answer so far
	size int           // of the next piece
	mute bool          // the host does not answer: nothing waits any more
}

// ReadFrom sends all of r; it makes io.Copy pace itself.
func (p *pacer) ReadFrom(r io.Reader) (sent int64, err error) {
	p.size = leastPiece
	var buf []byte
	for {
		if p.size > len(buf) {
			buf = make([]byte, p.size)
		}
		n, readErr := io.ReadFull(r, buf[:p.size])
		if n > 0 {
			n, err = p.w.Write(buf[:n])
			sent += int64(n)
		}
		switch {
		case err != nil:
			return sent, err
		case errors.Is(readErr, io.EOF) || errors.Is(readErr, io.ErrUnexpectedEOF):
			return sent, nil
		case readErr != nil:
			return sent, readErr
		}
		if err := p.wait(); err != nil {
			return sent, err
		}
	}
}

// wait waits for the host, and decides about the next piece's size.
func (p *pacer) wait() error {
	if p.mute {
		return nil
	}
	begun, answer := time.Now(), make(chan error, 1)
	go func() { answer <- p.ask() }()
	select {
	case err := <-answer:
		if err != nil {
			return err
		}
	case <-time.After(answerTime):
		p.mute, p.size = true, mostPiece
		return nil
	}
	if took := time.Since(begun); p.best == 0 || took < p.best {
		p.best = took
	}
	p.size = min(2*p.size, max(leastPiece, int(float64(p.best)*piecePerTime)), mostPiece)
	return nil
}
