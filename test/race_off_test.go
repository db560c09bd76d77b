//go:build !race

package test

// buildFlags build drover as users get it.
var buildFlags []string
