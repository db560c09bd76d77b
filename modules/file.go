package modules

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type fileArgs struct {
	Path      string `arg:"path" alias:"dest,name" type:"path" required:"true" doc:"The file, folder or link."`
	State     string `arg:"state" choices:"absent,directory,file,hard,link,touch" doc:"What shall be there. By default what is there already, or a file."`
	Src       string `arg:"src" type:"path" doc:"What a link points to."`
	Recurse   bool   `arg:"recurse" default:"false" doc:"Set owner, group and mode of everything in the folder too."`
	Force     bool   `arg:"force" default:"false" doc:"Make a link although its end is missing or a file is in its place."`
	Follow    bool   `arg:"follow" default:"true" doc:"Work on what a link points to."`
	ModTime   string `arg:"modification_time" doc:"preserve, now, or a time: when it was last modified."`
	ModFormat string `arg:"modification_time_format" default:"%Y%m%d%H%M.%S" doc:"How that time is written."`
	AccTime   string `arg:"access_time" doc:"preserve, now, or a time: when it was last read."`
	AccFormat string `arg:"access_time_format" default:"%Y%m%d%H%M.%S" doc:"How that time is written."`
	FileArgs
	Peek bool `arg:"_diff_peek" hidden:"true"`
}

// fileModule makes a path a file, folder or link with given properties, or
// makes it go. It does not write contents.
func fileModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.file",
		Summary:  "Manage files, folders, links and their properties",
		Doc:      "Makes folders (with their parents), links and empty files, sets owner, mode and times, and removes what shall not be there, folders with all that is in them. It does not write contents: see copy and template.",
		Check:    CheckFull,
		Diff:     true,
		Examples: "- name: A folder for the logs\n  ansible.builtin.file:\n    path: /var/log/app\n    state: directory\n    owner: app\n    mode: '0750'\n",
		Returns: []Return{
			{"path", "str", "state absent, directory, file", "The path."},
			{"dest", "str", "state link, hard, touch", "The path."},
			{"src", "str", "state link, hard", "What the link points to."},
			{"state", "str", "success", "What is there now; owner, group, mode, uid, gid and size likewise."},
		},
	}, runFile)
}

func runFile(ctx context.Context, h target.Host, c *Call, a *fileArgs) (*Result, error) {
	if a.Peek {
		return peek(h, a.Path), nil
	}
	f := &filing{h: h, c: c, a: a}
	if err := f.settle(); err != nil {
		return nil, err
	}
	run := map[string]func(context.Context) error{
		"absent": f.absent, "directory": f.directory, "file": f.file,
		"hard": f.hard, "link": f.link, "touch": f.touch,
	}[a.State]
	if err := run(ctx); err != nil {
		return nil, f.blame(err)
	}
	if !f.changed {
		f.diff.drop("state") // to touch is no state of its own
	}
	r := &f.res
	r.Changed = f.changed
	if f.diff.After.Len() > 0 {
		r.Diff = []Diff{{BeforeState: &f.diff.Before, AfterState: &f.diff.After}}
	}
	return r, nil
}

// peek only tells whether a file looks binary, for actions that show diffs.
func peek(h target.Host, path string) *Result {
	binary := false
	if f, err := h.Open(path); err == nil {
		defer f.Close()
		head := make([]byte, 8192)
		n, _ := io.ReadFull(f, head) // a short file is whole
		binary = bytes.IndexByte(head[:n], 0) >= 0
	}
	return new(Result).Set("path", path).Set("appears_binary", binary)
}

// filing is one use of the module.
type filing struct {
	h       target.Host
	c       *Call
	a       *fileArgs
	prev    string // what was there: absent, directory, file, hard, link
	times   stamps
	diff    Properties
	changed bool
	res     Result
}

// settle finds out what is there and what is wanted.
func (f *filing) settle() error {
	a := f.a
	if a.State != "link" && a.State != "absent" && a.Src != "" && isDir(f.h, a.Path) {
		a.Path = filepath.Join(a.Path, filepath.Base(a.Src))
	}
	f.prev = stateAt(f.h, a.Path)
	switch {
	case a.State != "":
	case f.prev != "absent":
		a.State = f.prev
	case a.Recurse:
		a.State = "directory"
	default:
		a.State = "file"
	}
	if a.Recurse && a.State != "directory" {
		return f.blame(Failf("recurse option requires state to be 'directory'"))
	}
	if a.Src != "" && a.State != "link" && a.State != "hard" {
		return f.blame(Failf("src option requires state to be 'link' or 'hard'"))
	}
	if f.c.Check && a.State != "absent" {
		f.warnOfOwners()
	}
	var err error
	f.times, err = a.stamps(f.h)
	return err
}

// warnOfOwners tells, in check mode, of users and groups that earlier tasks
// would have to make.
func (f *filing) warnOfOwners() {
	users := f.h.Users()
	missing := func(kind, name string, known bool) {
		if known {
			return
		}
		what := name
		if _, err := strconv.Atoi(name); err == nil {
			what = "with " + map[string]string{"user": "uid ", "group": "gid "}[kind] + name
		}
		f.res.Warnings = append(f.res.Warnings, fmt.Sprintf("failed to look up %s %s. Create %s up to this point in real play", kind, what, kind))
	}
	if name := f.a.Owner; name != "" {
		_, known := lookupName(name, users.User, users.UserID)
		missing("user", name, known)
	}
	if name := f.a.Group; name != "" {
		_, known := lookupName(name, users.Group, users.GroupID)
		missing("group", name, known)
	}
}

