package target

import (
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A child's timers are as exact as any program's, whatever the runner's are.
func TestChildHasExactTimers(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer exactTimers()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 4_000_000, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	out, err := NewReal().Run(t.Context(), Cmd{Argv: []string{"cat", "/proc/self/timerslack_ns"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out.Stdout)); got != "50000" {
		t.Errorf("the child's timer slack is %s ns, want 50000", got)
	}
}
