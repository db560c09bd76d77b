package keep

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLateTimers(t *testing.T) {
	runtime.LockOSThread() // whose timers are asked for
	defer runtime.UnlockOSThread()
	slack := func() int {
		t.Helper()
		ns, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return ns
	}
	usual := slack()
	err := withLateTimers(func() error {
		if got := slack(); got != keeperSlack {
			t.Errorf("a process is started with a slack of %d ns", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := slack(); got != usual {
		t.Errorf("afterwards the slack is %d ns, not %d", got, usual)
	}
}
