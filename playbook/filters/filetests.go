package filters

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"drover/playbook/value"
)

// fileTests look at files of the controller.
var fileTests = []entry{
	{"directory", "path", statTest(func(fi os.FileInfo) bool { return fi.IsDir() }), impure},
	{"is_dir", "path", statTest(func(fi os.FileInfo) bool { return fi.IsDir() }), impure},
	{"file", "path", statTest(func(fi os.FileInfo) bool { return fi.Mode().IsRegular() }), impure},
	{"is_file", "path", statTest(func(fi os.FileInfo) bool { return fi.Mode().IsRegular() }), impure},
	{"exists", "path", statTest(func(os.FileInfo) bool { return true }), impure},
	{"link", "path", linkTest, impure},
	{"is_link", "path", linkTest, impure},
	{"link_exists", "path", linkExistsTest, impure},
	{"abs", "path", absTest, 0},
	{"is_abs", "path", absTest, 0},
	{"same_file", "path other", sameFileTest, impure},
	{"is_same_file", "path other", sameFileTest, impure},
	{"mount", "path", mountTest, impure},
	{"is_mount", "path", mountTest, impure},
	{"vaulted_file", "path", vaultedFileTest, impure},
}

// statPath is path for the functions that call stat.
func (a *args) statPath(name string) string {
	v := a.val(name)
	s, ok := value.AsString(v)
	if !ok {
		a.fail("stat: path should be string, bytes, os.PathLike or integer, not %s", v.Type())
	}
	return s
}

// stat looks at a path, or at an open file by its number.
func (a *args) stat(name string) (os.FileInfo, error) {
	if n, ok := value.AsInt(a.val(name)); ok {
		if n < 0 || n > 2 {
			return nil, os.ErrNotExist // drover opens no files for playbooks
		}
		return []*os.File{os.Stdin, os.Stdout, os.Stderr}[n].Stat()
	}
	return os.Stat(a.statPath(name))
}

func statTest(is func(os.FileInfo) bool) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		fi, err := a.stat("path")
		return value.Bool(err == nil && is(fi)), nil
	}
}

func linkTest(a *args) (value.Value, error) {
	fi, err := os.Lstat(a.statPath("path"))
	return value.Bool(err == nil && fi.Mode()&os.ModeSymlink != 0), nil
}

func linkExistsTest(a *args) (value.Value, error) {
	_, err := os.Lstat(a.statPath("path"))
	return value.Bool(err == nil), nil
}

func absTest(a *args) (value.Value, error) {
	return value.Bool(strings.HasPrefix(a.path("path"), "/")), nil
}

func sameFileTest(a *args) (value.Value, error) {
	var infos [2]os.FileInfo
	for i, name := range []string{"path", "other"} {
		fi, err := a.stat(name)
		if err != nil {
			return nil, fmt.Errorf("can't compare files: no such file or directory: '%s'", a.text(name))
		}
		infos[i] = fi
	}
	return value.Bool(os.SameFile(infos[0], infos[1])), nil
}

// mountTest reports whether a folder lies on another device than its parent.
func mountTest(a *args) (value.Value, error) {
	path := a.statPath("path")
	own, err := os.Lstat(path)
	if err != nil || own.Mode()&os.ModeSymlink != 0 {
		return value.Bool(false), nil
	}
	parent, err := os.Lstat(realPath(filepath.Join(path, "..")))
	if err != nil {
		return value.Bool(false), nil
	}
	x, xOK := own.Sys().(*syscall.Stat_t)
	y, yOK := parent.Sys().(*syscall.Stat_t)
	return value.Bool(xOK && yOK && (x.Dev != y.Dev || x.Ino == y.Ino)), nil
}

func vaultedFileTest(a *args) (value.Value, error) {
	path := a.statPath("path")
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("Cannot test if the file %s is a vault: %w", path, err)
	}
	defer f.Close()
	head := make([]byte, len(vaultHeader))
	n, err := f.Read(head)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("Cannot test if the file %s is a vault: %w", path, err)
	}
	return value.Bool(string(head[:n]) == vaultHeader), nil
}

// vaultHeader starts every vaulted text.
const vaultHeader = "$ANSIBLE_VAULT"
