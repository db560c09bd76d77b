package target

import (
	"io"
	"os"
	"os/exec"

	"drover/internal/pty"
)

// runOnTTY runs a command to its end as Cmd's TTY says: what its Stdin gives is
// typed, and its Stdout gets what the terminal shows.
func runOnTTY(cmd *exec.Cmd, echo bool) error {
	in, out := cmd.Stdin, cmd.Stdout
	var master *os.File
	err := startInTime(func() (err error) {
		master, err = pty.Start(cmd, echo)
		return err
	})
	if err != nil {
		return err
	}
	defer master.Close()
	if in != nil {
		go io.Copy(master, in)
	}
	shown := make(chan struct{})
	go func() {
		io.Copy(out, pty.Output{File: master})
		close(shown)
	}()
	err = cmd.Wait()
	// The end of the process that the terminal was given to is its end, also
	// for those that were left on it.
	<-shown
	return err
}
