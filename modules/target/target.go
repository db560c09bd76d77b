// Package target is the machine as modules see it: files, commands, users.
// Real is the machine the process runs on; Fake is one in memory for tests.
// It is a leaf: it imports nothing of drover.
package target

import (
	"context"
	"io"
	"io/fs"
	"os"
	"time"
)

// Host is a machine. It is safe for concurrent use. Paths are absolute, or
// relative to the working directory of the runner (the user's home).
type Host interface {
	Files
	// Run runs a command to its end. A command that exits non-zero is no
	// error: the error means that it could not be started or waited for.
	Run(ctx context.Context, cmd Cmd) (*Output, error)
	// Ask puts a line to a program that answers each line with a line, and is
	// kept for further questions where the host can. A question of more than
	// one line and a program that ends without an answer are errors.
	Ask(ctx context.Context, argv []string, line string) (string, error)
	// LookPath finds a program in PATH, /sbin, /usr/sbin and /usr/local/sbin.
	LookPath(name string) (string, error)
	// Getenv reads the runner's environment.
	Getenv(name string) string
	// Users gives the databases of users and groups.
	Users() Users
	Now() time.Time
}

// Cmd is a command to run: argv, never a line for a shell.
type Cmd struct {
	Argv  []string
	Dir   string
	Env   []string // KEY=value, added to the runner's environment and LC_ALL=C
	Stdin io.Reader
	// KeepLocale leaves LC_ALL and LANG alone (the user's own commands).
	KeepLocale bool
	// TTY runs it on a terminal of its own: Stdin is typed there, and Stdout
	// gets what both outputs show. Echo makes the terminal show what is typed.
	TTY, Echo bool
	// Umask, when not nil, is set for the command.
	Umask *int
	// Stdout and Stderr, when set, get the output as it comes; Output then
	// holds none of it.
	Stdout, Stderr io.Writer
}

// Output is how a command ended.
type Output struct {
	Stdout, Stderr []byte
	RC             int // exit code, or minus the signal's number
	Start, End     time.Time
}

// Files are the file operations of a host.
type Files interface {
	Stat(path string) (*Info, error)
	Lstat(path string) (*Info, error)
	Open(path string) (io.ReadCloser, error)
	ReadFile(path string) ([]byte, error)
	ReadDir(path string) ([]fs.DirEntry, error)
	Readlink(path string) (string, error)
	// Create makes a new file beside path for an atomic replacement.
	Create(path string, mode fs.FileMode) (Replacement, error)
	// Append opens path for appending, making it when it is not there.
	Append(path string, mode fs.FileMode) (io.WriteCloser, error)
	// Overwrite empties path and writes it in place, for mount points and
	// folders that allow no replacement. It is not atomic.
	Overwrite(path string) (io.WriteCloser, error)
	Mkdir(path string, mode fs.FileMode) error
	MkdirAll(path string, mode fs.FileMode) error
	MkdirTemp(dir, pattern string) (string, error)
	Remove(path string) error
	RemoveAll(path string) error
	Rename(from, to string) error
	Symlink(to, path string) error
	Link(to, path string) error
	Chmod(path string, mode fs.FileMode) error
	// Lchown changes the owner of path itself, not of what a link points to;
	// -1 leaves one alone.
	Lchown(path string, uid, gid int) error
	Chown(path string, uid, gid int) error
	Chtimes(path string, atime, mtime time.Time) error
	// Touch sets both times to now, which takes no more than the right to
	// write.
	Touch(path string) error
	Access(path string, mode uint32) error // unix access(2) bits
	// Attributes gives lsattr's letters, "" where the file system has none.
	Attributes(path string) (string, error)
	// Version gives the inode's generation number as lsattr -v prints it, ""
	// where the file system has none.
	Version(path string) (string, error)
	// SetAttributes makes lsattr's letters of path exactly these.
	SetAttributes(path, letters string) error
	EvalSymlinks(path string) (string, error)
	// FileSystem tells the size of the file system that holds path. It waits
	// as long as that takes to answer.
	FileSystem(path string) (FileSystem, error)
}

// FileSystem is how large and how full a file system is, in the words of
// statvfs(3).
type FileSystem struct {
	Fragment, BlockSize     int64 // bytes
	Blocks, Free, Available int64 // in fragments; Available is for users
	Inodes, InodesFree      int64
}

// Replacement is a file being written that takes path's place at once on
// Commit (with path's owner, mode and attributes unless changed on it before),
// or vanishes on Abort. Abort after Commit does nothing.
type Replacement interface {
	io.Writer
	Name() string // where it is being written, for validate commands
	Commit() error
	Abort() error
}

// Info is what stat tells.
type Info struct {
	Name                      string
	Size                      int64
	Mode                      fs.FileMode
	ModTime, AccTime, ChgTime time.Time
	UID, GID                  int
	Dev, Ino, Nlink           uint64
	Rdev                      uint64
	Blocks, BlockSize         int64
}

// IsDir reports whether it is a directory.
func (i *Info) IsDir() bool { return i.Mode.IsDir() }

// Perm gives the twelve permission bits as a number (0o4755).
func (i *Info) Perm() uint32 {
	p := uint32(i.Mode.Perm())
	for bit, m := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if i.Mode&m != 0 {
			p |= bit
		}
	}
	return p
}

// FileMode turns twelve permission bits into Go's mode.
func FileMode(perm uint32) os.FileMode {
	m := os.FileMode(perm & 0o777)
	for bit, f := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if perm&bit != 0 {
			m |= f
		}
	}
	return m
}

// User and Group are entries of the host's databases.
type (
	User struct {
		Name, Password, Gecos, Home, Shell string
		UID, GID                           int
	}
	Group struct {
		Name    string
		GID     int
		Members []string
	}
)

// Users looks users and groups up; a miss is ok=false.
type Users interface {
	User(name string) (User, bool)
	UserID(uid int) (User, bool)
	Group(name string) (Group, bool)
	GroupID(gid int) (Group, bool)
	AllUsers() []User
	AllGroups() []Group
	Current() User
}
