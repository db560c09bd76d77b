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
	large   bool // a file in it is listed without its checksum
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

// largeFile is the size above which a file's checksum waits until a host asks
// for it: it is sent and summed in one go to those that have no such file.
const largeFile = 8 << 20

// addLate lists a large file, whose checksum is a blob of its own.
func (m *manifest) addLate(rel, path string, info fs.FileInfo, s *sums) {
	m.large = true
	name := fmt.Sprintf("file%d", len(m.blobs))
	m.blobs[name] = remote.Blob{Size: info.Size(), Open: func() (io.ReadCloser, error) { return openSteady(path, info) }}
	m.blobs[name+".sha1"] = remote.Blob{Size: int64(hex.EncodedLen(sha1.Size)), Wait: true, Open: func() (io.ReadCloser, error) {
		sum, err := s.of(path, info)
		return io.NopCloser(strings.NewReader(sum)), err
	}}
	m.entries.Append(value.DictOf("path", rel, "kind", "file", "blob", name, "size", info.Size(),
		"mode", fmt.Sprintf("0%03o", info.Mode().Perm())))
}

// steady is a file that must stay as it was listed while it is read: no
// checksum would tell.
type steady struct {
	file   *os.File
	listed fs.FileInfo
}

func openSteady(path string, listed fs.FileInfo) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &steady{f, listed}, nil
}

// Read implements io.Reader; the end is good only if nothing changed.
func (s *steady) Read(p []byte) (int, error) {
	n, err := s.file.Read(p)
	if err != io.EOF {
		return n, err
	}
	if now, statErr := s.file.Stat(); statErr != nil || now.Size() != s.listed.Size() || !now.ModTime().Equal(s.listed.ModTime()) {
		return n, fmt.Errorf("%s was changed while it was copied", s.file.Name())
	}
	return n, io.EOF
}

// Close implements io.Closer.
func (s *steady) Close() error { return s.file.Close() }

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
	late    bool // the module can ask for checksums of large files
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
	if s.late && info.Size() > largeFile {
		s.m.addLate(rel, path, info, s.sums)
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

// tree lists what is in a folder: its files, then each of its folders with what
// is in it. above holds
// the folders on the way: a link to one of them stays a link, so that a loop
// ends.
func (s *localSource) tree(dir, rel string, above []fs.FileInfo) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return folderLast(a) - folderLast(b) })
	for _, e := range entries {
		if err := s.entry(filepath.Join(dir, e.Name()), filepath.Join(rel, e.Name()), above); err != nil {
			return err
		}
	}
	return nil
}

func folderLast(e fs.DirEntry) int {
	if e.IsDir() {
		return 1
	}
	return 0
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

// of gives the SHA-1 of a file in hex. Hosts that ask at the same time share
// one reading of it.
func (s *sums) of(path string, info fs.FileInfo) (string, error) {
	// A file that was only just written may change again within the clock's
	// resolution.
	if time.Since(info.ModTime()) <= 2*time.Second {
		return sumFile(path)
	}
	key := sumKey{path, info.Size(), info.ModTime()}
	once, _ := s.m.LoadOrStore(key, sync.OnceValues(func() (string, error) { return sumFile(path) }))
	sum, err := once.(func() (string, error))()
	if err != nil {
		s.m.Delete(key)
	}
	return sum, err
}

func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha1.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
