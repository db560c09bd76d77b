//go:build race

package test

// buildFlags build drover with the race detector when the tests have it.
var buildFlags = []string{"-race"}
