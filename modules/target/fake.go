package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Fake is a machine in memory for tests: a tree of files, users, and commands
// that a function answers. The zero Fake is not ready; use NewFake.
type Fake struct {
	// Exec answers commands; nil answers "no such program".
	Exec func(Cmd) (*Output, error)
	// Programs are found by LookPath, by name.
	Programs map[string]string
	Env      map[string]string
	Clock    time.Time
	UserList []User
	Groups   []Group

	mu    sync.Mutex
	nodes map[string]*node
	ino   uint64
	temps int
	ran   []Cmd
}

// node is a file, folder or link; hard links share one.
type node struct {
	Info
	data   []byte
	link   string
	attrs  string
	nlinks int
}

// NewFake gives a machine with the usual folders, root and a user "app".
func NewFake() *Fake {
	f := &Fake{
		Programs: map[string]string{},
		Env:      map[string]string{"HOME": "/root"},
		Clock:    time.Date(2025, 3, 14, 15, 9, 26, 0, time.UTC),
		UserList: []User{{Name: "root", Home: "/root", Shell: "/bin/bash"}, {Name: "app", Home: "/home/app", Shell: "/bin/sh", UID: 1000, GID: 1000}},
		Groups:   []Group{{Name: "root"}, {Name: "app", GID: 1000}},
		nodes:    map[string]*node{},
	}
	f.put("/", &node{Info: Info{Mode: fs.ModeDir | 0o755}})
	for _, d := range []string{"/etc", "/root", "/tmp", "/home/app", "/var/lib"} {
		f.MkdirAll(d, 0o755)
	}
	return f
}

var _ Host = (*Fake)(nil)

// Write puts a file there, for the set-up of a test.
func (f *Fake) Write(path, data string) {
	f.MkdirAll(dirOf(path), 0o755)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(f.clean(path), &node{Info: Info{Mode: 0o644}, data: []byte(data)})
}

// Snapshot lists every file with mode, owner and contents, so that a test can
// tell that nothing changed.
func (f *Fake) Snapshot() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, p := range f.below("") {
		n := f.nodes[p]
		fmt.Fprintf(&b, "%s %s %d:%d %s%q\n", n.Mode, p, n.UID, n.GID, n.link, n.data)
	}
	return b.String()
}

// Ran lists the commands that were run.
func (f *Fake) Ran() []Cmd {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Cmd(nil), f.ran...)
}

// Run asks Exec.
func (f *Fake) Run(ctx context.Context, c Cmd) (*Output, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.ran = append(f.ran, c)
	f.mu.Unlock()
	if f.Exec == nil {
		return nil, &fs.PathError{Op: "exec", Path: strings.Join(c.Argv, " "), Err: fs.ErrNotExist}
	}
	out, err := f.Exec(c)
	if out != nil && c.Stdout != nil {
		c.Stdout.Write(out.Stdout)
		out.Stdout = nil
	}
	return out, err
}

// Ask asks Exec, with the line as the command's input.
func (f *Fake) Ask(ctx context.Context, argv []string, line string) (string, error) {
	return AskOnce(ctx, f, argv, line)
}

// FileSystem has no answer: a fake has no file systems.
func (f *Fake) FileSystem(string) (FileSystem, error) {
	return FileSystem{}, errors.ErrUnsupported
}

// LookPath looks into Programs.
func (f *Fake) LookPath(name string) (string, error) {
	if p, ok := f.Programs[name]; ok {
		return p, nil
	}
	return "", &fs.PathError{Op: "exec", Path: name, Err: fs.ErrNotExist}
}

// Getenv looks into Env.
func (f *Fake) Getenv(name string) string { return f.Env[name] }

// Now gives Clock.
func (f *Fake) Now() time.Time { return f.Clock }

// Users gives UserList and Groups.
func (f *Fake) Users() Users { return fakeUsers{f} }

type fakeUsers struct{ f *Fake }

func (u fakeUsers) User(name string) (User, bool) {
	return first(u.f.UserList, func(x User) bool { return x.Name == name })
}

func (u fakeUsers) UserID(uid int) (User, bool) {
	return first(u.f.UserList, func(x User) bool { return x.UID == uid })
}

func (u fakeUsers) Group(name string) (Group, bool) {
	return first(u.f.Groups, func(x Group) bool { return x.Name == name })
}

func (u fakeUsers) GroupID(gid int) (Group, bool) {
	return first(u.f.Groups, func(x Group) bool { return x.GID == gid })
}

func (u fakeUsers) AllUsers() []User   { return u.f.UserList }
func (u fakeUsers) AllGroups() []Group { return u.f.Groups }
func (u fakeUsers) Current() User      { return u.f.UserList[0] }

func first[T any](all []T, match func(T) bool) (T, bool) {
	for _, x := range all {
		if match(x) {
			return x, true
		}
	}
	var zero T
	return zero, false
}

// clean makes a path absolute, as seen from root's home.
func (f *Fake) clean(p string) string {
	if !path.IsAbs(p) {
		p = "/root/" + p
	}
	return path.Clean(p)
}

func dirOf(p string) string { return path.Dir(p) }

// resolve follows the links of all folders on the path, and of its end too
// when last is set. The result may not exist.
func (f *Fake) resolve(p string, last bool) (string, error) {
	return f.follow(f.clean(p), last, 0)
}

