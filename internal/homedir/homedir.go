// Package homedir replaces the ~ that people write in paths of this machine.
package homedir

import (
	"os"
	"os/user"
	"strings"
)

// Expand replaces a leading ~ or ~name by that user's home folder, as Python's
// expanduser does: one's own is HOME where it is set. The name of nobody stays.
func Expand(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok {
		return path
	}
	name, tail := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		name, tail = rest[:i], rest[i:]
	}
	home, ok := of(name)
	if !ok {
		return path
	}
	if out := strings.TrimRight(home, "/") + tail; out != "" {
		return out
	}
	return "/"
}

// of gives the home folder of a user, one's own for "".
func of(name string) (home string, ok bool) {
	if home := os.Getenv("HOME"); name == "" && home != "" {
		return home, true
	}
	find := func() (*user.User, error) { return user.Lookup(name) }
	if name == "" {
		find = user.Current
	}
	u, err := find()
	if err != nil {
		return "", false
	}
	return u.HomeDir, true
}
