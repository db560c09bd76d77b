package keep

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// keeperSlack is how late the timers of a keeper, and of what it starts, may go
// off, in nanoseconds: it waits for messages, and for seconds to pass. While it
// works, a Go program has a thread that looks around every 20 µs, which took a
// tenth of a keeper's time.
const keeperSlack = 4_000_000

// withLateTimers calls start, which starts a process that is to have late timers.
func withLateTimers(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, keeperSlack, 0, 0, 0)
	defer unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // the thread's usual one
	return start()
}
