package modules

import (
	"context"
	"io/fs"
	"path"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/target"
	"drover/playbook/value"
)

type aptRepositoryArgs struct {
	Repo             string      `arg:"repo" required:"true" doc:"A line as in sources.list, or ppa:OWNER/NAME on Ubuntu."`
	State            string      `arg:"state" default:"present" choices:"absent,present" doc:"Whether the source is there."`
	Mode             value.Value `arg:"mode" type:"raw" doc:"Permissions of a new file; 0644 when not given."`
	UpdateCache      bool        `arg:"update_cache" alias:"update-cache" default:"true" doc:"Fetch the package lists after a change."`
	UpdateRetries    int         `arg:"update_cache_retries" default:"5" doc:"How often to try."`
	UpdateRetryDelay int         `arg:"update_cache_retry_max_delay" default:"12" doc:"The longest pause between two tries."`
	Filename         string      `arg:"filename" doc:"Name of the file in sources.list.d; made from the line when not given."`
	InstallPythonApt bool        `arg:"install_python_apt" default:"true" doc:"Without effect: nothing has to be installed."`
	ValidateCerts    bool        `arg:"validate_certs" default:"true" doc:"Verify certificates when asking for a PPA."`
	Codename         string      `arg:"codename" doc:"Release for a PPA; the host's own when not given."`
}

// aptRepositoryModule keeps one line among apt's sources.
func aptRepositoryModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.apt_repository",
		Summary: "Manage apt's sources",
		Doc:     "Makes a source line be in sources.list or sources.list.d, or in none of them, and fetches the package lists after a change. A source that cannot be fetched is taken back. Keys for PPAs are not imported: use signed-by or deb822_repository.",
		Check:   CheckFull, Diff: true,
		Examples: "- ansible.builtin.apt_repository:\n    repo: deb http://deb.debian.org/debian bookworm-backports main\n    filename: backports\n",
		Returns:  []Return{{"repo", "str", "always", "The line."}, {"sources_added", "list", "always", "New files."}, {"sources_removed", "list", "always", "Files that are gone."}},
	}, runAptRepository)
}

const (
	sourcesFile = "/etc/apt/sources.list"
	sourcesDir  = "/etc/apt/sources.list.d"
)

// sourceFile is a file of apt's sources before and after the change.
type sourceFile struct {
	path          string
	exists, added bool // added: a line was
	before, after string
}

func runAptRepository(ctx context.Context, h target.Host, c *Call, a *aptRepositoryArgs) (*Result, error) {
	line, err := a.sourceLine(h)
	if err != nil {
		return nil, err
	}
	files := readSources(h)
	if a.State == "absent" {
		for _, f := range files {
			f.after = removeSource(f.before, line)
		}
	} else {
		files = a.add(files, line)
	}
	res := &Result{DiffList: true}
	added, removed := []string{}, []string{}
	for _, f := range files {
		if f.after == f.before {
			continue
		}
		res.Changed = true
		if f.before == "" {
			added = append(added, f.path)
		}
		if f.after == "" {
			removed = append(removed, f.path)
		}
		if c.Diff {
			res.Diff = append(res.Diff, f.diff())
		}
	}
	res.Set("repo", a.Repo).Set("sources_added", added).Set("sources_removed", removed).Set("state", a.State)
	if c.Check || !res.Changed {
		return res, nil
	}
	return res, a.apply(ctx, h, c, files)
}

// diff shows the change; a file that is not there is /dev/null.
func (f *sourceFile) diff() Diff {
	d := Diff{Before: f.before, After: f.after, BeforeHeader: f.path, AfterHeader: f.path}
	if f.before == "" {
		d.BeforeHeader = "/dev/null"
	}
	if f.after == "" {
		d.AfterHeader = "/dev/null"
	}
	return d
}

// apply writes the files and fetches the lists; a failure puts the old files
// back.
func (a *aptRepositoryArgs) apply(ctx context.Context, h target.Host, c *Call, files []*sourceFile) error {
	mode := fs.FileMode(0o644)
	if a.Mode != nil {
		perm, err := ParseMode(a.Mode, 0o644, false, func() uint32 { return umask(h) })
		if err != nil {
			return err
		}
		mode = target.FileMode(perm)
	}
	if err := writeSources(h, files, mode, false); err != nil {
		return err
	}
	for _, f := range files {
		if !f.added || a.Mode == nil {
			continue
		}
		if err := h.Chmod(f.path, mode); err != nil {
			return Failf("can't set the mode of %s: %w", f.path, reason(err))
		}
	}
	if !a.UpdateCache {
		return nil
	}
	yes := true
	apt := &aptRun{h: h, c: c, aptArgs: &aptArgs{
		UpdateCache: &yes, UpdateCacheRetries: a.UpdateRetries, UpdateCacheRetryDelay: a.UpdateRetryDelay, LockTimeout: 60,
	}}
	if err := apt.fetchLists(ctx); err != nil {
		if back := writeSources(h, files, mode, true); back != nil {
			return back
		}
		return err
	}
	return nil
}

func writeSources(h target.Host, files []*sourceFile, mode fs.FileMode, back bool) error {
	for _, f := range files {
		if f.before == f.after {
			continue
		}
		text := f.after
		if back {
			text = f.before
		}
		var err error
		switch {
		case text == "" && (back && f.exists):
			err = replaceContent(h, linked(h, f.path), nil)
		case text == "":
			err = h.Remove(f.path)
		case f.exists:
			err = replaceContent(h, linked(h, f.path), []byte(text))
		default:
			if err = h.MkdirAll(path.Dir(f.path), 0o755); err == nil {
				err = replaceFile(h, f.path, text, mode)
			}
		}
		if err != nil {
			return Failf("can't write %s: %w", f.path, reason(err))
		}
	}
	return nil
}

