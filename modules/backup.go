package modules

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type backupArgs struct {
	Path       string   `arg:"path" alias:"src" type:"path" required:"true" doc:"File or folder to back up."`
	Dest       string   `arg:"dest" alias:"backup_dir" type:"path" default:"/var/backups/drover" doc:"Folder on the host for the backups of all sources."`
	Name       string   `arg:"name" doc:"Folder below dest for this source; made from path by default."`
	State      string   `arg:"state" default:"present" choices:"present,restored,verified" doc:"present makes a backup when the source changed, verified re-checks the checksums of what is kept, restored puts a backup back."`
	Keep       int      `arg:"keep" default:"0" doc:"How many backups to keep; 0 keeps all."`
	Generation string   `arg:"generation" default:"latest" doc:"Which backup to verify or restore: its name, latest, or (to verify) all."`
	Exclude    []string `arg:"exclude" doc:"Globs of names or paths below path to leave out."`
	Force      bool     `arg:"force" default:"false" doc:"Make a backup although the source is as in the last one."`
	Fetch      bool     `arg:"fetch" default:"false" doc:"Bring the last backup to the controller as a compressed tar, unless it is there."`
	FetchDest  string   `arg:"fetch_dest" default:"backups" doc:"Folder on the controller for fetched backups, with a folder for each host."`
	Have       []string `arg:"_have" hidden:"true"`
}

// backupModule keeps copies of a file or folder by time, each with a manifest
// of checksums. A backup appears under its name only when all of it and its
// manifest are written, so an interrupted run leaves nothing that looks whole.
func backupModule() Module {
	return Define(Spec{
		Name:    "drover.builtin.backup",
		Summary: "Back up, verify and restore files and folders",
		Doc: "Copies a file or a folder tree with modes, owners, links, hard links and times into a folder named by the time, next to a manifest with the SHA-256 of every file. When contents and properties are as in the last backup, nothing is written.\n" +
			"state=verified reads every kept file again and fails when one is not as it was; state=restored checks a backup and puts it in the place of the source, which for a folder is one rename away from atomic. Sockets, pipes and devices are left out with a warning; names of one file (hard links) stay names of one file.",
		Check:    CheckFull,
		Examples: "- name: Keep a week of the web site\n  drover.builtin.backup:\n    path: /var/www\n    keep: 7\n\n- name: Put it back\n  drover.builtin.backup:\n    path: /var/www\n    state: restored\n",
		Returns: []Return{
			{"backup", "str", "success", "Folder of the backup."},
			{"generation", "str", "success", "Its name."},
			{"files", "int", "success", "Number of files in it."},
			{"size", "int", "success", "Bytes in it."},
			{"generations", "list", "success", "Names of all that are kept, oldest first."},
			{"removed", "list", "state present", "Names of those that keep made go."},
			{"problems", "list", "state verified", "What is wrong."},
			{"fetched", "str", "fetch", "The archive on the controller."},
		},
	}, runBackup)
}

func runBackup(ctx context.Context, h target.Host, c *Call, a *backupArgs) (*Result, error) {
	if a.Keep < 0 {
		return nil, Failf("keep must be 0 (all) or more, not %d", a.Keep)
	}
	b := &backups{h: h, c: c, a: a, dir: filepath.Join(a.Dest, a.name())}
	if inside(b.dir, a.Path) && a.State == "present" {
		return nil, Failf("the backups in %s would be part of what is backed up: set dest to a folder outside of %s", b.dir, a.Path)
	}
	switch a.State {
	case "verified":
		return b.verify(ctx)
	case "restored":
		return b.restore(ctx)
	}
	return b.present(ctx)
}

// name gives the folder of the source below dest.
func (a *backupArgs) name() string {
	if a.Name != "" {
		return filepath.Base(a.Name)
	}
	n := strings.ReplaceAll(strings.Trim(filepath.Clean(a.Path), "/"), "/", "_")
	if n == "" {
		return "root"
	}
	return n
}

