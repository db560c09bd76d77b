package target

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"syscall"
	"time"
)

// change runs fn on the node at p.
func (f *Fake) change(op, p string, follow bool, fn func(*node)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, _, err := f.at(op, p, follow)
	if err != nil {
		return err
	}
	fn(n)
	n.ChgTime = f.Clock
	return nil
}

// SetAttributes sets the letters.
func (f *Fake) SetAttributes(path, letters string) error {
	return f.change("attributes", path, true, func(n *node) { n.attrs = letters })
}

// Chmod sets the permission bits.
func (f *Fake) Chmod(path string, mode fs.FileMode) error {
	return f.change("chmod", path, true, func(n *node) { n.Mode = n.Mode&^modeBits | mode&modeBits })
}

// Chown changes the owner of what path points to.
func (f *Fake) Chown(path string, uid, gid int) error { return f.chown(path, uid, gid, true) }

// Lchown changes the owner of path itself.
func (f *Fake) Lchown(path string, uid, gid int) error { return f.chown(path, uid, gid, false) }

func (f *Fake) chown(path string, uid, gid int, follow bool) error {
	return f.change("chown", path, follow, func(n *node) {
		if uid >= 0 {
			n.UID = uid
		}
		if gid >= 0 {
			n.GID = gid
		}
	})
}

// Chtimes sets the times of access and modification.
func (f *Fake) Chtimes(path string, atime, mtime time.Time) error {
	return f.change("chtimes", path, true, func(n *node) { n.AccTime, n.ModTime = atime, mtime })
}

// Touch sets both times to now.
func (f *Fake) Touch(path string) error {
	now := f.Now()
	return f.Chtimes(path, now, now)
}

// Mkdir makes one folder.
func (f *Fake) Mkdir(path string, mode fs.FileMode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.add("mkdir", path, &node{Info: Info{Mode: fs.ModeDir | mode}})
}

// MkdirAll makes a folder and its parents.
func (f *Fake) MkdirAll(p string, mode fs.FileMode) error {
	if i, err := f.Stat(p); err == nil {
		if i.IsDir() {
			return nil
		}
		return &fs.PathError{Op: "mkdir", Path: p, Err: syscall.ENOTDIR}
	}
	if err := f.MkdirAll(path.Dir(f.clean(p)), mode); err != nil {
		return err
	}
	return f.Mkdir(p, mode)
}

// MkdirTemp makes a folder with a new name.
func (f *Fake) MkdirTemp(dir, pattern string) (string, error) {
	if dir == "" {
		dir = "/tmp"
	}
	name := path.Join(dir, f.tempName(pattern))
	return name, f.Mkdir(name, 0o700)
}

// tempName puts a number in place of the pattern's last star, or at its end.
func (f *Fake) tempName(pattern string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.temps++
	n := fmt.Sprint("fake", f.temps)
	if i := strings.LastIndexByte(pattern, '*'); i >= 0 {
		return pattern[:i] + n + pattern[i+1:]
	}
	return pattern + n
}

// Symlink makes path a link to to.
func (f *Fake) Symlink(to, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.add("symlink", path, &node{Info: Info{Mode: fs.ModeSymlink | 0o777}, link: to})
}

// Link makes path another name of to.
func (f *Fake) Link(to, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, _, err := f.at("link", to, false)
	if err != nil {
		return err
	}
	return f.add("link", path, n)
}

// Remove removes a file or an empty folder.
func (f *Fake) Remove(path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, full, err := f.at("remove", path, false)
	if err != nil {
		return err
	}
	if n.IsDir() && len(f.below(full)) > 0 {
		return &fs.PathError{Op: "remove", Path: path, Err: syscall.ENOTEMPTY}
	}
	n.nlinks--
	delete(f.nodes, full)
	return nil
}

// RemoveAll removes path and all below it.
func (f *Fake) RemoveAll(path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, full, err := f.at("remove", path, false)
	if err != nil {
		return nil
	}
	for _, p := range append(f.below(full), full) {
		f.nodes[p].nlinks--
		delete(f.nodes, p)
	}
	return nil
}

// Rename moves from to to, replacing a file or an empty folder there.
func (f *Fake) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, src, err := f.at("rename", from, false)
	if err != nil {
		return err
	}
	dst, err := f.resolve(to, false)
	if err != nil {
		return &fs.PathError{Op: "rename", Path: to, Err: err}
	}
	old := f.nodes[dst]
	switch {
	case f.nodes[path.Dir(dst)] == nil:
		err = syscall.ENOENT
	case old == nil || old == n:
	case old.IsDir() && !n.IsDir():
		err = syscall.EISDIR
	case n.IsDir() && !old.IsDir():
		err = syscall.ENOTDIR
	case old.IsDir() && len(f.below(dst)) > 0:
		err = syscall.ENOTEMPTY
	}
	if err != nil {
		return &fs.PathError{Op: "rename", Path: to, Err: err}
	}
	for _, p := range append(f.below(src), src) {
		moved := f.nodes[p]
		delete(f.nodes, p)
		f.nodes[dst+strings.TrimPrefix(p, src)] = moved
	}
	return nil
}

// Append opens path for appending.
func (f *Fake) Append(path string, mode fs.FileMode) (io.WriteCloser, error) {
	old, err := f.ReadFile(path)
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		full, err := f.resolve(path, true)
		if err != nil {
			return nil, err
		}
		if err := f.add("open", full, &node{Info: Info{Mode: mode}}); err != nil {
			return nil, err
		}
	}
	w := &fakeWriter{f: f, path: path}
	w.Write(old)
	return w, nil
}

// Overwrite writes path in place.
func (f *Fake) Overwrite(path string) (io.WriteCloser, error) {
	if _, err := f.Stat(path); err != nil {
		return nil, err
	}
	return &fakeWriter{f: f, path: path}, nil
}

// fakeWriter collects a file's new contents until Close.
type fakeWriter struct {
	bytes.Buffer
	f    *Fake
	path string
}

// Close puts the contents into the file.
func (w *fakeWriter) Close() error {
	return w.f.change("write", w.path, true, func(n *node) { n.data, n.ModTime = w.Bytes(), w.f.Clock })
}

// Create makes a file beside path that Commit moves there.
func (f *Fake) Create(p string, mode fs.FileMode) (Replacement, error) {
	name := path.Join(path.Dir(f.clean(p)), f.tempName(".ansible_tmp*"+path.Base(p)))
	n := &node{Info: Info{Mode: mode & modeBits}}
	if old, err := f.Lstat(p); err == nil && old.Mode.IsRegular() {
		n.Mode, n.UID, n.GID = old.Mode, old.UID, old.GID
	}
	f.mu.Lock()
	err := f.add("open", name, n)
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return &fakeReplacement{f: f, n: n, name: name, path: p}, nil
}

// fakeReplacement is a new file on its way to path.
type fakeReplacement struct {
	f          *Fake
	n          *node
	name, path string
	done       bool
}

// Write appends to the new file.
func (r *fakeReplacement) Write(p []byte) (int, error) {
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	r.n.data = append(r.n.data, p...)
	return len(p), nil
}

// Name says where it is being written.
func (r *fakeReplacement) Name() string { return r.name }

// Commit moves the file into place.
func (r *fakeReplacement) Commit() error {
	if err := r.f.Rename(r.name, r.path); err != nil {
		r.Abort()
		return err
	}
	r.done = true
	return nil
}

// Abort removes the file unless it was committed.
func (r *fakeReplacement) Abort() error {
	if r.done {
		return nil
	}
	r.done = true
	return r.f.Remove(r.name)
}
