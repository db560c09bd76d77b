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
}

func (m *backupManifest) totals() (files int, size int64) {
	for i := range m.Entries {
		if m.Entries[i].Kind == "file" {
			files++
			size += m.Entries[i].Size
		}
	}
	return files, size
}

// seal computes the digest.
func (m *backupManifest) seal() {
	sum := sha256.New()
	for i := range m.Entries {
		e := &m.Entries[i]
		fmt.Fprintf(sum, "%q %s %s %d:%d %d %s %q\n", e.Path, e.Kind, e.Mode, e.UID, e.GID, e.Size, e.SHA256, e.Target)
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
		if p := m.Entries[i].Path; !fs.ValidPath(p) {
			return nil, Failf("the manifest %s names a path outside of the backup: %s", file, p)
		}
	}
	return m, nil
}

// scan lists the source as it is now, with checksums.
func (b *backups) scan(ctx context.Context) (*backupManifest, error) {
	m := &backupManifest{Format: 1, Source: b.a.Path, Created: b.h.Now().UTC()}
	if err := b.scanPath(ctx, m, "."); err != nil {
		return nil, err
	}
	m.seal()
	return m, nil
}

func (b *backups) scanPath(ctx context.Context, m *backupManifest, rel string) error {
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
		m.Entries = append(m.Entries, e)
		return b.scanDir(ctx, m, rel)
	case info.Mode.IsRegular():
		e.Kind, e.Size = "file", info.Size
		if e.SHA256, err = sumFile(b.h, p, "sha256"); err != nil {
			return Failf("can't read %s: %w", p, reason(err))
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
	m.Entries = append(m.Entries, e)
	return nil
}

func (b *backups) scanDir(ctx context.Context, m *backupManifest, rel string) error {
	dir := filepath.Join(b.a.Path, rel)
	entries, err := b.h.ReadDir(dir)
	if err != nil {
		return Failf("can't list %s: %w", dir, reason(err))
	}
	for _, e := range entries {
		if err := b.scanPath(ctx, m, path.Join(rel, e.Name())); err != nil {
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
