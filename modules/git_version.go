package modules

import (
	"context"
	"path"
	"slices"
	"strings"

	"drover/playbook/value"
)

// remoteCommit asks the remote for the version's commit. What it has no name
// for is taken to be a commit.
func (g *checkout) remoteCommit(ctx context.Context) (string, error) {
	if isCommit(g.Version) {
		return g.Version, nil
	}
	list, err := g.git(ctx, "ls-remote", g.Repo)
	if err != nil {
		return "", err
	}
	if commit := findRef(list, g.Version); commit != "" {
		return commit, nil
	}
	if g.Version == "HEAD" {
		return "", Failf("Could not determine remote revision for HEAD: %s is empty", g.Repo)
	}
	return g.Version, nil
}

// findRef finds a branch or tag in the list of a remote's references; an
// annotated tag counts for the commit it points to.
func findRef(list, version string) string {
	refs := parseRefs(list)
	for _, ref := range []string{version, "refs/heads/" + version, "refs/tags/" + version + "^{}", "refs/tags/" + version} {
		if refs[ref] != "" {
			return refs[ref]
		}
	}
	return ""
}

// parseRefs reads a list of references: the commits by their names.
func parseRefs(list string) map[string]string {
	refs := map[string]string{}
	for _, line := range strings.Split(list, "\n") {
		if commit, ref, ok := strings.Cut(line, "\t"); ok {
			refs[ref] = commit
		}
	}
	return refs
}

// refKind tells whether the version is a branch (heads) or a tag (tags) of the
// remote, or neither.
func (g *checkout) refKind(ctx context.Context) (string, error) {
	list, err := g.git(ctx, "ls-remote", g.Repo)
	if err != nil {
		return "", err
	}
	refs := parseRefs(list)
	for _, kind := range []string{"heads", "tags"} {
		if refs["refs/"+kind+"/"+g.Version] != "" {
			return kind, nil
		}
	}
	return "", nil
}

func isCommit(version string) bool {
	return len(version) >= 40 && strings.Trim(version, "0123456789abcdefABCDEF") == ""
}

// fetch gets what is new. With depth only the wanted branch or tag is fetched,
// which the clone may not have followed so far.
func (g *checkout) fetch(ctx context.Context) error {
	args := append([]string{"fetch"}, flags(g.Force, "--force")...)
	var refspecs []string
	if g.Depth != nil {
		kind, err := g.refKind(ctx)
		if err != nil {
			return err
		}
		switch v := g.Version; {
		case g.Refspec != "":
			refspecs = []string{g.Refspec}
		case v == "HEAD":
			refspecs = []string{"HEAD"}
			if branch, err := g.headBranch(ctx); err == nil {
				refspecs = []string{branch}
			}
		case kind == "heads":
			refspecs = []string{"+refs/heads/" + v + ":refs/remotes/" + g.Remote + "/" + v}
		case kind == "tags":
			refspecs = []string{"+refs/tags/" + v + ":refs/tags/" + v}
		}
	}
	switch {
	case refspecs != nil:
		args = append(args, g.depthArgs()...)
	case g.Bare:
		refspecs = []string{"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}
	default:
		args = append(args, "--tags")
		if g.Refspec != "" {
			refspecs = []string{"+refs/heads/*:refs/remotes/" + g.Remote + "/*", g.Refspec}
		}
	}
	_, err := g.git(ctx, append(append(args, g.Remote), refspecs...)...)
	return worded(err, "Failed to download remote objects and refs")
}

// worded puts what failed before what git said.
func worded(err error, what string) error {
	if e, ok := err.(*Error); ok && e.Data != nil {
		return FailWith(e.Data, "%s: %s", what, strings.TrimSpace(value.String(e.Data.At("stderr"))))
	}
	return err
}

// headBranch gives the remote's default branch.
func (g *checkout) headBranch(ctx context.Context) (string, error) {
	head, err := g.git(ctx, "rev-parse", "--abbrev-ref", g.Remote+"/HEAD")
	return strings.TrimPrefix(head, g.Remote+"/"), err
}

func (g *checkout) switchTo(ctx context.Context) error {
	branch := g.Version
	if branch == "HEAD" {
		var err error
		if branch, err = g.headBranch(ctx); err != nil {
			return err
		}
	}
	steps := [][]string{{"checkout", "--force", g.Version}}
	if isCommit(g.Version) {
		if _, err := g.git(ctx, "cat-file", "-e", g.Version); err != nil {
			steps = append([][]string{{"fetch", g.Remote, g.Version}}, steps...)
		}
	} else if _, err := g.git(ctx, "rev-parse", "--verify", "--quiet", "refs/remotes/"+g.Remote+"/"+branch); err == nil {
		steps = [][]string{
			{"checkout", "--force", "-B", branch, g.Remote + "/" + branch},
			{"reset", "--hard", g.Remote + "/" + branch},
		}
	}
	for _, s := range steps {
		if _, err := g.git(ctx, s...); err != nil {
			return worded(err, "Failed to checkout "+branch)
		}
	}
	return g.verify(ctx)
}

// submodules brings the submodules to the commits that the tree names. In a
// new clone that is no change of its own.
func (g *checkout) submodules(ctx context.Context, fresh bool) error {
	if _, err := g.h.Stat(path.Join(g.Dest, ".gitmodules")); err != nil || !g.Recursive {
		return nil
	}
	before, err := g.git(ctx, "submodule", "status", "--recursive")
	if err != nil {
		return err
	}
	update := []string{"submodule", "update", "--init", "--recursive"}
	if _, err := g.git(ctx, append(update, flags(g.TrackSub, "--remote", g.Force, "--force")...)...); err != nil {
		return err
	}
	after, err := g.git(ctx, "submodule", "status", "--recursive")
	if err == nil && after != before && !fresh {
		g.res.Changed = true
		g.res.Set("submodules_changed", true)
	}
	return err
}

// verify requires a signature of the version, by one of the given keys.
func (g *checkout) verify(ctx context.Context) error {
	if !g.Verify {
		return nil
	}
	command := "verify-commit"
	if kind, err := g.git(ctx, "cat-file", "-t", "refs/tags/"+g.Version); err == nil && kind == "tag" {
		command = "verify-tag"
	}
	out, err := g.run(ctx, append([]string{command}, append(flags(len(g.Signers) > 0, "--raw"), g.Version)...)...)
	if err != nil {
		return err
	}
	data := value.DictOf("stdout", out.Stdout, "stderr", out.Stderr, "rc", out.RC)
	if out.RC != 0 {
		return FailWith(data, "Failed to verify GPG signature of commit/tag %q", g.Version)
	}
	if len(g.Signers) == 0 {
		return nil
	}
	signer := signerOf(out.Stderr)
	if !slices.Contains(g.Signers, signer) {
		return FailWith(data, "The gpg_allowlist does not include the public key %q for this commit", signer)
	}
	return nil
}

// signerOf finds the primary key's fingerprint in gpg's status lines.
func signerOf(status string) string {
	for _, line := range strings.Split(status, "\n") {
		f := strings.Fields(line)
		switch {
		case len(f) < 3 || f[1] != "VALIDSIG":
		case len(f) > 11:
			return f[11]
		default:
			return f[2]
		}
	}
	return ""
}
