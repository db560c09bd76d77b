package modules

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// copySource is where contents come from: the controller, the arguments or
// the host itself.
type copySource struct {
	label   string // shown as src; "" for given contents
	base    string // the file's name in a folder
	tree    bool   // a folder
	dest    string // of a folder of the host: what the result calls it
	mode    string // of such a folder
	entries []copyEntry
	open    func(ctx context.Context, e *copyEntry) (io.ReadCloser, error)
	blob    func(ctx context.Context, name string) (io.ReadCloser, error) // of the controller
}

// sum fills in the checksum of an entry whose checksum the controller works
// out only when asked: reading a large file twice is for those hosts that have
// a file of the same size.
func (s *copySource) sum(ctx context.Context, e *copyEntry) error {
	if e.SHA1 != "" || e.Kind != "file" {
		return nil
	}
	in, err := s.blob(ctx, e.Blob+".sha1")
	if err != nil {
		return err
	}
	defer in.Close()
	sum, err := io.ReadAll(io.LimitReader(in, 64))
	if err != nil {
		return Failf("could not get the checksum of %s from the controller: %w", filepath.Join(s.label, e.Path), err)
	}
	e.SHA1 = string(sum)
	return nil
}

// read gives the whole contents of a small entry.
func (s *copySource) read(ctx context.Context, e *copyEntry) ([]byte, error) {
	in, err := s.open(ctx, e)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, Failf("could not read %s: %w", filepath.Join(s.label, e.Path), err)
	}
	return data, nil
}

func (a *copyArgs) source(h target.Host, c *Call) (*copySource, error) {
	switch {
	case a.Content != nil:
		return a.contentSource()
	case a.Manifest != nil:
		return a.controllerSource(c)
	case a.Src == "":
		return nil, Failf("src (or content) is required")
	case a.RemoteSrc:
		return a.hostSource(h)
	}
	return nil, Failf("the contents of %s did not come along: copy was called without its controller's half (set remote_src to copy a file of the host)", a.Src)
}

func (a *copyArgs) contentSource() (*copySource, error) {
	if strings.HasSuffix(a.Dest, "/") {
		return nil, Failf("can not use content with a dir as dest")
	}
	data := []byte(contentText(a.Content))
	return &copySource{
		base:    filepath.Base(a.Dest),
		entries: []copyEntry{{Kind: "file", SHA1: sha1Hex(data), Size: int64(len(data)), Mode: "0600"}},
		open: func(context.Context, *copyEntry) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(data)), nil
		},
	}, nil
}

// contentText gives the text of a content argument.
func contentText(v value.Value) string {
	switch v.(type) {
	case *value.Dict, *value.List, value.Tuple:
		return value.JSON(v)
	}
	return value.String(v)
}

func (a *copyArgs) controllerSource(c *Call) (*copySource, error) {
	s := &copySource{label: a.Source, base: filepath.Base(a.Source), entries: a.Manifest}
	s.tree = len(a.Manifest) != 1 || a.Manifest[0].Path != ""
	s.blob = func(ctx context.Context, name string) (io.ReadCloser, error) {
		if c.Blobs == nil {
			return nil, Failf("the contents of %s did not come along", a.Source)
		}
		return c.Blobs.Open(ctx, name)
	}
	s.open = func(ctx context.Context, e *copyEntry) (io.ReadCloser, error) {
		name := e.Blob
		if name == "" {
			name = e.SHA1
		}
		in, err := s.blob(ctx, name)
		if err != nil {
			return nil, Failf("could not get %s from the controller: %w", filepath.Join(a.Source, e.Path), err)
		}
		return in, nil
	}
	return s, nil
}

// hostSource lists a file or folder of the host.
func (a *copyArgs) hostSource(h target.Host) (*copySource, error) {
	root := expandPath(h, a.Src)
	info, err := h.Stat(root)
	if err != nil {
		return nil, Failf("Source %s not found", root)
	}
	if !info.IsDir() && !info.Mode.IsRegular() {
		return nil, Failf("Cannot copy invalid source '%s': not a file", root)
	}
	s := &copySource{label: root, base: filepath.Base(root), tree: info.IsDir()}
	s.open = func(_ context.Context, e *copyEntry) (io.ReadCloser, error) {
		in, err := h.Open(filepath.Join(s.label, e.Path))
		if err != nil {
			return nil, Failf("Source %s not readable: %w", filepath.Join(s.label, e.Path), reason(err))
		}
		return in, nil
	}
	if !s.tree {
		e, err := hostEntry(h, root, "", info)
		s.entries = []copyEntry{e}
		return s, err
	}
	if s.entries, err = listTree(h, root, "", a.LocalFollow != nil && *a.LocalFollow, []uint64{info.Ino}); err != nil {
		return nil, err
	}
	s.mode = modeText(info.Perm())
	s.dest = a.treeDest(h, s.base)
	if !strings.HasSuffix(a.Src, "/") {
		a.Dest = filepath.Join(a.Dest, s.base)
	}
	return s, nil
}

// treeDest gives the folder that the copy of a folder of the host reports: dest,
// or what the source is called there when dest is a folder already.
func (a *copyArgs) treeDest(h target.Host, base string) string {
	switch {
	case !isDir(h, a.Dest):
		return a.Dest
	case strings.HasSuffix(a.Src, "/"):
		return strings.TrimRight(a.Dest, "/") + "/"
	}
	return filepath.Join(a.Dest, base)
}

// hostEntry describes one file of the host.
func hostEntry(h target.Host, root, rel string, info *target.Info) (copyEntry, error) {
	path := filepath.Join(root, rel)
	sum, err := sumFile(h, path, "sha1")
	if err != nil {
		return copyEntry{}, Failf("Source %s not readable: %w", path, reason(err))
	}
	return copyEntry{Path: rel, Kind: "file", SHA1: sum, Size: info.Size, Mode: modeText(info.Perm())}, nil
}

// listTree lists what is below root/rel, folders before what is in them.
// above holds the folders on the way: a link to one of them stays a link, so
// that a loop ends.
func listTree(h target.Host, root, rel string, follow bool, above []uint64) ([]copyEntry, error) {
	dirents, err := h.ReadDir(filepath.Join(root, rel))
	if err != nil {
		return nil, Failf("Source %s not readable: %w", filepath.Join(root, rel), reason(err))
	}
	var all []copyEntry
	for _, de := range dirents {
		name := filepath.Join(rel, de.Name())
		es, err := listEntry(h, root, name, follow, above)
		if err != nil {
			return nil, err
		}
		all = append(all, es...)
	}
	return all, nil
}

func listEntry(h target.Host, root, name string, follow bool, above []uint64) ([]copyEntry, error) {
	path := filepath.Join(root, name)
	info, err := h.Lstat(path)
	if err != nil {
		return nil, Failf("Source %s not readable: %w", path, reason(err))
	}
	if info.Mode&fs.ModeSymlink != 0 {
		end, err := h.Stat(path)
		if !follow || err != nil || slices.Contains(above, end.Ino) {
			to, err := h.Readlink(path)
			return []copyEntry{{Path: name, Kind: "link", Target: to}}, err
		}
		info = end
	}
	switch {
	case info.Mode.IsRegular():
		e, err := hostEntry(h, root, name, info)
		return []copyEntry{e}, err
	case !info.IsDir():
		return nil, nil // devices and sockets have no contents to copy
	}
	below, err := listTree(h, root, name, follow, append(above[:len(above):len(above)], info.Ino))
	return append([]copyEntry{{Path: name, Kind: "directory", Mode: modeText(info.Perm())}}, below...), err
}
