// Package pty opens terminals for programs that want one.
package pty

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// Start starts a command on a terminal of its own, which is also its standard
// input and both its outputs. The caller reads and writes the other end, and
// closes it. Without echo the terminal does not repeat what is written to it.
func Start(cmd *exec.Cmd, echo bool) (*os.File, error) {
	master, slave, err := open()
	if err != nil {
		return nil, fmt.Errorf("no terminal to be had: %w", err)
	}
	defer slave.Close()
	if !echo {
		err = silence(int(slave.Fd()))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		master.Close()
		return nil, err
	}
	return master, nil
}

func open() (master, slave *os.File, err error) {
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

func silence(fd int) error {
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	mode.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(fd, unix.TCSETS, mode)
}

// Output reads a terminal, whose end is an input/output error, to its end.
type Output struct{ *os.File }

// Read implements io.Reader.
func (t Output) Read(p []byte) (int, error) {
	n, err := t.File.Read(p)
	if err != nil && n == 0 {
		err = io.EOF
	}
	return n, err
}
