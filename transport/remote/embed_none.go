//go:build !release

package remote

// embeddedRunners is empty outside of releases: the program itself serves.
func embeddedRunners() ([]*Runner, error) { return nil, nil }
