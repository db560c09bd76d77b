package inventory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"drover/internal/homedir"
	"drover/internal/lazyre"
	"drover/playbook/source"
	"drover/playbook/value"
)

// Load reads the sources in order into one inventory: files, folders of files,
// executables, or lists of hosts separated by commas. A source that no format
// can read is a warning that says what was tried, or an error when the options
// ask for it.
func Load(sources []string, o Options) (*Inventory, error) {
	l := &loader{inv: New(o), opts: o}
	l.inv.sources = slices.Clone(sources)
	if err := l.compileIgnored(); err != nil {
		return nil, err
	}
	parsed := false
	for _, src := range sources {
		if src == "" {
			continue
		}
		ok, err := l.source(expandPath(src))
		if err != nil {
			return nil, err
		}
		parsed = parsed || ok
	}
	l.inv.reconcile()
	for _, name := range l.inv.clashes() {
		o.warn("Found both group and host with same name: " + name)
	}
	if parsed || len(sources) == 0 {
		return l.inv, nil
	}
	if o.UnparsedFails {
		e := unparsedError("No inventory was parsed, please check your configuration and options.")
		return nil, e.WithHint("none of these could be read: %s", strings.Join(sources, ", "))
	}
	if !o.QuietUnparsed {
		o.warn("No inventory was parsed, only implicit localhost is available")
	}
	return l.inv, nil
}

// loader fills an inventory; the formats work through it.
type loader struct {
	inv     *Inventory
	opts    Options
	ignored *regexp.Regexp
	current string   // the source that is being read
	done    []string // the sources that were read
	badName bool     // the warning about group names was given
}

// format reads one kind of source.
type format interface {
	// wants says whether the source looks like one of this kind.
	wants(l *loader, src string) bool
	// parse adds the source's hosts and groups.
	parse(l *loader, src string) error
}

// formatNamed gives the format that a configuration calls name.
func formatNamed(name string) (format, bool) {
	switch strings.TrimPrefix(name, "ansible.builtin.") {
	case "host_list":
		return hostList{}, true
	case "advanced_host_list":
		return hostList{ranges: true}, true
	case "script":
		return scriptFormat{}, true
	case "auto":
		return autoFormat{}, true
	case "yaml":
		return yamlFormat{}, true
	case "ini":
		return iniFormat{}, true
	case "toml":
		return tomlFormat{}, true
	case "constructed":
		return constructedFormat{}, true
	case "generator":
		return generatorFormat{}, true
	}
	return nil, false
}

// errDeclined is what a format answers when it sees inside the source that it
// is not for it; that is not worth telling when nobody could read the source.
var errDeclined = errors.New("the source is of another kind")

// source reads one source, or every file of a folder, and reports whether
// anything could be read.
func (l *loader) source(src string) (bool, error) {
	info, err := os.Stat(src)
	if err != nil || !info.IsDir() {
		return l.file(src)
	}
	entries, err := os.ReadDir(src)
	if err != nil {
		return false, fmt.Errorf("can't list the inventory folder %s: %w", src, err)
	}
	parsed := false
	for _, e := range entries { // sorted by name
		if l.ignored.MatchString(e.Name()) {
			continue
		}
		ok, err := l.source(filepath.Join(src, e.Name()))
		if err != nil {
			return false, err
		}
		parsed = parsed || ok
	}
	return parsed, nil
}

// attempt is a format that wanted a source and could not read it.
type attempt struct {
	format string
	err    error
}

// file tries the enabled formats on a source that is not a folder.
func (l *loader) file(src string) (bool, error) {
	l.current = src
	defer func() { l.current = "" }()
	var failed []attempt
	for _, name := range l.opts.formats() {
		f, ok := formatNamed(name)
		if !ok {
			l.opts.warn(fmt.Sprintf("Failed to load inventory plugin, skipping %s", name))
			continue
		}
		if !f.wants(l, src) {
			continue
		}
		err := f.parse(l, src)
		if err == nil {
			l.done = append(l.done, src)
			return true, nil
		}
		if !errors.Is(err, errDeclined) {
			failed = append(failed, attempt{name, err})
		}
	}
	return false, l.unparsed(src, failed)
}

