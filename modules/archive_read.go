package modules

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// present tells what the archive in place holds; there is false where there is
// none. What can't be read as an archive of the format holds nothing.
func (p *packing) present(ctx context.Context) (held members, there bool) {
	in, err := p.h.Open(p.Dest)
	if err != nil {
		return nil, !isMissing(err)
	}
	defer in.Close()
	held = members{}
	switch {
	case p.Format == "zip":
		err = held.readZip(in)
	case p.many || p.Format == "tar":
		err = p.plain(ctx, in, held.readTar)
	default:
		err = p.plain(ctx, in, held.readSum)
	}
	if err != nil {
		return members{}, true
	}
	return held, true
}

// plain lets read have what in gives, without the format's compression.
func (p *packing) plain(ctx context.Context, in io.Reader, read func(io.Reader) error) error {
	switch p.Format {
	case "tar":
		return read(in)
	case "gz":
		z, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		return read(z)
	}
	out, stop := throughProgram(ctx, p.h, compressor(p.Format), in)
	defer stop()
	return read(out)
}

func (m members) readTar(in io.Reader) error {
	for t := tar.NewReader(in); ; {
		head, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		m.addTar(head)
	}
}

func (m members) readSum(in io.Reader) error {
	sum := crc32.NewIEEE()
	_, err := io.Copy(sum, in)
	m.addSum("", sum.Sum32())
	return err
}

// readZip reads the directory at a zip's end, for which the file is sought
// through where the host can do that.
func (m members) readZip(in io.Reader) error {
	file, ok := in.(*os.File)
	var at io.ReaderAt = file
	var size int64
	if ok {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		size = info.Size()
	} else {
		data, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		at, size = bytes.NewReader(data), int64(len(data))
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return err
	}
	for _, f := range z.File {
		m.addSum(f.Name, f.CRC32)
	}
	return nil
}
