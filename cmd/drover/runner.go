package main

import (
	"os"

	"drover/transport/remote"
)

// serveAsRunner turns this process into the runner when it was started as one
// on a host; it does not return then. It comes before everything else.
func serveAsRunner(args []string) {
	if len(args) > 1 && args[1] == remote.SelfArg {
		os.Exit(serveRunner(args[2:]))
	}
}