// inside reports whether p is dir or below it.
func inside(p, dir string) bool {
	dir = strings.TrimRight(dir, "/")
	return p == dir || strings.HasPrefix(p, dir+"/")
}

// backups are those of one source.
type backups struct {
	h        target.Host
	c        *Call
	a        *backupArgs
	dir      string // with one folder for each backup
	warnings []string
}

// present makes a backup when the source is not as in the last one.
func (b *backups) present(ctx context.Context) (*Result, error) {
	if _, err := b.h.Lstat(b.a.Path); err != nil {
		return nil, Failf("there is nothing to back up at %s: %w", b.a.Path, reason(err))
	}
	names, err := b.generations()
	if err != nil {
		return nil, err
	}
	now, err := b.scan(ctx)
	if err != nil {
		return nil, err
	}
	m, name := now, ""
	changed := true
	if len(names) > 0 && !b.a.Force {
		name = names[len(names)-1]
		if last, err := b.manifest(name); err == nil && last.Digest == now.Digest {
			m, changed = last, false
		}
	}
	if changed {
		name = b.newName(names)
		names = append(names, name)
		if !b.c.Check {
			if m, err = b.write(ctx, now, name); err != nil {
				return nil, err
			}
		}
	}
	names, removed, err := b.thin(names)
	if err != nil {
		return nil, err
	}
	r := b.result(m, name, names)
	r.Changed = changed || len(removed) > 0
	r.Set("removed", removed)
	if b.a.Fetch && !b.c.Check {
		err = b.send(ctx, r, name)
	}
	return r, err
}

// result tells about a backup.
func (b *backups) result(m *backupManifest, name string, names []string) *Result {
	r := &Result{Warnings: b.warnings}
	files, size := m.totals()
	r.Set("path", b.a.Path).Set("backup", filepath.Join(b.dir, name)).Set("generation", name)
	return r.Set("files", files).Set("size", size).Set("digest", m.Digest).Set("generations", names)
}

// generations lists the backups that are whole, oldest first.
func (b *backups) generations() ([]string, error) {
	entries, err := b.h.ReadDir(b.dir)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, Failf("can't list the backups in %s: %w", b.dir, reason(err))
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// newName gives the name of a backup made now; it sorts after all others.
func (b *backups) newName(names []string) string {
	stamp := b.h.Now().UTC().Format("20060102T150405Z")
	name := stamp
	for n := 2; slices.Contains(names, name); n++ {
		name = fmt.Sprintf("%s-%02d", stamp, n)
	}
	return name
}

// thin removes the oldest backups beyond keep and gives those that stay.
func (b *backups) thin(names []string) (stay, removed []string, err error) {
	if b.a.Keep == 0 || len(names) <= b.a.Keep {
		return names, []string{}, nil
	}
	n := len(names) - b.a.Keep
	removed, stay = names[:n], names[n:]
	if b.c.Check {
		return stay, removed, nil
	}
	for _, name := range removed {
		// Under a name with a dot it is no backup any more, even when the
		// removal is interrupted.
		trash := filepath.Join(b.dir, ".removed-"+name)
		if err := b.h.Rename(filepath.Join(b.dir, name), trash); err != nil {
			return nil, nil, Failf("can't remove the old backup %s: %w", name, reason(err))
		}
		if err := b.h.RemoveAll(trash); err != nil {
			return nil, nil, Failf("can't remove the old backup %s: %w", name, reason(err))
		}
	}
	return stay, removed, nil
}

// pick gives the backup that generation names.
func (b *backups) pick(names []string) (string, error) {
	if len(names) == 0 {
		return "", Failf("there is no backup of %s in %s", b.a.Path, b.dir)
	}
	if b.a.Generation == "latest" {
		return names[len(names)-1], nil
	}
	if !slices.Contains(names, b.a.Generation) {
		return "", FailWith(value.DictOf("generations", names),
			"there is no backup %s of %s in %s (there are: %s)", b.a.Generation, b.a.Path, b.dir, strings.Join(names, ", "))
	}
	return b.a.Generation, nil
}
