package target

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Real is the machine this process runs on.
type Real struct {
	users *users

	mu        sync.Mutex
	dialogues map[string]*dialogue // by argv
}

// NewReal gives the machine this process runs on.
func NewReal() *Real { return &Real{users: newUsers()} }

var _ Host = (*Real)(nil)

// sbin holds the folders that a login user's PATH often lacks.
var sbin = []string{"/sbin", "/usr/sbin", "/usr/local/sbin"}

// LookPath finds a program in PATH and the folders of system programs.
func (r *Real) LookPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil || strings.Contains(name, "/") {
		return path, err
	}
	for _, dir := range sbin {
		if p, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return p, nil
		}
	}
	return "", err
}

// Getenv reads the environment of this process.
func (r *Real) Getenv(name string) string { return os.Getenv(name) }

// Users gives the databases of users and groups.
func (r *Real) Users() Users { return r.users }

// Now gives the time.
func (r *Real) Now() time.Time { return time.Now() }

// Stat follows links.
func (r *Real) Stat(path string) (*Info, error) { return infoOf(os.Stat(path)) }

// Lstat does not follow a link.
func (r *Real) Lstat(path string) (*Info, error) { return infoOf(os.Lstat(path)) }

func infoOf(fi fs.FileInfo, err error) (*Info, error) {
	if err != nil {
		return nil, err
	}
	return newInfo(fi), nil
}

// Open opens a file for reading.
func (r *Real) Open(path string) (io.ReadCloser, error) { return os.Open(path) }

// ReadFile reads a whole file.
func (r *Real) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// ReadDir lists a folder, sorted by name.
func (r *Real) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }

// Readlink gives what a link points to, as written.
func (r *Real) Readlink(path string) (string, error) { return os.Readlink(path) }

// Append opens path for appending.
func (r *Real) Append(path string, mode fs.FileMode) (io.WriteCloser, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
}

// Overwrite empties path and writes it in place.
func (r *Real) Overwrite(path string) (io.WriteCloser, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
}

// Mkdir makes one folder.
func (r *Real) Mkdir(path string, mode fs.FileMode) error { return os.Mkdir(path, mode) }

// MkdirAll makes a folder and its parents.
func (r *Real) MkdirAll(path string, mode fs.FileMode) error { return os.MkdirAll(path, mode) }

// MkdirTemp makes a folder with a new name.
func (r *Real) MkdirTemp(dir, pattern string) (string, error) { return os.MkdirTemp(dir, pattern) }

// Remove removes a file or an empty folder.
func (r *Real) Remove(path string) error { return os.Remove(path) }

// RemoveAll removes path and all below it.
func (r *Real) RemoveAll(path string) error { return os.RemoveAll(path) }

// Rename moves from to to, replacing a file there.
func (r *Real) Rename(from, to string) error { return os.Rename(from, to) }

// Symlink makes path a link to to.
func (r *Real) Symlink(to, path string) error { return os.Symlink(to, path) }

// Link makes path another name of to.
func (r *Real) Link(to, path string) error { return os.Link(to, path) }

// Chmod sets the permission bits.
func (r *Real) Chmod(path string, mode fs.FileMode) error { return os.Chmod(path, mode) }

// Lchown changes the owner of path itself.
func (r *Real) Lchown(path string, uid, gid int) error { return os.Lchown(path, uid, gid) }

// Chown changes the owner of what path points to.
func (r *Real) Chown(path string, uid, gid int) error { return os.Chown(path, uid, gid) }

// Chtimes sets the times of access and modification.
func (r *Real) Chtimes(path string, atime, mtime time.Time) error {
	return os.Chtimes(path, atime, mtime)
}

// Touch sets both times to now.
func (r *Real) Touch(path string) error { return unix.Utimes(path, nil) }

// Access asks whether this process may do what the bits say.
func (r *Real) Access(path string, mode uint32) error { return unix.Access(path, mode) }

// EvalSymlinks gives the path with every link on it followed.
func (r *Real) EvalSymlinks(path string) (string, error) { return filepath.EvalSymlinks(path) }

// Create makes a file beside path that Commit moves there.
func (r *Real) Create(path string, mode fs.FileMode) (Replacement, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".ansible_tmp*"+filepath.Base(path))
	if err != nil {
		return nil, err
	}
	rep := &replacement{File: f, path: path}
	if err := rep.inherit(mode); err != nil {
		rep.Abort()
		return nil, err
	}
	return rep, nil
}

// replacement is a new file on its way to path.
type replacement struct {
	*os.File
	path string
	done bool
}

// inherit gives the new file the owner, mode and extended attributes of the
// one it will replace, or mode when there is none.
func (r *replacement) inherit(mode fs.FileMode) error {
	old, err := os.Lstat(r.path)
	if err != nil || !old.Mode().IsRegular() {
		return r.Chmod(mode)
	}
	info := newInfo(old)
	if info.UID != os.Geteuid() || info.GID != os.Getegid() {
		// Only root may give files away; the others keep what they can.
		if err := r.Chown(info.UID, info.GID); err != nil && os.Geteuid() == 0 {
			return err
		}
	}
	copyXattrs(r.path, r.Name())
	return r.Chmod(old.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky))
}

// Commit moves the file into place.
func (r *replacement) Commit() error {
	if err := r.Close(); err != nil {
		r.Abort()
		return err
	}
	if err := os.Rename(r.Name(), r.path); err != nil {
		r.Abort()
		return err
	}
	r.done = true
	return nil
}

// Abort removes the file unless it was committed.
func (r *replacement) Abort() error {
	if r.done {
		return nil
	}
	r.done = true
	r.Close()
	return os.Remove(r.Name())
}
