package modules

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type copyArgs struct {
	Src           string      `arg:"src" doc:"File or folder on the controller (on the host with remote_src). With a slash at its end only what is in the folder is copied."`
	Content       value.Value `arg:"content" nolog:"call" doc:"The contents themselves, instead of src. A dictionary or list is written as JSON."`
	Dest          string      `arg:"dest" type:"path" required:"true" doc:"Where it goes on the host. A folder when it ends with a slash or is one."`
	Backup        bool        `arg:"backup" default:"false" doc:"Keep the file that is replaced under a name with the time."`
	Force         bool        `arg:"force" alias:"thirsty" default:"true" doc:"Replace a file that differs; when no, only a missing file is written."`
	Validate      string      `arg:"validate" doc:"Command that must accept the new file, named by %s, before it takes its place."`
	DirectoryMode value.Value `arg:"directory_mode" type:"raw" doc:"Mode of folders that are made."`
	RemoteSrc     bool        `arg:"remote_src" default:"false" doc:"The source is on the host."`
	Follow        bool        `arg:"follow" default:"false" doc:"Write to what a link at dest points to, instead of replacing the link."`
	LocalFollow   *bool       `arg:"local_follow" doc:"Copy what links in the source point to, instead of the links. Yes by default; with remote_src links stay links unless it is set."`
	Checksum      string      `arg:"checksum" doc:"SHA-1 that the source must have."`
	Decrypt       bool        `arg:"decrypt" default:"true" doc:"Decrypt a vaulted source on the controller."`
	FileArgs
	Source   string      `arg:"_source" hidden:"true"`
	Manifest []copyEntry `arg:"_manifest" hidden:"true"`
	NoMD5    bool        `arg:"_no_md5" hidden:"true"`
}

// copyEntry is a file, folder or link of the source, named relative to dest.
type copyEntry struct {
	Path   string `arg:"path"` // "" for a single file
	Kind   string `arg:"kind"` // file, directory or link
	SHA1   string `arg:"sha1"` // "" when the controller has not worked it out (see sum)
	Blob   string `arg:"blob"` // the contents' name, where it is not SHA1
	Size   int64  `arg:"size"`
	Mode   string `arg:"mode"`
	Target string `arg:"target"` // of a link
}

// copyModule makes a file or a folder on the host equal to a source. The
// controller sends a list of checksums; contents travel only for files that
// differ.
func copyModule() Module {
	return WithNeeds(Define(Spec{
		Name:    "ansible.builtin.copy",
		Summary: "Copy files and folders to hosts",
		Doc: "Makes a file equal to one on the controller, to given contents, or to another file on the host. Folders are copied with all that is in them; files that are only on the host stay.\n" +
			"Contents are sent only for files whose checksum differs, and replace the old ones at once: nobody ever reads half a file.",
		Check:             CheckFull,
		Diff:              true,
		MutuallyExclusive: [][]string{{"src", "content"}},
		Examples:          "- name: Configuration with a safety net\n  ansible.builtin.copy:\n    src: sshd_config\n    dest: /etc/ssh/sshd_config\n    mode: '0600'\n    backup: yes\n    validate: /usr/sbin/sshd -t -f %s\n",
		Returns: []Return{
			{"dest", "str", "success, but for a file that check mode would write", "The file or folder."},
			{"path", "str", "for a file with the right contents", "The file."},
			{"src", "str", "for a file that was written, or a folder", "The temporary file that became dest; the source of a folder or with remote_src."},
			{"checksum", "str", "for a file", "SHA-1 of the contents."},
			{"md5sum", "str", "for a file that changed", "MD5 of the contents; left out for files above 8 MiB when the result is not registered."},
			{"backup_file", "str", "changed, with backup", "Where the former file is kept."},
			{"mode", "str", "success", "Permissions of dest; owner, group, uid, gid, size and state likewise."},
		},
	}, runCopy), copyNeeds)
}

