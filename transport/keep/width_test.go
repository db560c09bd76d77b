package keep

import (
	"bytes"
	"runtime"
	"testing"
)

func TestWidth(t *testing.T) {
	if runtime.NumCPU() == 1 {
		t.Skip("there is one processor only")
	}
	defer runtime.SetDefaultGOMAXPROCS()
	var w width
	want := func(when string, wide bool) {
		t.Helper()
		if got := runtime.GOMAXPROCS(0) > 1; got != wide {
			t.Errorf("%s: more than one processor is %v", when, got)
		}
	}
	w.narrow()
	want("narrowed", false)
	var sent bytes.Buffer
	out := w.watch(&sent)
	for range 2 {
		if n, err := out.Write(make([]byte, narrowStream)); n != narrowStream || err != nil {
			t.Fatal(n, err)
		}
		if sent.Len() == narrowStream {
			want("after little", false)
		}
	}
	want("after much", true)
	w.narrow()
	want("narrowed again", false)
	w.widen()
	want("widened", true)
}
