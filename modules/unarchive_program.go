package modules

import (
	"context"
	"fmt"
	"io"
	"strings"

	"drover/modules/target"
)

// untarThrough unpacks a tar that a program of the host decompresses.
func (u *unpacking) untarThrough(ctx context.Context, program string, in io.Reader) error {
	if _, err := u.h.LookPath(program); err != nil {
		return Failf("the archive %s is compressed with %s, which is not on the host; install %s, or use gzip",
			u.label, program, program)
	}
	plain, stop := throughProgram(ctx, u.h, program, in)
	defer stop()
	if err := u.untar(ctx, plain); err != nil {
		return err
	}
	// What follows the tar's end tells whether the archive came whole.
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return Failf("the archive %s is damaged: %w", u.label, err)
	}
	return nil
}

// throughProgram decompresses a stream by a program of the host. The reader's
// last error is the program's; stop ends both before that.
func throughProgram(ctx context.Context, h target.Host, program string, in io.Reader) (plain io.Reader, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	go func() {
		out, err := h.Run(ctx, target.Cmd{Argv: []string{program, "-dc"}, Stdin: in, Stdout: w})
		if err == nil && out.RC != 0 {
			err = fmt.Errorf("%s: %s", program, strings.TrimSpace(string(out.Stderr)))
		}
		w.CloseWithError(err)
	}()
	return r, func() {
		cancel()
		r.Close()
	}
}
