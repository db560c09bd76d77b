package modules

import (
	"context"
	"path"
	"strconv"
	"strings"

	"drover/modules/target"
)

type gitArgs struct {
	Repo          string `arg:"repo" alias:"name" required:"true" doc:"Where to clone from."`
	Dest          string `arg:"dest" type:"path" doc:"Where the working tree goes; required unless clone is off."`
	Version       string `arg:"version" default:"HEAD" doc:"Branch, tag or commit."`
	Remote        string `arg:"remote" default:"origin" doc:"Name of the remote."`
	Refspec       string `arg:"refspec" doc:"Further refspec to fetch."`
	Depth         *int   `arg:"depth" doc:"How much history to fetch."`
	Clone         bool   `arg:"clone" default:"true" doc:"Clone where there is nothing yet."`
	Update        bool   `arg:"update" default:"true" doc:"Fetch new commits where there is a clone."`
	Force         bool   `arg:"force" default:"false" doc:"Throw local changes away."`
	Bare          bool   `arg:"bare" default:"false" doc:"Make a bare repository."`
	Recursive     bool   `arg:"recursive" default:"true" doc:"Clone submodules too."`
	TrackSub      bool   `arg:"track_submodules" default:"false" doc:"Bring submodules to the newest commit of their branch."`
	SingleBranch  bool   `arg:"single_branch" default:"false" doc:"Clone only the branch."`
	AcceptHostKey bool   `arg:"accept_hostkey" default:"false" doc:"Accept the SSH server's key whatever it is."`
	AcceptNew     bool   `arg:"accept_newhostkey" default:"false" doc:"Accept the key of an SSH server that is not known yet."`
	KeyFile       string `arg:"key_file" type:"path" doc:"SSH key to use."`
	SSHOpts       string `arg:"ssh_opts" doc:"Further options of ssh."`
	Executable    string `arg:"executable" type:"path" doc:"The git program."`
	Umask         string `arg:"umask" doc:"Umask for the files, octal."`
	Reference     string `arg:"reference" doc:"Repository whose objects are borrowed."`
	SeparateDir   string `arg:"separate_git_dir" type:"path" doc:"Folder for the repository apart from the working tree."`
}

// gitModule keeps a working tree at a version of a repository.
func gitModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.git",
		Summary:  "Check out a Git repository",
		Doc:      "Makes a working tree be a clone of a repository at a version: clones where there is none, else fetches and checks out. Local changes are refused without force. Signatures and archives are not offered.",
		Check:    CheckFull,
		Examples: "- ansible.builtin.git:\n    repo: https://example.org/app.git\n    dest: /opt/app\n    version: v1.4\n",
		Returns: []Return{
			{"before", "str", "always", "The commit before."},
			{"after", "str", "always", "The commit now."},
			{"remote_url_changed", "bool", "when so", "Whether the clone came from elsewhere."},
		},
	}, runGit)
}

// checkout is one use of the module.
type checkout struct {
	*gitArgs
	h   target.Host
	c   *Call
	res *Result
	env []string
}

func runGit(ctx context.Context, h target.Host, c *Call, a *gitArgs) (*Result, error) {
	if a.Dest == "" && a.Clone {
		return nil, Failf("the destination directory must be specified unless clone=no")
	}
	a.Executable = orText(a.Executable, "git")
	if _, err := requireTool(h, a.Executable); err != nil && !path.IsAbs(a.Executable) {
		return nil, err
	}
	g := &checkout{gitArgs: a, h: h, c: c, res: &Result{}}
	g.env = []string{"GIT_TERMINAL_PROMPT=0", "GIT_SSH_COMMAND=" + a.sshCommand()}
	dir := path.Join(a.Dest, ".git")
	if a.Bare {
		dir = path.Join(a.Dest, "HEAD")
	}
	if _, err := h.Stat(dir); err != nil || a.Dest == "" {
		return g.res, g.fresh(ctx)
	}
	return g.res, g.existing(ctx)
}

func (a *gitArgs) sshCommand() string {
	words := []string{"ssh", "-o", "BatchMode=yes"}
	switch {
	case a.AcceptHostKey:
		words = append(words, "-o", "StrictHostKeyChecking=no")
	case a.AcceptNew:
		words = append(words, "-o", "StrictHostKeyChecking=accept-new")
	}
	if a.KeyFile != "" {
		words = append(words, "-o", "IdentitiesOnly=yes", "-i", shellQuote(a.KeyFile))
	}
	if a.SSHOpts != "" {
		words = append(words, a.SSHOpts)
	}
	return strings.Join(words, " ")
}

// shellQuote makes one word of s for a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (g *checkout) git(ctx context.Context, args ...string) (string, error) {
	argv := []string{g.Executable}
	if g.Dest != "" && args[0] != "clone" && args[0] != "ls-remote" {
		argv = append(argv, "-C", g.Dest)
	}
	argv = append(argv, args...)
	cmd := target.Cmd{Argv: argv, Env: g.env}
	if mask, ok := octal(g.Umask); ok {
		cmd.Umask = &mask
	}
	out, err := runToolWith(ctx, g.h, cmd)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(out.Stdout), out.failure(argv)
}

func octal(s string) (n int, ok bool) {
	for _, r := range s {
		if r < '0' || r > '7' {
			return 0, false
		}
		n = n*8 + int(r-'0')
	}
	return n, s != ""
}

