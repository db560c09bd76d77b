package modules

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"drover/modules/target"
	"drover/playbook/value"
)

// writing says how a file's contents are replaced.
type writing struct {
	Path     string
	Mode     fs.FileMode // of a new file; 0 means 0666 less the umask
	Validate string      // command with %s that must accept the new file first
	Refused  string      // message when that command does not, "" for the usual one
	Unsafe   bool        // write in place when the file can't be replaced
}

// write puts what fill writes into the file, atomically: at no time is there
// half of it under the path.
func (w writing) write(ctx context.Context, h target.Host, fill func(io.Writer) error) error {
	if w.Validate != "" && !strings.Contains(w.Validate, "%s") {
		return Failf("validate must contain %%s: %s", w.Validate)
	}
	mode := w.Mode
	if mode == 0 {
		mode = target.FileMode(0o666 &^ umask(h))
	}
	rep, err := h.Create(w.Path, mode)
	if err != nil {
		if w.Unsafe {
			return w.inPlace(h, fill)
		}
		return w.failed(err)
	}
	defer rep.Abort()
	if err := fill(rep); err != nil {
		return err
	}
	if err := w.validate(ctx, h, rep.Name()); err != nil {
		return err
	}
	if err := rep.Commit(); err != nil {
		if w.Unsafe {
			return w.inPlace(h, fill)
		}
		return w.failed(err)
	}
	return nil
}

// writeBytes is write for contents at hand.
func (w writing) writeBytes(ctx context.Context, h target.Host, data []byte) error {
	return w.write(ctx, h, func(to io.Writer) error {
		_, err := to.Write(data)
		return err
	})
}

func (w writing) failed(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Failf("Destination %s not writable: %w", filepath.Dir(w.Path), reason(err))
	case errors.Is(err, syscall.EBUSY):
		return Failf("%s can't be replaced, since it is a mount point: set unsafe_writes to write it in place: %w", w.Path, err)
	}
	return Failf("could not write %s: %w", w.Path, err)
}

func (w writing) inPlace(h target.Host, fill func(io.Writer) error) error {
	f, err := h.Overwrite(w.Path)
	if err != nil {
		return w.failed(err)
	}
	if err := fill(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// validate runs the user's command on the new contents.
func (w writing) validate(ctx context.Context, h target.Host, name string) error {
	if w.Validate == "" {
		return nil
	}
	argv, err := SplitWords(w.Validate)
	if err != nil {
		return Failf("validate: %w", err)
	}
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "%s", name)
	}
	out, err := h.Run(ctx, target.Cmd{Argv: argv})
	if err != nil {
		return Failf("validate: %w", err)
	}
	if out.RC != 0 {
		data := value.DictOf("exit_status", out.RC, "stdout", string(out.Stdout), "stderr", string(out.Stderr))
		if w.Refused != "" {
			return FailWith(data, "%s", w.Refused)
		}
		return FailWith(data, "failed to validate: rc:%d error:%s", out.RC, strings.TrimSpace(string(out.Stderr)))
	}
	return nil
}

// backupFile copies a file beside itself under a name with the time, keeping
// mode, owner and times. It gives "" when there is no file.
func backupFile(h target.Host, path string) (string, error) {
	info, err := h.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", Failf("could not make backup of %s: %w", path, reason(err))
	}
	dest := fmt.Sprintf("%s.%d.%s", path, os.Getpid(), h.Now().Format("2006-01-02@15:04:05~"))
	if err := cloneFile(h, path, dest, info); err != nil {
		return "", Failf("could not make backup of %s to %s: %w", path, dest, err)
	}
	return dest, nil
}

// cloneFile copies contents, owner, mode and times of a file.
func cloneFile(h target.Host, from, to string, info *target.Info) error {
	src, err := h.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	rep, err := h.Create(to, info.Mode.Perm())
	if err != nil {
		return err
	}
	defer rep.Abort()
	if _, err := io.Copy(rep, src); err != nil {
		return err
	}
	// Without root the copy belongs to whoever makes it.
	if err := h.Chown(rep.Name(), info.UID, info.GID); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if err := h.Chmod(rep.Name(), target.FileMode(info.Perm())); err != nil {
		return err
	}
	if err := rep.Commit(); err != nil {
		return err
	}
	return h.Chtimes(to, info.AccTime, info.ModTime)
}

// sha1Hex gives the SHA-1 of data in hex.
func sha1Hex(data []byte) string {
	sum := sha1.Sum(data)
	return hex.EncodeToString(sum[:])
}

// maxDiff is the size from which contents are not shown in a diff.
const maxDiff = 104448

// textDiff gives the diff of two contents, which may be left out because they
// are large or binary.
func textDiff(before, after []byte, beforeHeader, afterHeader string) Diff {
	d := Diff{BeforeHeader: beforeHeader, AfterHeader: afterHeader}
	switch {
	case len(before) > maxDiff:
		d.DstLarger = maxDiff
	case bytes.IndexByte(before, 0) >= 0:
		d.DstBinary = true
	default:
		d.Before = string(before)
	}
	switch {
	case len(after) > maxDiff:
		d.SrcLarger = maxDiff
	case bytes.IndexByte(after, 0) >= 0:
		d.SrcBinary = true
	default:
		d.After = string(after)
	}
	return d
}
