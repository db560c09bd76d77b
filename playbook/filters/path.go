package filters

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"drover/internal/homedir"
	"drover/playbook/value"
)

// pathFilters work on paths of the controller and of Windows.
var pathFilters = []entry{
	{"basename", "path", pathFunc(func(p string) string { _, base := splitPath(p); return base }), 0},
	{"dirname", "path", pathFunc(func(p string) string { dir, _ := splitPath(p); return dir }), 0},
	{"expanduser", "path", pathFunc(homedir.Expand), impure},
	{"expandvars", "path", pathFunc(func(p string) string { return expandVars(p) }), impure},
	{"normpath", "path", pathFunc(normPath), 0},
	{"realpath", "path", pathFunc(realPath), impure},
	{"relpath", "path start?", relPath, impure},
	{"splitext", "path", splitExt, 0},
	{"path_join", "paths", pathJoin, 0},
	{"commonpath", "paths", commonPath, 0},
	{"fileglob", "pattern", fileGlob, impure},
	{"win_basename", "path", pathFunc(func(p string) string { _, base := splitWindows(p); return base }), 0},
	{"win_dirname", "path", pathFunc(func(p string) string { dir, _ := splitWindows(p); return dir }), 0},
	{"win_splitdrive", "path", winSplitDrive, 0},
}

// path gives an argument that must be a path.
func (a *args) path(name string) string {
	v := a.val(name)
	if s, ok := value.AsString(v); ok {
		return s
	}
	if b, ok := v.(value.Bytes); ok {
		return string(b)
	}
	a.fail("expected str, bytes or os.PathLike object, not %s", v.Type())
	return ""
}

func pathFunc(f func(string) string) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) { return value.Str(f(a.path("path"))), nil }
}

// splitPath is os.path.split: the part after the last slash, and what comes
// before it without trailing slashes.
func splitPath(p string) (dir, base string) {
	i := strings.LastIndexByte(p, '/') + 1
	dir, base = p[:i], p[i:]
	if strings.Trim(dir, "/") != "" {
		dir = strings.TrimRight(dir, "/")
	}
	return dir, base
}

// expandVars replaces $name and ${name} by the environment's variables; those
// that are not set stay as they are.
func expandVars(p string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(p, '$')
		if i < 0 {
			b.WriteString(p)
			return b.String()
		}
		b.WriteString(p[:i])
		p = p[i:]
		name, n := variableName(p)
		if v, ok := os.LookupEnv(name); ok && name != "" {
			b.WriteString(v)
		} else {
			b.WriteString(p[:n])
		}
		p = p[n:]
	}
}

// variableName gives the name that follows the dollar sign at the start of p
// and how many bytes the reference takes.
func variableName(p string) (name string, n int) {
	if strings.HasPrefix(p, "${") {
		if end := strings.IndexByte(p, '}'); end > 0 {
			return p[2:end], end + 1
		}
		return "", 1
	}
	n = 1
	for n < len(p) && (p[n] == '_' || isASCIILetter(p[n]) || isDigit(p[n])) {
		n++
	}
	return p[1:n], n
}

func isDigit(c byte) bool       { return c >= '0' && c <= '9' }
func isASCIILetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// normPath is os.path.normpath: unlike path.Clean it keeps two leading slashes.
func normPath(p string) string {
	if strings.HasPrefix(p, "//") && !strings.HasPrefix(p, "///") {
		return "/" + filepath.Clean(p)
	}
	return filepath.Clean(p)
}

func absPath(p string) string {
	if !strings.HasPrefix(p, "/") {
		if dir, err := os.Getwd(); err == nil {
			p = dir + "/" + p
		}
	}
	return normPath(p)
}

// realPath resolves symbolic links; parts that do not exist stay.
func realPath(p string) string {
	if p == "" {
		p = "."
	}
	if !strings.HasPrefix(p, "/") {
		p = absPath(".") + "/" + p
	}
	done, links := "/", 0
	rest := strings.Split(p, "/")
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			done = filepath.Dir(done)
			continue
		}
		next := filepath.Join(done, part)
		target, err := os.Readlink(next)
		if links++; err != nil || links > 255 {
			done = next
			continue
		}
		if strings.HasPrefix(target, "/") {
			done = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return done
}

func relPath(a *args) (value.Value, error) {
	path, start := a.path("path"), a.strOr("start", ".")
	if a.err == nil && path == "" {
		return nil, errors.New("no path specified")
	}
	rel, err := filepath.Rel(absPath(start), absPath(path))
	return value.Str(rel), err
}

func splitExt(a *args) (value.Value, error) {
	p := a.path("path")
	base := p[strings.LastIndexByte(p, '/')+1:]
	stem := strings.TrimLeft(base, ".")
	dot := strings.LastIndexByte(stem, '.')
	if dot < 0 {
		return value.Tuple{value.Str(p), value.Str("")}, nil
	}
	cut := len(p) - len(stem) + dot
	return value.Tuple{value.Str(p[:cut]), value.Str(p[cut:])}, nil
}

