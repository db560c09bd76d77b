package runner

import (
	"sync"
	"testing"
)

// Work that waits for other work must not wait for its goroutine.
func TestWorkersGoBeside(t *testing.T) {
	w := newWorkers(t.Context())
	const n = 20
	var all, met sync.WaitGroup
	met.Add(n)
	for range n {
		all.Add(1)
		w.do(func() {
			defer all.Done()
			met.Done()
			met.Wait()
		})
	}
	all.Wait()
	done := make(chan struct{})
	w.do(func() { close(done) })
	<-done
}