// ErrUnparsed is inside errors about sources that nothing could read, where the
// configuration makes them errors.
var ErrUnparsed = errors.New("no inventory")

func unparsedError(msg string) *source.Error {
	return &source.Error{Msg: msg, Err: ErrUnparsed}
}

// unparsed reports a source that nothing could read.
func (l *loader) unparsed(src string, failed []attempt) error {
	reason := ""
	if _, err := os.Stat(src); errors.Is(err, fs.ErrNotExist) {
		if src == "/etc/ansible/hosts" {
			return nil // the default: nobody asked for it
		}
		reason = ": it does not exist"
	} else if err != nil {
		reason = ": " + err.Error()
	}
	if l.opts.AnyUnparsedFails {
		list := source.List{unparsedError("Completely failed to parse inventory source " + src + reason)}
		for _, a := range failed {
			list.Add(fmt.Errorf("as %s: %w", a.format, a.err))
		}
		return list.Err()
	}
	for _, a := range failed {
		l.opts.warn(fmt.Sprintf("Failed to parse %s with %s plugin: %s", src, a.format, source.Format(a.err)))
	}
	l.opts.warn(fmt.Sprintf("Unable to parse %s as an inventory source%s", src, reason))
	return nil
}

// compileIgnored prepares the test of which files in folders are left out.
func (l *loader) compileIgnored() error {
	exprs := []string{`^\.`, `^host_vars$`, `^group_vars$`, `^vars_plugins$`}
	for _, p := range l.opts.IgnorePatterns {
		if _, err := regexp.Compile(p); err != nil {
			return fmt.Errorf("the setting inventory_ignore_patterns has an invalid regular expression: %w", err)
		}
		exprs = append(exprs, p)
	}
	for _, ext := range l.opts.ignoreExts() {
		exprs = append(exprs, regexp.QuoteMeta(ext)+"$")
	}
	l.ignored = regexp.MustCompile(strings.Join(exprs, "|"))
	return nil
}

// expandPath makes a path absolute, with ~ and variables replaced; a host list
// stays as it is.
func expandPath(src string) string {
	if strings.Contains(src, ",") {
		return src
	}
	src = homedir.Expand(os.ExpandEnv(src))
	if abs, err := filepath.Abs(src); err == nil {
		return abs
	}
	return src
}

// readable reports whether src is a file that can be opened.
func readable(src string) bool {
	f, err := os.Open(src)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// group gives the group called name, made when missing, after the name was
// brought into the form that the options ask for.
func (l *loader) group(name string, pos source.Pos) (*Group, error) {
	if name == "" {
		return nil, source.Errorf(pos, "a group needs a name, got an empty one")
	}
	return l.inv.addGroup(l.groupName(name)), nil
}

// hosts adds hosts to a group (nil: none) and lays vars over theirs. The port
// counts only for hosts that are new.
func (l *loader) hosts(names []string, port int, g *Group, vars *value.Dict, o origins) {
	withPort := vars
	if port != 0 {
		withPort = value.DictOf("ansible_port", port).Update(vars)
	}
	for _, name := range names {
		_, known := l.inv.hosts[name]
		h := l.inv.addHost(name)
		set := vars
		if !known {
			h.File, h.Port, set = l.current, port, withPort
		}
		h.setVars(set, o)
		if g != nil {
			l.inv.join(g, h)
		}
	}
}

// invalidInName matches what may not be in a variable's name.
var invalidInName = lazyre.New(`^[\d\W]|[^\w]`)

// groupName applies the setting force_valid_group_names.
func (l *loader) groupName(name string) string {
	if !invalidInName.MatchString(name) {
		return name
	}
	mode := l.opts.GroupChars
	if mode == "" {
		mode = "never"
	}
	warn := "Invalid characters were found in group names but not replaced"
	if mode == "always" || mode == "silently" {
		warn = "Invalid characters were found in group names and automatically replaced"
	}
	if !l.badName && (mode == "always" || mode == "never") {
		l.badName = true
		l.opts.warn(fmt.Sprintf("%s, for example in '%s'", warn, name))
	}
	if mode == "always" || mode == "silently" {
		return safeName(name)
	}
	return name
}

// safeName replaces everything that may not be in a variable's name.
func safeName(name string) string { return invalidInName.ReplaceAllString(name, "_") }
