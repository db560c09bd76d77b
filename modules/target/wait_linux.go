package target

import (
	"os"

	"golang.org/x/sys/unix"
)

// awaitExit returns once the child process pid has ended, without keeping a
// thread until then; the child is still to be waited for. It returns at once
// where the kernel can't tell (before Linux 5.10).
func awaitExit(pid int) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	defer f.Close()
	if conn, err := f.SyscallConn(); err == nil {
		_ = conn.Read(hasExited)
	}
}

// hasExited says whether the process behind a pidfd has ended.
func hasExited(fd uintptr) bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return n != 0 || err != nil && err != unix.EINTR
}
