package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// PutByShell is Put of a Conn by its Exec: it writes a file through cat, beside
// its place, and moves it there. It needs no SFTP, costs one round trip and is
// as fast.
func PutByShell(ctx context.Context, c Conn, t *Target, r io.Reader, file string, mode fs.FileMode) error {
	script := fmt.Sprintf(`t=%s/.drover-put-$$; umask 077; cat >"$t" && chmod %o "$t" && mv -f "$t" %s || { r=$?; rm -f "$t"; exit $r; }`,
		Quote(path.Dir(file)), mode.Perm(), Quote(file))
	return Script(ctx, c, t, script, r, io.Discard)
}

// GetByShell is Get of a Conn by its Exec.
func GetByShell(ctx context.Context, c Conn, t *Target, file string, w io.Writer) error {
	return Script(ctx, c, t, "cat <"+Quote(file), strings.NewReader(""), w)
}

// Script runs a POSIX shell script on the host with input and output, to its end;
// a failure is an error with what
// the script said.
func Script(ctx context.Context, c Conn, t *Target, script string, r io.Reader, w io.Writer) error {
	p, err := c.Exec(ctx, "/bin/sh -c "+Quote(script), ExecOptions{Bulk: true})
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = p.Kill() })()
	var said bytes.Buffer
	ends := make(chan error, 2)
	go func() { _, err := io.Copy(w, p.Stdout()); ends <- err }()
	go func() { _, err := io.Copy(&said, p.Stderr()); ends <- err }()
	_, sendErr := io.Copy(p.Stdin(), struct{ io.Reader }{r}) // in the pace of stdin's ReadFrom
	p.Stdin().Close()
	copyErr := errors.Join(<-ends, <-ends)
	code, err := p.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	case code != 0:
		return fmt.Errorf("%s: %s", t.name(), strings.TrimSpace(said.String()))
	case sendErr != nil && !errors.Is(sendErr, io.EOF):
		return fmt.Errorf("%s: %w", t.name(), sendErr)
	}
	return copyErr
}
