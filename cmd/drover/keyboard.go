package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"drover/playbook/action"
)

// keyboard is a terminal whose keys come one by one, ctrl+C too.
type keyboard struct {
	fd     int
	out    io.Writer
	before *term.State
}

// openKeyboard takes the terminal out of line mode; close puts it back.
func openKeyboard(in *os.File, out io.Writer) (*keyboard, error) {
	k := &keyboard{fd: int(in.Fd()), out: out}
	var err error
	if k.before, err = term.MakeRaw(k.fd); err != nil {
		return nil, fmt.Errorf("can't read keys from the terminal: %w", err)
	}
	return k, nil
}

func (k *keyboard) close() {
	fmt.Fprint(k.out, "\r\n")
	_ = term.Restore(k.fd, k.before)
}

const (
	ctrlC     = 0x03
	backspace = 0x08
	del       = 0x7f
)

// read shows the prompt and gives what is typed until a key ends it.
func (k *keyboard) read(ctx context.Context, prompt string, want action.Keys) (string, error) {
	k.drain()
	fmt.Fprint(k.out, strings.ReplaceAll(prompt, "\n", "\r\n")+"\r\n")
	var typed []byte
	for {
		key, err := k.next(ctx)
		if err != nil {
			return "", err
		}
		small := strings.ToLower(string(rune(key)))
		switch {
		case key == ctrlC, strings.Contains(want.Interrupt, small):
			return "", action.ErrInterrupted
		case strings.Contains(want.Complete, small):
			return string(typed), nil
		case key == backspace, key == del:
			typed = k.rubOut(typed, want.Echo)
		default:
			typed = append(typed, key)
			if want.Echo {
				_, _ = k.out.Write([]byte{key})
			}
		}
	}
}

// rubOut takes the last character away.
func (k *keyboard) rubOut(typed []byte, echo bool) []byte {
	_, size := utf8.DecodeLastRune(typed)
	if size > 0 && echo {
		fmt.Fprint(k.out, "\b \b")
	}
	return typed[:len(typed)-size]
}

// drain throws away what was typed before the prompt.
func (k *keyboard) drain() {
	buf := make([]byte, 256)
	for k.ready(0) {
		if n, err := unix.Read(k.fd, buf); n <= 0 || err != nil {
			return
		}
	}
}

// keyInterval is how often it is looked whether the prompt's time is over.
const keyInterval = 50 * time.Millisecond

// next waits for a key.
func (k *keyboard) next(ctx context.Context) (byte, error) {
	buf := make([]byte, 1)
	for ctx.Err() == nil {
		if !k.ready(keyInterval) {
			continue
		}
		n, err := unix.Read(k.fd, buf)
		switch {
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return buf[0], nil
	}
	return 0, ctx.Err()
}

// ready reports whether a key can be read within a time.
func (k *keyboard) ready(limit time.Duration) bool {
	var set unix.FdSet
	set.Set(k.fd)
	wait := unix.NsecToTimeval(limit.Nanoseconds())
	n, err := unix.Select(k.fd+1, &set, nil, nil, &wait)
	return err == nil && n > 0
}
