package modules

import (
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

// entry makes one entry of the archive be there.
func (u *unpacking) entry(ctx context.Context, e *archived, open opener) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if e.mode&fs.ModeSymlink != 0 && u.leads(e) {
		u.outside = append(u.outside, e.dest)
	}
	info, err := u.h.Lstat(e.dest)
	if err != nil {
		info = nil
	}
	same := u.same(e, info)
	if same && !e.hard && e.mode.IsRegular() {
		if same, open, err = u.sameContents(e, open); err != nil {
			return Failf("the archive %s is damaged: %w", u.label, err)
		}
	}
	if same {
		return u.properties(ctx, e)
	}
	// As tar's comparison has it, a newer file that is kept differs all the same.
	u.changed = true
	if u.a.KeepNewer && info != nil && !info.IsDir() && info.ModTime.After(e.mod) {
		return nil
	}
	if u.c.Check {
		return nil
	}
	if err := u.make(ctx, e, info, open); err != nil {
		return err
	}
	u.unpacked = true
	if e.mode.IsDir() {
		u.dirs = append(u.dirs, e)
		return nil
	}
	return u.dress(ctx, e)
}

// leads reports whether a link points out of dest.
func (u *unpacking) leads(e *archived) bool {
	to := e.link
	if !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(e.dest), to)
	}
	return !inside(to, filepath.Clean(u.a.Dest))
}

// same reports whether what is there looks like what the archive has; the
// contents of files are for sameContents to compare.
func (u *unpacking) same(e *archived, i *target.Info) bool {
	switch {
	case i == nil:
		return false
	case e.hard:
		other, err := u.h.Lstat(e.link)
		return err == nil && other.Ino == i.Ino
	case e.mode.Type() != i.Mode.Type():
		return false
	case e.mode&fs.ModeSymlink != 0:
		to, err := u.h.Readlink(e.dest)
		return err == nil && to == e.link
	case e.mode.IsDir():
		return true
	}
	if e.size != i.Size || !sameTime(e.mod, i.ModTime) {
		return false
	}
	return u.asked() || e.mode.Perm() == i.Mode.Perm()
}

// sameTime allows for the two seconds that a zip archive's clock has.
func sameTime(a, b time.Time) bool {
	d := a.Sub(b)
	return -2*time.Second < d && d < 2*time.Second
}

// make puts the entry in place of whatever is there.
func (u *unpacking) make(ctx context.Context, e *archived, old *target.Info, open opener) error {
	if up := filepath.Dir(e.dest); !isDir(u.h, up) {
		if err := u.h.MkdirAll(up, fs.FileMode(0o777&^umask(u.h))); err != nil {
			return Failf("can't make the folder %s: %w", up, reason(err))
		}
	}
	if old != nil && old.IsDir() != e.mode.IsDir() {
		if err := u.h.Remove(e.dest); err != nil {
			return Failf("can't replace %s: %w", e.dest, reason(err))
		}
	}
	switch {
	case e.hard:
		return u.hard(e, old)
	case e.mode&fs.ModeSymlink != 0:
		return replaceLink(u.h, e.link, e.dest)
	case e.mode.IsDir():
		if isDir(u.h, e.dest) {
			return nil
		}
		if err := u.h.Mkdir(e.dest, 0o700); err != nil {
			return Failf("can't make the folder %s: %w", e.dest, reason(err))
		}
		return nil
	}
	in, err := open()
	if err != nil {
		return Failf("the archive %s is damaged: %w", u.label, err)
	}
	if c, ok := in.(io.Closer); ok {
		defer c.Close()
	}
	w := writing{Path: e.dest, Mode: 0o600, Unsafe: u.a.inPlace(u.h)}
	return w.write(ctx, u.h, func(to io.Writer) error {
		if _, err := io.Copy(to, in); err != nil {
			return Failf("could not unpack %s: %w", e.dest, err)
		}
		return nil
	})
}

func (u *unpacking) hard(e *archived, old *target.Info) error {
	if old != nil {
		if err := u.h.Remove(e.dest); err != nil {
			return Failf("can't replace %s: %w", e.dest, reason(err))
		}
	}
	if err := u.h.Link(e.link, e.dest); err != nil {
		return Failf("can't link %s to %s: %w", e.dest, e.link, reason(err))
	}
	return nil
}

// dress gives a new entry the archive's owner, mode and time, then what the
// user asked for.
func (u *unpacking) dress(ctx context.Context, e *archived) error {
	if u.sameOwner && e.uid >= 0 {
		uid, gid := u.owner(e)
		if err := u.h.Lchown(e.dest, uid, gid); err != nil {
			return Failf("can't set the owner of %s: %w", e.dest, reason(err))
		}
	}
	if e.mode&fs.ModeSymlink == 0 && !e.hard {
		perm := e.mode & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
		if err := u.h.Chmod(e.dest, perm); err != nil {
			return Failf("can't set the mode of %s: %w", e.dest, reason(err))
		}
		if err := u.h.Chtimes(e.dest, e.mod, e.mod); err != nil {
			return Failf("can't set the time of %s: %w", e.dest, reason(err))
		}
	}
	return u.properties(ctx, e)
}

// owner gives the numbers of an entry's owner on this host, by name first.
func (u *unpacking) owner(e *archived) (uid, gid int) {
	uid, gid = e.uid, e.gid
	if x, ok := u.h.Users().User(e.user); ok {
		uid = x.UID
	}
	if x, ok := u.h.Users().Group(e.group); ok {
		gid = x.GID
	}
	return uid, gid
}

// properties applies owner, group and mode of the arguments.
func (u *unpacking) properties(ctx context.Context, e *archived) error {
	fa := u.a.FileArgs
	if fa.Mode != nil && value.String(fa.Mode) == "preserve" {
		fa.Mode = nil
	}
	changed, err := fa.Apply(ctx, u.h, u.c, e.dest, nil)
	u.changed = u.changed || changed
	return err
}
