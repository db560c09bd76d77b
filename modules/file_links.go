package modules

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// directory makes a folder and its parents; those that are new get the same
// properties.
func (f *filing) directory(ctx context.Context) error {
	f.follow()
	f.res.Set("path", f.a.Path)
	f.begin("directory")
	switch f.prev {
	case "directory":
		if err := f.properties(ctx, f.a.Path, &f.diff); err != nil {
			return err
		}
		if f.a.Recurse {
			return f.recurse(ctx, f.a.Path)
		}
		return nil
	case "absent":
		f.changed = true
		if f.c.Check {
			return nil
		}
		return f.makeDirs(ctx, f.a.Path)
	}
	return Failf("%s already exists as a %s", f.a.Path, f.prev)
}

func (f *filing) makeDirs(ctx context.Context, dir string) error {
	dir = strings.TrimRight(dir, "/")
	if up := filepath.Dir(dir); !exists(f.h, up) && up != dir {
		if err := f.makeDirs(ctx, up); err != nil {
			return err
		}
	}
	if err := f.h.Mkdir(dir, fs.FileMode(0o777&^umask(f.h))); err != nil && !isDir(f.h, dir) {
		return Failf("There was an issue creating %s as requested: %w", dir, reason(err))
	}
	var d *Properties
	if dir == strings.TrimRight(f.a.Path, "/") {
		d = &f.diff
	}
	return f.properties(ctx, dir, d)
}

// recurse sets the properties of everything below a folder. Links are not
// walked into unless follow is set.
func (f *filing) recurse(ctx context.Context, dir string) error {
	entries, err := f.h.ReadDir(dir)
	if err != nil {
		return Failf("can't list %s: %w", dir, reason(err))
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.recurseInto(ctx, filepath.Join(dir, e.Name()), e.Type()); err != nil {
			return err
		}
	}
	return nil
}

func (f *filing) recurseInto(ctx context.Context, path string, kind fs.FileMode) error {
	if err := f.properties(ctx, path, nil); err != nil {
		return err
	}
	if kind.IsDir() {
		return f.recurse(ctx, path)
	}
	if kind&fs.ModeSymlink == 0 || !f.a.Follow {
		return nil
	}
	end, err := f.h.EvalSymlinks(path)
	if err != nil || strings.HasPrefix(path, end+"/") {
		return nil // it points nowhere, or back up
	}
	if err := f.properties(ctx, end, nil); err != nil {
		return err
	}
	if isDir(f.h, end) {
		return f.recurse(ctx, end)
	}
	return nil
}

// link makes a symbolic link.
func (f *filing) link(ctx context.Context) error {
	a, src := f.a, f.a.Src
	if src == "" && a.Follow && f.prev == "link" {
		src, _ = f.h.Readlink(a.Path)
	}
	if err := f.mayLink(src); err != nil {
		return err
	}
	f.begin("link")
	old, _ := f.h.Readlink(a.Path)
	if f.prev != "link" || src != "" && old != src {
		f.changed = true
		if f.prev == "link" {
			f.diff.put("src", old, src)
		}
	}
	f.res.Set("dest", a.Path).Set("src", src)
	if f.changed && !f.c.Check {
		if f.prev == "directory" {
			if err := f.h.Remove(a.Path); err != nil {
				return Failf("Error while replacing: %w", err)
			}
		}
		if err := replaceLink(f.h, src, a.Path); err != nil {
			return err
		}
	}
	return f.linkProperties(ctx)
}

// mayLink refuses a link that would lose something or point nowhere, unless
// force is set.
func (f *filing) mayLink(src string) error {
	a := f.a
	if src == "" && f.prev != "link" {
		return FailWith(new(value.Dict), "src is required for creating new symlinks")
	}
	end := src
	if !filepath.IsAbs(src) {
		dir := filepath.Dir(a.Path)
		if f.prev == "directory" {
			dir = a.Path
		}
		end = filepath.Join(dir, src)
	}
	if _, err := f.h.Stat(end); src != "" && err != nil && !a.Force {
		return FailWith(value.DictOf("path", a.Path, "src", src),
			"src file does not exist, use 'force=yes' if you really want to create the link: %s", end)
	}
	switch {
	case f.prev == "absent" || f.prev == "link":
		return nil
	case !a.Force:
		return Failf("refusing to convert from %s to symlink for %s", f.prev, a.Path)
	case f.prev == "directory":
		if entries, _ := f.h.ReadDir(a.Path); len(entries) > 0 {
			return Failf("the directory %s is not empty, refusing to convert it", a.Path)
		}
	}
	return nil
}

// hard makes another name of a file.
func (f *filing) hard(ctx context.Context) error {
	a := f.a
	data := value.DictOf("dest", a.Path, "src", a.Src)
	if a.Src == "" && f.prev != "hard" {
		return FailWith(new(value.Dict), "src is required for creating new hardlinks")
	}
	differs := f.prev == "absent"
	if a.Src != "" {
		src, err := f.h.Stat(a.Src)
		if err != nil {
			return FailWith(data, "src does not exist")
		}
		if now, err := f.h.Lstat(a.Path); err == nil {
			differs = now.Ino != src.Ino || now.Dev != src.Dev
		}
	}
	f.begin("hard")
	f.res.Set("dest", a.Path).Set("src", orNone(a.Src))
	if differs {
		f.changed = true
		switch {
		case f.prev == "hard" && !a.Force:
			return FailWith(data, "Cannot link, different hard link exists at destination")
		case f.prev != "absent" && f.prev != "link" && !a.Force:
			return FailWith(data, "Cannot link, %s exists at destination", f.prev)
		case f.c.Check:
			return nil
		}
		if err := f.makeHard(); err != nil {
			return err
		}
	}
	return f.properties(ctx, a.Path, &f.diff)
}

func (f *filing) makeHard() error {
	src := f.a.Src
	if f.a.Follow {
		src = followLink(f.h, src)
	}
	tmp := filepath.Join(filepath.Dir(f.a.Path), ".ansible_tmp_"+sha1Hex([]byte(f.a.Path))[:8])
	f.h.Remove(tmp) // what an interrupted run left
	if err := f.h.Link(src, tmp); err != nil {
		return Failf("Error while linking: %w", err)
	}
	if err := f.h.Rename(tmp, f.a.Path); err != nil {
		f.h.Remove(tmp)
		return Failf("Error while replacing: %w", err)
	}
	return nil
}

// exists reports whether there is anything at a path, at a link's end.
func exists(h target.Host, path string) bool {
	_, err := h.Stat(path)
	return err == nil
}
