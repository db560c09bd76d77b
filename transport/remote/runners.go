package remote

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Runner is a program that can be pushed to hosts of one system.
type Runner struct {
	OS, Arch string // Go's names
	// Hash is the SHA-256 of the program in hex: its name on the hosts.
	Hash string
	// Size is that of the program, not of what is sent.
	Size int64
	// Args start it as a runner.
	Args []string
	// Packed opens the program compressed with gzip.
	Packed func() (io.ReadCloser, error)
}

// Runners are the runners at hand. It is safe for concurrent use.
type Runners interface {
	// All gives every runner at hand; the order is that of preference.
	All() ([]*Runner, error)
}

// SelfArg as first argument makes drover itself serve as a runner. The dash
// keeps it apart from every command's name.
const SelfArg = "__runner"

// runnerName is the file name of a runner that was built by hand.
func runnerName(goos, arch string) string { return "drover-runner-" + goos + "-" + arch }

// runnerDir is where runners that were built by hand are looked for.
func runnerDir() string {
	if dir := os.Getenv("DROVER_RUNNERS"); dir != "" {
		return dir
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "drover", "runners")
}

// missingRunner says how to get the runner of a system.
func missingRunner(goos, arch string) error {
	return fmt.Errorf("this drover carries no runner for %s/%s; build one in drover's source tree with: "+
		"CGO_ENABLED=0 GOOS=%s GOARCH=%s go build -trimpath -ldflags='-s -w' -o %s ./cmd/drover-runner",
		goos, arch, goos, arch, filepath.Join(runnerDir(), runnerName(goos, arch)))
}

// DefaultRunners gives the runners of this program: those built by hand, those
// embedded in a release, and else the program itself.
func DefaultRunners() Runners { return &defaultRunners{} }

type defaultRunners struct {
	once sync.Once
	all  []*Runner
	err  error
}

func (d *defaultRunners) All() ([]*Runner, error) {
	d.once.Do(func() { d.all, d.err = findRunners() })
	return d.all, d.err
}

func findRunners() ([]*Runner, error) {
	all, err := builtByHand(runnerDir())
	if err != nil {
		return nil, err
	}
	embedded, err := embeddedRunners()
	if err != nil {
		return nil, err
	}
	all = append(all, embedded...)
	if !slices.ContainsFunc(all, func(r *Runner) bool { return r.OS == runtime.GOOS && r.Arch == runtime.GOARCH }) {
		self, err := SelfRunner()
		if err != nil {
			return nil, err
		}
		all = append(all, self)
	}
	return all, nil
}

// builtByHand finds the runners in a directory.
func builtByHand(dir string) ([]*Runner, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "drover-runner-*-*"))
	if err != nil || dir == "" {
		return nil, nil // the directory's name is no pattern: there are none
	}
	var all []*Runner
	for _, path := range paths {
		parts := strings.Split(filepath.Base(path), "-")
		if len(parts) != 4 {
			continue
		}
		r, err := FileRunner(path, parts[2], parts[3])
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// SelfRunner makes the running program a runner for machines of its own kind.
func SelfRunner() (*Runner, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("drover does not find its own program file: %w", err)
	}
	return FileRunner(path, runtime.GOOS, runtime.GOARCH, SelfArg)
}

// FileRunner makes a runner of a program file.
func FileRunner(path, goos, arch string, args ...string) (*Runner, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the runner for %s/%s: %w", goos, arch, err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return nil, fmt.Errorf("the runner for %s/%s: %w", goos, arch, err)
	}
	packed := sync.OnceValues(func() ([]byte, error) { return packFile(path) })
	return &Runner{OS: goos, Arch: arch, Size: n, Hash: hex.EncodeToString(h.Sum(nil)), Args: args,
		Packed: func() (io.ReadCloser, error) {
			b, err := packed()
			return io.NopCloser(bytes.NewReader(b)), err
		}}, nil
}

// packFile compresses a program quickly: it is done while a host waits.
func packFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(z, f); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
