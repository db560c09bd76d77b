package inventory

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"drover/playbook/value"
)

// VarsFile reads one YAML or JSON file of trusted variables; ReadVarsFile with
// a vault is one.
type VarsFile func(path string) (*value.Dict, error)

// VarsReader reads the variables that folders called group_vars and host_vars
// hold for a group or host. It remembers what it read and which folders there
// are, so that asking for ten thousand hosts costs little. It is safe for
// concurrent use.
type VarsReader struct {
	// Read reads one file.
	Read VarsFile
	// Warn receives warnings; may be nil.
	Warn func(msg string)

	mu      sync.Mutex
	folders map[string]map[string]bool // the names in a folder; nil when there is none
	vars    map[string]*value.Dict     // by folder and name
}

// The kinds of vars folders.
const (
	GroupVars = "group_vars"
	HostVars  = "host_vars"
)

// LoadVarsFolder reads the variables for one name once; see VarsReader.Load.
func LoadVarsFolder(dir, kind, name string, read VarsFile) (*value.Dict, error) {
	return (&VarsReader{Read: read}).Load(dir, kind, name)
}

// Load gives the variables that dir/kind has for name: those of the file name
// (without extension), else of name.yml, name.yaml or name.json; a folder
// called like that gives those of all its files in alphabetical order, later
// ones over earlier ones, without hidden files and backups. The dict is empty
// when there is nothing, and belongs to the reader: do not alter it.
func (r *VarsReader) Load(dir, kind, name string) (*value.Dict, error) {
	if name == "" || filepath.IsAbs(name) {
		return &value.Dict{}, nil // a chroot's path as a host name has no files
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	folder := filepath.Join(dir, kind)
	present, err := r.list(folder)
	if err != nil {
		return nil, err
	}
	if len(present) == 0 {
		return &value.Dict{}, nil
	}
	first, _, _ := strings.Cut(filepath.ToSlash(name), "/")
	if !slices.ContainsFunc(append([]string{""}, defaultYAMLOrder...), func(ext string) bool { return present[first+ext] || present[first] }) {
		return &value.Dict{}, nil
	}
	key := folder + "\x00" + name
	if d, ok := r.vars[key]; ok {
		return d, nil
	}
	d, err := r.read(filepath.Join(folder, name))
	if err != nil {
		return nil, err
	}
	if r.vars == nil {
		r.vars = map[string]*value.Dict{}
	}
	r.vars[key] = d
	return d, nil
}

// defaultYAMLOrder is the order in which extensions are tried.
var defaultYAMLOrder = []string{".yml", ".yaml", ".json"}

// list gives the names in a vars folder.
func (r *VarsReader) list(folder string) (map[string]bool, error) {
	if names, ok := r.folders[folder]; ok {
		return names, nil
	}
	if r.folders == nil {
		r.folders = map[string]map[string]bool{}
	}
	r.folders[folder] = nil
	info, err := os.Stat(folder)
	if err != nil {
		return nil, nil
	}
	if !info.IsDir() {
		if r.Warn != nil {
			r.Warn(fmt.Sprintf("Found %s that is not a directory, skipping: %s", filepath.Base(folder), folder))
		}
		return nil, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("can't list the folder of variables: %w", err)
	}
	names := make(map[string]bool, len(entries))
	for _, e := range entries {
		names[e.Name()] = true
	}
	r.folders[folder] = names
	return names, nil
}

// read gives the variables of the first of path, path.yml, … that exists.
func (r *VarsReader) read(path string) (*value.Dict, error) {
	merged := &value.Dict{}
	for _, ext := range append([]string{""}, defaultYAMLOrder...) {
		info, err := os.Stat(path + ext)
		if err != nil {
			continue
		}
		files := []string{path + ext}
		if info.IsDir() {
			if files, err = varsFiles(path + ext); err != nil {
				return nil, err
			}
		}
		for _, f := range files {
			d, err := r.Read(f)
			if err != nil {
				return nil, err
			}
			merged.Update(d)
		}
		break
	}
	return merged, nil
}

// varsFiles lists the files of variables below dir, sorted; folders whose name
// has an extension are left out.
func varsFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("can't list the folder of variables: %w", err)
	}
	var files []string
	for _, e := range entries {
		name, path := e.Name(), filepath.Join(dir, e.Name())
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
			continue
		}
		info, err := os.Stat(path) // follows links
		if err != nil {
			continue
		}
		ext := filepath.Ext(name)
		switch {
		case info.IsDir() && ext == "":
			below, err := varsFiles(path)
			if err != nil {
				return nil, err
			}
			files = append(files, below...)
		case !info.IsDir() && (ext == "" || slices.Contains(defaultYAMLOrder, ext)):
			files = append(files, path)
		}
	}
	return files, nil
}

// folderOf gives the folder that a source is, or is in.
func folderOf(src string) (dir string, ok bool) {
	path := expandPath(src)
	info, err := os.Stat(path)
	if err != nil && strings.Contains(src, ",") {
		return "", false
	}
	if err != nil || !info.IsDir() {
		path = filepath.Dir(path)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path, true
}
