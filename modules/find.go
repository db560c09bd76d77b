package modules

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

type findArgs struct {
	Paths         []string    `arg:"paths" alias:"name,path" elements:"path" required:"true" doc:"Folders to search."`
	Patterns      []string    `arg:"patterns" alias:"pattern" doc:"Names to find: shell globs, or expressions with use_regex. All by default."`
	Excludes      []string    `arg:"excludes" alias:"exclude" doc:"Names to leave out."`
	Contains      string      `arg:"contains" doc:"Expression that a line of the file (the start of it) must match."`
	ReadWholeFile bool        `arg:"read_whole_file" default:"false" doc:"Match contains against the whole file."`
	FileType      string      `arg:"file_type" default:"file" choices:"any,directory,file,link" doc:"What to find."`
	Age           string      `arg:"age" doc:"At least this old, as 3d, 2w, 1h; -3d means at most."`
	AgeStamp      string      `arg:"age_stamp" default:"mtime" choices:"atime,ctime,mtime" doc:"Which time counts."`
	Size          string      `arg:"size" doc:"At least this large, as 10m, 1g; -10m means at most."`
	Recurse       bool        `arg:"recurse" default:"false" doc:"Search the folders below too."`
	Hidden        bool        `arg:"hidden" default:"false" doc:"Find names that begin with a dot too."`
	Mode          value.Value `arg:"mode" type:"raw" doc:"Permissions that a file must have."`
	ExactMode     bool        `arg:"exact_mode" default:"true" doc:"Exactly these permissions; no means at least."`
	Follow        bool        `arg:"follow" default:"false" doc:"Follow links to folders."`
	GetChecksum   bool        `arg:"get_checksum" default:"false" doc:"Compute checksums."`
	Algorithm     string      `arg:"checksum_algorithm" alias:"checksum,checksum_algo" default:"sha1" choices:"md5,sha1,sha224,sha256,sha384,sha512" doc:"Which checksum."`
	UseRegex      bool        `arg:"use_regex" default:"false" doc:"patterns and excludes are Python regular expressions."`
	Depth         int         `arg:"depth" default:"0" doc:"How many levels of folders to search; 0 is all."`
	Limit         *int        `arg:"limit" doc:"Stop after so many. All by default."`
	Encoding      string      `arg:"encoding" doc:"Encoding of the files that contains reads, by its Python name; UTF-8 when it is not given."`
}

// findModule tells which files meet conditions; it changes nothing.
func findModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.find",
		Summary:  "Find files by name, age, size and contents",
		Doc:      "Lists the files of folders that meet all conditions, with their properties.",
		Check:    CheckFull,
		Examples: "- name: Old logs\n  ansible.builtin.find:\n    paths: /var/log/app\n    patterns: '*.log'\n    age: 4w\n    recurse: yes\n  register: old\n",
		Returns: []Return{
			{"files", "list", "success", "The files, each with path, mode, size, owner and times."},
			{"matched", "int", "success", "How many were found."},
			{"examined", "int", "success", "How many were looked at."},
			{"skipped_paths", "dict", "success", "Folders that could not be searched, and why."},
		},
	}, runFind)
}

func runFind(ctx context.Context, h target.Host, _ *Call, a *findArgs) (*Result, error) {
	if a.Limit != nil && *a.Limit <= 0 {
		return nil, Failf("limit cannot be %d (use None for unlimited)", *a.Limit)
	}
	s := &search{h: h, a: a, skipped: value.NewDict(0), files: value.NewList()}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	for _, p := range a.Paths {
		info, err := h.Stat(p)
		if err != nil || !info.IsDir() {
			s.skip(p, fmt.Sprintf("'%s' is not a directory", p))
			continue
		}
		if err := s.walk(ctx, p, 1, []uint64{info.Ino}); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			s.skip(p, err.Error()) // what stops a path stops this one alone
		}
		if s.full() {
			break
		}
	}
	r := new(Result).Set("files", s.files).Set("matched", s.files.Len()).Set("examined", s.examined).Set("skipped_paths", s.skipped)
	r.Warnings = s.warnings
	switch {
	case len(s.warnings) > 0:
		return r.Set("msg", "Not all paths examined, check warnings for details"), nil
	case s.full():
		return r.Set("msg", "Limit of matches reached"), nil
	}
	return r.Set("msg", "All paths examined"), nil
}

// skip notes a path of the task that can't be searched.
func (s *search) skip(path, why string) {
	s.skipped.Put(path, value.Str(why))
	s.warnings = append(s.warnings, fmt.Sprintf("Skipped '%s' path due to this access issue: %s\n", path, why))
}

