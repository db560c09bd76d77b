package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"drover/cmd/drover/render"
	"drover/playbook/action"
	"drover/transport"
)

// terminal asks the person in front of the run; the zero-screen form works
// before any output exists.
type terminal struct {
	mu     sync.Mutex
	in     *os.File
	out    io.Writer
	screen *render.Screen // its live line is taken away while asking
	lines  *bufio.Reader
}

func newTerminal(screen *render.Screen) *terminal {
	return &terminal{in: os.Stdin, out: os.Stderr, screen: screen, lines: bufio.NewReader(os.Stdin)}
}

// Interactive reports whether somebody can answer.
func (t *terminal) Interactive() bool { return term.IsTerminal(int(t.in.Fd())) }

// ReadLine shows prompt and reads a line; echo false hides what is typed. When
// ctx ends first, the terminal is put back as it was.
func (t *terminal) ReadLine(ctx context.Context, prompt string, echo bool) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.screen != nil {
		t.screen.Pause()
		defer t.screen.Resume()
	}
	fmt.Fprint(t.out, prompt)
	fd := int(t.in.Fd())
	state, _ := term.GetState(fd)
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := t.read(fd, echo)
		got <- answer{line, err}
	}()
	select {
	case a := <-got:
		return a.line, a.err
	case <-ctx.Done():
		if state != nil {
			term.Restore(fd, state)
		}
		fmt.Fprintln(t.out)
		return "", ctx.Err()
	}
}

func (t *terminal) read(fd int, echo bool) (string, error) {
	if !echo && term.IsTerminal(fd) {
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(t.out)
		return string(b), err
	}
	line, err := t.lines.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

// ReadKeys shows prompt on a line of its own and reads key by key until one
// completes or interrupts it, or its time is over. What was typed before is
// thrown away.
func (t *terminal) ReadKeys(ctx context.Context, prompt string, k action.Keys) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.screen != nil {
		t.screen.Pause()
		defer t.screen.Resume()
	}
	if k.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, k.Limit)
		defer cancel()
	}
	keys, err := openKeyboard(t.in, t.out)
	if err != nil {
		return "", err
	}
	defer keys.close()
	typed, err := keys.read(ctx, prompt, k)
	if k.Limit > 0 && errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	return typed, err
}

// askHostKey asks whether an unknown host may be trusted.
func (t *terminal) askHostKey(ctx context.Context, q transport.HostKeyQuestion) (bool, error) {
	prompt := fmt.Sprintf("The authenticity of host '%s (%s)' can't be established.\n%s key fingerprint is %s.\n"+
		"Are you sure you want to continue connecting (yes/no)? ", q.Host, q.Address, q.KeyType, q.Fingerprint)
	for {
		line, err := t.ReadLine(ctx, prompt, true)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "yes":
			return true, nil
		case "no":
			return false, nil
		}
		prompt = "Please type 'yes' or 'no': "
	}
}

// askPassphrase asks for the passphrase of a private key.
func (t *terminal) askPassphrase(ctx context.Context, file string) (string, error) {
	return t.ReadLine(ctx, fmt.Sprintf("Enter passphrase for key '%s': ", file), false)
}
