package action

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"drover/internal/homedir"
	"drover/modules"
	"drover/playbook/value"
)

// fetch brings a file of the host to the controller. The module on the host
// streams the contents unless the checksum says that they are here already.
func fetch(ctx context.Context, t Task) (*value.Dict, error) {
	args := t.Args()
	src := value.String(args.At("src"))
	if args.At("src") == value.None || args.At("dest") == value.None {
		return nil, modules.Failf("src and dest are required")
	}
	for name, option := range map[string]string{"src": "source", "dest": "dest"} {
		if _, ok := value.AsString(args.At(name)); !ok {
			return nil, modules.Failf("Invalid type supplied for %s option: it must be a string, not %s", option, args.At(name).Type())
		}
	}
	if t.Check() {
		return value.DictOf("changed", false, "skipped", true, "msg", "check mode not (yet) supported for this module"), nil
	}
	dest, err := fetchDest(t, src, truth(args, "flat", false))
	if err != nil {
		return nil, err
	}
	in := &incoming{path: dest, keepMD5: t.Registered()}
	before, beforeMD5 := fileSums(dest)
	args.Put("_sum", value.Str(before))
	res, err := t.Invoke(ctx, "ansible.builtin.fetch", args, &InvokeOptions{Receive: in.open})
	if err != nil {
		in.abort()
		return nil, err
	}
	if why, ok := value.AsString(res.At("stat_error")); ok && !becomes(ctx, t) {
		problem := "Failed to get information on remote file (" + src + "): " + why
		res.Update(value.DictOf("problem", problem, "tolerated", problem+", ignored", "file", src))
	}
	return fetched(in, res, fetchState{src, dest, before, beforeMD5, truth(args, "fail_on_missing", true), truth(args, "validate_checksum", true)})
}

// becomes reports whether the task runs as another user than logs in. Ansible
// looks at a file first only where it does not.
func becomes(ctx context.Context, t Task) bool {
	_, target, err := t.Conn(ctx)
	return err == nil && target.Become != nil
}

type fetchState struct {
	src, dest, sum, md5 string
	failOnMissing       bool
	validate            bool
}

// fetched turns the module's answer and what was received into the result.
func fetched(in *incoming, res *value.Dict, s fetchState) (*value.Dict, error) {
	if value.Truth(res.At("failed")) {
		in.abort()
		return res, nil
	}
	if problem, ok := value.AsString(res.At("problem")); ok {
		in.abort()
		return untold(res, problem, s), nil
	}
	remote := value.String(res.At("checksum"))
	if !value.Truth(res.At("sent")) {
		in.abort()
		return value.DictOf("changed", false, "md5sum", s.md5, "file", s.src, "dest", s.dest, "checksum", s.sum), nil
	}
	sum, md5sum, err := in.commit(func(sum string) bool { return !s.validate || sum == remote })
	if err != nil {
		return nil, err
	}
	out := value.DictOf("changed", true, "md5sum", textOrNone(md5sum), "dest", s.dest, "remote_md5sum", nil, "checksum", sum, "remote_checksum", remote)
	if s.validate && sum != remote {
		out.Update(value.DictOf("failed", true, "changed", false, "msg", "checksum mismatch", "file", s.src))
	}
	return out, nil
}

// untold is the result of a file that the module did not get at: a failure, or
// with fail_on_missing off a remark.
func untold(res *value.Dict, problem string, s fetchState) *value.Dict {
	if !s.failOnMissing {
		remark, ok := value.AsString(res.At("tolerated"))
		if !ok {
			remark = strings.TrimSuffix(problem, unsent) + unsent
		}
		return value.DictOf("changed", false, "msg", remark, "file", s.src)
	}
	out := value.DictOf("changed", false, "msg", problem, "failed", true)
	if file, ok := res.Lookup("file"); ok {
		out.Put("file", file)
	}
	return out
}

const unsent = ", not transferring, ignored"

// textOrNone gives None for no text, as a result that was not worked out.
func textOrNone(s string) value.Value {
	if s == "" {
		return value.None
	}
	return value.Str(s)
}

