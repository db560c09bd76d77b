package modules

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type unarchiveArgs struct {
	Src           string   `arg:"src" doc:"The archive: on the controller, on the host with remote_src, or a URL."`
	Dest          string   `arg:"dest" type:"path" required:"true" doc:"Folder on the host to unpack it in; it must be there."`
	RemoteSrc     bool     `arg:"remote_src" default:"false" doc:"The archive is on the host (or at a URL the host can reach)."`
	Copy          bool     `arg:"copy" default:"true" doc:"Former name for the opposite of remote_src."`
	Creates       string   `arg:"creates" type:"path" doc:"When this is there, nothing is done."`
	ListFiles     bool     `arg:"list_files" default:"false" doc:"Give the names of everything in the archive."`
	Exclude       []string `arg:"exclude" doc:"Names or globs to leave out."`
	Include       []string `arg:"include" doc:"Names or globs to take; all by default."`
	KeepNewer     bool     `arg:"keep_newer" default:"false" doc:"Leave files alone that are newer than those in the archive."`
	ExtraOpts     []string `arg:"extra_opts" doc:"Options of tar or unzip, of which the usual are understood."`
	BufferSize    int64    `arg:"io_buffer_size" type:"bytes" default:"65536" doc:"Accepted for compatibility; it has no effect."`
	Decrypt       bool     `arg:"decrypt" default:"true" doc:"Decrypt a vaulted archive on the controller."`
	ValidateCerts bool     `arg:"validate_certs" default:"true" doc:"Check the certificate of a URL."`
	FileArgs
	Source   string      `arg:"_source" hidden:"true"`
	Manifest []copyEntry `arg:"_manifest" hidden:"true"`
}

// unarchiveModule makes the contents of an archive be in a folder. Archives are
// read in Go: the host needs neither tar nor unzip, but bzip2, xz or zstd
// for what these have packed.
func unarchiveModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.unarchive",
		Summary: "Unpack an archive",
		Doc: "Unpacks a tar (plain, gz, bz2, xz, zst) or zip archive into a folder. Entries that are there with the same kind, size and time are left alone, so that a second run changes nothing. An entry that would leave the folder is an error.\n" +
			"The host needs no tar or unzip (bzip2, xz or zstd for what these have packed); of their options (extra_opts) " + unpackOptions + " are understood.",
		Check:             CheckFull,
		MutuallyExclusive: [][]string{{"include", "exclude"}},
		Examples:          "- ansible.builtin.unarchive:\n    src: app-1.2.tar.gz\n    dest: /opt\n    extra_opts: ['--strip-components=1']\n",
		Returns: []Return{
			{"dest", "str", "always", "The folder."},
			{"src", "str", "always", "The archive."},
			{"handler", "str", "always", "The kind of archive, by Ansible's name."},
			{"files", "list", "list_files", "Names of everything in the archive."},
			{"extract_results", "dict", "when something was unpacked", "rc 0, and no command: archives are read by the module itself."},
		},
	}, runUnarchive)
}

func runUnarchive(ctx context.Context, h target.Host, c *Call, a *unarchiveArgs) (*Result, error) {
	if a.Creates != "" {
		if _, err := h.Stat(a.Creates); err == nil {
			return &Result{Skipped: true, Msg: fmt.Sprintf("skipped, since %s exists", a.Creates)}, nil
		}
	}
	if a.Src == "" && a.Manifest == nil {
		return nil, Failf("missing required arguments: src")
	}
	if !isDir(h, a.Dest) {
		return nil, Failf("Destination '%s' is not a directory", a.Dest)
	}
	u := &unpacking{h: h, c: c, a: a, sameOwner: h.Users().Current().UID == 0}
	if err := u.options(); err != nil {
		return nil, err
	}
	u.label = a.Source
	if u.label == "" {
		u.label = a.Src
	}
	in, err := a.open(ctx, h, c)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	handler, err := u.unpack(ctx, in)
	if err != nil {
		return nil, err
	}
	if !u.found {
		return nil, Failf("Failed to find handler for \"%s\": there are no files in the archive, or include and exclude leave none", u.label)
	}
	r := &Result{Changed: u.changed}
	r.Set("src", u.label).Set("dest", a.Dest).Set("handler", handler)
	if u.unpacked {
		// Archives are read here: there is no command to tell of.
		r.Set("extract_results", value.DictOf("cmd", []any{}, "rc", 0, "out", "", "err", ""))
	}
	if a.ListFiles {
		r.Set("files", u.names)
	}
	return r, nil
}

