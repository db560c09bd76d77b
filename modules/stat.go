package modules

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"drover/modules/checksum"
	"drover/modules/target"
	"drover/playbook/value"
)

type statArgs struct {
	Path       string `arg:"path" alias:"dest,name" type:"path" required:"true" doc:"What to look at."`
	Follow     bool   `arg:"follow" default:"false" doc:"Look at what a link points to."`
	Checksum   bool   `arg:"get_checksum" default:"true" doc:"Compute a checksum of a file."`
	Mime       bool   `arg:"get_mime" alias:"mime,mime_type,mime-type" default:"true" doc:"Ask the program file for type and character set."`
	Attributes bool   `arg:"get_attributes" alias:"attr,attributes" default:"true" doc:"Read the flags that lsattr shows."`
	SELinux    bool   `arg:"get_selinux_context" default:"false" doc:"Read the SELinux context."`
	Algorithm  string `arg:"checksum_algorithm" alias:"checksum,checksum_algo" default:"sha1" choices:"md5,sha1,sha224,sha256,sha384,sha512" doc:"Which checksum."`
}

// statModule tells what is at a path; it changes nothing.
func statModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.stat",
		Summary:  "Tell everything about a file",
		Doc:      "Reads the properties of a file, folder or link: kind, owner, mode, times, checksum. A path that is not there is no error: stat.exists is false.",
		Check:    CheckFull,
		Examples: "- name: Is there a configuration?\n  ansible.builtin.stat:\n    path: /etc/app.conf\n  register: conf\n\n- ansible.builtin.debug:\n    msg: It is there\n  when: conf.stat.exists\n",
		Returns: []Return{
			{"stat", "dict", "always", "exists, path, isreg, isdir, islnk, mode, uid, gid, pw_name, gr_name, size, mtime, atime, ctime, checksum, mimetype, charset, lnk_source, readable, writeable, executable and more."},
		},
	}, runStat)
}

func runStat(ctx context.Context, h target.Host, _ *Call, a *statArgs) (*Result, error) {
	look := h.Lstat
	if a.Follow {
		look = h.Stat
	}
	info, err := look(a.Path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return new(Result).Set("stat", value.DictOf("exists", false)), nil
		}
		return nil, Failf("%w", errnoText(err))
	}
	d := statDict(a.Path, info)
	d.Update(value.DictOf("blocks", info.Blocks, "block_size", info.BlockSize, "device_type", info.Rdev))
	describeOwner(h, d, info)
	if info.Mode&fs.ModeSymlink != 0 {
		describeLink(h, d, a.Path)
	}
	a.describeContents(ctx, h, d, info)
	if a.Attributes {
		describeAttributes(h, d, a.Path)
	}
	if a.SELinux {
		d.Put("selinux_context", value.Strings(secontext(ctx, h, a.Path)...))
	}
	return new(Result).Set("stat", d), nil
}

// statDict gives what the inode says, in the form of the stat and find modules.
func statDict(path string, i *target.Info) *value.Dict {
	perm, kind := i.Perm(), i.Mode.Type()
	bit := func(b uint32) bool { return perm&b != 0 }
	return value.DictOf(
		"exists", true, "path", path, "mode", modeTextWide(perm),
		"isdir", kind == fs.ModeDir, "ischr", kind == fs.ModeDevice|fs.ModeCharDevice, "isblk", kind == fs.ModeDevice,
		"isreg", kind == 0, "isfifo", kind == fs.ModeNamedPipe, "islnk", kind == fs.ModeSymlink, "issock", kind == fs.ModeSocket,
		"uid", i.UID, "gid", i.GID, "size", i.Size, "inode", i.Ino, "dev", i.Dev, "nlink", i.Nlink,
		"atime", unixSeconds(i.AccTime), "mtime", unixSeconds(i.ModTime), "ctime", unixSeconds(i.ChgTime),
		"wusr", bit(0o200), "rusr", bit(0o400), "xusr", bit(0o100),
		"wgrp", bit(0o020), "rgrp", bit(0o040), "xgrp", bit(0o010),
		"woth", bit(0o002), "roth", bit(0o004), "xoth", bit(0o001),
		"isuid", bit(0o4000), "isgid", bit(0o2000),
	)
}

// modeTextWide prints permission bits as stat does, always four digits.
func modeTextWide(perm uint32) string {
	s := modeText(perm)
	return s[max(0, len(s)-4):]
}

