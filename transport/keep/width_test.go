package keep

import (
	"bytes"
	"runtime"
	"testing"
)

func TestWidth(t *testing.T) {
	runtime.SetDefaultGOMAXPROCS()
	defer runtime.SetDefaultGOMAXPROCS()
	all := runtime.GOMAXPROCS(0)
	var w width
	want := func(when string, processors int) {
		t.Helper()
		if got := runtime.GOMAXPROCS(0); got != processors {
			t.Errorf("%s there are %d processors, want %d", when, got, processors)
		}
	}
	w.narrow()
	want("narrowed", 1)
	var sent bytes.Buffer
	out := w.watch(&sent)
	for _, step := range []struct {
		when       string
		processors int
	}{{"after little", 1}, {"after much", all}} {
		if n, err := out.Write(make([]byte, narrowStream)); n != narrowStream || err != nil {
			t.Fatal(n, err)
		}
		want(step.when, step.processors)
	}
	w.narrow()
	want("narrowed again", 1)
	w.widen()
	want("widened", all)
}
