package transport

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// localDialer connects to the machine drover runs on.
type localDialer struct{}

func (localDialer) Dial(_ context.Context, t *Target) (Conn, error) { return &localConn{t}, nil }
func (localDialer) Close() error                                    { return nil }

// localConn runs commands as child processes.
type localConn struct{ t *Target }

func (c *localConn) Close() error { return nil }

// Exec implements Conn. A terminal is not given: what needs one for a
// password reads it from the pipe on this machine, or says so.
func (c *localConn) Exec(ctx context.Context, line string, o ExecOptions) (Process, error) {
	cmd := exec.Command("/bin/sh", "-c", withEnv(line, o.Env))
	cmd.Dir = c.t.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if o.TTY {
		return startOnTTY(c.t, cmd)
	}
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	said, saidErr := cmd.StderrPipe()
	if err := errors.Join(inErr, outErr, saidErr); err != nil {
		return nil, c.t.fault(PhaseExec, err, "")
	}
	if err := cmd.Start(); err != nil {
		return nil, c.t.fault(PhaseExec, err, "")
	}
	return &localProcess{cmd: cmd, in: in, out: out, said: said}, nil
}

// Put implements Conn.
func (c *localConn) Put(ctx context.Context, r io.Reader, path string, mode fs.FileMode) error {
	return PutByShell(ctx, c, c.t, r, path, mode)
}

// Get implements Conn.
func (c *localConn) Get(ctx context.Context, path string, w io.Writer) error {
	return GetByShell(ctx, c, c.t, path, w)
}

// localProcess is a child process and its process group.
type localProcess struct {
	cmd       *exec.Cmd
	in        io.WriteCloser
	out, said io.ReadCloser
}

func (p *localProcess) Stdin() io.WriteCloser { return p.in }
func (p *localProcess) Stdout() io.Reader     { return p.out }
func (p *localProcess) Stderr() io.Reader     { return p.said }

// Wait implements Process. It waits for the process alone: output that is
// still in the pipes must have been read before.
func (p *localProcess) Wait() (int, error) {
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	if ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return -int(ws.Signal()), nil
	}
	return p.cmd.ProcessState.ExitCode(), nil
}

// Kill implements Process.
func (p *localProcess) Kill() error { return unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL) }
