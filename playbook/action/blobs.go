package action

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"drover/playbook/value"
	"drover/transport/remote"
)

// vaultHead is how a vaulted file begins.
const vaultHead = "$ANSIBLE_VAULT;"

// manifest lists the files of a source for the copy module, and holds their
// contents for when the module asks.
type manifest struct {
	entries *value.List
	blobs   map[string]remote.Blob
	secret  bool // something in it came out of a vault
}

func newManifest() *manifest {
	return &manifest{entries: value.NewList(), blobs: map[string]remote.Blob{}}
}

// addData lists a file whose contents are at hand.
func (m *manifest) addData(rel string, data []byte, mode fs.FileMode) {
	sum := sha1.Sum(data)
	id := hex.EncodeToString(sum[:])
	m.blobs[id] = dataBlob(data)
	m.addFile(rel, id, int64(len(data)), mode)
}

func dataBlob(data []byte) remote.Blob {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	return remote.Blob{Size: int64(len(data)), Open: open}
}

func fileBlob(path string, size int64) remote.Blob {
	return remote.Blob{Size: size, Open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

func (m *manifest) addFile(rel, id string, size int64, mode fs.FileMode) {
	m.entries.Append(value.DictOf("path", rel, "kind", "file", "sha1", id, "size", size,
		"mode", fmt.Sprintf("0%03o", mode.Perm())))
}

func (m *manifest) addDir(rel string) {
	m.entries.Append(value.DictOf("path", rel, "kind", "directory"))
}

func (m *manifest) addLink(rel, to string) {
	m.entries.Append(value.DictOf("path", rel, "kind", "link", "target", to))
}

// localSource reads files of the controller into a manifest.
type localSource struct {
	t       Task
	sums    *sums
	decrypt bool
	follow  bool
	m       *manifest
}

// file lists one file; a vaulted one is decrypted unless that was turned off.
func (s *localSource) file(path, rel string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if s.decrypt && isVaulted(path) {
		data, secret, err := s.t.ReadFile(path)
		if err != nil {
			return err
		}
		s.m.secret = s.m.secret || secret
		s.m.addData(rel, data, info.Mode())
		return nil
	}
	id, err := s.sums.of(path, info)
	if err != nil {
		return err
	}
	s.m.blobs[id] = fileBlob(path, info.Size())
	s.m.addFile(rel, id, info.Size(), info.Mode())
	return nil
}

// tree lists what is in a folder, folders before what is in them. above holds
// the folders on the way: a link to one of them stays a link, so that a loop
// ends.
func (s *localSource) tree(dir, rel string, above []fs.FileInfo) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.entry(filepath.Join(dir, e.Name()), filepath.Join(rel, e.Name()), above); err != nil {
			return err
		}
	}
	return nil
}

func (s *localSource) entry(path, rel string, above []fs.FileInfo) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		end, err := os.Stat(path)
		if err != nil || !s.follow || slices.ContainsFunc(above, func(up fs.FileInfo) bool { return os.SameFile(up, end) }) {
			to, err := os.Readlink(path)
			s.m.addLink(rel, to)
			return err
		}
		info = end
	}
	switch {
	case info.Mode().IsRegular():
		return s.file(path, rel)
	case !info.IsDir():
		return nil // devices and sockets have no contents to copy
	}
	s.m.addDir(rel)
	return s.tree(path, rel, append(above[:len(above):len(above)], info))
}

// isVaulted looks at the first bytes of a file.
func isVaulted(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(vaultHead))
	n, _ := io.ReadFull(f, head)
	return strings.HasPrefix(string(head[:n]), vaultHead)
}

// sums remembers the checksums of the controller's files, since every host
// asks for the same ones. The zero sums is ready; it is safe for concurrent use.
type sums struct{ m sync.Map }

type sumKey struct {
	path string
	size int64
	mod  time.Time
}

// of gives the SHA-1 of a file in hex.
func (s *sums) of(path string, info fs.FileInfo) (string, error) {
	key := sumKey{path, info.Size(), info.ModTime()}
	if v, ok := s.m.Load(key); ok {
		return v.(string), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha1.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	id := hex.EncodeToString(sum.Sum(nil))
	// A file that was only just written may change again within the clock's
	// resolution.
	if time.Since(info.ModTime()) > 2*time.Second {
		s.m.Store(key, id)
	}
	return id, nil
}
