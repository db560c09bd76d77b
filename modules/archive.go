package modules

import (
	"archive/tar"
	"archive/zip"
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type archiveArgs struct {
	Path       []string `arg:"path" elements:"path" required:"true" doc:"Files and folders to pack; globs are expanded."`
	Format     string   `arg:"format" default:"gz" choices:"bz2,gz,tar,xz,zip" doc:"How to pack. bz2 and xz take the program bzip2 or xz of the host."`
	Dest       string   `arg:"dest" type:"path" doc:"The archive. A single file needs none: it becomes the file's name with the format behind."`
	Exclude    []string `arg:"exclude_path" elements:"path" doc:"Paths, or globs, to take out of path; not of what a folder holds."`
	Patterns   []string `arg:"exclusion_patterns" elements:"path" doc:"Globs of entries to leave out."`
	ForceArch  bool     `arg:"force_archive" default:"false" doc:"Make a tar of a single file too, instead of only compressing it."`
	RemoveOrig bool     `arg:"remove" default:"false" doc:"Remove what was packed."`
	FileArgs
}

// archiveModule packs files of the host into an archive there. An archive with
// the same entries stays as it is.
func archiveModule() Module {
	return Define(Spec{
		Name:    "community.general.archive",
		Summary: "Pack files into an archive",
		Doc: "Packs files and folders of the host into a tar (plain, gz, bz2, xz) or zip archive there, or compresses a single file. Entries are named from the folder that all the paths share.\n" +
			"An archive whose entries are the same (kind, size, time, mode and owner; checksum in a zip) stays, and nothing has changed.",
		Check:    CheckFull,
		Examples: "- community.general.archive:\n    path: /srv/app\n    dest: /var/backups/app.tar.gz\n    exclusion_patterns: ['*.log']\n",
		Returns: []Return{
			{"archived", "list", "success", "What was packed."},
			{"missing", "list", "success", "Paths that are not there."},
			{"arcroot", "str", "always", "The folder that entries are named from."},
			{"dest", "str", "always", "The archive."},
			{"dest_state", "str", "always", "absent, archive, compress, or incomplete where paths are missing."},
			{"expanded_paths", "list", "always", "The paths, with globs expanded."},
			{"expanded_exclude_paths", "list", "always", "The excluded ones, with globs expanded."},
		},
	}, runArchive)
}

// packing is one use of the module.
type packing struct {
	*archiveArgs
	h               target.Host
	c               *Call
	paths, expanded []string // paths: without the excluded ones
	excluded        []string
	root            string
	many            bool // an archive, not a mere compressed file
	targets, gone   []string
	packed          []string
	state           string
}

func runArchive(ctx context.Context, h target.Host, c *Call, a *archiveArgs) (*Result, error) {
	p := &packing{archiveArgs: a, h: h, c: c, state: "absent"}
	if err := p.choose(); err != nil {
		return nil, err
	}
	changed := false
	_, err := h.Stat(p.Dest)
	switch there := err == nil; {
	case len(p.targets) == 0:
		if there {
			p.state = kindOfArchive(p.Dest)
		}
	case c.Check:
		changed = p.many || !there
	default:
		if changed, err = p.write(ctx); err != nil {
			return nil, err
		}
		if err := p.removeOriginals(); err != nil {
			return nil, err
		}
	}
	if _, err := h.Stat(p.Dest); err == nil {
		touched, err := p.Apply(ctx, h, c, p.Dest, nil)
		if err != nil {
			return nil, err
		}
		changed = changed || touched
	}
	return p.result(ctx, changed), nil
}

// choose expands the paths and finds out what is to be made.
func (p *packing) choose() error {
	var globs bool
	p.expanded, globs = p.expandGlobs(p.Path)
	p.excluded, _ = p.expandGlobs(p.Exclude)
	for _, name := range p.expanded {
		if !slices.Contains(p.excluded, name) {
			p.paths = append(p.paths, name)
		}
	}
	slices.Sort(p.paths)
	p.paths = slices.Compact(p.paths)
	if len(p.paths) == 0 {
		return FailWith(value.DictOf("path", strings.Join(p.Path, ", "), "expanded_paths", strings.Join(p.expanded, ", "),
			"expanded_exclude_paths", strings.Join(p.excluded, ", ")), "Error, no source paths were found")
	}
	p.root = sharedFolder(p.paths)
	p.many = p.ForceArch || globs || len(p.paths) > 1 || p.isDir(p.paths[0])
	if p.Dest == "" {
		if p.many {
			return FailWith(value.DictOf("dest", "None", "path", strings.Join(p.Path, ", ")), `Error, must specify "dest" when archiving multiple files or trees`)
		}
		p.Dest = p.paths[0] + "." + p.Format
	}
	for _, name := range p.paths {
		if p.RemoveOrig && p.isDir(name) && strings.HasPrefix(p.Dest, strings.TrimSuffix(name, "/")+"/") {
			return FailWith(value.DictOf("path", strings.Join(p.paths, ", ")), "Error, created archive can not be contained in source paths when remove=true")
		}
		if _, err := p.h.Lstat(name); err != nil {
			p.gone = append(p.gone, name)
		} else {
			p.targets = append(p.targets, name)
		}
	}
	return nil
}

func (p *packing) isDir(name string) bool {
	info, err := p.h.Stat(name)
	return err == nil && info.IsDir()
}

func (p *packing) expandGlobs(names []string) (all []string, globs bool) {
	all = []string{}
	for _, name := range names {
		if strings.ContainsAny(name, "*?") {
			globs = true
			all = append(all, globHost(p.h, name)...)
		} else {
			all = append(all, name)
		}
	}
	return all, globs
}

// sharedFolder gives the folder that all the paths are in, with its slash.
func sharedFolder(paths []string) string {
	folder := func(s string) string { return s[:strings.LastIndexByte(s, '/')+1] }
	root := folder(paths[0])
	for _, name := range paths[1:] {
		for !strings.HasPrefix(folder(name), root) {
			root = folder(strings.TrimSuffix(root, "/"))
		}
	}
	return root
}

// kindOfArchive tells by its name what a file is that nothing was packed into.
func kindOfArchive(name string) string {
	name = strings.ToLower(path.Base(name))
	for _, end := range []string{".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".zip"} {
		if strings.HasSuffix(name, end) {
			return "archive"
		}
	}
	return "compress"
}

// removeOriginals removes what was packed, where that is asked for.
func (p *packing) removeOriginals() error {
	if !p.RemoveOrig {
		return nil
	}
	var left []string
	names := p.packed
	if p.many {
		for _, name := range p.paths {
			if p.isDir(name) {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		if err := p.h.RemoveAll(name); err != nil {
			left = append(left, name)
		}
	}
	if len(left) > 0 {
		return FailWith(value.DictOf("dest", p.Dest, "files", value.Strings(left...)), "Error deleting some source files: ")
	}
	return nil
}

func (p *packing) result(ctx context.Context, changed bool) *Result {
	r := &Result{Changed: changed}
	r.Set("archived", value.Strings(p.packed...)).Set("dest", p.Dest).Set("dest_state", p.state).Set("arcroot", p.root).
		Set("missing", value.Strings(p.gone...)).Set("expanded_paths", value.Strings(p.expanded...)).
		Set("expanded_exclude_paths", value.Strings(p.excluded...))
	addPathInfo(ctx, p.h, r.Data)
	return r
}

// tarHeader describes a file for a tar; nil for what tar has no kind for.
func (p *packing) tarHeader(file, name string, info *target.Info) (*tar.Header, error) {
	head := &tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: int64(info.Perm()), Uid: info.UID, Gid: info.GID, ModTime: info.ModTime, Format: tar.FormatPAX}
	if u, ok := p.h.Users().UserID(info.UID); ok {
		head.Uname = u.Name
	}
	if g, ok := p.h.Users().GroupID(info.GID); ok {
		head.Gname = g.Name
	}
	switch info.Mode.Type() {
	case 0:
		head.Typeflag, head.Size = tar.TypeReg, info.Size
	case fs.ModeDir:
		head.Typeflag, head.Name = tar.TypeDir, head.Name+"/"
	case fs.ModeSymlink:
		to, err := p.h.Readlink(file)
		if err != nil {
			return nil, err
		}
		head.Typeflag, head.Linkname = tar.TypeSymlink, to
	case fs.ModeNamedPipe:
		head.Typeflag = tar.TypeFifo
	default:
		return nil, nil
	}
	return head, nil
}

// zipHeader describes a file for a zip.
func zipHeader(name string, info *target.Info) *zip.FileHeader {
	head := &zip.FileHeader{Name: strings.TrimPrefix(name, "/"), Method: zip.Deflate, Modified: info.ModTime}
	head.SetMode(info.Mode)
	if info.IsDir() {
		head.Name, head.Method = head.Name+"/", zip.Store
	}
	return head
}