// fetchDest gives the path on the controller: dest/HOST/src, or dest itself
// with flat.
func fetchDest(t Task, src string, flat bool) (string, error) {
	dest := homedir.Expand(value.String(t.Args().At("dest")))
	slash := strings.HasSuffix(dest, "/")
	if !filepath.IsAbs(dest) {
		dest = filepath.Join(playbookDir(t), dest)
	}
	if !flat {
		// A name or path that a host gave may hold "..": it stays below dest.
		return filepath.Join(dest, filepath.Join("/", t.Host()), filepath.Join("/", src)), nil
	}
	if slash {
		dest = filepath.Join(dest, filepath.Base(src))
	}
	info, err := os.Stat(dest)
	switch isFolder := err == nil && info.IsDir(); {
	case isFolder && slash:
		return "", modules.Failf("calculated dest '%s' is an existing directory, use another path that does not point to an existing directory", dest)
	case isFolder:
		return "", modules.Failf("dest is an existing directory, use a trailing slash if you want to fetch src into that directory")
	}
	return filepath.Clean(dest), nil
}

// playbookDir is where relative paths on the controller start.
func playbookDir(t Task) string {
	v, err := t.Jinja().Expr("playbook_dir", t.Pos())
	if dir, ok := value.AsString(v); err == nil && ok {
		return dir
	}
	return ""
}

// fileSums gives the SHA-1 and MD5 of a controller file, "" when there is none.
func fileSums(path string) (sha, md string) {
	f, err := os.Open(path)
	if err != nil {
		return "", ""
	}
	defer f.Close()
	s, m := sha1.New(), md5.New()
	if _, err := io.Copy(io.MultiWriter(s, m), f); err != nil {
		return "", ""
	}
	return hex.EncodeToString(s.Sum(nil)), hex.EncodeToString(m.Sum(nil))
}

// incoming is a file on its way from a host; it takes its place at once, when
// all of it is here.
type incoming struct {
	path     string
	f        *os.File
	size     int64
	sha, md5 hash.Hash // md5 is nil once it is not worth its time
	keepMD5  bool      // however large the file is
}

// open makes the file for the stream that the module sends.
func (in *incoming) open(string) (io.WriteCloser, error) {
	dir := filepath.Dir(in.path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, ".drover-*")
	if err != nil {
		return nil, err
	}
	in.f, in.sha, in.md5 = f, sha1.New(), md5.New()
	return in, nil
}

// Write adds a piece.
func (in *incoming) Write(p []byte) (int, error) {
	in.sha.Write(p)
	if in.size += int64(len(p)); in.size > largeFile && !in.keepMD5 {
		in.md5 = nil // twice the work of all the rest, for a key that nobody reads
	}
	if in.md5 != nil {
		in.md5.Write(p)
	}
	return in.f.Write(p)
}

// Close is called at the end of the stream; commit decides what becomes of it.
func (in *incoming) Close() error { return nil }

// commit puts the file into place when its checksum is accepted.
func (in *incoming) commit(accept func(sum string) bool) (sum, md5sum string, err error) {
	if in.f == nil {
		return "", "", modules.Failf("the host sent nothing for %s", in.path)
	}
	sum = hex.EncodeToString(in.sha.Sum(nil))
	if in.md5 != nil {
		md5sum = hex.EncodeToString(in.md5.Sum(nil))
	}
	if !accept(sum) {
		in.abort()
		return sum, md5sum, nil
	}
	if err := in.f.Chmod(0o644); err != nil {
		in.abort()
		return "", "", err
	}
	if err := in.f.Close(); err != nil {
		in.abort()
		return "", "", err
	}
	if err := os.Rename(in.f.Name(), in.path); err != nil {
		in.abort()
		return "", "", err
	}
	return sum, md5sum, nil
}

// abort drops what came so far.
func (in *incoming) abort() {
	if in.f != nil {
		in.f.Close()
		os.Remove(in.f.Name())
	}
}