// linked gives the file that a link leads to, any other file as it is.
func linked(h target.Host, file string) string {
	to, err := h.Readlink(file)
	switch {
	case err != nil:
		return file
	case path.IsAbs(to):
		return to
	}
	return path.Join(path.Dir(file), to)
}

// readSources reads all files with source lines.
func readSources(h target.Host) []*sourceFile {
	var files []*sourceFile
	for _, p := range append([]string{sourcesFile}, globHost(h, sourcesDir+"/*.list")...) {
		if data, err := h.ReadFile(p); err == nil {
			files = append(files, &sourceFile{path: p, exists: true, before: string(data), after: string(data)})
		}
	}
	return files
}

// sourceLine gives the line that a repo argument stands for.
func (a *aptRepositoryArgs) sourceLine(h target.Host) (string, error) {
	if a.Repo == "" {
		return "", Failf("Please set argument 'repo' to a non-empty value")
	}
	name, isPPA := strings.CutPrefix(a.Repo, "ppa:")
	if !isPPA {
		if e := parseSource(a.Repo); e.valid && e.enabled {
			return e.source, nil
		}
		bad, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(a.Repo), "#"), "#")
		return "", Failf("Invalid repository string: %s", bad)
	}
	owner, rest, _ := strings.Cut(name, "/")
	archive, _, _ := strings.Cut(rest, "/")
	return "deb https://ppa.launchpadcontent.net/" + owner + "/" + orText(archive, "ppa") + "/ubuntu " + a.release(h) + " main", nil
}

// release gives the name of the release that a PPA is wanted for.
func (a *aptRepositoryArgs) release(h target.Host) string {
	if a.Codename != "" {
		return a.Codename
	}
	data, _ := h.ReadFile("/etc/os-release")
	return strings.Trim(envFileValue(string(data), "VERSION_CODENAME"), `"'`)
}

func envFileValue(text, key string) string {
	for _, line := range strings.Split(text, "\n") {
		if val, ok := strings.CutPrefix(line, key+"="); ok {
			return val
		}
	}
	return ""
}

// sourceEntry is what a line of a source file says.
type sourceEntry struct {
	valid, enabled  bool
	source, comment string
}

// parseSource reads a line. One that is commented out is a source that is not
// enabled; blanks do not count.
func parseSource(line string) sourceEntry {
	e := sourceEntry{}
	text, off := strings.CutPrefix(strings.TrimSpace(line), "#")
	text, comment, _ := strings.Cut(text, "#")
	words := strings.Fields(text)
	e.valid = len(words) > 1 && (words[0] == "deb" || words[0] == "deb-src")
	e.enabled, e.source, e.comment = !off, strings.Join(words, " "), strings.TrimSpace(comment)
	return e
}

// add enables the line where it is commented out; where no file has it, it
// goes into the named file, or one named after it.
func (a *aptRepositoryArgs) add(files []*sourceFile, line string) []*sourceFile {
	found := false
	for _, f := range files {
		lines := strings.SplitAfter(f.before, "\n")
		for i, l := range lines {
			e := parseSource(l)
			if !e.valid || e.source != line {
				continue
			}
			found = true
			if !e.enabled {
				lines[i] = e.text()
			}
		}
		f.after = strings.Join(lines, "")
	}
	if found {
		return files
	}
	file := a.file(line)
	for _, f := range files {
		if f.path == file {
			if f.after != "" && !strings.HasSuffix(f.after, "\n") {
				f.after += "\n"
			}
			f.after += line + "\n"
			f.added = true
			return files
		}
	}
	return append(files, &sourceFile{path: file, after: line + "\n"})
}

// text writes an enabled source.
func (e *sourceEntry) text() string {
	if e.comment == "" {
		return e.source + "\n"
	}
	return e.source + " # " + e.comment + "\n"
}

// file is where a new line goes.
func (a *aptRepositoryArgs) file(line string) string {
	name := a.Filename
	switch {
	case name != "":
	case strings.HasPrefix(a.Repo, "ppa:"):
		name = sourceFileName(a.Repo + "_" + strings.Fields(line)[2])
	default:
		name = sourceFileName(line)
	}
	if name += ".list"; !strings.Contains(name, "/") {
		name = path.Join(sourcesDir, name)
	}
	return name
}

func removeSource(text, line string) string {
	var kept []string
	for _, l := range strings.SplitAfter(text, "\n") {
		if e := parseSource(l); !e.valid || !e.enabled || e.source != line {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "")
}

var (
	sourceOptions = lazyre.New(`\[[^\]]+\]`)
	sourceScheme  = lazyre.New(`\w+://`)
	notPlain      = lazyre.New(`[^0-9A-Za-z]+`)
)

// sourceFileName makes a file name out of a line's address, less the login in
// it.
func sourceFileName(line string) string {
	line = sourceScheme.ReplaceAllString(sourceOptions.ReplaceAllString(line, ""), "")
	for _, word := range strings.Fields(line) {
		if word == "deb" || word == "deb-src" {
			continue
		}
		if _, host, ok := strings.Cut(word, "@"); ok {
			word = host
		}
		return strings.Trim(notPlain.ReplaceAllString(word, "_"), "_")
	}
	return "source"
}
