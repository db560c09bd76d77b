package runner

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipeSize is what the pipes between sshd and the runner hold at most: with
// the usual 64 KiB a large file is a change of process for each packet.
const pipeSize = 1 << 20

// widen enlarges the pipes that the runner was given, where it may.
func widen(files ...*os.File) {
	for _, f := range files {
		_, _ = unix.FcntlInt(f.Fd(), unix.F_SETPIPE_SZ, pipeSize)
	}
}
