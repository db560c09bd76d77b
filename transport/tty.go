package transport

import (
	"io"
	"os/exec"
	"strings"

	"drover/internal/pty"
)

// startOnTTY runs a command on a terminal of its own, for programs that read
// a password from nothing else.
func startOnTTY(t *Target, cmd *exec.Cmd) (Process, error) {
	master, err := pty.Start(cmd, true)
	if err != nil {
		return nil, t.fault(PhaseExec, err, "use sudo instead of su (ansible_become_method) where the system has no terminals to give")
	}
	return &localProcess{cmd: cmd, in: master, out: pty.Output{File: master}, said: io.NopCloser(strings.NewReader(""))}, nil
}
