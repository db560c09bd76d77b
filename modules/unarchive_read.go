package modules

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"drover/modules/target"
)

// archived is one entry of an archive.
type archived struct {
	dest     string
	mode     fs.FileMode // with its type
	size     int64
	mod      time.Time
	uid, gid int // -1: unknown
	user     string
	group    string
	link     string // of a symbolic link; of a hard one the path on the host
	hard     bool
}

// open gives the archive as a stream.
func (a *unarchiveArgs) open(ctx context.Context, h target.Host, c *Call) (io.ReadCloser, error) {
	if len(a.Manifest) == 1 {
		if c.Blobs == nil {
			return nil, Failf("the archive %s did not come along", a.Source)
		}
		in, err := c.Blobs.Open(ctx, a.Manifest[0].SHA1)
		if err != nil {
			return nil, Failf("could not get %s from the controller: %w", a.Source, err)
		}
		return in, nil
	}
	if strings.Contains(a.Src, "://") {
		return openURL(ctx, h, a.Src, a.ValidateCerts)
	}
	in, err := h.Open(expandPath(h, a.Src))
	if isMissing(err) {
		return nil, Failf("Source '%s' does not exist", a.Src)
	}
	if err != nil {
		return nil, Failf("Source '%s' not readable: %w", a.Src, reason(err))
	}
	return in, nil
}

// kinds of compression and archive, by their first bytes. All but gzip is left
// to a program of the host, as with tar: decoders would weigh on every host
// that the runner goes to.
var magics = []struct{ magic, handler, program string }{
	{"\x1f\x8b", "TgzArchive", ""},
	{"BZh", "TarArchive", "bzip2"}, // which Ansible leaves to tar as well
	{"\xfd7zXZ\x00", "TarArchive", "xz"},
	{"\x28\xb5\x2f\xfd", "TarArchive", "zstd"},
}

// unpack tells the kind of archive by its first bytes and reads it.
func (u *unpacking) unpack(ctx context.Context, in io.Reader) (handler string, err error) {
	r := bufio.NewReaderSize(in, 64<<10)
	head, _ := r.Peek(512)
	if len(head) == 0 {
		return "", Failf("Invalid archive '%s', the file is 0 bytes", u.label)
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		return "ZipArchive", u.unzip(ctx, r)
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			if m.program != "" {
				return m.handler, u.untarThrough(ctx, m.program, r)
			}
			plain, err := gzip.NewReader(r)
			if err != nil {
				return "", Failf("can't read the archive %s: %w", u.label, err)
			}
			return m.handler, u.untar(ctx, plain)
		}
	}
	if len(head) < 512 || string(head[257:262]) != "ustar" && !bytes.Equal(head, make([]byte, 512)) {
		return "", Failf("Failed to find handler for \"%s\": it is neither a tar (plain, gz, bz2, xz, zst) nor a zip archive", u.label)
	}
	return "TarArchive", u.untar(ctx, r)
}

func (u *unpacking) untar(ctx context.Context, in io.Reader) error {
	t := tar.NewReader(in)
	for {
		head, err := t.Next()
		if errors.Is(err, io.EOF) {
			return u.finish(ctx)
		}
		if err != nil {
			return Failf("the archive %s is damaged: %w", u.label, err)
		}
		dest, err := u.place(head.Name)
		if err != nil {
			return err
		}
		if dest == "" {
			continue
		}
		e, err := u.tarEntry(head, dest)
		if err != nil {
			return err
		}
		if e == nil {
			continue // devices and pipes are not made
		}
		if err := u.entry(ctx, e, func() (io.Reader, error) { return t, nil }); err != nil {
			return err
		}
	}
}

func (u *unpacking) tarEntry(head *tar.Header, dest string) (*archived, error) {
	e := &archived{dest: dest, mode: head.FileInfo().Mode(), size: head.Size, mod: head.ModTime,
		uid: head.Uid, gid: head.Gid, user: head.Uname, group: head.Gname, link: head.Linkname}
	switch head.Typeflag {
	case tar.TypeReg, tar.TypeDir, tar.TypeSymlink:
		return e, nil
	case tar.TypeLink:
		to, err := u.place(head.Linkname)
		if err != nil {
			return nil, err
		}
		u.names = u.names[:len(u.names)-1] // it was named by its own entry
		e.hard, e.link = true, to
		return e, nil
	}
	return nil, nil
}

// unzip needs to read the end of the archive first, so one that comes as a
// stream is kept in a file meanwhile.
func (u *unpacking) unzip(ctx context.Context, in io.Reader) error {
	file, size, drop, err := u.spool(in)
	if err != nil {
		return err
	}
	defer drop()
	z, err := zip.NewReader(file, size)
	if err != nil {
		return Failf("the archive %s is damaged: %w", u.label, err)
	}
	for _, f := range z.File {
		dest, err := u.place(f.Name)
		if err != nil {
			return err
		}
		if dest == "" || u.junk && f.Mode().IsDir() {
			continue
		}
		if u.junk {
			dest = path.Join(u.a.Dest, path.Base(dest))
		}
		e := &archived{dest: dest, mode: f.Mode(), size: int64(f.UncompressedSize64), mod: f.Modified, uid: -1, gid: -1}
		if e.mode&fs.ModeSymlink != 0 {
			if e.link, err = readZip(f); err != nil {
				return Failf("the archive %s is damaged: %w", u.label, err)
			}
		}
		if err := u.entry(ctx, e, func() (io.Reader, error) { return f.Open() }); err != nil {
			return err
		}
	}
	return u.finish(ctx)
}

func readZip(f *zip.File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, 4096))
	return string(data), err
}

// spool writes a stream to a temporary file and opens that for random access.
func (u *unpacking) spool(in io.Reader) (file io.ReaderAt, size int64, drop func(), err error) {
	dir, err := u.h.MkdirTemp("", "drover-unarchive-*")
	if err != nil {
		return nil, 0, nil, Failf("could not keep the archive: %w", err)
	}
	drop = func() { _ = u.h.RemoveAll(dir) }
	defer func() {
		if err != nil {
			drop()
		}
	}()
	w, err := u.h.Append(dir+"/archive", 0o600)
	if err != nil {
		return nil, 0, nil, Failf("could not keep the archive: %w", err)
	}
	if size, err = io.Copy(w, in); err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, 0, nil, Failf("could not keep the archive: %w", err)
	}
	f, err := u.h.Open(dir + "/archive")
	if err != nil {
		return nil, 0, nil, Failf("could not keep the archive: %w", err)
	}
	remove := drop
	drop = func() { f.Close(); remove() }
	if at, ok := f.(io.ReaderAt); ok {
		return at, size, drop, nil
	}
	data, err := io.ReadAll(f)
	return bytes.NewReader(data), size, drop, err
}

// openURL gives an archive that the host can reach as a stream.
func openURL(ctx context.Context, h target.Host, address string, validate bool) (io.ReadCloser, error) {
	args := &httpArgs{URL: address, Agent: "ansible-httpget", UseProxy: true, ValidateCerts: validate, UseNetrc: true}
	c, err := newHTTPClient(h, args, httpOptions{follow: "all", timeout: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	resp, err := c.do(ctx, http.MethodGet, address, "", time.Time{})
	if err != nil {
		return nil, Failf("Failure downloading %s, %s", address, httpProblem(err))
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, Failf("Failure downloading %s, %s", address, okMessage(resp))
	}
	return resp.Body, nil
}
