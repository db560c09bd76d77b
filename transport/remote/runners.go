package remote

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
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
	// Name is 40 hex digits that stand for the program's content: it is
	// called r-Name on the hosts.
	Name string
	// Hash gives the SHA-256 of the program in hex, which proves an upload.
	Hash func() (string, error)
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
// Its name comes from the build ID that Go writes into programs, a hash of what
// they were built to: hashing the file itself took as long as everything else
// drover does before its first host.
func SelfRunner() (*Runner, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("drover does not find its own program file: %w", err)
	}
	r, err := newRunner(path, runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	r.Args = []string{SelfArg}
	if id := buildID(path); id != "" {
		r.Name = nameOf(sha256.Sum256(fmt.Appendf(nil, "%s %d", id, r.Size)))
		return r, nil
	}
	return r, r.nameByContent()
}

// FileRunner makes a runner of a program file.
func FileRunner(path, goos, arch string) (*Runner, error) {
	r, err := newRunner(path, goos, arch)
	if err != nil {
		return nil, err
	}
	return r, r.nameByContent()
}

// newRunner makes a runner that has no name yet.
func newRunner(path, goos, arch string) (*Runner, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("the runner for %s/%s: %w", goos, arch, err)
	}
	packed := sync.OnceValues(func() ([]byte, error) { return packFile(path) })
	return &Runner{OS: goos, Arch: arch, Size: info.Size(),
		Hash: sync.OnceValues(func() (string, error) { return hashFile(path) }),
		Packed: func() (io.ReadCloser, error) {
			b, err := packed()
			return io.NopCloser(bytes.NewReader(b)), err
		}}, nil
}

func (r *Runner) nameByContent() error {
	hash, err := r.Hash()
	if err != nil {
		return fmt.Errorf("the runner for %s/%s: %w", r.OS, r.Arch, err)
	}
	r.Name = hash[:nameLen]
	return nil
}

// nameLen is how many hex digits a runner's name has.
const nameLen = 40

func nameOf(hash [sha256.Size]byte) string { return hex.EncodeToString(hash[:])[:nameLen] }

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// buildID reads the note that Go's linker leaves in a program, "" when there
// is none.
func buildID(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	note := f.Section(".note.go.buildid")
	if note == nil {
		return ""
	}
	data, err := note.Data()
	if err != nil || !bytes.Contains(data[:min(len(data), 16)], []byte("Go\x00")) {
		return ""
	}
	return string(data)
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
