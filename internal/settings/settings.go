// Package settings knows each setting of ansible-core: its type, its default and
// where it can be set (see Ansible's "Configuration Settings"). Those that drover
// acts on are internal/config's; the others have a value only for who asks for
// it by name, as the config lookup does.
package settings

import (
	_ "embed"
	"encoding/json"
	"strconv"
	"strings"
)

// table has a line for each setting: its name, kind and default (as JSON), its
// environment variables, and its keys in ansible.cfg ("section.key"). "{home}"
// is Ansible's folder in the user's home.
//
//go:embed settings.txt
var table string

// Setting is one setting.
type Setting struct {
	Name string
	Env  []string
	Keys []string // "section.key"
	kind string
	json string // the default
}

// Find gives the setting of a name such as DEFAULT_FORKS.
func Find(name string) (*Setting, bool) {
	_, line, found := strings.Cut("\n"+table, "\n"+name+" ")
	if !found || name == "" {
		return nil, false
	}
	line, _, _ = strings.Cut(line, "\n")
	kind, rest, _ := strings.Cut(line, " ")
	columns := strings.Split(rest, " |")
	return &Setting{Name: name, kind: kind, json: columns[0],
		Env: strings.Fields(columns[1]), Keys: strings.Fields(columns[2])}, true
}

// Default gives the value of a setting that nobody set: nil, a bool, an int, a
// float64, a string, or a list or dict as encoding/json makes them. path makes
// paths absolute; home is Ansible's folder.
func (s *Setting) Default(home string, path func(string) string) any {
	var v any
	if json.Unmarshal([]byte(s.json), &v) != nil {
		return nil
	}
	switch v := v.(type) {
	case string:
		return s.Value(strings.ReplaceAll(v, "{home}", home), path)
	case float64:
		switch s.kind {
		case "float":
			return v
		case "str":
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return int(v)
	}
	return v
}

// Value gives the value of a setting whose text is that of ansible.cfg or the
// environment; what can't be read as the setting's kind stays text.
func (s *Setting) Value(text string, path func(string) string) any {
	text = strings.Trim(text, `"'`)
	switch s.kind {
	case "bool":
		switch strings.ToLower(text) {
		case "y", "yes", "on", "1", "true", "t", "1.0":
			return true
		}
		return false
	case "int":
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
	case "float":
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	case "list":
		return split(text, ",", strings.TrimSpace)
	case "pathlist":
		return split(text, ",", func(p string) string { return path(strings.TrimSpace(p)) })
	case "pathspec":
		return split(text, ":", path)
	case "path":
		return path(text)
	}
	return text
}

func split(text, by string, each func(string) string) []any {
	list := []any{}
	for part := range strings.SplitSeq(text, by) {
		list = append(list, each(part))
	}
	return list
}
