package keep

import (
	"os/exec"
	"strings"
	"testing"
)

func TestLateTimers(t *testing.T) {
	slack := func(late bool) string {
		var out strings.Builder
		cmd := exec.Command("cat", "/proc/self/timerslack_ns")
		cmd.Stdout = &out
		start := cmd.Start
		if late {
			start = func() error { return withLateTimers(cmd.Start) }
		}
		if err := start(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Skip("the kernel tells nothing about timers: ", err)
		}
		return strings.TrimSpace(out.String())
	}
	usual := slack(false)
	if got := slack(true); got != "4000000" {
		t.Errorf("the process has a slack of %s ns", got)
	}
	if got := slack(false); got != usual {
		t.Errorf("the next process has a slack of %s ns, not %s", got, usual)
	}
}
