package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// lingering is how long output is still read after a command ended while a
// child that it left in the background holds the pipe, and how long a command
// has to go after SIGTERM.
const lingering = time.Second

// Run runs a command in a process group of its own and waits for its end. When
// ctx is cancelled the whole group is terminated, then killed.
func (r *Real) Run(ctx context.Context, c Cmd) (*Output, error) {
	if len(c.Argv) == 0 {
		return nil, errors.New("no command given")
	}
	cmd := r.command(ctx, c)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = orBuffer(c.Stdout, &stdout), orBuffer(c.Stderr, &stderr)
	out := &Output{Start: time.Now()}
	err := runCommand(cmd, c)
	out.End = time.Now()
	if ctx.Err() != nil {
		if cmd.Process != nil {
			// What ignored SIGTERM, and its children, go now.
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		return nil, context.Cause(ctx)
	}
	out.Stdout, out.Stderr = stdout.Bytes(), stderr.Bytes()
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
	case errors.As(err, &exit):
		out.RC = exitCode(exit)
	default:
		return nil, err
	}
	return out, nil
}

// runCommand runs cmd to its end, on a terminal where c says so.
func runCommand(cmd *exec.Cmd, c Cmd) error {
	if c.TTY {
		return runOnTTY(cmd, c.Echo)
	}
	if err := startInTime(cmd.Start); err != nil {
		return err
	}
	awaitExit(cmd.Process.Pid)
	return cmd.Wait()
}

// startInTime calls start, which starts a command, on a thread whose timers are
// as exact as any other program's: the runner's own need not be.
func startInTime(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	exactTimers()
	return start()
}

func (r *Real) command(ctx context.Context, c Cmd) *exec.Cmd {
	argv := c.Argv
	if c.Umask != nil {
		// The umask belongs to the whole process here, so a shell sets it for
		// the child alone.
		argv = append([]string{"/bin/sh", "-c", fmt.Sprintf(`umask %04o; exec "$@"`, *c.Umask), "sh"}, argv...)
	}
	if path, err := r.LookPath(argv[0]); err == nil {
		argv = append([]string{path}, argv[1:]...)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Args[0] = c.Argv[0]
	if c.Umask != nil {
		cmd.Args[0] = argv[0]
	}
	cmd.Dir, cmd.Stdin = r.dir, c.Stdin
	if c.Dir != "" {
		cmd.Dir = r.at(c.Dir)
	}
	cmd.Env = os.Environ()
	if !c.KeepLocale {
		cmd.Env = append(cmd.Env, "LC_ALL=C", "LANG=C", "LANGUAGE=C")
	}
	cmd.Env = append(cmd.Env, c.Env...)
	cmd.SysProcAttr = childAttr()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = lingering
	return cmd
}

func orBuffer(w io.Writer, b *bytes.Buffer) io.Writer {
	if w != nil {
		return w
	}
	return b
}

// exitCode gives the exit code, or minus the number of the signal.
func exitCode(e *exec.ExitError) int {
	if ws, ok := e.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return -int(ws.Signal())
	}
	return e.ExitCode()
}
