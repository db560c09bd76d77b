// Package test tests drover from outside: the built program on the command
// line, against hosts inside the process and (tag hosts) real ones.
package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binDir holds the built program, and links to it under Ansible's names.
var binDir string

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "drover-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	binDir = dir
	args := append([]string{"build", "-o", filepath.Join(dir, "drover")}, buildFlags...)
	build := exec.Command("go", append(args, "drover/cmd/drover")...)
	if buildFlags == nil {
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building drover: %w\n%s", err, out)
	}
	for _, name := range []string{"ansible-playbook", "ansible", "ansible-inventory", "ansible-doc"} {
		if err := os.Symlink("drover", filepath.Join(dir, name)); err != nil {
			return 0, err
		}
	}
	return m.Run(), nil
}
