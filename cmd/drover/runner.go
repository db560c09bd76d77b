package main

import (
	"context"
	"io"
	"os"

	"drover/modules"
	"drover/modules/runner"
	"drover/modules/target"
	"drover/transport"
	"drover/transport/keep"
	"drover/transport/remote"
)

// serveAsRunner turns this process into the runner when it was started as one
// on a host; it does not return then. It comes before everything else.
func serveAsRunner(args []string) {
	if len(args) > 1 && args[1] == remote.SelfArg {
		os.Exit(runner.Main(args[1:]))
	}
}

// serveAsKeeper turns this process into the keeper of connections when it was
// started as one by a run; it does not return then.
func serveAsKeeper(args []string) {
	if len(args) > 1 && args[1] == keep.Arg {
		os.Exit(keep.Main(args[2:]))
	}
}

// keepConnections makes the connections of d outlive the run, as ControlPersist
// says.
func keepConnections(d transport.Dialer, o transport.Options, dir string) transport.Dialer {
	self, err := os.Executable()
	if err != nil {
		return d
	}
	return keep.NewDialer(d, keep.Options{Options: o, Dir: dir, Start: []string{self}})
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
