package config

import (
	"os"
	"strings"

	"drover/playbook/source"
)

// iniFile is a parsed ansible.cfg: section → key → value with its place.
type iniFile struct {
	values map[iniKey]iniValue
}

type iniKey struct{ section, key string }

type iniValue struct {
	text string
	pos  source.Pos
}

// lookup gives the first of keys that the file sets.
func (f *iniFile) lookup(keys []iniKey) (string, source.Pos, bool) {
	for _, k := range keys {
		if v, ok := f.values[k]; ok {
			return v.text, v.pos, true
		}
	}
	return "", source.Pos{}, false
}

// readINI parses the file at path; an empty path gives an empty file.
func readINI(path string) (*iniFile, error) {
	f := &iniFile{values: map[iniKey]iniValue{}}
	if path == "" {
		return f, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, source.Errorf(source.Pos{File: path}, "can't read the configuration: %v", err)
	}
	return f, f.parse(path, string(data))
}

// parse reads the dialect of Python's configparser that Ansible uses: "#" and
// ";" start comment lines, " ;" a comment at a line's end, indented lines go
// on with the value above.
func (f *iniFile) parse(path, text string) error {
	section, last := "", iniKey{}
	for i, line := range strings.Split(text, "\n") {
		pos := source.Pos{File: path, Line: i + 1, Col: 1}
		line = stripComment(strings.TrimRight(line, "\r \t"))
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
		case line != trimmed && strings.TrimLeft(line, " \t") == trimmed && last.key != "":
			v := f.values[last]
			v.text = strings.TrimPrefix(v.text+"\n"+trimmed, "\n")
			f.values[last] = v
		case trimmed[0] == '[':
			end := strings.IndexByte(trimmed, ']')
			if end < 0 {
				return source.Errorf(pos, "section header without ']'")
			}
			section, last = trimmed[1:end], iniKey{}
		default:
			key, val, ok := splitPair(trimmed)
			if !ok || section == "" {
				return source.Errorf(pos, "expected [section] or key = value").
					WithHint("ansible.cfg starts with a section such as [defaults]")
			}
			last = iniKey{section, key}
			f.values[last] = iniValue{val, pos}
		}
	}
	return nil
}

func splitPair(line string) (key, val string, ok bool) {
	i := strings.IndexAny(line, "=:")
	if i <= 0 {
		return "", "", false
	}
	return strings.ToLower(strings.TrimSpace(line[:i])), strings.TrimSpace(line[i+1:]), true
}

func stripComment(line string) string {
	t := strings.TrimLeft(line, " \t")
	if strings.HasPrefix(t, "#") || strings.HasPrefix(t, ";") {
		return ""
	}
	for _, sep := range []string{" ;", "\t;"} {
		if i := strings.Index(line, sep); i >= 0 {
			line = strings.TrimRight(line[:i], " \t")
		}
	}
	return line
}
