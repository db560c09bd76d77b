package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// profileEnv names a folder for profiles of the run, cpu.pprof and heap.pprof,
// to read with "go tool pprof" (see docs/BENCHMARKS.md).
const profileEnv = "DROVER_PPROF"

// profile starts to record where the time goes, if somebody asked for it; the
// function it gives ends that. A profile that can't be written is no reason to
// fail a run.
func profile(dir string) (stop func()) {
	if dir == "" {
		return func() {}
	}
	warn := func(err error) { fmt.Fprintf(os.Stderr, "drover: %s: %v\n", profileEnv, err) }
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		warn(err)
		return func() {}
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		warn(err)
	}
	return func() {
		pprof.StopCPUProfile()
		if err := cpu.Close(); err != nil {
			warn(err)
		}
		if err := writeHeap(filepath.Join(dir, "heap.pprof")); err != nil {
			warn(err)
		}
	}
}

func writeHeap(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	runtime.GC()
	return pprof.WriteHeapProfile(f)
}