// lookupName finds an account by number or name.
func lookupName[T any](s string, byName func(string) (T, bool), byID func(int) (T, bool)) (T, bool) {
	if n, err := strconv.Atoi(s); err == nil {
		return byID(n)
	}
	return byName(s)
}

// blame adds the path to a failure.
func (f *filing) blame(err error) error {
	e, ok := err.(*Error)
	if !ok || e.Data == nil {
		err = ofPath(err, f.a.Path)
	}
	if ok && len(f.res.Warnings) > 0 {
		e.Data.Put("warnings", value.Strings(f.res.Warnings...))
	}
	return err
}

// stateAt names what is at a path.
func stateAt(h target.Host, path string) string {
	info, err := h.Lstat(path)
	if err != nil {
		return "absent"
	}
	return stateOf(info)
}

// begin starts the diff with the change of state.
func (f *filing) begin(state string) {
	f.diff.put("path", f.a.Path, f.a.Path)
	if f.prev != state {
		f.diff.put("state", f.prev, state)
	}
}

// follow makes the path the end of a link.
func (f *filing) follow() {
	if f.a.Follow && f.prev == "link" {
		f.a.Path = followLink(f.h, f.a.Path)
		f.prev = stateAt(f.h, f.a.Path)
	}
}

// properties sets owner, mode and times of a path.
func (f *filing) properties(ctx context.Context, path string, d *Properties) error {
	changed, err := f.a.Apply(ctx, f.h, f.c, path, d)
	f.changed = f.changed || changed
	if err != nil {
		return err
	}
	changed, err = f.times.apply(f.h, f.c, path, d)
	f.changed = f.changed || changed
	return err
}

// linkProperties sets those of a link's end, or of the link itself.
func (f *filing) linkProperties(ctx context.Context) error {
	path := f.a.Path
	if f.a.Follow {
		if _, err := f.h.Stat(path); err != nil {
			if !f.c.Check {
				f.res.Warnings = append(f.res.Warnings, "Cannot set fs attributes on a non-existent symlink target. follow should be set to False to avoid this.")
			}
			return nil
		}
		path = followLink(f.h, path)
	}
	return f.properties(ctx, path, &f.diff)
}

func (f *filing) absent(context.Context) error {
	f.res.Set("path", f.a.Path).Set("state", "absent")
	if f.prev == "absent" {
		return nil
	}
	f.begin("absent")
	f.changed = true
	if f.prev == "directory" && f.c.Diff {
		f.diff.Before.Put("path_content", pathContent(f.h, f.a.Path))
	}
	if f.c.Check {
		return nil
	}
	if f.prev == "directory" {
		if err := f.h.RemoveAll(strings.TrimRight(f.a.Path, "/")); err != nil {
			return Failf("rmtree failed: %w", err)
		}
		return nil
	}
	if err := f.h.Remove(f.a.Path); err != nil {
		return Failf("unlinking failed: %w", err)
	}
	return nil
}

// pathContent lists what goes with a folder.
func pathContent(h target.Host, root string) *value.Dict {
	dirs, files := value.NewList(), value.NewList()
	var walk func(dir string)
	walk = func(dir string) {
		entries, _ := h.ReadDir(dir)
		for _, e := range entries {
			p := filepath.Join(dir, e.Name())
			if e.IsDir() {
				dirs.Append(value.Str(p))
				walk(p)
			} else {
				files.Append(value.Str(p))
			}
		}
	}
	walk(root)
	return value.DictOf("directories", dirs, "files", files)
}

func (f *filing) file(ctx context.Context) error {
	f.follow()
	f.res.Set("path", f.a.Path)
	if f.prev != "file" && f.prev != "hard" {
		return FailWith(value.DictOf("path", f.a.Path, "state", f.prev),
			"file (%s) is %s, cannot continue", f.a.Path, f.prev)
	}
	f.begin("file")
	return f.properties(ctx, f.a.Path, &f.diff)
}

func (f *filing) touch(ctx context.Context) error {
	f.res.Set("dest", f.a.Path)
	path := f.a.Path
	if f.prev == "link" && f.a.Follow {
		path = followLink(f.h, path)
	}
	if _, err := f.h.Lstat(path); err != nil {
		f.changed = true
		if f.c.Check {
			return nil
		}
		w, err := f.h.Append(path, fs.FileMode(0o666&^umask(f.h)))
		if err != nil {
			return Failf("Error, could not touch target: %w", err)
		}
		w.Close()
		f.begin("touch")
		if err := f.properties(ctx, path, &f.diff); err != nil {
			f.h.Remove(path) // leave nothing half made
			return err
		}
		return nil
	}
	f.begin("touch")
	return f.properties(ctx, path, &f.diff)
}
