package modules

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"path/filepath"
	"slices"
	"strconv"
)

// send streams a backup to the controller as a compressed tar with the
// manifest in front, unless the controller has it.
func (b *backups) send(ctx context.Context, r *Result, name string) error {
	archive := b.a.name() + "-" + name + ".tar.gz"
	r.Set("archive", archive)
	if slices.Contains(b.a.Have, archive) {
		r.Set("sent", false)
		return nil
	}
	if b.c.Blobs == nil {
		return Failf("there is no way to send the backup to the controller")
	}
	m, err := b.manifest(name)
	if err != nil {
		return err
	}
	out, err := b.c.Blobs.Send(ctx, archive)
	if err != nil {
		return Failf("could not send the backup: %w", err)
	}
	sum := sha1.New()
	if err := b.archive(ctx, io.MultiWriter(out, sum), m, name); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return Failf("could not send the backup: %w", err)
	}
	r.Set("sent", true).Set("archive_checksum", hex.EncodeToString(sum.Sum(nil)))
	r.Changed = true
	return nil
}

// archive writes the compressed tar.
func (b *backups) archive(ctx context.Context, to io.Writer, m *backupManifest, name string) error {
	zip := gzip.NewWriter(to)
	t := tar.NewWriter(zip)
	root := filepath.Join(b.dir, name)
	data, err := b.h.ReadFile(filepath.Join(root, manifestName))
	if err != nil {
		return Failf("can't read the manifest of %s: %w", name, reason(err))
	}
	head := &tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(data)), ModTime: m.Created}
	if err := t.WriteHeader(head); err != nil {
		return Failf("could not send the backup: %w", err)
	}
	if _, err := t.Write(data); err != nil {
		return Failf("could not send the backup: %w", err)
	}
	for i := range m.Entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.archiveEntry(t, root, &m.Entries[i]); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return Failf("could not send the backup: %w", err)
	}
	if err := zip.Close(); err != nil {
		return Failf("could not send the backup: %w", err)
	}
	return nil
}

func (b *backups) archiveEntry(t *tar.Writer, root string, e *backupEntry) error {
	mode, err := strconv.ParseInt(e.Mode, 8, 64)
	if err != nil {
		return Failf("the mode %s of %s is not a number", e.Mode, e.Path)
	}
	p := filepath.Join(dataName, e.Path)
	head := &tar.Header{Name: p, Mode: mode, Uid: e.UID, Gid: e.GID, ModTime: e.Time, Format: tar.FormatPAX}
	switch e.Kind {
	case "directory":
		head.Typeflag, head.Name = tar.TypeDir, p+"/"
	case "link":
		head.Typeflag, head.Linkname = tar.TypeSymlink, e.Target
	default:
		head.Typeflag, head.Size = tar.TypeReg, e.Size
	}
	if e.SameAs != "" {
		head.Typeflag, head.Size, head.Linkname = tar.TypeLink, 0, filepath.Join(dataName, e.SameAs)
	}
	if err := t.WriteHeader(head); err != nil {
		return Failf("could not send %s: %w", e.Path, err)
	}
	if head.Typeflag != tar.TypeReg {
		return nil
	}
	in, err := b.h.Open(filepath.Join(root, p))
	if err != nil {
		return Failf("can't read %s: %w", filepath.Join(root, p), reason(err))
	}
	defer in.Close()
	if _, err := io.Copy(t, in); err != nil {
		return Failf("could not send %s: %w", e.Path, err)
	}
	return nil
}