// fresh clones, or without clone only tells what the remote has.
func (g *checkout) fresh(ctx context.Context) error {
	remote, err := g.remoteCommit(ctx)
	if err != nil {
		return err
	}
	g.res.Changed = true
	g.res.Set("before", nil).Set("after", remote)
	if g.c.Check || !g.Clone {
		return nil
	}
	args := append([]string{"clone", "--origin", g.Remote}, flags(g.Bare, "--bare", g.Recursive && !g.Bare, "--recursive",
		g.SingleBranch, "--single-branch")...)
	if g.Depth != nil {
		args = append(args, "--depth", strconv.Itoa(*g.Depth))
	}
	if named := g.Version != "HEAD" && !isCommit(g.Version); named {
		args = append(args, "--branch", g.Version)
	}
	if g.Reference != "" {
		args = append(args, "--reference", g.Reference)
	}
	if g.SeparateDir != "" {
		args = append(args, "--separate-git-dir="+g.SeparateDir)
	}
	if err := g.h.MkdirAll(path.Dir(g.Dest), 0o755); err != nil {
		return Failf("can't make %s: %w", path.Dir(g.Dest), reason(err))
	}
	if _, err := g.git(ctx, append(args, "--", g.Repo, g.Dest)...); err != nil {
		return err
	}
	if g.Refspec != "" {
		if _, err := g.git(ctx, "fetch", g.Remote, g.Refspec); err != nil {
			return err
		}
	}
	return g.finish(ctx, "")
}

// existing brings a clone to the version.
func (g *checkout) existing(ctx context.Context) error {
	before, err := g.git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	g.res.Set("before", before).Set("after", before)
	dirty := ""
	if !g.Bare {
		if dirty, err = g.git(ctx, "status", "--porcelain", "--untracked-files=no"); err != nil {
			return err
		}
	}
	if dirty != "" && !g.Force {
		return FailWith(g.res.Data, "Local modifications exist in the destination: %s (force=no).", g.Dest)
	}
	if err := g.followURL(ctx); err != nil {
		return err
	}
	if !g.Update {
		return nil
	}
	remote, err := g.remoteCommit(ctx)
	if err != nil {
		return err
	}
	if remote == before && dirty == "" {
		return nil
	}
	if g.c.Check {
		g.res.Changed = true
		g.res.Set("after", remote)
		return nil
	}
	args := append([]string{"fetch", "--tags"}, flags(g.Force, "--force")...)
	if g.Depth != nil {
		args = append(args, "--depth", strconv.Itoa(*g.Depth))
	}
	args = append(args, g.Remote)
	if g.Refspec != "" {
		args = append(args, "+refs/heads/*:refs/remotes/"+g.Remote+"/*", g.Refspec)
	}
	if _, err := g.git(ctx, args...); err != nil {
		return err
	}
	g.res.Changed = dirty != ""
	return g.finish(ctx, before)
}

// followURL makes the remote's URL the wanted one.
func (g *checkout) followURL(ctx context.Context) error {
	now, err := g.git(ctx, "remote", "get-url", g.Remote)
	if err != nil || now == g.Repo {
		return err
	}
	g.res.Changed = true
	g.res.Set("remote_url_changed", true)
	if g.c.Check {
		return nil
	}
	_, err = g.git(ctx, "remote", "set-url", g.Remote, g.Repo)
	return err
}

// remoteCommit asks the remote for the version's commit; a commit's number is
// its own answer.
func (g *checkout) remoteCommit(ctx context.Context) (string, error) {
	if isCommit(g.Version) {
		return g.Version, nil
	}
	out, err := g.git(ctx, "ls-remote", g.Repo)
	if err != nil {
		return "", err
	}
	if commit := findRef(out, g.Version); commit != "" {
		return commit, nil
	}
	return "", Failf("Could not determine remote revision for %s: %s has no branch or tag of that name", g.Version, g.Repo)
}

// findRef finds a branch or tag in the list of a remote's references; an
// annotated tag counts for the commit it points to.
func findRef(list, version string) string {
	refs := map[string]string{}
	for _, line := range strings.Split(list, "\n") {
		if commit, ref, ok := strings.Cut(line, "\t"); ok {
			refs[ref] = commit
		}
	}
	for _, ref := range []string{version, "refs/heads/" + version, "refs/tags/" + version + "^{}", "refs/tags/" + version} {
		if refs[ref] != "" {
			return refs[ref]
		}
	}
	return ""
}

func isCommit(version string) bool {
	return len(version) >= 40 && strings.Trim(version, "0123456789abcdefABCDEF") == ""
}

// finish checks the version out and tells where the tree is now.
func (g *checkout) finish(ctx context.Context, before string) error {
	if !g.Bare {
		if err := g.switchTo(ctx); err != nil {
			return err
		}
	}
	after, err := g.git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	g.res.Set("after", after)
	g.res.Changed = g.res.Changed || before != after
	return nil
}

func (g *checkout) switchTo(ctx context.Context) error {
	branch := g.Version
	if branch == "HEAD" {
		head, err := g.git(ctx, "rev-parse", "--abbrev-ref", g.Remote+"/HEAD")
		if err != nil {
			return err
		}
		branch = strings.TrimPrefix(head, g.Remote+"/")
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
	if g.Recursive {
		update := append([]string{"submodule", "update", "--init", "--recursive"}, flags(g.TrackSub, "--remote", g.Force, "--force")...)
		steps = append(steps, update)
	}
	for _, s := range steps {
		if _, err := g.git(ctx, s...); err != nil {
			return err
		}
	}
	return nil
}
