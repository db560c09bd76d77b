package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// scriptTimeout bounds how long a password script may take.
const scriptTimeout = 2 * time.Minute

// SplitID takes "id@source" of --vault-id apart; without an id it is
// DefaultID.
func SplitID(arg string) (id, source string) {
	if id, source, ok := strings.Cut(arg, "@"); ok {
		if id == "" {
			id = DefaultID
		}
		return id, source
	}
	return DefaultID, arg
}

// ReadPassword reads the password for an id from a file, or from what the file
// prints when it is executable. A script whose name ends in "-client" (before
// its extension) is called with --vault-id and the id.
func ReadPassword(ctx context.Context, id, path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("can't read the vault password file: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("the vault password file %s is a directory", path)
	}
	var data []byte
	if info.Mode()&0o111 != 0 {
		data, err = runScript(ctx, id, path)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	password := bytes.Trim(data, " \t\r\n")
	if len(password) == 0 {
		return nil, fmt.Errorf("the vault password from %s is empty", path)
	}
	return password, nil
}

func runScript(ctx context.Context, id, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, scriptTimeout)
	defer cancel()
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	var args []string
	if isClient(path) {
		args = []string{"--vault-id", id}
	}
	cmd := exec.CommandContext(ctx, abs, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 2 && isClient(path):
		return nil, fmt.Errorf("the vault password script %s knows no secret for the vault id '%s'", path, id)
	case err != nil:
		return nil, fmt.Errorf("the vault password script %s failed: %w", path, err)
	}
	return out, nil
}

func isClient(path string) bool {
	name := filepath.Base(path)
	return strings.HasSuffix(strings.TrimSuffix(name, filepath.Ext(name)), "-client")
}