func runCopy(ctx context.Context, h target.Host, c *Call, a *copyArgs) (*Result, error) {
	src, err := a.source(h, c)
	if err != nil {
		return nil, err
	}
	cp := &copier{h: h, c: c, a: a, src: src, refused: "failed to validate"}
	if src.tree {
		return cp.tree(ctx)
	}
	return cp.single(ctx)
}

// copier is one use of the module.
type copier struct {
	h    target.Host
	c    *Call
	a    *copyArgs
	src  *copySource
	done *copied // the last file
	res  Result

	refused string // what is said when validate does not accept a file
}

// single copies one file.
func (cp *copier) single(ctx context.Context) (*Result, error) {
	if cp.a.RemoteSrc && cp.a.Content == nil {
		return cp.singleOnHost(ctx)
	}
	if cp.a.Content != nil && isDir(cp.h, cp.a.Dest) {
		return nil, FailWith(value.DictOf("diff", []any{}), "can not use content with a dir as dest")
	}
	return cp.one(ctx, cp.fileDest())
}

// verify checks the source against the checksum that was asked for.
func (cp *copier) verify(e *copyEntry) error {
	if want := cp.a.Checksum; want != "" && want != e.SHA1 {
		return FailWith(value.DictOf("checksum", e.SHA1, "expected_checksum", want),
			"Copied file does not match the expected checksum. Transfer failed.")
	}
	return nil
}

// fileDest gives the path of a single file: below dest when that is a folder.
func (cp *copier) fileDest() string {
	dest := cp.a.Dest
	if strings.HasSuffix(dest, "/") || isDir(cp.h, dest) {
		return filepath.Join(dest, cp.src.base)
	}
	return dest
}

// foretells says that a file from the controller is not to be written, only
// told of. Folders and owners that it needs may be what earlier tasks would
// have made, so their lack is no fault yet.
func (cp *copier) foretells() bool {
	return cp.c.Check && (!cp.a.RemoteSrc || cp.a.Content != nil)
}

// parents makes the folders above dest when dest was written with a slash at
// its end; otherwise they must be there.
func (cp *copier) parents(ctx context.Context, dest string) error {
	dir := filepath.Dir(dest)
	if cp.src.tree || isDir(cp.h, dir) {
		return nil
	}
	if !strings.HasSuffix(cp.a.Dest, "/") {
		return Failf("Destination directory %s does not exist", dir)
	}
	return cp.folder(ctx, dir, "")
}

// tree copies a folder.
func (cp *copier) tree(ctx context.Context) (*Result, error) {
	if cp.a.RemoteSrc && !cp.a.Force && isDir(cp.h, cp.a.Dest) {
		return cp.keptOnHost(cp.src.dest), nil
	}
	if len(cp.src.entries) == 0 && !cp.a.RemoteSrc {
		return cp.treeResult(), nil // Ansible makes no folder that nothing goes into
	}
	if info, err := cp.h.Stat(cp.a.Dest); err == nil && !info.IsDir() {
		return nil, Failf("can't copy the folder %s to %s, which is a file", cp.src.label, cp.a.Dest)
	}
	if cp.a.RemoteSrc || !isDir(cp.h, cp.a.Dest) {
		if err := cp.folder(ctx, cp.a.Dest, cp.src.mode); err != nil {
			return nil, err
		}
	}
	if e := cp.src.entries; len(e) == 1 && e[0].Kind == "file" && !cp.a.RemoteSrc {
		return cp.one(ctx, filepath.Join(cp.a.Dest, e[0].Path))
	}
	for i := range cp.src.entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := cp.entry(ctx, &cp.src.entries[i]); err != nil {
			return nil, err
		}
	}
	if cp.a.RemoteSrc {
		return cp.treeOnHost(ctx)
	}
	return cp.treeResult(), nil
}

