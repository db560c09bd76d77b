package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kevinburke/ssh_config"
)

const systemConfig = "/etc/ssh/ssh_config"

// configFile is a parsed ssh_config; the zero one is empty.
type configFile struct {
	path   string
	parsed *ssh_config.Config
	// byProgram says that only ssh itself can evaluate it (Match exec and the
	// like).
	byProgram bool
}

// readConfig parses a configuration; one that is not there is empty.
func readConfig(path string) (*configFile, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return &configFile{path: path}, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := ssh_config.DecodeBytes(text)
	if err == nil {
		return &configFile{path: path, parsed: c}, nil
	}
	if strings.Contains(strings.ToLower(string(text)), "match") {
		if _, missing := exec.LookPath("ssh"); missing == nil {
			return &configFile{path: path, byProgram: true}, nil
		}
		return nil, fmt.Errorf("%s: %w; its Match lines need the program ssh, which is not installed", path, err)
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

// configs gives the configuration files that apply with a -F flag.
func configs(flag string) []string {
	switch flag {
	case "none":
		return nil
	case "":
		return []string{home(".ssh/config"), systemConfig}
	}
	return []string{expandHome(flag)}
}

func home(path string) string {
	dir, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(dir, path)
}

func expandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return home(rest)
	}
	return path
}

// apply adds what the configuration says about a host.
func (c *configFile) apply(s *settings, host, user string) error {
	if c.byProgram {
		return c.applyByProgram(s, host, user)
	}
	if c.parsed == nil {
		return nil
	}
	for name := range understood {
		vals, err := c.parsed.GetAll(host, name)
		if err != nil {
			return fmt.Errorf("%s: %w", c.path, err)
		}
		for _, v := range vals {
			s.set(name, v, c.path)
		}
	}
	return nil
}

// applyByProgram asks ssh, which knows every kind of Match.
func (c *configFile) applyByProgram(s *settings, host, user string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	args := []string{"-G", "-F", c.path}
	if user != "" {
		args = append(args, "-l", user)
	}
	out, err := exec.CommandContext(ctx, "ssh", append(args, "--", host)...).Output()
	if err != nil {
		return fmt.Errorf("%s: ssh -G %s: %w", c.path, host, err)
	}
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		name, val, _ := strings.Cut(sc.Text(), " ")
		if understood[name] && !defaultOf(name, val) {
			s.set(name, val, c.path)
		}
	}
	return nil
}

// defaultOf reports whether ssh -G prints the value for want of another; our
// own defaults for these differ or are computed.
func defaultOf(name, val string) bool {
	switch name {
	case "ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms", "identityfile":
		return name != "identityfile" || strings.HasPrefix(val, "~/.ssh/id_")
	case "stricthostkeychecking":
		return val == "ask"
	case "connecttimeout":
		return val == "none"
	case "serveraliveinterval":
		return val == "0"
	case "userknownhostsfile":
		return strings.HasPrefix(val, "~/.ssh/known_hosts ")
	case "globalknownhostsfile":
		return strings.HasPrefix(val, "/etc/ssh/ssh_known_hosts ")
	}
	return false
}
