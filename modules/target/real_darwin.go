package target

import (
	"errors"
	"io/fs"
	"syscall"
	"time"
)

// childAttr puts a command into a process group of its own, which can be
// killed as a whole.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// exactTimers does nothing: the runner's timers are as exact as any here.
func exactTimers() {}

// awaitExit does nothing: waiting for a child keeps a thread here.
func awaitExit(pid int) {}

func newInfo(fi fs.FileInfo) *Info {
	i := &Info{Name: fi.Name(), Size: fi.Size(), Mode: fi.Mode(), ModTime: fi.ModTime()}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return i
	}
	i.AccTime = time.Unix(st.Atimespec.Unix())
	i.ChgTime = time.Unix(st.Ctimespec.Unix())
	i.UID, i.GID = int(st.Uid), int(st.Gid)
	i.Dev, i.Ino, i.Nlink = uint64(st.Dev), st.Ino, uint64(st.Nlink)
	i.Rdev, i.Blocks, i.BlockSize = uint64(st.Rdev), st.Blocks, int64(st.Blksize)
	return i
}

// Attributes gives "": there is no lsattr here.
func (r *Real) Attributes(string) (string, error) { return "", nil }

// Version gives "": there is no lsattr here.
func (r *Real) Version(string) (string, error) { return "", nil }

// SetAttributes fails: there is no chattr here.
func (r *Real) SetAttributes(string, string) error {
	return errors.New("file attributes can only be set on Linux")
}

// FileSystem has no answer here.
func (r *Real) FileSystem(string) (FileSystem, error) {
	return FileSystem{}, errors.ErrUnsupported
}

func copyXattrs(string, string) {}
