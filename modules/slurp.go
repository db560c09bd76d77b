package modules

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"

	"drover/modules/target"
)

type slurpArgs struct {
	Src string `arg:"src" alias:"path" type:"path" required:"true" doc:"The file to read."`
}

// slurpModule reads a small file into a variable.
func slurpModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.slurp",
		Summary:  "Read a file of the host into a variable",
		Doc:      "Gives the contents of a file in base64, so that a later task can use them: {{ x.content | b64decode }}. The whole file passes through memory; use fetch for large ones.",
		Check:    CheckFull,
		Examples: "- ansible.builtin.slurp:\n    src: /proc/mounts\n  register: mounts\n",
		Returns: []Return{
			{"content", "str", "success", "The contents in base64."},
			{"source", "str", "success", "The file."},
			{"encoding", "str", "success", "Always base64."},
		},
	}, runSlurp)
}

func runSlurp(_ context.Context, h target.Host, _ *Call, a *slurpArgs) (*Result, error) {
	data, err := h.ReadFile(a.Src)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist):
		return nil, Failf("File not found: %s", a.Src)
	case isDir(h, a.Src):
		return nil, Failf("Source is a directory and must be a file: %s", a.Src)
	case errors.Is(err, fs.ErrPermission):
		return nil, Failf("File is not readable: %s", a.Src)
	default:
		return nil, Failf("unable to slurp file %s: %w", a.Src, reason(err))
	}
	content := base64.StdEncoding.EncodeToString(data)
	return new(Result).Set("content", content).Set("source", a.Src).Set("encoding", "base64"), nil
}