// search is one use of the module.
type search struct {
	h         target.Host
	a         *findArgs
	tests     []func(path string, i *target.Info) (bool, error)
	files     *value.List
	skipped   *value.Dict
	warnings  []string
	examined  int
	age, size *bound
}

// bound is a least value, or with a minus a greatest one.
type bound struct {
	n    float64
	most bool
}

func (b *bound) holds(x float64) bool {
	if b.most {
		return x <= b.n
	}
	return x >= b.n
}

func (s *search) full() bool { return s.a.Limit != nil && s.files.Len() >= *s.a.Limit }

// walk looks at a folder. above holds the folders on the way, so that a loop
// of links ends.
func (s *search) walk(ctx context.Context, dir string, depth int, above []uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := s.h.ReadDir(dir)
	if err != nil {
		s.skipped.Put(dir, value.Str(osError(err, dir)))
		return nil
	}
	s.examined += len(entries)
	if s.a.Depth > 0 && depth > s.a.Depth {
		return nil
	}
	files, dirs, below := s.sorted(dir, entries)
	for _, path := range append(files, dirs...) {
		if !s.a.Hidden && strings.HasPrefix(filepath.Base(path), ".") {
			continue
		}
		if err := s.look(path); err != nil {
			return err
		}
		if s.full() {
			return nil
		}
	}
	if !s.a.Recurse {
		return nil
	}
	return s.descend(ctx, below, depth, above)
}

// sorted tells the folders among a folder's entries, with links to folders,
// from all else, and names those to search in turn.
func (s *search) sorted(dir string, entries []fs.DirEntry) (files, dirs, below []string) {
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		isLink := e.Type()&fs.ModeSymlink != 0
		if !e.IsDir() && !(isLink && isDir(s.h, path)) {
			files = append(files, path)
			continue
		}
		dirs = append(dirs, path)
		if !isLink || s.a.Follow {
			below = append(below, path)
		}
	}
	return files, dirs, below
}

func (s *search) descend(ctx context.Context, dirs []string, depth int, above []uint64) error {
next:
	for _, d := range dirs {
		info, err := s.h.Stat(d)
		if err != nil {
			continue
		}
		for _, ino := range above {
			if ino == info.Ino {
				continue next
			}
		}
		if err := s.walk(ctx, d, depth+1, append(above[:len(above):len(above)], info.Ino)); err != nil {
			return err
		}
		if s.full() {
			return nil
		}
	}
	return nil
}

// look adds a path that passes all tests.
func (s *search) look(path string) error {
	info, err := s.h.Lstat(path)
	if err != nil {
		s.skip(path, osError(err, path))
		return nil
	}
	for _, test := range s.tests {
		ok, err := test(path, info)
		if err != nil || !ok {
			return err
		}
	}
	d := statDict(path, info)
	d.Delete(value.Str("exists"))
	describeOwner(s.h, d, info)
	if s.a.GetChecksum && info.Mode.IsRegular() {
		if sum, err := sumFile(s.h, path, s.a.Algorithm); err == nil {
			d.Put("checksum", value.Str(sum))
		}
	}
	s.files.Append(d)
	return nil
}

// parseAge reads an age such as 3d: a number of seconds.
func parseAge(s string) (*bound, error) {
	units := map[byte]float64{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}
	return parseBound("age", s, units)
}

// parseSize reads a size such as 10m: a number of bytes.
func parseSize(s string) (*bound, error) {
	units := map[byte]float64{'b': 1, 'k': 1 << 10, 'm': 1 << 20, 'g': 1 << 30, 't': 1 << 40}
	return parseBound("size", s, units)
}

func parseBound(what, s string, units map[byte]float64) (*bound, error) {
	if s == "" {
		return nil, nil
	}
	digits, factor := strings.ToLower(s), 1.0
	if f, ok := units[digits[len(digits)-1]]; ok {
		digits, factor = digits[:len(digits)-1], f
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return nil, FailWith(value.DictOf(what, s), "failed to process %s", what)
	}
	return &bound{n: math.Abs(float64(n)) * factor, most: strings.HasPrefix(digits, "-")}, nil
}

// ageOf gives how long ago the chosen time was, in seconds.
func (a *findArgs) ageOf(i *target.Info, now time.Time) float64 {
	t := map[string]time.Time{"atime": i.AccTime, "ctime": i.ChgTime, "mtime": i.ModTime}[a.AgeStamp]
	return now.Sub(t).Seconds()
}
