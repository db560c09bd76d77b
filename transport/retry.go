package transport

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"
)

// retryDialer tries again, after a pause with jitter, when a host took the
// connection and dropped it before it said who it is: that is what sshd does
// when more come at once than its MaxStartups. It does so for as long as the
// target's deadline for a phase.
func retryDialer(d Dialer) Dialer { return &retrying{Dialer: d, pause: 100 * time.Millisecond} }

type retrying struct {
	Dialer
	pause time.Duration // before the first retry; it doubles each time, to maxPause
}

const maxPause = 2 * time.Second

func (r *retrying) Dial(ctx context.Context, t *Target) (Conn, error) {
	pause, limit := r.pause, time.Now().Add(t.timeout())
	for {
		c, err := r.Dialer.Dial(ctx, t)
		if err == nil || !droppedEarly(err) || time.Now().Add(pause).After(limit) {
			return c, err
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return nil, err
		}
		pause = min(2*pause, maxPause)
	}
}

// droppedEarly reports whether the other side closed during the key exchange,
// before any key was seen.
func droppedEarly(err error) bool {
	var u *UnreachableError
	if !errors.As(err, &u) || u.Phase != PhaseHandshake {
		return false
	}
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.HasSuffix(u.Err.Error(), "EOF")
}
