package modules

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// verify reads kept backups again and fails when one is not as it was written.
func (b *backups) verify(ctx context.Context) (*Result, error) {
	names, err := b.generations()
	if err != nil {
		return nil, err
	}
	check := names
	if b.a.Generation != "all" || len(names) == 0 {
		name, err := b.pick(names)
		if err != nil {
			return nil, err
		}
		check = []string{name}
	}
	var problems []string
	var m *backupManifest
	for _, name := range check {
		found, man, err := b.problems(ctx, name)
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
		if man != nil {
			m = man
		}
	}
	if len(problems) > 0 {
		return nil, FailWith(value.DictOf("problems", problems, "generations", names),
			"the backup of %s is damaged: %s", b.a.Path, strings.Join(problems, "; "))
	}
	r := b.result(m, check[len(check)-1], names)
	return r.Set("verified", check).Set("problems", []string{}), nil
}

// problems lists what is wrong with one backup; the error is for a check that
// was interrupted.
func (b *backups) problems(ctx context.Context, name string) ([]string, *backupManifest, error) {
	m, err := b.manifest(name)
	if err != nil {
		return []string{err.Error()}, nil, nil
	}
	var found []string
	for i := range m.Entries {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if p := b.problem(name, &m.Entries[i]); p != "" {
			found = append(found, fmt.Sprintf("%s: %s %s", name, m.Entries[i].Path, p))
		}
	}
	return found, m, nil
}

// problem says what is wrong with one entry, "" when it is right.
func (b *backups) problem(name string, e *backupEntry) string {
	p := filepath.Join(b.dir, name, dataName, e.Path)
	info, err := b.h.Lstat(p)
	switch {
	case err != nil:
		return "is missing"
	case strings.Replace(stateOf(info), "hard", "file", 1) != e.Kind:
		return "is a " + stateOf(info) + " instead of a " + e.Kind
	case e.Kind == "link":
		if to, err := b.h.Readlink(p); err != nil || to != e.Target {
			return "points to something else"
		}
	case e.Kind == "file":
		if sum, err := sumFile(b.h, p, "sha256"); err != nil {
			return "can't be read: " + reason(err).Error()
		} else if sum != e.SHA256 {
			return "has other contents"
		}
		if e.SameAs != "" && !b.sameFile(info, filepath.Join(b.dir, name, dataName, e.SameAs)) {
			return "is no hard link to " + e.SameAs + " any more"
		}
	}
	return ""
}

// sameFile reports whether path is another name of a file.
func (b *backups) sameFile(info *target.Info, path string) bool {
	other, err := b.h.Lstat(path)
	return err == nil && other.Dev == info.Dev && other.Ino == info.Ino
}

// restore makes the source equal to a backup, after checking the backup.
func (b *backups) restore(ctx context.Context) (*Result, error) {
	names, err := b.generations()
	if err != nil {
		return nil, err
	}
	name, err := b.pick(names)
	if err != nil {
		return nil, err
	}
	problems, m, err := b.problems(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, FailWith(value.DictOf("problems", problems, "generations", names),
			"the backup %s is damaged and was not restored: %s", name, strings.Join(problems, "; "))
	}
	r := b.result(m, name, names)
	if now, err := b.scan(ctx); err == nil && now.Digest == m.Digest {
		return r, nil
	}
	r.Changed = true
	if b.c.Check {
		return r, nil
	}
	return r, b.putBack(ctx, m, name)
}

// putBack builds the restored tree beside the source and swaps the two.
func (b *backups) putBack(ctx context.Context, m *backupManifest, name string) error {
	dest := followLink(b.h, strings.TrimRight(b.a.Path, "/"))
	up := filepath.Dir(dest)
	if err := b.h.MkdirAll(up, 0o755); err != nil {
		return Failf("can't make %s: %w", up, reason(err))
	}
	tmp, err := b.h.MkdirTemp(up, ".restore-*")
	if err != nil {
		return Failf("can't write beside %s: %w", dest, reason(err))
	}
	stranded := false
	defer func() {
		if !stranded {
			_ = b.h.RemoveAll(tmp)
		}
	}()
	fresh, old := filepath.Join(tmp, "new"), filepath.Join(tmp, "old")
	if err := b.copyAll(ctx, m, filepath.Join(b.dir, name, dataName), fresh); err != nil {
		return err
	}
	if m.Entries[0].Kind != "directory" && !isDir(b.h, dest) {
		if err := b.h.Rename(fresh, dest); err != nil {
			return Failf("can't replace %s: %w", dest, reason(err))
		}
		return nil
	}
	// Folders can't be replaced at once: for a moment there is none.
	if err := b.h.Rename(dest, old); err != nil && !isMissing(err) {
		return Failf("can't move %s aside: %w", dest, reason(err))
	}
	if err := b.h.Rename(fresh, dest); err != nil {
		if back := b.h.Rename(old, dest); back != nil && !isMissing(back) {
			stranded = true
			return Failf("can't replace %s (%v); the former one is in %s, since it could not be put back: %w", dest, reason(err), old, reason(back))
		}
		return Failf("can't replace %s: %w", dest, reason(err))
	}
	return nil
}