// treeOnHost ends the copy of a folder of the host: what is in it has the modes
// of the source, and mode is that of dest alone.
func (cp *copier) treeOnHost(ctx context.Context) (*Result, error) {
	fa := cp.a.FileArgs
	if fa.Mode != nil && value.String(fa.Mode) == "preserve" {
		info, err := cp.h.Stat(cp.src.label)
		if err != nil {
			return nil, Failf("Source %s not found", cp.src.label)
		}
		fa.Mode = value.Str(modeText(info.Perm()))
	}
	changed, err := fa.Apply(ctx, cp.h, cp.c, cp.src.dest, nil)
	if err != nil {
		return nil, err
	}
	r := &cp.res
	r.Changed = r.Changed || changed
	return r.Set("dest", cp.src.dest).Set("src", cp.a.Src).Set("md5sum", nil).Set("checksum", nil), nil
}

func (cp *copier) entry(ctx context.Context, e *copyEntry) error {
	dest := filepath.Join(cp.a.Dest, e.Path)
	switch e.Kind {
	case "directory":
		return cp.folder(ctx, dest, e.Mode)
	case "link":
		return cp.link(ctx, e.Target, dest)
	}
	_, err := cp.file(ctx, e, dest)
	return err
}

// folder makes a folder with its parents, which gets directory_mode (one that
// was there too, as with Ansible), or in the copy of a folder of the host, when
// it is new, the mode that the source has there.
func (cp *copier) folder(ctx context.Context, dir, mode string) error {
	dir = filepath.Clean(dir) // "new/" is not the parent of itself
	fa := FileArgs{Owner: cp.a.Owner, Group: cp.a.Group}
	info, err := cp.h.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		if !cp.a.RemoteSrc {
			fa.Mode = cp.a.DirectoryMode
		}
	case err == nil:
		return Failf("can't make the folder %s: there is a file of that name", dir)
	default:
		cp.res.Changed = true
		if cp.c.Check {
			return nil
		}
		if up := filepath.Dir(dir); !isDir(cp.h, up) {
			if err := cp.folder(ctx, up, ""); err != nil {
				return err
			}
		}
		if err := cp.h.Mkdir(dir, fs.FileMode(0o777&^umask(cp.h))); err != nil {
			return Failf("can't make the folder %s: %w", dir, reason(err))
		}
		fa.Mode = cp.a.DirectoryMode
		if cp.a.RemoteSrc && cp.src.tree {
			fa.Mode = textOrNil(mode)
		}
	}
	changed, err := fa.Apply(ctx, cp.h, cp.c, dir, nil)
	cp.res.Changed = cp.res.Changed || changed
	return err
}

// link makes dest a link to to, which belongs to whom the task says.
func (cp *copier) link(ctx context.Context, to, dest string) error {
	if now, err := cp.h.Readlink(dest); err != nil || now != to {
		cp.res.Changed = true
		if cp.c.Check {
			return nil
		}
		if err := replaceLink(cp.h, to, dest); err != nil {
			return err
		}
	}
	own := FileArgs{Owner: cp.a.Owner, Group: cp.a.Group}
	changed, err := own.Apply(ctx, cp.h, cp.c, dest, nil)
	cp.res.Changed = cp.res.Changed || changed
	return err
}

// replaceLink makes path a link to to, in place of whatever file is there.
func replaceLink(h target.Host, to, path string) error {
	tmp := filepath.Join(filepath.Dir(path), ".ansible_tmp_"+sha1Hex([]byte(path))[:8]+filepath.Base(path))
	h.Remove(tmp) // what an interrupted run left
	if err := h.Symlink(to, tmp); err != nil {
		return Failf("can't make the link %s: %w", path, err)
	}
	if err := h.Rename(tmp, path); err != nil {
		h.Remove(tmp)
		return Failf("can't make the link %s: %w", path, err)
	}
	return nil
}

func isDir(h target.Host, path string) bool {
	info, err := h.Stat(path)
	return err == nil && info.IsDir()
}

// textOrNil gives a text as an argument, nil when it is empty.
func textOrNil(s string) value.Value {
	if s == "" {
		return nil
	}
	return value.Str(s)
}
