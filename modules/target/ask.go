package target

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
)

// errNoLine is what a question gets that can't be put as one line.
var errNoLine = errors.New("a question is one line")

// Ask puts a line to a program that answers every line with a line, and gives
// the answer. The program is started with the first question and stays for the
// next ones until this process ends, so its start is paid once.
func (r *Real) Ask(ctx context.Context, argv []string, line string) (string, error) {
	if strings.Contains(line, "\n") {
		return "", errNoLine
	}
	d := r.dialogue(argv)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.in == nil {
		if err := d.start(r); err != nil {
			return "", err
		}
	}
	stop := context.AfterFunc(ctx, d.kill)
	answer, err := d.ask(line)
	if !stop() || err != nil {
		d.end()
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return answer, err
}

// AskOnce puts the question to a program that is started for it alone.
func AskOnce(ctx context.Context, h Host, argv []string, line string) (string, error) {
	if strings.Contains(line, "\n") {
		return "", errNoLine
	}
	out, err := h.Run(ctx, Cmd{Argv: argv, Stdin: strings.NewReader(line + "\n")})
	if err != nil {
		return "", err
	}
	answer, _, _ := bytes.Cut(out.Stdout, []byte("\n"))
	return string(answer), nil
}

// dialogue is a program that is kept for further questions; in is nil while it
// does not run.
type dialogue struct {
	argv []string

	mu   sync.Mutex
	in   io.WriteCloser
	out  *bufio.Reader
	kill func()
	wait func() error
}

func (r *Real) dialogue(argv []string) *dialogue {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := strings.Join(argv, "\x00")
	if r.dialogues == nil {
		r.dialogues = map[string]*dialogue{}
	}
	if r.dialogues[key] == nil {
		r.dialogues[key] = &dialogue{argv: argv}
	}
	return r.dialogues[key]
}

func (d *dialogue) start(r *Real) error {
	cmd := r.command(context.Background(), Cmd{Argv: d.argv})
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	d.in, d.out, d.wait = in, bufio.NewReader(out), cmd.Wait
	// The group's number is not used again before it was waited for.
	d.kill = func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return nil
}

func (d *dialogue) ask(line string) (string, error) {
	if _, err := io.WriteString(d.in, line+"\n"); err != nil {
		return "", err
	}
	answer, err := d.out.ReadString('\n')
	return strings.TrimSuffix(answer, "\n"), err
}

// end gives a program up that did not answer.
func (d *dialogue) end() {
	d.kill()
	d.in.Close()
	_ = d.wait() // it was killed
	d.in, d.out, d.kill, d.wait = nil, nil, nil, nil
}
