package modules

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"drover/modules/target"
)

// write makes the backup of what scan found: first under a name with a dot,
// then, when all is there, under its own.
func (b *backups) write(ctx context.Context, m *backupManifest, name string) (*backupManifest, error) {
	if err := b.h.MkdirAll(b.dir, 0o700); err != nil {
		return nil, Failf("can't make the folder for backups %s: %w", b.dir, reason(err))
	}
	b.sweep()
	tmp, err := b.h.MkdirTemp(b.dir, ".partial-*")
	if err != nil {
		return nil, Failf("can't write into %s: %w", b.dir, reason(err))
	}
	defer b.h.RemoveAll(tmp)
	if err := b.copyAll(ctx, m, filepath.Join(b.a.Path), filepath.Join(tmp, dataName)); err != nil {
		return nil, err
	}
	// The copies' checksums, in case the source changed since the scan.
	m.seal()
	data, err := m.encode()
	if err != nil {
		return nil, Failf("can't write the manifest: %w", err)
	}
	w := writing{Path: filepath.Join(tmp, manifestName), Mode: 0o600}
	if err := w.writeBytes(ctx, b.h, append(data, '\n')); err != nil {
		return nil, err
	}
	if err := b.h.Rename(tmp, filepath.Join(b.dir, name)); err != nil {
		return nil, Failf("can't finish the backup %s: %w", name, reason(err))
	}
	return m, nil
}

// sweep removes what interrupted runs left; a run of the last hour may still
// be at work.
func (b *backups) sweep() {
	entries, err := b.h.ReadDir(b.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".partial-") && !strings.HasPrefix(e.Name(), ".removed-") {
			continue
		}
		p := filepath.Join(b.dir, e.Name())
		if info, err := b.h.Lstat(p); err == nil && b.h.Now().Sub(info.ModTime) > time.Hour {
			_ = b.h.RemoveAll(p) // the next run tries again
		}
	}
}

// copyAll copies the entries of a manifest from one tree to another with their
// properties, and corrects the checksums of files that changed meanwhile.
// Folders get theirs last, since writing into them changes their times.
func (b *backups) copyAll(ctx context.Context, m *backupManifest, from, to string) error {
	files := map[string]*backupEntry{}
	for i := range m.Entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		e := &m.Entries[i]
		if i%500 == 499 && b.c.Progress != nil {
			b.c.Progress("copied " + strconv.Itoa(i+1) + " of " + strconv.Itoa(len(m.Entries)) + " entries")
		}
		if e.SameAs != "" {
			if err := b.copyName(e, files[e.SameAs], to); err != nil {
				return err
			}
			continue
		}
		if err := b.copyEntry(e, filepath.Join(from, e.Path), filepath.Join(to, e.Path)); err != nil {
			return err
		}
		if e.Kind == "file" {
			files[e.Path] = e
		}
	}
	for i := len(m.Entries) - 1; i >= 0; i-- {
		e := &m.Entries[i]
		if e.Kind != "directory" {
			continue
		}
		if err := b.dress(e, filepath.Join(to, e.Path)); err != nil {
			return err
		}
	}
	return nil
}

func (b *backups) copyEntry(e *backupEntry, from, to string) error {
	switch e.Kind {
	case "directory":
		if err := b.h.Mkdir(to, 0o700); err != nil {
			return Failf("can't make %s: %w", to, reason(err))
		}
		return nil
	case "link":
		if err := b.h.Symlink(e.Target, to); err != nil {
			return Failf("can't make the link %s: %w", to, reason(err))
		}
		return b.owner(e, to)
	}
	if err := b.copyContents(e, from, to); err != nil {
		return err
	}
	return b.dress(e, to)
}

// copyName makes the copy of first's file known by e's path too.
func (b *backups) copyName(e, first *backupEntry, to string) error {
	if first == nil {
		return Failf("the manifest names %s as the same file as %s, which it does not list before", e.Path, e.SameAs)
	}
	e.Size, e.SHA256 = first.Size, first.SHA256
	p := filepath.Join(to, e.Path)
	if err := b.h.Link(filepath.Join(to, first.Path), p); err != nil {
		return Failf("can't make %s another name of %s: %w", p, first.Path, reason(err))
	}
	return nil
}

// copyContents copies a file and notes size and checksum of what was copied.
func (b *backups) copyContents(e *backupEntry, from, to string) error {
	in, err := b.h.Open(from)
	if err != nil {
		return Failf("can't read %s: %w", from, reason(err))
	}
	defer in.Close()
	out, err := b.h.Create(to, 0o600)
	if err != nil {
		return Failf("can't write %s: %w", to, reason(err))
	}
	defer out.Abort()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), in)
	if err != nil {
		return Failf("can't copy %s: %w", from, err)
	}
	e.Size, e.SHA256 = n, hex.EncodeToString(sum.Sum(nil))
	if err := out.Commit(); err != nil {
		return Failf("can't write %s: %w", to, reason(err))
	}
	return nil
}

// dress gives a copy the owner, mode and time of its entry.
func (b *backups) dress(e *backupEntry, to string) error {
	if err := b.owner(e, to); err != nil {
		return err
	}
	mode, err := strconv.ParseUint(e.Mode, 8, 32)
	if err != nil {
		return Failf("the mode %s of %s is not a number", e.Mode, e.Path)
	}
	if err := b.h.Chmod(to, target.FileMode(uint32(mode))); err != nil {
		return Failf("can't set the mode of %s: %w", to, reason(err))
	}
	if err := b.h.Chtimes(to, e.Time, e.Time); err != nil {
		return Failf("can't set the times of %s: %w", to, reason(err))
	}
	return nil
}

// owner sets the owner where it differs; that needs root.
func (b *backups) owner(e *backupEntry, to string) error {
	info, err := b.h.Lstat(to)
	if err != nil {
		return Failf("can't read %s: %w", to, reason(err))
	}
	if info.UID == e.UID && info.GID == e.GID {
		return nil
	}
	err = b.h.Lchown(to, e.UID, e.GID)
	if err != nil && b.h.Users().Current().UID != 0 {
		// The manifest knows the owner; root can restore it.
		return nil
	}
	if err != nil {
		return Failf("can't set the owner of %s: %w", to, reason(err))
	}
	return nil
}
