//go:build !linux

package main

// useHugePages does nothing: the system decides about its pages.
func useHugePages() {}
