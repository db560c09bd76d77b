package modules

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"drover/playbook/value"
)

// tellDiff describes the change of the tree where differences are asked for.
func (g *checkout) tellDiff(ctx context.Context, before, after string) {
	if !g.c.Diff || before == after {
		return
	}
	text := ">> Newly checked out " + after
	if before != "" {
		if _, err := g.git(ctx, "cat-file", "-e", after); err != nil {
			_, _ = g.git(ctx, "fetch", g.Remote, after) // what can't be had shows below
		}
		out, err := g.run(ctx, "diff", before, after)
		switch {
		case err != nil || out.RC != 0:
			text = ">> Failed to get proper diff between " + before + " and " + after + ":\n>> " + out.Stderr
		case out.Stdout == "":
			text = ">> No visual differences between " + before + " and " + after
		default:
			text = out.Stdout
		}
	}
	g.res.Diff = []Diff{{Prepared: text}}
}

// archive writes the version as an archive. An archive that is there with the
// same contents stays.
func (g *checkout) archive(ctx context.Context) error {
	if g.Archive == "" {
		return nil
	}
	if g.c.Check {
		g.res.Changed = true
		return nil
	}
	format, ok := map[string]string{".zip": "zip", ".gz": "tar.gz", ".tar": "tar", ".tgz": "tgz"}[path.Ext(g.Archive)]
	if !ok {
		return FailWith(value.DictOf("details", "the name has to end with .tar, .tar.gz, .tgz or .zip"),
			"Unable to get file extension from archive file name : %s", g.Archive)
	}
	dir, err := g.h.MkdirTemp(path.Dir(g.Archive), ".drover-git-")
	if err != nil {
		return Failf("can't write beside %s: %w", g.Archive, reason(err))
	}
	defer g.h.RemoveAll(dir)
	made := path.Join(dir, "archive")
	args := []string{"archive", "--format", format, "--output", made}
	if g.ArchivePrefix != nil {
		args = append(args, "--prefix", *g.ArchivePrefix)
	}
	if _, err := g.git(ctx, append(args, g.Version)...); err != nil {
		return worded(err, "Failed to perform archive operation")
	}
	old, oldErr := g.h.ReadFile(g.Archive)
	data, err := g.h.ReadFile(made)
	// An archive that is there is all that counts then, as in Ansible.
	g.res.Changed = oldErr != nil || !bytes.Equal(old, data)
	if err != nil || !g.res.Changed {
		return err
	}
	if err := g.h.Rename(made, g.Archive); err != nil {
		return Failf("Failed to move %s to %s: %w", made, g.Archive, reason(err))
	}
	return nil
}

// relocate moves the repository of a clone to where separate_git_dir wants it.
func (g *checkout) relocate() error {
	link := path.Join(g.Dest, ".git")
	info, err := g.h.Lstat(link)
	if g.SeparateDir == "" || err != nil {
		return nil
	}
	now := link
	if !info.IsDir() {
		text, err := g.h.ReadFile(link)
		dir, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
		if err != nil || !ok {
			return Failf("Current repo does not have a valid reference to a separate Git dir or it refers to the invalid path: %s", link)
		}
		now = dir
	}
	if now == g.SeparateDir {
		return nil
	}
	g.res.Changed = true
	if g.c.Check {
		return nil
	}
	if _, err := g.h.Lstat(g.SeparateDir); !errors.Is(err, fs.ErrNotExist) {
		return Failf("Separate-git-dir path %s already exists.", g.SeparateDir)
	}
	if err := g.h.Rename(now, g.SeparateDir); err != nil {
		return Failf("Unable to move git dir from %s to %s: %w", now, g.SeparateDir, reason(err))
	}
	g.res.Set("git_dir_before", now).Set("git_dir_now", g.SeparateDir)
	if err := replaceContent(g.h, link, []byte("gitdir: "+g.SeparateDir)); err != nil {
		return Failf("can't write %s: %w", link, reason(err))
	}
	return nil
}
