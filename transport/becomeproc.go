package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// becomeProcess is a command behind a become program. Its standard output
// begins after a mark that the command prints first.
type becomeProcess struct {
	Process
	t        *Target
	mark     []byte
	prompter *Prompter
	rest     []byte // output that came with the mark
	stderr   io.Reader
}

// Stdout implements Process.
func (b *becomeProcess) Stdout() io.Reader {
	return io.MultiReader(bytes.NewReader(b.rest), b.Process.Stdout())
}

// Stderr implements Process.
func (b *becomeProcess) Stderr() io.Reader { return b.stderr }

// wait reads until the mark, a refusal or the deadline.
func (b *becomeProcess) wait(ctx context.Context) error {
	stderr, feed := io.Pipe()
	b.stderr = stderr
	begun := make(chan struct{})
	go b.passStderr(feed, begun)
	found := make(chan error, 1)
	go func() { found <- b.findMark() }()
	timer := time.NewTimer(becomeTime(b.t))
	defer timer.Stop()
	select {
	case err := <-found:
		close(begun)
		if err != nil {
			return b.ended(err)
		}
		return nil
	case <-b.prompter.Failed():
		return BecomeFault(b.t, b.prompter.Err(), b.prompter.Said())
	case <-timer.C:
		return BecomeFault(b.t, fmt.Errorf("no answer within %v", becomeTime(b.t)), b.prompter.Said())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ended explains a become program that ended before the command began.
func (b *becomeProcess) ended(err error) error {
	select {
	case <-b.prompter.Failed():
		return BecomeFault(b.t, b.prompter.Err(), b.prompter.Said())
	case <-time.After(100 * time.Millisecond): // its last words may be under way
	}
	if refused := b.prompter.Err(); refused != nil {
		err = refused
	}
	return BecomeFault(b.t, err, b.prompter.Said())
}

// findMark feeds the prompter until the mark's line.
func (b *becomeProcess) findMark() error {
	var seen []byte
	buf := make([]byte, 4096)
	for {
		n, err := b.Process.Stdout().Read(buf)
		seen = append(seen, buf[:n]...)
		if _, after, ok := bytes.Cut(seen, b.mark); ok {
			if _, rest, ok := bytes.Cut(after, []byte("\n")); ok {
				b.rest = rest
				return nil
			}
		} else {
			_, _ = b.prompter.Write(buf[:n])
		}
		if err != nil {
			return errors.New("it ended before the command began")
		}
	}
}

// passStderr gives the prompter what comes before the command begins, and
// the reader what comes after.
func (b *becomeProcess) passStderr(feed *io.PipeWriter, begun <-chan struct{}) {
	buf := make([]byte, 4096)
	for {
		n, err := b.Process.Stderr().Read(buf)
		select {
		case <-begun:
			_, _ = feed.Write(buf[:n])
		default:
			_, _ = b.prompter.Write(buf[:n])
		}
		if err != nil {
			feed.CloseWithError(io.EOF)
			return
		}
	}
}