func describeOwner(h target.Host, d *value.Dict, i *target.Info) {
	if u, ok := h.Users().UserID(i.UID); ok {
		d.Put("pw_name", value.Str(u.Name))
	}
	if g, ok := h.Users().GroupID(i.GID); ok {
		d.Put("gr_name", value.Str(g.Name))
	}
}

func describeLink(h target.Host, d *value.Dict, path string) {
	to, _ := h.Readlink(path)
	d.Put("lnk_source", value.Str(followLink(h, path)))
	d.Put("lnk_target", value.Str(to))
}

func (a *statArgs) describeContents(ctx context.Context, h target.Host, d *value.Dict, i *target.Info) {
	const execute, write, read = 1, 2, 4
	d.Put("readable", value.Bool(h.Access(a.Path, read) == nil))
	d.Put("writeable", value.Bool(h.Access(a.Path, write) == nil))
	d.Put("executable", value.Bool(h.Access(a.Path, execute) == nil))
	if a.Checksum && i.Mode.IsRegular() {
		if sum, err := sumFile(h, a.Path, a.Algorithm); err == nil {
			d.Put("checksum", value.Str(sum))
		}
	}
	if a.Mime {
		mime, charset := mimeOf(ctx, h, a.Path, i)
		d.Put("mimetype", value.Str(mime))
		d.Put("charset", value.Str(charset))
	}
}

// sumFile gives a file's checksum in hex.
func sumFile(h target.Host, path, algorithm string) (string, error) {
	sum := checksum.New(algorithm)
	if sum == nil {
		return "", Failf("unknown checksum algorithm %s", algorithm)
	}
	f, err := h.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// inodeTypes are what the program file calls things without contents, which
// it need not be asked about.
var inodeTypes = map[fs.FileMode]string{
	fs.ModeDir: "inode/directory", fs.ModeSymlink: "inode/symlink", fs.ModeNamedPipe: "inode/fifo",
	fs.ModeSocket: "inode/socket", fs.ModeDevice: "inode/blockdevice", fs.ModeDevice | fs.ModeCharDevice: "inode/chardevice",
}

// mimeOf asks the program file, where there is one.
func mimeOf(ctx context.Context, h target.Host, path string, i *target.Info) (mime, charset string) {
	program, err := h.LookPath("file")
	if err != nil {
		return "unknown", "unknown"
	}
	if t, ok := inodeTypes[i.Mode.Type()]; ok {
		if i.Mode&fs.ModeSymlink != 0 && !exists(h, path) {
			return "unknown", "unknown"
		}
		return t, "binary"
	}
	if i.Size == 0 && i.Blocks == 0 && i.Mode.IsRegular() && !strings.HasPrefix(path, "/proc/") && !strings.HasPrefix(path, "/sys/") {
		return "inode/x-empty", "binary"
	}
	answer, err := h.Ask(ctx, []string{program, "--no-buffer", "--no-pad", "--mime-type", "--mime-encoding", "--files-from", "-"}, path)
	if err != nil {
		return "unknown", "unknown"
	}
	// path: type; charset=name
	answer = answer[strings.LastIndex(answer, ": ")+1:]
	m, cs, ok := strings.Cut(strings.TrimSpace(answer), "; charset=")
	if !ok {
		return "unknown", "unknown"
	}
	return m, cs
}

// attributeNames are the words for lsattr's letters.
var attributeNames = map[rune]string{
	'A': "noatime", 'a': "append", 'c': "compressed", 'C': "nocow", 'd': "nodump", 'D': "dirsync",
	'e': "extents", 'E': "encrypted", 'h': "blocksize", 'i': "immutable", 'I': "indexed", 'j': "journalled",
	'N': "inline", 's': "zero", 'S': "synchronous", 't': "notail", 'T': "blockroot", 'u': "undelete",
	'X': "compressedraw", 'Z': "compresseddirty",
}

func describeAttributes(h target.Host, d *value.Dict, path string) {
	letters, err := h.Attributes(path)
	if err != nil {
		return
	}
	version, _ := h.Version(path)
	names := value.NewList()
	for _, r := range letters {
		if n, ok := attributeNames[r]; ok {
			names.Append(value.Str(n))
		}
	}
	d.Put("attributes", names)
	d.Put("attr_flags", value.Str(letters))
	if version != "" {
		d.Put("version", value.Str(version))
	} else {
		d.Put("version", value.None)
	}
}

// isMissing reports whether an error says that a path is not there.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
