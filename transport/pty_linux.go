package transport

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// startOnTTY runs a command on a terminal of its own, for programs that read
// a password from nothing else.
func startOnTTY(t *Target, cmd *exec.Cmd) (Process, error) {
	master, slave, err := openTTY()
	if err != nil {
		return nil, t.fault(PhaseExec, fmt.Errorf("no terminal to be had: %w", err), "")
	}
	defer slave.Close()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if err := cmd.Start(); err != nil {
		master.Close()
		return nil, t.fault(PhaseExec, err, "")
	}
	return &localProcess{cmd: cmd, in: master, out: ttyOutput{master}, said: io.NopCloser(strings.NewReader(""))}, nil
}

func openTTY() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(master.Fd())
	err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	var n int
	if err == nil {
		n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		master.Close()
		return nil, nil, err
	}
	return master, slave, nil
}

// ttyOutput reads a terminal whose end is an input/output error.
type ttyOutput struct{ *os.File }

func (t ttyOutput) Read(p []byte) (int, error) {
	n, err := t.File.Read(p)
	if err != nil && n == 0 {
		err = io.EOF
	}
	return n, err
}
