package playbook

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"drover/internal/homedir"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vault"
	"drover/playbook/yaml"
)

// NewLoader makes a loader that has read nothing yet.
func NewLoader(o Options) *Loader {
	return &Loader{Options: o, cache: loaderCache{
		files: map[string]*parsedFile{}, steps: map[string][]Step{},
		modules: map[string]map[string]string{}, moduleFolders: map[string][]string{}, own: map[string]*OwnModule{},
		ahead: make(chan struct{}, readersAhead()),
	}}
}

// loaderCache keeps what was read. Files are read again when they changed.
type loaderCache struct {
	mu    sync.Mutex
	files map[string]*parsedFile
	steps map[string][]Step // see stepsKey
	// modules are the user's own by folder; see modulesIn and moduleFolders.
	modules       map[string]map[string]string
	moduleFolders map[string][]string
	own           map[string]*OwnModule // by path
	roleFolders   []string              // of every role that was loaded; see withModules
	shadowed      sync.Map              // the files that shadowed warned of
	ahead         chan struct{}         // held by those who read ahead
}

// parsedFile is one file as it was at a certain time. All but that time is there
// after load.
type parsedFile struct {
	modified time.Time
	size     int64
	load     func()     // reads and parses the file, once
	tell     func()     // passes on the warnings about it, once
	node     *yaml.Node // nil when the file is empty
	secret   bool
	err      error
	vars     func() (*value.Dict, error) // the file as variables, made once
}

// ReadFile reads a file, decrypting a vaulted one; secret says that it was.
func (l *Loader) ReadFile(path string) (data []byte, secret bool, err error) {
	data, err = os.ReadFile(path)
	if err != nil {
		return nil, false, fileError(path, err)
	}
	if !vault.IsVault(data) {
		return data, false, nil
	}
	if l.Vault == nil {
		e := source.Errorf(source.Pos{File: path}, "A vault password or secret must be specified to decrypt %s", path)
		e.Err = yaml.ErrLocked
		return nil, true, e.WithHint("give --ask-vault-pass, --vault-password-file or --vault-id")
	}
	data, err = l.Vault.Decrypt(data)
	if err != nil {
		return nil, true, &source.Error{Pos: source.Pos{File: path}, Msg: "can't decrypt the file: " + err.Error(), Err: errors.Join(yaml.ErrLocked, err)}
	}
	return data, true, nil
}

func fileError(path string, err error) error {
	why := err
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		why = pathErr.Err
	}
	return &source.Error{Pos: source.Pos{File: path}, Msg: "can't read the file: " + why.Error(), Err: err}
}

// VarsFile reads a YAML or JSON file of trusted variables. All who ask for a
// file share its dict and must not change it.
func (l *Loader) VarsFile(path string) (*value.Dict, error) {
	f := l.parse(path)
	if f.err != nil {
		return nil, f.err
	}
	return f.vars()
}

// variables gives the variables of a node: a mapping, or a list of mappings
// that are laid over each other.
func variables(n *yaml.Node) (*value.Dict, error) {
	if n.IsNull() {
		return value.NewDict(0), nil
	}
	switch n.Kind {
	case yaml.Mapping:
		return n.Dict(), nil
	case yaml.List:
		all := value.NewDict(8)
		for _, item := range n.Items {
			if item.Kind != yaml.Mapping {
				return nil, source.Errorf(item.Pos, "an entry of a list of variables must be a mapping of names to values, but this is %s", item.What())
			}
			all.Update(item.Dict())
		}
		return all, nil
	}
	return nil, source.Errorf(n.Pos, "a file of variables must be a mapping of names to values, but this is %s", n.What())
}

// parse reads and parses a file, or gives what it read before.
func (l *Loader) parse(path string) *parsedFile {
	f := l.file(path)
	f.load()
	f.tell()
	return f
}

// file gives the entry of a file as it is now, which somebody may be loading.
func (l *Loader) file(path string) *parsedFile {
	info, err := os.Stat(path)
	if err != nil {
		nothing := func() {}
		return &parsedFile{load: nothing, tell: nothing, err: fileError(path, err)}
	}
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	f := l.cache.files[path]
	if f == nil || !f.modified.Equal(info.ModTime()) || f.size != info.Size() {
		f = l.newFile(path, info)
		l.cache.files[path] = f
	}
	return f
}

func (l *Loader) newFile(path string, info fs.FileInfo) *parsedFile {
	f := &parsedFile{modified: info.ModTime(), size: info.Size()}
	var warnings []func()
	warn := func(pos source.Pos, msg string) {
		warnings = append(warnings, func() { l.Warn(pos, msg) })
	}
	if l.Warn == nil {
		warn = nil
	}
	f.load = sync.OnceFunc(func() { f.node, f.secret, f.err = l.readYAML(path, warn) })
	f.tell = sync.OnceFunc(func() {
		for _, w := range warnings {
			w()
		}
	})
	f.vars = sync.OnceValues(func() (*value.Dict, error) { return variables(f.node) })
	return f
}

func (l *Loader) readYAML(path string, warn func(source.Pos, string)) (n *yaml.Node, secret bool, err error) {
	data, secret, err := l.ReadFile(path)
	if err != nil {
		return nil, secret, err
	}
	o := yaml.Options{Secret: secret, Vault: l.decrypter(), Timestamp: l.Timestamp, DuplicateKeys: l.DuplicateKeys, Warn: warn}
	n, err = yaml.Document(data, path, o)
	if err != nil && isJSON(data) {
		// JSON may be indented by tabs, YAML may not.
		if again, retry := yaml.Document([]byte(strings.ReplaceAll(string(data), "\t", " ")), path, o); retry == nil {
			return again, secret, nil
		}
		return nil, secret, alsoAsJSON(err, data)
	}
	return n, secret, err
}

// decrypter gives the vault as package yaml wants it: nil when there is none.
func (l *Loader) decrypter() yaml.Decrypter {
	if l.Vault == nil {
		return nil
	}
	return l.Vault
}

// alsoAsJSON says what is wrong with text that looks like JSON when it is read
// as such.
func alsoAsJSON(err error, data []byte) error {
	var any json.RawMessage
	why := json.Unmarshal(data, &any)
	var e *source.Error
	if why == nil || !errors.As(err, &e) {
		return err
	}
	also := *e
	also.Msg += "; as JSON: " + why.Error()
	return &also
}

func isJSON(data []byte) bool {
	s := strings.TrimSpace(string(data))
	return strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[")
}

// absolute gives the clean absolute form of a path, with ~ expanded.
func absolute(path string) string {
	path = homedir.Expand(path)
	abs, err := filepath.Abs(path)
	if err != nil {
		return filepath.Clean(path)
	}
	return abs
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
