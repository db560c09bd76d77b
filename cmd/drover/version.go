package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// version is set by the linker in release builds.
var version = ""

func versionCommand() *command {
	return &command{
		name: "version", usage: "print the version",
		flags: func(*verbosity) []cli.Flag { return nil },
		run:   func(*cli.Context, int) (int, error) { return printVersion() },
	}
}

func printVersion() (int, error) {
	fmt.Printf("drover %s (%s, %s/%s), ansible-core 2.19 compatible\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK, nil
}

// buildVersion gives the release, or the commit a plain build was made of.
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	rev, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			rev = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	if rev == "" {
		return "devel"
	}
	return "devel-" + rev + dirty
}
