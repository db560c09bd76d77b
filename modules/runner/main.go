package runner

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"

	"golang.org/x/term"

	"drover/modules"
	"drover/modules/target"
	"drover/transport/wire"
)

// Main is the program on the host: it serves drover's modules on the standard
// streams until the input ends, or runs a detached job, and gives the exit
// code. args are those after the program's name.
func Main(args []string) int { return MainWith(args, modules.Lookup) }

// MainWith is Main with other modules.
func MainWith(args []string, lookup func(name string) (modules.Module, bool)) int {
	restoreEnv()
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	detached := len(args) > 0 && args[len(args)-1] == AsyncArg
	o := Options{Host: target.NewReal(), Lookup: lookup, Detach: append([]string{self}, args...)}
	if detached {
		return exitCode(runJob(os.Stdin, o))
	}
	// Most runs end before 8 MiB were allocated, and so without a collection;
	// what it saves is a tenth of the host's time for a playbook.
	debug.SetGCPercent(200)
	o.Long = startNarrow()
	leaveLostFolder()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// A write to a controller that has gone is an error, not the end of us: the
	// calls' processes have to be killed first. The signal is caught and not
	// ignored, because what is ignored is so for the commands too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	widen(os.Stdin, os.Stdout)
	in, out := streams()
	return exitCode(Serve(ctx, in, out, o))
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "drover-runner:", err)
	return 1
}

// restoreEnv takes out of the environment what the line that started the runner
// put there for the start alone: the programs of the tasks shall not see it.
func restoreEnv() {
	was, ours := os.LookupEnv(wire.ProcessorsEnv)
	if !ours {
		return
	}
	_ = os.Unsetenv(wire.ProcessorsEnv)
	if was == "" {
		_ = os.Unsetenv("GOMAXPROCS")
	} else {
		_ = os.Setenv("GOMAXPROCS", was)
	}
}

// startNarrow keeps the process to one processor, and gives what ends that: a
// short call is a chain of waits, where a second processor is only woken up
// for nothing. Twenty commands cost a host a tenth less time this way.
func startNarrow() (widen func()) {
	runtime.GOMAXPROCS(1)
	return sync.OnceFunc(runtime.SetDefaultGOMAXPROCS)
}

// leaveLostFolder changes to a folder that is there and may be entered: after
// becoming another user the login user's home often may not be.
func leaveLostFolder() {
	if wd, err := os.Getwd(); err == nil {
		if _, err := os.Stat(wd + "/."); err == nil {
			return
		}
	}
	if home, err := os.UserHomeDir(); err == nil && os.Chdir(home) == nil {
		return
	}
	_ = os.Chdir("/")
}

// streams gives the input and the output for frames. Where a become program was
// given a terminal, the terminal passes bytes on as they are. Nothing of pipes
// and sockets keeps a thread, and with it the only processor, while it waits.
func streams() (io.Reader, io.Writer) {
	in, out := int(os.Stdin.Fd()), int(os.Stdout.Fd())
	if term.IsTerminal(in) {
		// Without it the frames are mangled, which the other side notices.
		_, _ = term.MakeRaw(in)
		return os.Stdin, os.Stdout
	}
	for _, fd := range []int{in, out} {
		if syscall.SetNonblock(fd, true) != nil {
			_ = syscall.SetNonblock(in, false)
			return os.Stdin, os.Stdout
		}
	}
	return os.NewFile(uintptr(in), "stdin"), os.NewFile(uintptr(out), "stdout")
}
