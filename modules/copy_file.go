package modules

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"

	"drover/modules/target"
	"drover/playbook/value"
)

// copied is what became of one file.
type copied struct {
	dest, md5, backup string
	temporary         string      // where it was written before it took its place
	kept              bool        // it was there, and force is off
	props             *Properties // of a file whose contents were right already
}

// file makes dest equal to an entry of the source.
func (cp *copier) file(ctx context.Context, e *copyEntry, dest string) (*copied, error) {
	old, isLink, err := cp.present(&dest)
	if err != nil {
		return nil, err
	}
	done := &copied{dest: dest}
	cp.done = done
	if old != nil && !cp.a.Force {
		done.kept = true
		return done, nil
	}
	replaced := old == nil || isLink || cp.differs(ctx, e, dest, old)
	if replaced {
		if err := cp.replace(ctx, e, old, done); err != nil {
			return nil, err
		}
		cp.res.Changed = true
		if cp.foretells() {
			return done, nil
		}
	}
	props := new(Properties)
	fa := cp.a.FileArgs
	if cp.a.RemoteSrc && !cp.src.tree && replaced && old != nil {
		fa = cp.likeSource(fa, e)
	}
	switch {
	case cp.a.RemoteSrc && cp.src.tree:
		fa = FileArgs{Owner: fa.Owner, Group: fa.Group}
		if replaced {
			fa.Mode = textOrNil(e.Mode)
		}
	case fa.Mode != nil && value.String(fa.Mode) == "preserve":
		fa.Mode = value.Str(e.Mode)
	}
	props.put("path", dest, dest)
	changed, err := fa.Apply(ctx, cp.h, cp.c, dest, props)
	cp.res.Changed = cp.res.Changed || changed
	if !replaced {
		done.props = props
	}
	return done, err
}

// likeSource completes the properties of a file that took the place of another
// one and came from the host itself: it is a copy with the source's mode, owned
// by who made it. Files from the controller keep what the old one had.
func (cp *copier) likeSource(fa FileArgs, e *copyEntry) FileArgs {
	me := cp.h.Users().Current()
	if fa.Mode == nil {
		fa.Mode = textOrNil(e.Mode)
	}
	if fa.Owner == "" {
		fa.Owner = strconv.Itoa(me.UID)
	}
	if fa.Group == "" {
		fa.Group = strconv.Itoa(me.GID)
	}
	return fa
}

// present tells what is at dest, which becomes the link's end with follow. A
// link that will be replaced counts as there.
func (cp *copier) present(dest *string) (old *target.Info, isLink bool, err error) {
	info, err := cp.look(*dest)
	if info == nil || info.Mode&fs.ModeSymlink == 0 {
		return info, false, err
	}
	if !cp.a.Follow {
		return info, true, nil
	}
	*dest = followLink(cp.h, *dest)
	info, err = cp.look(*dest)
	return info, false, err
}

// look gives what is at a path, nil for nothing.
func (cp *copier) look(path string) (*target.Info, error) {
	info, err := cp.h.Lstat(path)
	switch {
	case err == nil:
		return info, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	}
	return nil, Failf("Failed to get information on remote file (%s): %w", path, errnoText(err))
}