// unpacking is one use of the module.
type unpacking struct {
	h         target.Host
	c         *Call
	a         *unarchiveArgs
	label     string // the archive in messages
	strip     int
	junk      bool // a zip's folders are left out
	sameOwner bool
	changed   bool
	found     bool // something in the archive is wanted
	unpacked  bool // something was
	names     []string
	dirs      []*archived // whose times are set at the end
	outside   []string    // links of this archive that lead out of dest
}

// options reads extra_opts: those of tar and unzip that matter for what is
// written here. An option's value may be an item of its own.
func (u *unpacking) options() error {
	for i := 0; i < len(u.a.ExtraOpts); i++ {
		o := u.a.ExtraOpts[i]
		name, val, has := strings.Cut(o, "=")
		if takesValue := name == "--strip-components" || name == "--strip" || name == "--exclude"; takesValue && !has && i+1 < len(u.a.ExtraOpts) {
			i++
			val = u.a.ExtraOpts[i]
		}
		switch name {
		case "--strip-components", "--strip":
			n, err := strconv.Atoi(val)
			if err != nil || n < 0 {
				return Failf("extra_opts: %s needs a number", o)
			}
			u.strip = n
		case "--exclude":
			u.a.Exclude = append(u.a.Exclude, val)
		case "--no-same-owner", "-o": // to unzip, -o is to overwrite
			u.sameOwner = false
		case "--same-owner":
			u.sameOwner = true
		case "-j": // to tar, that the archive is packed by bzip2
			u.junk = true
		case "--overwrite", "--wildcards", "--preserve-permissions", "--same-permissions", "-p", "-q", "-qq":
			// This is how archives are unpacked here.
		default:
			return Failf("extra_opts: %s is not supported (%s are)", o, unpackOptions)
		}
	}
	return nil
}

const unpackOptions = "--strip-components=N, --exclude=PATTERN, --no-same-owner, --same-owner, --same-permissions, --overwrite, --wildcards, and unzip's -j, -o and -q"

// place gives the path of an entry below dest, "" for one to leave out.
func (u *unpacking) place(name string) (string, error) {
	clean := path.Clean(strings.TrimLeft(name, "/"))
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", Failf("the archive has an entry outside of its folder: %s", name)
	}
	if clean == "." || !u.wanted(clean) {
		u.found = u.found || clean == "."
		return "", nil
	}
	u.found = true
	u.names = append(u.names, strings.TrimLeft(name, "/"))
	parts := strings.Split(clean, "/")
	if len(parts) <= u.strip {
		return "", nil
	}
	dest := filepath.Join(u.a.Dest, filepath.Join(parts[u.strip:]...))
	for _, link := range u.outside {
		if inside(dest, link) && dest != link {
			return "", Failf("the archive has an entry that leaves the folder through a link: %s", name)
		}
	}
	return dest, nil
}

// wanted applies include and exclude.
func (u *unpacking) wanted(name string) bool {
	named := func(pattern string) bool { return archiveMatch(strings.Trim(pattern, "/"), name) }
	if len(u.a.Include) > 0 && !slices.ContainsFunc(u.a.Include, named) {
		return false
	}
	return !slices.ContainsFunc(u.a.Exclude, named)
}

// archiveMatch reports whether a pattern names an entry, a folder above it, or
// (as tar has it) any later part of its path.
func archiveMatch(pattern, name string) bool {
	for end := name; end != "."; end = path.Dir(end) {
		for start := end; ; {
			if ok, _ := path.Match(pattern, start); ok {
				return true
			}
			_, rest, more := strings.Cut(start, "/")
			if !more {
				break
			}
			start = rest
		}
	}
	return false
}

// finish sets the times of folders, after all writing into them.
func (u *unpacking) finish(ctx context.Context) error {
	for _, e := range slices.Backward(u.dirs) {
		if err := u.dress(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// asked reports whether the user gave a mode, which then overrides the archive's.
func (u *unpacking) asked() bool { return u.a.Mode != nil && u.a.Mode != value.None }
