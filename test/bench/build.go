package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// buildRelease builds drover as "make release" does, with the runner for hosts
// like this machine inside, without a trace in the source tree.
func buildRelease(ctx context.Context, dir, to string) error {
	name := "drover-runner-" + runtime.GOOS + "-" + runtime.GOARCH
	runner := filepath.Join(dir, name)
	if err := goBuild(ctx, runner, "-tags", "nethttpomithttp2", "-gcflags=all=-l", "drover/cmd/drover-runner"); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "go", "run", "drover/internal/slim", runner).CombinedOutput(); err != nil {
		return fmt.Errorf("slim: %w: %s", err, out)
	}
	packed, sum, err := pack(runner)
	if err != nil {
		return err
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "drover").Output()
	if err != nil {
		return fmt.Errorf("bench runs in drover's source tree: %w", err)
	}
	dist := filepath.Join(string(bytes.TrimSpace(root)), "transport/remote/dist", name)
	replace := map[string]string{}
	for suffix, data := range map[string][]byte{".gz": packed, ".sha256": sum} {
		if err := os.WriteFile(runner+suffix, data, 0o644); err != nil {
			return err
		}
		replace[dist+suffix] = runner + suffix
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o644); err != nil {
		return err
	}
	return goBuild(ctx, to, "-tags", "release,urfave_cli_no_docs", "-overlay", overlay, "drover/cmd/drover")
}

func goBuild(ctx context.Context, to string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", to}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

// pack compresses a program and gives its hash in hex.
func pack(path string) (packed, sum []byte, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, nil, err
	}
	if err := z.Close(); err != nil {
		return nil, nil, err
	}
	return out.Bytes(), fmt.Appendf(nil, "%x\n", sha256.Sum256(data)), nil
}