// followLink gives the end of a chain of links, which need not be there.
func followLink(h target.Host, path string) string {
	if p, err := h.EvalSymlinks(path); err == nil {
		return p
	}
	for range 40 {
		to, err := h.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return path
}

// differs compares sizes first, then checksums.
func (cp *copier) differs(ctx context.Context, e *copyEntry, dest string, old *target.Info) bool {
	if !old.Mode.IsRegular() || old.Size != e.Size || cp.src.sum(ctx, e) != nil {
		return true
	}
	sum, err := sumFile(cp.h, dest, "sha1")
	return err != nil || sum != e.SHA1
}

// replace reports the diff and, outside check mode, writes the file.
func (cp *copier) replace(ctx context.Context, e *copyEntry, old *target.Info, done *copied) error {
	var data []byte
	cp.res.DiffList = true
	small := e.Size <= maxDiff
	if small && (cp.c.Diff || !cp.c.Check) {
		var err error
		if data, err = cp.src.read(ctx, e); err != nil {
			return err
		}
	}
	if cp.c.Diff {
		cp.res.Diff = append(cp.res.Diff, cp.diff(e, old, done.dest, data))
	}
	if cp.foretells() {
		return nil
	}
	if err := cp.verify(e); err != nil {
		return err
	}
	if err := cp.parents(ctx, done.dest); err != nil || cp.c.Check {
		return err
	}
	if cp.a.Backup && old != nil {
		var err error
		if done.backup, err = backupFile(cp.h, done.dest); err != nil {
			return err
		}
	}
	w := writing{Path: done.dest, Validate: cp.a.Validate, Refused: cp.refused, Unsafe: cp.a.inPlace(cp.h)}
	return w.write(ctx, cp.h, func(to io.Writer) error { return cp.fill(ctx, e, data, small, to, done) })
}

// fill writes the contents and checks them on their way.
func (cp *copier) fill(ctx context.Context, e *copyEntry, data []byte, have bool, to io.Writer, done *copied) error {
	if f, ok := to.(interface{ Name() string }); ok {
		done.temporary = f.Name()
	}
	var from io.Reader = bytes.NewReader(data)
	if !have {
		in, err := cp.src.open(ctx, e)
		if err != nil {
			return err
		}
		defer in.Close()
		from = in
	}
	sum, digest := sha1.New(), md5.New()
	tee := []io.Writer{to, sum}
	if !cp.a.NoMD5 {
		tee = append(tee, digest)
	}
	n, err := io.Copy(io.MultiWriter(tee...), from)
	if err != nil {
		return Failf("could not write %s: %w", done.dest, err)
	}
	got := hex.EncodeToString(sum.Sum(nil))
	if e.SHA1 == "" && n == e.Size {
		e.SHA1 = got
	}
	if got != e.SHA1 {
		return FailWith(value.DictOf("checksum", got, "expected_checksum", e.SHA1),
			"Copied file does not match the expected checksum. Transfer failed. (Was %s being changed?)", cp.src.label)
	}
	if !cp.a.NoMD5 {
		done.md5 = hex.EncodeToString(digest.Sum(nil))
	}
	return nil
}

func (cp *copier) diff(e *copyEntry, old *target.Info, dest string, data []byte) Diff {
	var before []byte
	beforeHeader := ""
	if old != nil && old.Mode&fs.ModeSymlink != 0 {
		old, _ = cp.h.Stat(dest) // readers see the link's end
	}
	if old != nil && old.Mode.IsRegular() {
		beforeHeader = dest
		if old.Size > maxDiff {
			before = make([]byte, maxDiff+1)
		} else {
			before, _ = cp.h.ReadFile(dest)
		}
	}
	header := cp.src.label
	switch {
	case header == "":
		header = dest
	case cp.src.tree:
		header = filepath.Join(header, e.Path)
	}
	d := textDiff(before, data, beforeHeader, header)
	if e.Size > maxDiff {
		d.SrcLarger, d.After = maxDiff, ""
	}
	if d.DstBinary || d.DstLarger > 0 {
		d.BeforeHeader = "" // only text has a name
	}
	if d.SrcBinary || d.SrcLarger > 0 {
		d.AfterHeader = ""
	}
	return d
}

// copyNeeds names the blobs of the files that differ.
func copyNeeds(ctx context.Context, h target.Host, c *Call, a *copyArgs) []string {
	if a.RemoteSrc || a.Content != nil || c.Check && !c.Diff {
		return nil
	}
	src, err := a.source(h, c)
	if err != nil {
		return nil
	}
	cp := &copier{h: h, c: c, a: a, src: src}
	var ids []string
	for i := range src.entries {
		e := &src.entries[i]
		if e.Kind != "file" || e.SHA1 == "" {
			continue // what has no checksum yet is too large to be fetched ahead
		}
		dest := cp.fileDest()
		if src.tree {
			dest = filepath.Join(a.Dest, e.Path)
		}
		old, isLink, err := cp.present(&dest)
		if err == nil && (old == nil || a.Force && (isLink || cp.differs(ctx, e, dest, old))) {
			ids = append(ids, e.SHA1)
		}
	}
	return ids
}
