package modules

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"drover/modules/target"
)

type tempfileArgs struct {
	State  string `arg:"state" default:"file" choices:"file,directory" doc:"What to make."`
	Path   string `arg:"path" type:"path" doc:"Folder to make it in; the system's folder for temporary files by default."`
	Prefix string `arg:"prefix" default:"ansible." doc:"How its name begins."`
	Suffix string `arg:"suffix" default:"" doc:"How its name ends."`
}

// tempfileModule makes a new file or folder that nobody else can read.
func tempfileModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.tempfile",
		Summary:  "Make a temporary file or folder",
		Doc:      "Makes a file or folder with a name that was not there, readable by its owner only. It stays until a task removes it.",
		Examples: "- ansible.builtin.tempfile:\n    state: directory\n    suffix: build\n  register: work\n",
		Returns:  []Return{{"path", "str", "success", "The new file or folder."}},
	}, runTempfile)
}

func runTempfile(ctx context.Context, h target.Host, _ *Call, a *tempfileArgs) (*Result, error) {
	dir := a.Path
	if dir == "" {
		if dir = h.Getenv("TMPDIR"); dir == "" {
			dir = "/tmp"
		}
	}
	for range 100 {
		path := filepath.Join(dir, a.Prefix+strings.ToLower(rand.Text()[:8])+a.Suffix)
		err := a.make(h, path)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, Failf("could not make a temporary %s in %s: %w", a.State, dir, reason(err))
		}
		r := &Result{Changed: true}
		return r.Set("path", path), nil
	}
	return nil, Failf("could not find a free name in %s", dir)
}

// make makes it, failing when something of that name is there.
func (a *tempfileArgs) make(h target.Host, path string) error {
	if a.State == "directory" {
		return h.Mkdir(path, 0o700)
	}
	if _, err := h.Lstat(path); err == nil {
		return fs.ErrExist
	}
	rep, err := h.Create(path, 0o600)
	if err != nil {
		return err
	}
	return rep.Commit()
}
