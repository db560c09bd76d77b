package transport

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"drover/internal/lazyre"
)

// Prompter watches what a become program says, gives it the password when it
// asks, and knows a refusal when it sees one. Feed it everything that is
// printed before the command speaks. It is safe for concurrent use.
type Prompter struct {
	become *Become
	cmd    *BecomeCommand
	stdin  io.Writer
	mu     sync.Mutex
	line   []byte // the last, unfinished line
	said   []byte // all of it, for errors
	sent   bool
	err    error
	failed chan struct{}
}

// maxSaid bounds what is kept of a become program's words.
const maxSaid = 4 << 10

// NewPrompter makes a Prompter that writes the password to stdin.
func NewPrompter(b *Become, cmd *BecomeCommand, stdin io.Writer) *Prompter {
	return &Prompter{become: b, cmd: cmd, stdin: stdin, failed: make(chan struct{})}
}

// Failed is closed when it is certain that the user will not be become; Err
// then says why.
func (p *Prompter) Failed() <-chan struct{} { return p.failed }

// Err gives the reason of a refusal.
func (p *Prompter) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Said gives what was printed, without the prompt.
func (p *Prompter) Said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.saidText()
}

func (p *Prompter) saidText() string {
	text := string(p.said)
	if p.cmd.Prompt != "" {
		text = strings.ReplaceAll(text, p.cmd.Prompt, "")
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "\r", "")), " ")
}

// Write takes printed text; it never fails.
func (p *Prompter) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if room := maxSaid - len(p.said); room > 0 {
		p.said = append(p.said, text[:min(room, len(text))]...)
	}
	for _, c := range text {
		if c == '\n' {
			p.judge(string(p.line))
			p.line = p.line[:0]
			continue
		}
		if len(p.line) < maxSaid {
			p.line = append(p.line, c)
		}
	}
	if p.asks() {
		p.line = p.line[:0]
		p.answer()
	}
	return len(text), nil
}

// asks reports whether the unfinished line is a question for the password.
func (p *Prompter) asks() bool {
	line := strings.TrimRight(string(p.line), " ")
	if p.cmd.Prompt != "" {
		return strings.Contains(line, p.cmd.Prompt)
	}
	return isQuestion(line, p.cmd.Program)
}

// isQuestion tells "Password:", in any language, from the beginning of an
// error message such as "su: " or "/bin/sh: 1: exec: ".
func isQuestion(line, program string) bool {
	text, ok := strings.CutSuffix(strings.ReplaceAll(line, "：", ":"), ":")
	text = strings.TrimSpace(text)
	return ok && len(text) > 3 && text != program && !strings.ContainsAny(text, ":/")
}

func (p *Prompter) answer() {
	switch {
	case p.become.Password == "":
		p.refuse(ErrMissingPassword)
	case p.sent:
		p.refuse(ErrWrongPassword)
	default:
		p.sent = true
		_, err := io.WriteString(p.stdin, p.become.Password+"\n")
		if err != nil {
			p.refuse(err)
		}
	}
}

// The certain ways to fail at becoming another user.
var (
	ErrWrongPassword   = errors.New("the password was refused")
	ErrMissingPassword = errors.New("a password is asked for and none was given")
	// ErrNoTerminal is sudo's answer where sudoers has requiretty.
	ErrNoTerminal = errors.New("it wants to be run from a terminal")
)

// refusals are the sentences of sudo, su and doas that end it.
var refusals = []struct {
	said *lazyre.Regexp
	err  error
}{
	{lazyre.New(`Sorry, try again|[Ii]ncorrect password|Authentication failure|Authentication failed|Permission denied$`), ErrWrongPassword},
	{lazyre.New(`a password is required|a terminal is required|no password was provided|Authentication required`), ErrMissingPassword},
	{lazyre.New(`must have a tty to run`), ErrNoTerminal},
}

// judge looks for a refusal in a finished line.
func (p *Prompter) judge(line string) {
	line = strings.TrimRight(line, "\r ")
	for _, r := range refusals {
		if r.said.MatchString(line) && (p.sent || r.err != ErrWrongPassword) {
			p.refuse(r.err)
			return
		}
	}
}

func (p *Prompter) refuse(err error) {
	if p.err == nil {
		p.err = err
		close(p.failed)
	}
}

// Token gives a random text for a prompt.
func Token() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// BecomeFault makes the error of a failed become; said is what the program
// printed.
func BecomeFault(t *Target, err error, said string) error {
	method := t.Become.Method
	if method == "" {
		method = "sudo"
	}
	user := t.Become.User
	if user == "" {
		user = "root"
	}
	hint := "check become_method and become_user, and that the login user may do it"
	switch {
	case errors.Is(err, ErrWrongPassword):
		err = &causeError{"Incorrect " + method + " password", err}
		said = ""
		hint = "check ansible_become_password, or ask for it with -K"
	case errors.Is(err, ErrMissingPassword):
		err = &causeError{"Missing " + method + " password", err}
		hint = "set ansible_become_password, or ask for it with -K"
		said = ""
	}
	if said != "" {
		err = &causeError{err.Error() + ": " + said, err}
	}
	return t.fault(PhaseBecome, &causeError{fmt.Sprintf("%s to user %s: %v", method, user, err), err}, hint)
}

// ExecBecome runs a command line as t.Become says, for raw and script: the
// password is given when it is asked for, and the command's own output is all
// that comes out. Without t.Become it is conn.Exec. A program that wants a
// terminal is run again with one.
func ExecBecome(ctx context.Context, conn Conn, t *Target, line string, o ExecOptions) (Process, error) {
	if t.Become == nil {
		return conn.Exec(ctx, line, o)
	}
	p, err := execBecome(ctx, conn, t, line, o)
	if errors.Is(err, ErrNoTerminal) && !o.TTY {
		o.TTY = true
		p, err = execBecome(ctx, conn, t, line, o)
	}
	return p, err
}

func execBecome(ctx context.Context, conn Conn, t *Target, line string, o ExecOptions) (Process, error) {
	mark := "drover-become-" + Token()
	cmd, err := BecomeLine(t.Become, "echo "+mark[:8]+"''"+mark[8:]+"; "+withEnv(line, o.Env), Token())
	if err != nil {
		return nil, BecomeFault(t, err, "")
	}
	p, err := conn.Exec(ctx, cmd.Line, ExecOptions{TTY: cmd.TTY || o.TTY})
	if err != nil {
		return nil, err
	}
	b := &becomeProcess{Process: p, t: t, mark: []byte(mark), prompter: NewPrompter(t.Become, cmd, p.Stdin())}
	if err := b.wait(ctx); err != nil {
		_ = p.Kill()
		return nil, err
	}
	return b, nil
}

// becomeTime is how long a become program may take, on top of the time that
// sudo takes to refuse a password.
func becomeTime(t *Target) time.Duration { return t.timeout() + 5*time.Second }
