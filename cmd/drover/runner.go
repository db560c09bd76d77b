package main

import (
	"context"
	"io"
	"os"

	"drover/modules"
	"drover/modules/runner"
	"drover/modules/target"
	"drover/transport/remote"
)

// serveAsRunner turns this process into the runner when it was started as one
// on a host; it does not return then. It comes before everything else.
func serveAsRunner(args []string) {
	if len(args) > 1 && args[1] == remote.SelfArg {
		os.Exit(runner.Main(args[1:]))
	}
}

// serveLocal serves the calls to this machine inside this process, with dir as
// their working directory.
func serveLocal(ctx context.Context, dir string, in io.Reader, out io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return runner.Serve(ctx, in, out, runner.Options{
		Host: target.NewRealIn(dir), Dir: dir, Lookup: modules.Lookup, Detach: []string{self, remote.SelfArg},
	})
}
