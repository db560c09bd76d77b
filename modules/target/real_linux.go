package target

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// childAttr puts a command into a process group of its own, which can be
// killed as a whole; the kernel kills it when this process dies, however.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// usualSlack is how late the kernel may let a timer go off unless it is told
// otherwise, in nanoseconds (PR_SET_TIMERSLACK in prctl(2)).
const usualSlack = 50_000

// exactTimers gives the thread, and what it starts, timers as exact as usual.
func exactTimers() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, unix.PR_SET_TIMERSLACK, usualSlack, 0)
}

func newInfo(fi fs.FileInfo) *Info {
	i := &Info{Name: fi.Name(), Size: fi.Size(), Mode: fi.Mode(), ModTime: fi.ModTime()}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return i
	}
	i.AccTime = time.Unix(st.Atim.Unix())
	i.ChgTime = time.Unix(st.Ctim.Unix())
	i.UID, i.GID = int(st.Uid), int(st.Gid)
	i.Dev, i.Ino, i.Nlink = uint64(st.Dev), st.Ino, uint64(st.Nlink)
	i.Rdev, i.Blocks, i.BlockSize = uint64(st.Rdev), st.Blocks, int64(st.Blksize)
	return i
}

// flagLetters are the inode flags in lsattr's order.
var flagLetters = []struct {
	letter byte
	bit    uint32
}{
	{'s', 0x1}, {'u', 0x2}, {'S', 0x8}, {'D', 0x10000}, {'i', 0x10}, {'a', 0x20},
	{'d', 0x40}, {'A', 0x80}, {'c', 0x4}, {'E', 0x800}, {'j', 0x4000}, {'I', 0x1000},
	{'t', 0x8000}, {'T', 0x20000}, {'e', 0x80000}, {'C', 0x800000}, {'x', 0x2000000},
	{'F', 0x40000000}, {'N', 0x10000000}, {'P', 0x20000000}, {'V', 0x100000}, {'m', 0x400},
}

// Attributes gives lsattr's letters.
func (r *Real) Attributes(path string) (string, error) {
	flags, err := inodeCall(r.at(path), unix.FS_IOC_GETFLAGS)
	if err != nil {
		return "", notSupported(err)
	}
	var b strings.Builder
	for _, f := range flagLetters {
		if flags&f.bit != 0 {
			b.WriteByte(f.letter)
		}
	}
	return b.String(), nil
}

// Version gives the inode's generation number.
func (r *Real) Version(path string) (string, error) {
	n, err := inodeCall(r.at(path), fsIocGetVersion)
	if err != nil {
		return "", notSupported(err)
	}
	return strconv.FormatUint(uint64(n), 10), nil
}

// SetAttributes makes the inode's flags exactly these letters; the flags that
// only the file system itself may change stay.
func (r *Real) SetAttributes(path, letters string) error {
	var want, known uint32
	for _, f := range flagLetters {
		known |= f.bit
		if strings.IndexByte(letters, f.letter) >= 0 {
			want |= f.bit
		}
	}
	f, err := os.Open(r.at(path))
	if err != nil {
		return err
	}
	defer f.Close()
	now, err := unix.IoctlGetUint32(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil {
		return fmt.Errorf("read attributes of %s: %w", path, err)
	}
	if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, int(now&^known|want)); err != nil {
		return fmt.Errorf("set attributes of %s: %w", path, err)
	}
	return nil
}

// fsIocGetVersion is FS_IOC_GETVERSION on 64-bit Linux (x/sys lacks it).
const fsIocGetVersion = 0x80087601

// inodeCall asks an ioctl that answers with a number about a file or folder;
// anything else (a device, a pipe) must not be opened for it.
func inodeCall(path string, req uint) (uint32, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return 0, err
	}
	if !fi.Mode().IsRegular() && !fi.IsDir() {
		return 0, unix.ENOTTY
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return unix.IoctlGetUint32(fd, req)
}

func notSupported(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// copyXattrs copies what it may of the extended attributes (ACLs, SELinux
// labels, capabilities are left to chmod's and the kernel's rules).
func copyXattrs(from, to string) {
	buf := make([]byte, 4096)
	n, err := unix.Llistxattr(from, buf)
	if err != nil || n == 0 {
		return
	}
	val := make([]byte, 64*1024)
	for name := range strings.SplitSeq(strings.TrimRight(string(buf[:n]), "\x00"), "\x00") {
		if name == "security.capability" {
			continue // belongs to the old contents
		}
		if m, err := unix.Lgetxattr(from, name, val); err == nil {
			// A label the policy refuses is as good as one not there.
			_ = unix.Lsetxattr(to, name, val[:m], 0)
		}
	}
}

// FileSystem asks the kernel.
func (r *Real) FileSystem(path string) (FileSystem, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(r.at(path), &s); err != nil {
		return FileSystem{}, &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	return FileSystem{
		Fragment: int64(cmp.Or(s.Frsize, s.Bsize)), BlockSize: int64(s.Bsize),
		Blocks: int64(s.Blocks), Free: int64(s.Bfree), Available: int64(s.Bavail),
		Inodes: int64(s.Files), InodesFree: int64(s.Ffree),
	}, nil
}
