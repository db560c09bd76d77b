package modules

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"drover/playbook/value"
)

// What copy reports is what Ansible's three halves of it do: a file that is
// written tells where it came from, one that is right tells of its properties
// as the file module does, and one that check mode would write only that.

// one makes dest equal to the only file of the source.
func (cp *copier) one(ctx context.Context, dest string) (*Result, error) {
	e := &cp.src.entries[0]
	done, err := cp.file(ctx, e, dest)
	if err != nil {
		return nil, cp.failure(err, e)
	}
	r := &cp.res
	if done.kept {
		r.NoPath = true
		return r.Set("dest", cp.a.Dest).Set("src", cp.label()), nil
	}
	if done.props == nil && cp.c.Check {
		return r, nil
	}
	if err := cp.src.sum(ctx, e); err != nil {
		return nil, err
	}
	if done.props != nil {
		if r.DiffList = !cp.c.Diff; cp.c.Diff {
			r.Diff = done.props.Diff("")
		}
		return r.Set("path", done.dest).Set("checksum", e.SHA1).Set("dest", done.dest), nil
	}
	written := done.dest
	if !strings.Contains(written, "/") {
		written = "./" + written // as Ansible names it once it is written
	}
	r.Set("dest", written).Set("src", done.temporary)
	cp.setSums(e, done.md5)
	return r, nil
}

// setSums puts what is known of the contents, and of those before them, into
// the result.
func (cp *copier) setSums(e *copyEntry, md5 string) {
	if md5 != "" {
		cp.res.Set("md5sum", md5)
	}
	cp.res.Set("checksum", e.SHA1)
	if cp.done.backup != "" {
		cp.res.Set("backup_file", cp.done.backup)
	}
}

// label names the source: given contents have none but where they go.
func (cp *copier) label() string {
	if cp.src.label == "" {
		return cp.a.Dest
	}
	return cp.src.label
}

// failure completes the failure to write a file with what was to be written.
func (cp *copier) failure(err error, e *copyEntry) error {
	var f *Error
	if !errors.As(err, &f) || cp.done == nil {
		return err
	}
	if f.Data == nil {
		f.Data = value.NewDict(2)
	}
	f.Data.Put("diff", diffValue(cp.res.Diff, true))
	if _, named := f.Data.Lookup("checksum"); !named && e.SHA1 != "" {
		f.Data.Put("checksum", value.Str(e.SHA1))
	}
	return err
}

// treeResult reports the copy of a folder of the controller: dest is what the
// task named, with a slash at its end.
func (cp *copier) treeResult() *Result {
	r := &cp.res
	r.NoPath, r.DiffList = true, len(r.Diff) > 0
	dest := cp.a.Dest
	if !strings.HasSuffix(cp.src.label, "/") {
		dest = filepath.Dir(filepath.Clean(dest)) // the action put the source's name behind it
	}
	return r.Set("dest", strings.TrimRight(dest, "/")+"/").Set("src", cp.src.label)
}

// singleOnHost copies one file of the host.
func (cp *copier) singleOnHost(ctx context.Context) (*Result, error) {
	e := &cp.src.entries[0]
	if err := cp.verify(e); err != nil {
		return nil, err
	}
	dest := cp.fileDest()
	r := &cp.res
	if dir := filepath.Dir(dest); cp.c.Check && strings.HasSuffix(cp.a.Dest, "/") && !isDir(cp.h, dir) {
		r.Changed, r.Msg = true, "dest directory "+dir+" would be created"
		return r.Set("src", cp.src.label), nil
	}
	done, err := cp.file(ctx, e, dest)
	if err != nil {
		return nil, err
	}
	if done.kept {
		return cp.keptOnHost(done.dest), nil
	}
	if done.md5 == "" {
		if done.md5, err = sumFile(cp.h, cp.src.label, "md5"); err != nil {
			return nil, Failf("Source %s not readable: %w", cp.src.label, reason(err))
		}
	}
	if props := done.props; props != nil && cp.c.Diff && props.After.Len() > 1 {
		r.Diff = props.Diff("")
	}
	r.DiffList = len(r.Diff) > 0
	r.Set("dest", done.dest).Set("src", cp.src.label)
	cp.setSums(e, done.md5)
	return r, nil
}

// keptOnHost reports that dest is there and was left alone.
func (cp *copier) keptOnHost(dest string) *Result {
	cp.res.Msg = "file already exists"
	return cp.res.Set("src", cp.a.Src).Set("dest", dest)
}