func pathJoin(a *args) (value.Value, error) {
	if s, ok := value.AsString(a.val("paths")); ok {
		return value.Str(s), nil
	}
	parts, ok := asSequence(a.val("paths"))
	if !ok {
		return nil, fmt.Errorf("|path_join expects string or sequence, got %s instead.", className(a.val("paths")))
	}
	if len(parts) == 0 {
		return nil, errors.New("join() missing 1 required positional argument: 'a'")
	}
	joined := ""
	for i, v := range parts {
		p, ok := value.AsString(v)
		switch {
		case !ok:
			return nil, fmt.Errorf("join() argument must be str, bytes, or os.PathLike object, not '%s'", v.Type())
		case i == 0 || strings.HasPrefix(p, "/"):
			joined = p
		case joined == "" || strings.HasSuffix(joined, "/"):
			joined += p
		default:
			joined += "/" + p
		}
	}
	return value.Str(joined), nil
}

func commonPath(a *args) (value.Value, error) {
	list, ok := asSequence(a.val("paths"))
	if !ok {
		return nil, fmt.Errorf("|commonpath expects sequence, got %s instead.", className(a.val("paths")))
	}
	if len(list) == 0 {
		return nil, errors.New("commonpath() arg is an empty sequence")
	}
	var common []string
	absolute := false
	for i, v := range list {
		p, ok := value.AsString(v)
		if !ok {
			return nil, fmt.Errorf("expected str, bytes or os.PathLike object, not %s", v.Type())
		}
		parts, abs := pathParts(p), strings.HasPrefix(p, "/")
		if i == 0 {
			common, absolute = parts, abs
			continue
		}
		if abs != absolute {
			return nil, errors.New("Can't mix absolute and relative paths")
		}
		n := 0
		for n < len(common) && n < len(parts) && common[n] == parts[n] {
			n++
		}
		common = common[:n]
	}
	prefix := ""
	if absolute {
		prefix = "/"
	}
	return value.Str(prefix + strings.Join(common, "/")), nil
}

// pathParts gives the components of a path without empty ones and dots.
func pathParts(p string) []string {
	var parts []string
	for part := range strings.SplitSeq(p, "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	return parts
}

func fileGlob(a *args) (value.Value, error) {
	pattern := a.path("pattern")
	out := value.NewList()
	for _, m := range globFiles(pattern) {
		out.Append(value.Str(m))
	}
	return out, nil
}

// globFiles gives the regular files that match a shell pattern; a leading dot
// must be matched by a dot, as the shell does it.
func globFiles(pattern string) []string {
	matches, _ := filepath.Glob(strings.ReplaceAll(pattern, "**", "*"))
	var files []string
	for _, m := range matches {
		if hiddenMatch(pattern, m) {
			continue
		}
		if st, err := os.Stat(m); err == nil && st.Mode().IsRegular() {
			files = append(files, m)
		}
	}
	return files
}

// hiddenMatch reports whether a wildcard took the leading dot of a file name.
func hiddenMatch(pattern, match string) bool {
	_, p := splitPath(pattern)
	_, m := splitPath(match)
	return strings.HasPrefix(m, ".") && !strings.HasPrefix(p, ".")
}

// splitDrive splits a Windows path after its drive or share.
func splitDrive(p string) (drive, rest string) {
	norm := strings.ReplaceAll(p, "/", `\`)
	if strings.HasPrefix(norm, `\\`) {
		return splitShare(p, norm)
	}
	if len(p) >= 2 && p[1] == ':' {
		return p[:2], p[2:]
	}
	return "", p
}

// splitShare splits after \\server\share or \\?\UNC\server\share.
func splitShare(p, norm string) (drive, rest string) {
	start := 2
	if len(norm) >= 8 && strings.EqualFold(norm[:8], `\\?\UNC\`) {
		start = 8
	}
	server := strings.IndexByte(norm[start:], '\\')
	if server < 0 {
		return p, ""
	}
	share := strings.IndexByte(norm[start+server+1:], '\\')
	if share < 0 {
		return p, ""
	}
	end := start + server + 1 + share
	return p[:end], p[end:]
}

func winSplitDrive(a *args) (value.Value, error) {
	drive, rest := splitDrive(a.path("path"))
	return value.Tuple{value.Str(drive), value.Str(rest)}, nil
}

// splitWindows is ntpath.split.
func splitWindows(p string) (dir, base string) {
	drive, rest := splitDrive(p)
	i := strings.LastIndexAny(rest, `\/`) + 1
	dir, base = rest[:i], rest[i:]
	if trimmed := strings.TrimRight(dir, `\/`); trimmed != "" {
		dir = trimmed
	}
	return drive + dir, base
}
