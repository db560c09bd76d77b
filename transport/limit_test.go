package transport

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// dialFunc is a Dialer made of a function.
type dialFunc func(ctx context.Context, t *Target) (Conn, error)

func (f dialFunc) Dial(ctx context.Context, t *Target) (Conn, error) { return f(ctx, t) }
func (dialFunc) Close() error                                        { return nil }

func TestLimitPerAddress(t *testing.T) {
	var now, most atomic.Int64
	d := limitDialer(dialFunc(func(context.Context, *Target) (Conn, error) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
		return nil, nil
	}), 100, 3)
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			if _, err := d.Dial(t.Context(), &Target{Name: strconv.Itoa(i), Host: "10.0.0.1"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() > 3 {
		t.Errorf("%d handshakes at once with one address, want at most 3", most.Load())
	}
	if n := len(d.(*limited).addresses); n != 0 {
		t.Errorf("%d addresses are kept", n)
	}
}

// Silent hosts give their slots back to others before their deadline.
func TestSilentHostsHoldNobodyUp(t *testing.T) {
	d := limitDialer(dialFunc(func(ctx context.Context, t *Target) (Conn, error) {
		if t.Host != "silent" {
			return nil, nil
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}), 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	var silent sync.WaitGroup
	silent.Go(func() { _, _ = d.Dial(ctx, &Target{Host: "silent"}) })
	if _, err := d.Dial(t.Context(), &Target{Host: "good"}); err != nil {
		t.Error(err)
	}
	cancel()
	silent.Wait()
}

func TestRetry(t *testing.T) {
	early := &UnreachableError{Phase: PhaseHandshake, Err: io.EOF}
	late := &UnreachableError{Phase: PhaseAuth, Err: io.EOF}
	tests := map[string]struct {
		errs []error
		want int // dials
	}{
		"dropped early": {[]error{early, early, nil}, 3},
		"refused":       {[]error{late, nil}, 1},
	}
	for name, test := range tests {
		n := 0
		d := &retrying{pause: time.Microsecond, Dialer: dialFunc(func(context.Context, *Target) (Conn, error) {
			n++
			return nil, test.errs[n-1]
		})}
		_, err := d.Dial(t.Context(), &Target{})
		if n != test.want || !errors.Is(err, test.errs[n-1]) {
			t.Errorf("%s: %d dials, %v", name, n, err)
		}
	}
	d := &retrying{pause: time.Microsecond, Dialer: dialFunc(func(context.Context, *Target) (Conn, error) { return nil, early })}
	if _, err := d.Dial(t.Context(), &Target{Timeout: 20 * time.Millisecond}); !errors.Is(err, early) {
		t.Errorf("a host that always drops: %v", err)
	}
}

func TestCheckFiles(t *testing.T) {
	if err := CheckFiles(1); err != nil {
		t.Error(err)
	}
	if err := CheckFiles(1 << 40); err == nil {
		t.Error("a connection for everybody on earth is fine")
	}
}
