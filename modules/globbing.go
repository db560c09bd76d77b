package modules

import (
	"path"
	"strings"

	"drover/modules/target"
)

// anyMatch reports whether a path, or anything a glob matches, is there.
func anyMatch(h target.Host, pattern string) bool {
	return len(globHost(h, pattern)) > 0
}

// globHost gives the paths on the host that a shell glob matches, sorted.
func globHost(h target.Host, pattern string) []string {
	if !strings.ContainsAny(pattern, "*?[") {
		if _, err := h.Lstat(pattern); err != nil {
			return nil
		}
		return []string{pattern}
	}
	dir, last := path.Split(strings.TrimRight(pattern, "/"))
	var dirs []string
	switch {
	case dir == "":
		dirs = []string{"."}
	case dir == "/":
		dirs = []string{"/"}
	default:
		dirs = globHost(h, strings.TrimRight(dir, "/"))
	}
	var found []string
	for _, d := range dirs {
		entries, err := h.ReadDir(d)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(last, ".") {
				continue
			}
			if ok, _ := path.Match(last, e.Name()); ok {
				found = append(found, path.Join(d, e.Name()))
			}
		}
	}
	return found
}
