package modules

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"drover/modules/target"
)

// manifestName is the file of a backup that lists what is in it; the copies
// themselves are below dataName.
const (
	manifestName = "manifest.json"
	dataName     = "data"
)

// backupManifest lists a backup. Digest covers the entries without their
// times: two backups with the same digest hold the same.
type backupManifest struct {
	Format  int
	Source  string
	Created time.Time
	Digest  string
	Entries []backupEntry
}

// backupEntry is a file, folder or link; Path is relative to the source, "."
// for the source itself.
type backupEntry struct {
	Path   string
	Kind   string // file, directory, link
	Mode   string
	UID    int
	GID    int
	Time   time.Time
	Size   int64
	SHA256 string
	Target string
	// SameAs is the path of an earlier entry that is the same file: this is a
	// further name (hard link) of it.
	SameAs string
}

// totals counts names of files, and bytes that are there once for all names.
func (m *backupManifest) totals() (files int, size int64) {
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.Kind != "file" {
			continue
		}
		files++
		if e.SameAs == "" {
			size += e.Size
		}
	}
	return files, size
}

// seal computes the digest.
func (m *backupManifest) seal() {
	sum := sha256.New()
	for i := range m.Entries {
		e := &m.Entries[i]
		fmt.Fprintf(sum, "%q %s %s %d:%d %d %s %q", e.Path, e.Kind, e.Mode, e.UID, e.GID, e.Size, e.SHA256, e.Target)
		if e.SameAs != "" {
			fmt.Fprintf(sum, " %q", e.SameAs)
		}
		fmt.Fprintln(sum)
	}
	m.Digest = hex.EncodeToString(sum.Sum(nil))
}

// manifest reads the manifest of a backup and checks that it is whole.
func (b *backups) manifest(name string) (*backupManifest, error) {
	file := filepath.Join(b.dir, name, manifestName)
	data, err := b.h.ReadFile(file)
	if err != nil {
		return nil, Failf("the backup %s has no manifest: %w", name, reason(err))
	}
	m, err := decodeManifest(data)
	if err != nil {
		return nil, Failf("the manifest %s is damaged: %w", file, err)
	}
	if m.Format != 1 {
		return nil, Failf("the manifest %s has format %d, which this version of drover does not know", file, m.Format)
	}
	want := m.Digest
	if m.seal(); m.Digest != want {
		return nil, Failf("the manifest %s was altered: its digest does not fit its entries", file)
	}
	for i := range m.Entries {
		for _, p := range []string{m.Entries[i].Path, m.Entries[i].SameAs} {
			if p != "" && !fs.ValidPath(p) {
				return nil, Failf("the manifest %s names a path outside of the backup: %s", file, p)
			}
		}
	}
	return m, nil
}

// inode tells files apart that may have several names.
type inode struct{ dev, ino uint64 }

// scanner lists a source.
type scanner struct {
	*backups
	m *backupManifest
	// named has the index of the first entry of every file with several names.
	named map[inode]int
}

// scan lists the source as it is now, with checksums.
func (b *backups) scan(ctx context.Context) (*backupManifest, error) {
	m := &backupManifest{Format: 1, Source: b.a.Path, Created: b.h.Now().UTC()}
	s := scanner{b, m, map[inode]int{}}
	if err := s.path(ctx, "."); err != nil {
		return nil, err
	}
	m.seal()
	return m, nil
}

func (b *scanner) path(ctx context.Context, rel string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if rel != "." && b.excluded(rel) {
		return nil
	}
	p := filepath.Join(b.a.Path, rel)
	info, err := b.h.Lstat(p)
	if isMissing(err) && rel != "." {
		return nil // it went while we were looking
	}
	if err != nil {
		return Failf("can't read %s: %w", p, reason(err))
	}
	if rel == "." && info.Mode&fs.ModeSymlink != 0 {
		// The source itself may be a link: its end is what matters.
		if info, err = b.h.Stat(p); err != nil {
			return Failf("%s is a link that points nowhere: %w", p, reason(err))
		}
	}
	e := entryOf(rel, info)
	switch {
	case info.IsDir():
		e.Kind = "directory"
		b.m.Entries = append(b.m.Entries, e)
		return b.folder(ctx, rel)
	case info.Mode.IsRegular():
		if err := b.file(&e, p, info); err != nil {
			return err
		}
	case info.Mode&fs.ModeSymlink != 0:
		e.Kind = "link"
		if e.Target, err = b.h.Readlink(p); err != nil {
			return Failf("can't read %s: %w", p, reason(err))
		}
	default:
		b.warnings = append(b.warnings, p+" is neither file, folder nor link: it is not in the backup")
		return nil
	}
	b.m.Entries = append(b.m.Entries, e)
	return nil
}

// file completes the entry of a file, which is read once whatever number of
// names it has.
func (b *scanner) file(e *backupEntry, p string, info *target.Info) error {
	e.Kind, e.Size = "file", info.Size
	if info.Nlink > 1 {
		id := inode{info.Dev, info.Ino}
		if i, again := b.named[id]; again {
			first := &b.m.Entries[i]
			e.SameAs, e.Size, e.SHA256 = first.Path, first.Size, first.SHA256
			return nil
		}
		b.named[id] = len(b.m.Entries)
	}
	var err error
	if e.SHA256, err = sumFile(b.h, p, "sha256"); err != nil {
		return Failf("can't read %s: %w", p, reason(err))
	}
	return nil
}

func (b *scanner) folder(ctx context.Context, rel string) error {
	dir := filepath.Join(b.a.Path, rel)
	entries, err := b.h.ReadDir(dir)
	if err != nil {
		return Failf("can't list %s: %w", dir, reason(err))
	}
	for _, e := range entries {
		if err := b.path(ctx, path.Join(rel, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func entryOf(rel string, i *target.Info) backupEntry {
	return backupEntry{Path: rel, Mode: modeText(i.Perm()), UID: i.UID, GID: i.GID, Time: i.ModTime.UTC()}
}

// excluded reports whether a glob names a path or its last part.
func (b *backups) excluded(rel string) bool {
	for _, pattern := range b.a.Exclude {
		pattern = strings.Trim(pattern, "/")
		for _, s := range []string{rel, path.Base(rel)} {
			if ok, _ := path.Match(pattern, s); ok {
				return true
			}
		}
	}
	return false
}
