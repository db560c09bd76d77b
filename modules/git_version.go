package modules

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"drover/playbook/value"
)

// remoteCommit asks a remote, given by name or URL, for the version's commit;
// head is its reference for HEAD. What the remote has no name for is taken to
// be a commit.
func (g *checkout) remoteCommit(ctx context.Context, remote, head string) (string, error) {
	version := g.Version
	if version == "HEAD" {
		version = head
	}
	list, err := g.listRemote(ctx, remote)
	if err != nil {
		return "", err
	}
	if commit := findRef(list, version); commit != "" {
		return commit, nil
	}
	if g.Version == "HEAD" {
		return "", Failf("Could not determine remote revision for HEAD: %s has no %s", g.Repo, head)
	}
	return g.Version, nil
}

// listRemote lists the references of a remote, given by name or URL.
func (g *checkout) listRemote(ctx context.Context, remote string) (string, error) {
	return g.git(ctx, "ls-remote", remote)
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
	list, err := g.listRemote(ctx, g.Repo)
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
	if e, ok := err.(*Error); ok && e.Data != nil {
		err = worded(err, fmt.Sprintf("Failed to download remote objects and refs: %s %s", value.String(e.Data.At("stdout")), value.String(e.Data.At("stderr"))))
	}
	return err
}

// worded gives a failure of git another message; what git said stays beside it.
func worded(err error, msg string) error {
	if e, ok := err.(*Error); ok && e.Data != nil {
		return FailWith(e.Data, "%s", msg)
	}
	return err
}

// headBranch gives the remote's default branch.
func (g *checkout) headBranch(ctx context.Context) (string, error) {
	head, err := g.git(ctx, "rev-parse", "--abbrev-ref", g.Remote+"/HEAD")
	return strings.TrimPrefix(head, g.Remote+"/"), err
}

// ownHead gives the reference of the remote that HEAD stands for in the clone:
// the branch that is checked out, or the remote's default. Only a version that
// is HEAD needs it.
func (g *checkout) ownHead(ctx context.Context) (string, error) {
	if g.Version != "HEAD" {
		return "", nil
	}
	branch, err := g.git(ctx, "rev-parse", "--abbrev-ref", "HEAD")
	if err == nil && branch == "HEAD" {
		branch, err = g.headBranch(ctx)
	}
	return "refs/heads/" + branch, err
}

func (g *checkout) switchTo(ctx context.Context) error {
	branch := g.Version
	what := "Failed to checkout " + branch
	if branch == "HEAD" {
		var err error
		if branch, err = g.headBranch(ctx); err != nil {
			return err
		}
		what = "Failed to checkout branch " + branch
	}
	steps := [][]string{{"checkout", "--force", g.Version}}
	if isCommit(g.Version) {
		if _, err := g.git(ctx, "cat-file", "-e", g.Version); err != nil {
			_, _ = g.git(ctx, "fetch", g.Remote, g.Version) // the checkout tells what can't be had
		}
	} else if _, err := g.git(ctx, "rev-parse", "--verify", "--quiet", "refs/remotes/"+g.Remote+"/"+branch); err == nil {
		steps = [][]string{
			{"checkout", "--force", "-B", branch, g.Remote + "/" + branch},
			{"reset", "--hard", g.Remote + "/" + branch},
		}
	}
	for _, s := range steps {
		if _, err := g.git(ctx, s...); err != nil {
			return worded(err, what)
		}
	}
	return g.verify(ctx)
}

// submodules brings the submodules to the commits that the tree names.
func (g *checkout) submodules(ctx context.Context) error {
	if _, err := g.h.Stat(path.Join(g.Dest, ".gitmodules")); err != nil || !g.Recursive {
		return nil
	}
	before, err := g.git(ctx, "submodule", "status", "--recursive")
	if err != nil {
		return worded(err, "Unable to determine hashes of submodules")
	}
	update := []string{"submodule", "update", "--init", "--recursive"}
	if _, err := g.git(ctx, append(update, flags(g.TrackSub, "--remote", g.Force, "--force")...)...); err != nil {
		return worded(err, "Failed to init/update submodules: "+err.Error())
	}
	after, err := g.git(ctx, "submodule", "status", "--recursive")
	if err == nil && after != before {
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
