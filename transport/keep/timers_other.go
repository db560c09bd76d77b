//go:build !linux

package keep

// withLateTimers calls start: there is no way to have late timers here.
func withLateTimers(start func() error) error { return start() }
