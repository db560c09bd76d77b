package modules

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"path"
	"strconv"
	"strings"

	"drover/modules/glob"
	"drover/modules/target"
)

// members tells what an archive holds: one line for each entry, with all that
// makes it another when it differs.
type members map[string]bool

func (m members) addTar(h *tar.Header) {
	m[fmt.Sprint(strings.TrimSuffix(h.Name, "/"), "\n", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Size, h.ModTime.Unix(), h.Linkname, h.Uname, h.Gname)] = true
}

func (m members) addSum(name string, sum uint32) { m[name+"\n"+strconv.Itoa(int(sum))] = true }

// write makes the archive beside its place and puts it there when what it
// holds differs from what the present one does.
func (p *packing) write(ctx context.Context) (changed bool, err error) {
	old, there := p.present(ctx)
	out, err := p.h.Create(p.Dest, 0o644)
	if err != nil {
		return false, Failf("can't write %s: %w", p.Dest, reason(err))
	}
	defer out.Abort()
	now := members{}
	switch {
	case p.Format == "zip":
		err = p.writeZip(out, now)
	case p.many || p.Format == "tar":
		err = p.compressed(ctx, out, func(w io.Writer) error { return p.writeTar(w, now) })
	default:
		err = p.compressed(ctx, out, func(w io.Writer) error { return p.writeFile(w, now) })
	}
	if err != nil {
		return false, err
	}
	p.state = "archive"
	switch {
	case !p.many && p.Format != "zip" && p.Format != "tar":
		p.state = "compress"
	case len(p.gone) > 0:
		p.state = "incomplete"
	}
	if there && maps.Equal(old, now) {
		return false, nil
	}
	if err := out.Commit(); err != nil {
		return false, Failf("can't write %s: %w", p.Dest, reason(err))
	}
	return true, nil
}

// compressed lets fill write what out gets in the format's compression.
func (p *packing) compressed(ctx context.Context, out io.Writer, fill func(io.Writer) error) error {
	switch p.Format {
	case "tar":
		return fill(out)
	case "gz":
		z := gzip.NewWriter(out)
		if err := fill(z); err != nil {
			return err
		}
		return z.Close()
	}
	program := compressor(p.Format)
	if _, err := requireTool(p.h, program); err != nil {
		return err
	}
	from, to := io.Pipe()
	filled := make(chan error, 1)
	go func() {
		err := fill(to)
		to.CloseWithError(err)
		filled <- err
	}()
	done, err := p.h.Run(ctx, target.Cmd{Argv: []string{program, "-c"}, Stdin: from, Stdout: out})
	from.Close()
	if failed := <-filled; failed != nil && err == nil {
		return failed
	}
	if err == nil && done.RC != 0 {
		err = Failf("%s could not compress %s: %s", program, p.Dest, strings.TrimSpace(string(done.Stderr)))
	}
	return err
}

// compressor gives the program for a format that is not in the runner.
func compressor(format string) string {
	if format == "bz2" {
		return "bzip2"
	}
	return format
}

// walk visits what is to be packed: a folder's contents, not the folder. What
// fails for single entries is told together at the end.
func (p *packing) walk(visit func(file, name string) (packed bool, err error)) error {
	var failures []string
	one := func(file string) {
		packed, err := visit(file, strings.TrimPrefix(file, p.root))
		if err != nil {
			failures = append(failures, fmt.Sprintf("%s: %v", file, reason(err)))
		} else if packed {
			p.packed = append(p.packed, file)
		}
	}
	for _, t := range p.targets {
		if p.isDir(t) {
			p.walkDir(t, one)
		} else {
			one(t)
		}
	}
	if failures != nil {
		return Failf("Errors when writing archive at %s: %s", p.Dest, strings.Join(failures, "; "))
	}
	return nil
}

// walkDir visits a folder's folders, its files, and then what the folders hold.
func (p *packing) walkDir(dir string, visit func(string)) {
	entries, _ := p.h.ReadDir(dir) // what can't be read is left out, as in Ansible
	var files, folders []string
	for _, e := range entries {
		file := path.Join(dir, e.Name())
		if p.isDir(file) {
			visit(file)
			if e.IsDir() {
				folders = append(folders, file)
			}
		} else {
			files = append(files, file)
		}
	}
	for _, file := range files {
		visit(file)
	}
	for _, folder := range folders {
		p.walkDir(folder, visit)
	}
}

func (p *packing) excludes(name string) bool {
	for _, pattern := range p.Patterns {
		if glob.Match(pattern, name) {
			return true
		}
	}
	return false
}

func (p *packing) writeTar(w io.Writer, now members) error {
	t := tar.NewWriter(w)
	linked := map[[2]uint64]string{} // names of files that have several
	err := p.walk(func(file, name string) (bool, error) {
		if p.excludes(strings.TrimPrefix(name, "/")) {
			return false, nil
		}
		info, err := p.h.Lstat(file)
		if err != nil {
			return false, err
		}
		head, err := p.tarHeader(file, name, info)
		if err != nil || head == nil {
			return false, err
		}
		if head.Typeflag == tar.TypeReg && info.Nlink > 1 {
			id := [2]uint64{info.Dev, info.Ino}
			if first := linked[id]; first != "" {
				head.Typeflag, head.Linkname, head.Size = tar.TypeLink, first, 0
			} else {
				linked[id] = head.Name
			}
		}
		now.addTar(head)
		if head.Typeflag != tar.TypeReg {
			return true, t.WriteHeader(head)
		}
		return true, p.copyFile(file, func() (io.Writer, error) { return t, t.WriteHeader(head) }, head.Size)
	})
	if err != nil {
		return err
	}
	return t.Close()
}

// copyFile writes size bytes of a file to where start says, once it is open.
func (p *packing) copyFile(file string, start func() (io.Writer, error), size int64) error {
	in, err := p.h.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := start()
	if err != nil {
		return err
	}
	_, err = io.CopyN(out, in, size)
	return err
}

func (p *packing) writeZip(w io.Writer, now members) error {
	z := zip.NewWriter(w)
	err := p.walk(func(file, name string) (bool, error) {
		if p.excludes(file) {
			return false, nil
		}
		info, err := p.h.Stat(file)
		if err != nil {
			return false, err
		}
		head := zipHeader(name, info)
		if info.IsDir() {
			now.addSum(head.Name, 0)
			_, err := z.CreateHeader(head)
			return false, err // Ansible tells of a zip's files alone
		}
		if !info.Mode.IsRegular() {
			return false, errors.New("a zip holds files, links and folders only")
		}
		sum := crc32.NewIEEE()
		err = p.copyFile(file, func() (io.Writer, error) {
			out, err := z.CreateHeader(head)
			return io.MultiWriter(sum, out), err
		}, info.Size)
		now.addSum(head.Name, sum.Sum32())
		return true, err
	})
	if err != nil {
		return err
	}
	return z.Close()
}

// writeFile writes the single file.
func (p *packing) writeFile(w io.Writer, now members) error {
	in, err := p.h.Open(p.paths[0])
	if err != nil {
		return Failf("Unable to write to compressed file: %w", reason(err))
	}
	defer in.Close()
	sum := crc32.NewIEEE()
	if _, err := io.Copy(io.MultiWriter(w, sum), in); err != nil {
		return Failf("Unable to write to compressed file: %w", reason(err))
	}
	now.addSum("", sum.Sum32())
	p.packed = append(p.packed, p.paths[0])
	return nil
}
