//go:build release

package remote

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// dist holds drover-runner-OS-ARCH.gz and drover-runner-OS-ARCH.sha256, made
// by "make release" before this package is built.
//
//go:embed dist/drover-runner-*
var dist embed.FS

func embeddedRunners() ([]*Runner, error) {
	entries, err := dist.ReadDir("dist")
	if err != nil {
		return nil, err
	}
	var all []*Runner
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".gz")
		if !ok {
			continue
		}
		r, err := embeddedRunner(name)
		if err != nil {
			return nil, fmt.Errorf("the embedded runner %s: %w", name, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func embeddedRunner(name string) (*Runner, error) {
	parts := strings.Split(name, "-")
	if len(parts) != 4 {
		return nil, fmt.Errorf("its name is not drover-runner-OS-ARCH")
	}
	packed, err := dist.ReadFile("dist/" + name + ".gz")
	if err != nil {
		return nil, err
	}
	sum, err := dist.ReadFile("dist/" + name + ".sha256")
	if err != nil {
		return nil, err
	}
	hash := strings.Fields(string(sum))
	if len(hash) == 0 || len(hash[0]) != hex.EncodedLen(sha256.Size) {
		return nil, fmt.Errorf("its .sha256 file holds no hash")
	}
	return &Runner{OS: parts[2], Arch: parts[3], Name: hash[0][:nameLen], Size: unpackedSize(packed),
		Hash:   func() (string, error) { return hash[0], nil },
		Packed: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil }}, nil
}

// unpackedSize reads the size at the end of a gzip file.
func unpackedSize(packed []byte) int64 {
	if _, err := gzip.NewReader(bytes.NewReader(packed)); err != nil || len(packed) < 8 {
		return int64(len(packed)) * 4
	}
	t := packed[len(packed)-4:]
	return int64(t[0]) | int64(t[1])<<8 | int64(t[2])<<16 | int64(t[3])<<24
}
