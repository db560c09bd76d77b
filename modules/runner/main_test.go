package runner

import (
	"os"
	"testing"

	"drover/transport/wire"
)

func TestRestoreEnv(t *testing.T) {
	for _, c := range []struct{ name, was, want string }{{"unset", "", ""}, {"of the login", "3", "3"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("GOMAXPROCS", "1")
			t.Setenv(wire.ProcessorsEnv, c.was)
			restoreEnv()
			if got := os.Getenv("GOMAXPROCS"); got != c.want {
				t.Errorf("GOMAXPROCS is %q, want %q", got, c.want)
			}
			if _, left := os.LookupEnv(wire.ProcessorsEnv); left {
				t.Errorf("%s is left", wire.ProcessorsEnv)
			}
		})
	}
	t.Run("not started by the line", func(t *testing.T) {
		t.Setenv("GOMAXPROCS", "2")
		if restoreEnv(); os.Getenv("GOMAXPROCS") != "2" {
			t.Error("GOMAXPROCS was changed")
		}
	})
}
