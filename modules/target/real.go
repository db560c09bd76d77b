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
	dir   string // where relative paths start; "": the process's working directory

	mu        sync.Mutex
	dialogues map[string]*dialogue // by argv
}

// NewReal gives the machine this process runs on.
func NewReal() *Real { return NewRealIn("") }

// NewRealIn gives the machine this process runs on, with dir as the working
// directory of all that is done there; "" leaves it at the process's own.
func NewRealIn(dir string) *Real { return &Real{users: newUsers(), dir: dir} }

// at gives a path as this process has to name it. What the path itself says
// ("..", a slash at its end) stays as it is.
func (r *Real) at(path string) string {
	if r.dir == "" || path == "" || filepath.IsAbs(path) {
		return path
	}
	return r.dir + "/" + path
}

var _ Host = (*Real)(nil)

// sbin holds the folders that a login user's PATH often lacks.
var sbin = []string{"/sbin", "/usr/sbin", "/usr/local/sbin"}

// LookPath finds a program in PATH and the folders of system programs.
func (r *Real) LookPath(name string) (string, error) {
	if strings.Contains(name, "/") {
		return exec.LookPath(r.at(name))
	}
	path, err := exec.LookPath(name)
	if err == nil {
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
func (r *Real) Stat(path string) (*Info, error) { return infoOf(os.Stat(r.at(path))) }

// Lstat does not follow a link.
func (r *Real) Lstat(path string) (*Info, error) { return infoOf(os.Lstat(r.at(path))) }

func infoOf(fi fs.FileInfo, err error) (*Info, error) {
	if err != nil {
		return nil, err
	}
	return newInfo(fi), nil
}

// Open opens a file for reading.
func (r *Real) Open(path string) (io.ReadCloser, error) { return os.Open(r.at(path)) }

// ReadFile reads a whole file.
func (r *Real) ReadFile(path string) ([]byte, error) { return os.ReadFile(r.at(path)) }

// ReadDir lists a folder, sorted by name.
func (r *Real) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(r.at(path)) }

// Readlink gives what a link points to, as written.
func (r *Real) Readlink(path string) (string, error) { return os.Readlink(r.at(path)) }

// Append opens path for appending.
func (r *Real) Append(path string, mode fs.FileMode) (io.WriteCloser, error) {
	return os.OpenFile(r.at(path), os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
}

// Overwrite empties path and writes it in place.
func (r *Real) Overwrite(path string) (io.WriteCloser, error) {
	return os.OpenFile(r.at(path), os.O_WRONLY|os.O_TRUNC, 0)
}

// Mkdir makes one folder.
func (r *Real) Mkdir(path string, mode fs.FileMode) error { return os.Mkdir(r.at(path), mode) }

// MkdirAll makes a folder and its parents.
func (r *Real) MkdirAll(path string, mode fs.FileMode) error { return os.MkdirAll(r.at(path), mode) }

// MkdirTemp makes a folder with a new name.
func (r *Real) MkdirTemp(dir, pattern string) (string, error) {
	return os.MkdirTemp(r.at(dir), pattern)
}

// Remove removes a file or an empty folder.
func (r *Real) Remove(path string) error { return os.Remove(r.at(path)) }

// RemoveAll removes path and all below it.
func (r *Real) RemoveAll(path string) error { return os.RemoveAll(r.at(path)) }

// Rename moves from to to, replacing a file there.
func (r *Real) Rename(from, to string) error { return os.Rename(r.at(from), r.at(to)) }

// Symlink makes path a link to to.
func (r *Real) Symlink(to, path string) error { return os.Symlink(to, r.at(path)) }

// Link makes path another name of to.
func (r *Real) Link(to, path string) error { return os.Link(r.at(to), r.at(path)) }

// Chmod sets the permission bits.
func (r *Real) Chmod(path string, mode fs.FileMode) error { return os.Chmod(r.at(path), mode) }

// Lchown changes the owner of path itself.
func (r *Real) Lchown(path string, uid, gid int) error { return os.Lchown(r.at(path), uid, gid) }

// Chown changes the owner of what path points to.
func (r *Real) Chown(path string, uid, gid int) error { return os.Chown(r.at(path), uid, gid) }

// Chtimes sets the times of access and modification.
func (r *Real) Chtimes(path string, atime, mtime time.Time) error {
	return os.Chtimes(r.at(path), atime, mtime)
}

// Touch sets both times to now.
func (r *Real) Touch(path string) error { return unix.Utimes(r.at(path), nil) }

// Access asks whether this process may do what the bits say.
func (r *Real) Access(path string, mode uint32) error { return unix.Access(r.at(path), mode) }

// EvalSymlinks gives the path with every link on it followed.
func (r *Real) EvalSymlinks(path string) (string, error) { return filepath.EvalSymlinks(r.at(path)) }

// Create makes a file beside path that Commit moves there.
func (r *Real) Create(path string, mode fs.FileMode) (Replacement, error) {
	path = r.at(path)
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
