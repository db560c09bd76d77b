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

// retries is how often a dropped contact is tried again.
const retries = 5

// retryDialer tries again, after a pause with jitter, when a host took the
// connection and dropped it before it said who it is: that is what sshd does
// when more come at once than its MaxStartups.
func retryDialer(d Dialer) Dialer { return &retrying{Dialer: d, pause: 100 * time.Millisecond} }

type retrying struct {
	Dialer
	pause time.Duration // before the first retry; it doubles each time
}

func (r *retrying) Dial(ctx context.Context, t *Target) (Conn, error) {
	pause := r.pause
	for n := 0; ; n++ {
		c, err := r.Dialer.Dial(ctx, t)
		if err == nil || n == retries || !droppedEarly(err) {
			return c, err
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return nil, err
		}
		pause *= 2
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
