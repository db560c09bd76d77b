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
	exists        bool
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
	res := &Result{}
	added, removed := []string{}, []string{}
	for _, f := range files {
		if f.after == f.before {
			continue
		}
		res.Changed = true
		if !f.exists {
			added = append(added, f.path)
		}
		if f.after == "" && f.path != sourcesFile {
			removed = append(removed, f.path)
		}
		if c.Diff {
			res.Diff = append(res.Diff, Diff{Before: f.before, After: f.after, BeforeHeader: f.path, AfterHeader: f.path})
		}
	}
	res.Set("repo", a.Repo).Set("sources_added", added).Set("sources_removed", removed).Set("state", a.State)
	if c.Check || !res.Changed {
		return res, nil
	}
	return res, a.apply(ctx, h, c, files)
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
		case text == "" && f.path != sourcesFile:
			err = h.Remove(f.path)
		case f.exists:
			err = replaceContent(h, f.path, []byte(text))
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

var sourceLine = lazyre.New(`^(deb|deb-src)\s+(\[[^\]]*\]\s*)?\S+\s+\S+`)

// sourceLine gives the line that a repo argument stands for.
func (a *aptRepositoryArgs) sourceLine(h target.Host) (string, error) {
	name, isPPA := strings.CutPrefix(a.Repo, "ppa:")
	if !isPPA {
		if line := normalSource(a.Repo); sourceLine.MatchString(line) {
			return line, nil
		}
		return "", Failf("Invalid repository string: %s; write a line such as 'deb http://deb.debian.org/debian bookworm main'", a.Repo)
	}
	owner, archive, ok := strings.Cut(name, "/")
	if !ok {
		archive = "ppa"
	}
	codename := a.Codename
	if codename == "" {
		data, _ := h.ReadFile("/etc/os-release")
		codename = strings.Trim(envFileValue(string(data), "VERSION_CODENAME"), `"'`)
	}
	return "deb http://ppa.launchpad.net/" + owner + "/" + archive + "/ubuntu " + codename + " main", nil
}

func envFileValue(text, key string) string {
	for _, line := range strings.Split(text, "\n") {
		if val, ok := strings.CutPrefix(line, key+"="); ok {
			return val
		}
	}
	return ""
}

// normalSource drops comments and superfluous blanks, so that lines compare.
func normalSource(line string) string {
	line, _, _ = strings.Cut(line, "#")
	line = strings.Join(strings.Fields(line), " ")
	return strings.NewReplacer("[ ", "[", " ]", "]").Replace(line)
}

// add puts the line into the named file, or one named after it, unless some
// file has it.
func (a *aptRepositoryArgs) add(files []*sourceFile, line string) []*sourceFile {
	for _, f := range files {
		for _, l := range strings.Split(f.before, "\n") {
			if normalSource(l) == line && !strings.HasPrefix(strings.TrimSpace(l), "#") {
				return files
			}
		}
	}
	file := a.Filename
	if file == "" {
		file = sourceFileName(line)
	}
	if !strings.HasSuffix(file, ".list") {
		file += ".list"
	}
	if !path.IsAbs(file) {
		file = path.Join(sourcesDir, file)
	}
	for _, f := range files {
		if f.path == file {
			if f.after != "" && !strings.HasSuffix(f.after, "\n") {
				f.after += "\n"
			}
			f.after += line + "\n"
			return files
		}
	}
	return append(files, &sourceFile{path: file, after: line + "\n"})
}

func removeSource(text, line string) string {
	var kept []string
	for _, l := range strings.SplitAfter(text, "\n") {
		if normalSource(l) != line {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "")
}

var (
	sourceOptions = lazyre.New(`\[[^\]]+\]`)
	sourceScheme  = lazyre.New(`\w+://`)
	notWord       = lazyre.New(`\W+`)
)

// sourceFileName makes a file name out of a line's address.
func sourceFileName(line string) string {
	line = sourceScheme.ReplaceAllString(sourceOptions.ReplaceAllString(line, ""), "")
	var parts []string
	for _, word := range strings.Fields(line) {
		if word == "deb" || word == "deb-src" || strings.Contains(word, "@") {
			if _, host, ok := strings.Cut(word, "@"); ok {
				parts = append(parts, host)
			}
			continue
		}
		parts = append(parts, word)
	}
	if len(parts) == 0 {
		return "source"
	}
	return strings.ReplaceAll(strings.TrimSpace(notWord.ReplaceAllString(parts[0], " ")), " ", "_")
}