func (f *Fake) follow(p string, last bool, depth int) (string, error) {
	if p == "/" {
		return p, nil
	}
	if depth > 20 {
		return "", syscall.ELOOP
	}
	dir, err := f.follow(path.Dir(p), true, depth+1)
	if err != nil {
		return "", err
	}
	full := path.Join(dir, path.Base(p))
	n := f.nodes[full]
	if n == nil || n.Mode&fs.ModeSymlink == 0 || !last {
		return full, nil
	}
	to := n.link
	if !path.IsAbs(to) {
		to = path.Join(dir, to)
	}
	return f.follow(path.Clean(to), true, depth+1)
}

// at finds the node of a path.
func (f *Fake) at(op, p string, follow bool) (*node, string, error) {
	full, err := f.resolve(p, follow)
	if err != nil {
		return nil, "", &fs.PathError{Op: op, Path: p, Err: err}
	}
	n := f.nodes[full]
	if n == nil {
		return nil, full, &fs.PathError{Op: op, Path: p, Err: syscall.ENOENT}
	}
	return n, full, nil
}

// put makes a node; its parent must be a folder (only the root has none).
func (f *Fake) put(full string, n *node) {
	if n.Ino == 0 {
		f.ino++
		n.Ino, n.Dev = f.ino, 1
		n.ModTime, n.AccTime, n.ChgTime = f.Clock, f.Clock, f.Clock
	}
	n.nlinks++
	f.nodes[full] = n
}

// add is put with the checks of a system call.
func (f *Fake) add(op, p string, n *node) error {
	full, err := f.resolve(p, false)
	if err == nil {
		parent := f.nodes[path.Dir(full)]
		switch {
		case f.nodes[full] != nil:
			err = syscall.EEXIST
		case parent == nil:
			err = syscall.ENOENT
		case !parent.IsDir():
			err = syscall.ENOTDIR
		}
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: p, Err: err}
	}
	f.put(full, n)
	return nil
}

// below lists the paths under prefix ("" for all), sorted.
func (f *Fake) below(prefix string) []string {
	var ps []string
	for p := range f.nodes {
		if strings.HasPrefix(p, prefix+"/") {
			ps = append(ps, p)
		}
	}
	sort.Strings(ps)
	return ps
}

func (f *Fake) stat(op, p string, follow bool) (*Info, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, _, err := f.at(op, p, follow)
	if err != nil {
		return nil, err
	}
	i := n.Info
	i.Name, i.Size, i.Nlink = path.Base(p), int64(len(n.data)), uint64(n.nlinks)
	if n.Mode&fs.ModeSymlink != 0 {
		i.Size = int64(len(n.link))
	}
	return &i, nil
}

// Stat follows links.
func (f *Fake) Stat(path string) (*Info, error) { return f.stat("stat", path, true) }

// Lstat does not follow a link.
func (f *Fake) Lstat(path string) (*Info, error) { return f.stat("lstat", path, false) }

// Open opens a file for reading.
func (f *Fake) Open(path string) (io.ReadCloser, error) {
	data, err := f.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// ReadFile reads a whole file.
func (f *Fake) ReadFile(path string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, _, err := f.at("open", path, true)
	if err != nil {
		return nil, err
	}
	if n.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	}
	return append([]byte(nil), n.data...), nil
}

// ReadDir lists a folder, sorted by name.
func (f *Fake) ReadDir(p string) ([]fs.DirEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, full, err := f.at("open", p, true)
	if err != nil {
		return nil, err
	}
	if !n.IsDir() {
		return nil, &fs.PathError{Op: "readdirent", Path: p, Err: syscall.ENOTDIR}
	}
	var es []fs.DirEntry
	for _, c := range f.below(strings.TrimSuffix(full, "/")) {
		if path.Dir(c) == full && c != "/" {
			es = append(es, fs.FileInfoToDirEntry(fakeInfo{path.Base(c), f.nodes[c]}))
		}
	}
	return es, nil
}

// fakeInfo is a node as a folder's entry.
type fakeInfo struct {
	name string
	n    *node
}

func (i fakeInfo) Name() string       { return i.name }
func (i fakeInfo) Size() int64        { return int64(len(i.n.data)) }
func (i fakeInfo) Mode() fs.FileMode  { return i.n.Mode }
func (i fakeInfo) ModTime() time.Time { return i.n.ModTime }
func (i fakeInfo) IsDir() bool        { return i.n.IsDir() }
func (i fakeInfo) Sys() any           { return nil }

// Readlink gives what a link points to, as written.
func (f *Fake) Readlink(path string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, _, err := f.at("readlink", path, false)
	if err != nil {
		return "", err
	}
	if n.Mode&fs.ModeSymlink == 0 {
		return "", &fs.PathError{Op: "readlink", Path: path, Err: syscall.EINVAL}
	}
	return n.link, nil
}

// EvalSymlinks gives the path with every link on it followed.
func (f *Fake) EvalSymlinks(path string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, full, err := f.at("lstat", path, true)
	return full, err
}

// Access lets root do everything that exists.
func (f *Fake) Access(path string, _ uint32) error {
	_, err := f.Stat(path)
	return err
}

// Attributes gives what SetAttributes set.
func (f *Fake) Attributes(path string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, _, err := f.at("attributes", path, true)
	if err != nil {
		return "", err
	}
	return n.attrs, nil
}

// Version gives "".
func (f *Fake) Version(string) (string, error) { return "", nil }

// modeBits are the bits chmod changes.
const modeBits = os.ModePerm | os.ModeSetuid | os.ModeSetgid | os.ModeSticky
