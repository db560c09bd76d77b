package filters

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"drover/playbook/value"
)

// treeLookups look at whole folders of the controller.
var treeLookups = []entry{
	{"community.general.filetree", "*terms **options", filetreeLookup, impure},
}

// filetreeLookup lists what is in folders, below files/ where they are relative.
// Of several folders the first one that has a path counts.
func filetreeLookup(a *args) (value.Value, error) {
	t := &fileTree{seen: map[string]bool{}, out: value.NewList()}
	for _, term := range a.terms() {
		root, err := findFile(a.host(), "files", strings.TrimSuffix(term, "/"))
		if err != nil {
			continue // as with any folder that is not there
		}
		if strings.HasSuffix(term, "/") {
			root += "/"
		}
		if err := t.walk(root, ""); err != nil {
			return nil, err
		}
	}
	return t.out, a.err
}

// fileTree is a list of the entries of folders.
type fileTree struct {
	seen map[string]bool // by path below the folder
	out  *value.List
}

// walk lists what is in a folder, and then in those below.
func (t *fileTree) walk(root, dir string) error {
	entries, err := os.ReadDir(filepath.Join(root, dir))
	if err != nil {
		return err
	}
	var below []string
	for _, wantDir := range []bool{true, false} {
		for _, e := range entries {
			if e.IsDir() != wantDir {
				continue
			}
			path := filepath.Join(dir, e.Name())
			if wantDir {
				below = append(below, path)
			}
			if err := t.add(root, path); err != nil {
				return err
			}
		}
	}
	for _, dir := range below {
		if err := t.walk(root, dir); err != nil {
			return err
		}
	}
	return nil
}

func (t *fileTree) add(root, path string) error {
	if t.seen[path] {
		return nil
	}
	t.seen[path] = true
	full := filepath.Join(root, path)
	var st unix.Stat_t
	if err := unix.Lstat(full, &st); err != nil {
		return fmt.Errorf("could not stat path '%s': %w", full, err)
	}
	d := value.DictOf("root", root, "path", path)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		src, err := os.Readlink(full)
		if err != nil {
			return err
		}
		d.Put("state", value.Str("link"))
		d.Put("src", value.Str(src))
	case unix.S_IFDIR:
		d.Put("state", value.Str("directory"))
	case unix.S_IFREG:
		d.Put("state", value.Str("file"))
		d.Put("src", value.Str(full))
	default:
		return nil // neither a file nor a link nor a folder
	}
	d.Put("uid", value.Int(st.Uid))
	d.Put("gid", value.Int(st.Gid))
	d.Put("owner", nameOfUser(st.Uid))
	d.Put("group", nameOfGroup(st.Gid))
	d.Put("mode", value.Str(fmt.Sprintf("0%03o", st.Mode&0o7777)))
	d.Put("size", value.Int(st.Size))
	d.Put("mtime", value.Float(seconds(st.Mtim)))
	d.Put("ctime", value.Float(seconds(st.Ctim)))
	t.out.Append(d)
	return nil
}

func seconds(t unix.Timespec) float64 { return float64(t.Nano()) / 1e9 }

// nameOfUser gives the name of a user, or the number of one without.
func nameOfUser(id uint32) value.Value {
	if u, err := user.LookupId(strconv.Itoa(int(id))); err == nil {
		return value.Str(u.Username)
	}
	return value.Int(id)
}

func nameOfGroup(id uint32) value.Value {
	if g, err := user.LookupGroupId(strconv.Itoa(int(id))); err == nil {
		return value.Str(g.Name)
	}
	return value.Int(id)
}
