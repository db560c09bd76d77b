package modules

import (
	"cmp"
	"context"
	"path"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type gitArgs struct {
	Repo          string      `arg:"repo" alias:"name" required:"true" doc:"Where to clone from."`
	Dest          string      `arg:"dest" type:"path" doc:"Where the working tree goes; required unless clone is off."`
	Version       string      `arg:"version" default:"HEAD" doc:"Branch, tag or commit."`
	Remote        string      `arg:"remote" default:"origin" doc:"Name of the remote."`
	Refspec       string      `arg:"refspec" doc:"Further refspec to fetch."`
	Depth         *int        `arg:"depth" doc:"How much history to fetch."`
	Clone         bool        `arg:"clone" default:"true" doc:"Clone where there is nothing yet."`
	Update        bool        `arg:"update" default:"true" doc:"Fetch new commits where there is a clone."`
	Force         bool        `arg:"force" default:"false" doc:"Throw local changes away."`
	Bare          bool        `arg:"bare" default:"false" doc:"Make a bare repository."`
	Recursive     bool        `arg:"recursive" default:"true" doc:"Clone submodules too."`
	TrackSub      bool        `arg:"track_submodules" default:"false" doc:"Bring submodules to the newest commit of their branch."`
	SingleBranch  bool        `arg:"single_branch" default:"false" doc:"Clone only the branch."`
	AcceptHostKey bool        `arg:"accept_hostkey" default:"false" doc:"Accept the SSH server's key whatever it is."`
	AcceptNew     bool        `arg:"accept_newhostkey" default:"false" doc:"Accept the key of an SSH server that is not known yet."`
	KeyFile       string      `arg:"key_file" type:"path" doc:"SSH key to use."`
	SSHOpts       string      `arg:"ssh_opts" doc:"Further options of ssh."`
	Executable    string      `arg:"executable" type:"path" doc:"The git program."`
	Umask         value.Value `arg:"umask" type:"raw" doc:"Umask for the files: an octal number in quotes."`
	Reference     string      `arg:"reference" doc:"Repository whose objects are borrowed."`
	SeparateDir   string      `arg:"separate_git_dir" type:"path" doc:"Folder for the repository apart from the working tree."`
	Verify        bool        `arg:"verify_commit" default:"false" doc:"Require a good signature of the commit or tag."`
	Signers       []string    `arg:"gpg_allowlist" alias:"gpg_whitelist" doc:"Fingerprints of the keys that may have signed; any that gpg trusts when empty."`
	Archive       string      `arg:"archive" type:"path" doc:"Also write the version as an archive to this file: .tar, .tar.gz, .tgz or .zip."`
	ArchivePrefix *string     `arg:"archive_prefix" doc:"Put before each name in the archive."`
}

// gitModule keeps a working tree at a version of a repository.
func gitModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.git",
		Summary: "Check out a Git repository",
		Doc:     "Makes a working tree be a clone of a repository at a version: clones where there is none, else fetches and checks out. Local changes are refused without force.",
		Check:   CheckFull, Diff: true,
		Examples: "- ansible.builtin.git:\n    repo: https://example.org/app.git\n    dest: /opt/app\n    version: v1.4\n",
		Returns: []Return{
			{"before", "str", "always", "The commit before."},
			{"after", "str", "always", "The commit now."},
			{"remote_url_changed", "bool", "when there was a clone", "Whether the clone came from elsewhere."},
			{"submodules_changed", "bool", "when so", "Whether a submodule is at another commit now."},
		},
		MutuallyExclusive: [][]string{{"separate_git_dir", "bare"}, {"accept_hostkey", "accept_newhostkey"}},
		RequiredBy:        map[string][]string{"archive_prefix": {"archive"}},
	}, runGit)
}

// checkout is one use of the module.
type checkout struct {
	*gitArgs
	h    target.Host
	c    *Call
	res  *Result
	env  []string
	mask *int // nil: the runner's own

	there bool // dest is a clone by now
}

func runGit(ctx context.Context, h target.Host, c *Call, a *gitArgs) (*Result, error) {
	if a.Dest == "" && a.Clone {
		return nil, Failf("the destination directory must be specified unless clone=no")
	}
	mask, err := a.umask()
	if err != nil {
		return nil, err
	}
	if a.Executable == "" {
		tool, err := requireTool(h, "git")
		if err != nil {
			return nil, err
		}
		a.Executable = tool
	}
	if strings.HasPrefix(a.Repo, "~/") {
		a.Repo = expandPath(h, a.Repo)
	}
	if strings.HasPrefix(a.Repo, "/") {
		a.Repo = "file://" + a.Repo // of a mere path, git would ignore depth
	}
	g := &checkout{gitArgs: a, h: h, c: c, mask: mask, res: new(Result).Set("before", nil)}
	g.env = []string{"GIT_TERMINAL_PROMPT=0", "GIT_SSH_COMMAND=" + a.sshCommand(h)}
	if err := g.relocate(); err != nil {
		return nil, err
	}
	dir := path.Join(a.Dest, ".git")
	if a.Bare {
		dir = path.Join(a.Dest, "config")
	}
	if _, err := h.Stat(dir); err != nil || a.Dest == "" {
		return g.res, g.fresh(ctx)
	}
	return g.res, g.existing(ctx)
}

// umask reads the umask. A number is refused: YAML has read its digits already,
// as octal or not.
func (a *gitArgs) umask() (*int, error) {
	if a.Umask == nil || a.Umask == value.None {
		return nil, nil
	}
	text, ok := a.Umask.(value.Str)
	if !ok {
		return nil, Failf("umask must be defined as a quoted octal integer")
	}
	mask, ok := octal(string(text))
	if !ok {
		return nil, FailWith(value.DictOf("details", strconv.Quote(string(text))+" has other characters than the digits 0 to 7"), "umask must be an octal integer")
	}
	return &mask, nil
}

// sshCommand gives the command that git reaches SSH servers with: the one of
// the task's environment, with the module's options.
func (a *gitArgs) sshCommand(h target.Host) string {
	words := []string{cmp.Or(h.Getenv("GIT_SSH"), h.Getenv("GIT_SSH_COMMAND"), "ssh"), "-o", "BatchMode=yes"}
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

// git runs git, which has to succeed, and gives what it says. Its complaint is
// the message of a failure.
func (g *checkout) git(ctx context.Context, args ...string) (string, error) {
	out, err := g.run(ctx, args...)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(out.Stdout), worded(out.failure(append([]string{g.Executable}, args...)), out.said())
}

func (g *checkout) run(ctx context.Context, args ...string) (toolOutput, error) {
	cmd := target.Cmd{Argv: append([]string{g.Executable}, args...), Env: g.env, Umask: g.mask}
	if g.there {
		cmd.Dir = g.Dest
	}
	return runToolWith(ctx, g.h, cmd)
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
	if g.c.Check || !g.Clone {
		remote, err := g.remoteCommit(ctx, g.Repo, "HEAD")
		if err != nil {
			return err
		}
		g.res.Changed = true
		g.res.Set("after", remote)
		g.tellDiff(ctx, "", remote)
		return nil
	}
	if err := g.h.MkdirAll(path.Dir(g.Dest), 0o755); err != nil {
		return Failf("can't make %s: %w", path.Dir(g.Dest), reason(err))
	}
	args, err := g.cloneArgs(ctx)
	if err != nil {
		return err
	}
	if _, err := g.git(ctx, args...); err != nil {
		return err
	}
	g.there = true
	if g.Bare && g.Remote != "origin" {
		if _, err := g.git(ctx, "remote", "add", g.Remote, g.Repo); err != nil {
			return err
		}
	}
	if g.Refspec != "" {
		if _, err := g.git(ctx, append(append([]string{"fetch"}, g.depthArgs()...), g.Remote, g.Refspec)...); err != nil {
			return err
		}
	}
	return g.finish(ctx, "")
}

func (g *checkout) depthArgs() []string {
	if g.Depth == nil {
		return nil
	}
	return []string{"--depth", strconv.Itoa(*g.Depth)}
}

// cloneArgs gives the command that clones. Only part of the history can be
// had of what the remote has a name for.
func (g *checkout) cloneArgs(ctx context.Context) ([]string, error) {
	args := []string{"clone"}
	if g.Bare {
		args = append(args, "--bare")
	} else {
		args = append(args, "--origin", g.Remote)
	}
	args = append(args, flags(g.SingleBranch, "--single-branch")...)
	if g.Depth != nil || g.SingleBranch {
		kind, err := g.refKind(ctx)
		if err != nil {
			return nil, err
		}
		switch {
		case g.Version == "HEAD" || g.Refspec != "":
			args = append(args, g.depthArgs()...)
		case kind != "":
			args = append(append(args, g.depthArgs()...), "--branch", g.Version)
		case g.Depth != nil:
			g.res.Warnings = append(g.res.Warnings, "Ignoring depth argument. Shallow clones are only available for HEAD, branches, tags or in combination with refspec.")
		}
	}
	if g.Reference != "" {
		args = append(args, "--reference", g.Reference)
	}
	if g.SeparateDir != "" {
		args = append(args, "--separate-git-dir="+g.SeparateDir)
	}
	return append(args, "--", g.Repo, g.Dest), nil
}

// existing brings a clone to the version.
func (g *checkout) existing(ctx context.Context) error {
	g.there = true
	before, err := g.git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	g.res.Set("before", before)
	if !g.Update {
		g.res.Set("after", before)
		return g.archive(ctx)
	}
	if err := g.dropChanges(ctx); err != nil {
		return err
	}
	moved, err := g.followURL(ctx)
	if err != nil {
		return err
	}
	g.res.Set("remote_url_changed", moved)
	g.res.Changed = g.res.Changed || moved
	if g.c.Check {
		return g.foresee(ctx, before)
	}
	if err := g.fetch(ctx); err != nil {
		return err
	}
	return g.finish(ctx, before)
}

// foresee tells, in check mode, where an update would lead. As in Ansible the
// remote is asked as the clone knows it, even where its URL would change.
func (g *checkout) foresee(ctx context.Context, before string) error {
	head, err := g.ownHead(ctx)
	if err != nil {
		return err
	}
	remote, err := g.remoteCommit(ctx, g.Remote, head)
	if err != nil {
		return err
	}
	g.res.Set("after", remote)
	g.res.Changed = remote != before || value.Truth(g.res.Data.At("remote_url_changed"))
	g.tellDiff(ctx, before, remote)
	return nil
}

// dropChanges refuses local changes, or with force throws them away. A tree
// that git can't judge, because of a submodule for one, counts as unchanged.
func (g *checkout) dropChanges(ctx context.Context) error {
	if g.Bare {
		return nil
	}
	status, err := g.run(ctx, "status", "--porcelain", "--untracked-files=no")
	switch {
	case err != nil || strings.TrimSpace(status.Stdout) == "":
		return err
	case !g.Force:
		return FailWith(g.res.Data, "Local modifications exist in the destination: %s (force=no).", g.Dest)
	case g.c.Check:
		return nil
	}
	g.res.Changed = true
	g.res.Set("msg", "Local modifications exist in the destination: "+g.Dest)
	_, err = g.git(ctx, "reset", "--hard", "HEAD", "--")
	return err
}

// followURL makes the remote's URL the wanted one and tells whether it was
// another.
func (g *checkout) followURL(ctx context.Context) (moved bool, err error) {
	now, err := g.git(ctx, "ls-remote", "--get-url", g.Remote)
	if err != nil {
		return false, err
	}
	moved = strings.TrimPrefix(now, "file://") != strings.TrimPrefix(g.Repo, "file://")
	if g.c.Check || now == g.Repo {
		return moved, nil
	}
	out, err := g.run(ctx, "remote", "set-url", g.Remote, g.Repo)
	if err == nil && out.RC != 0 {
		err = Failf("Failed to set a new url %s for %s: %s %s", g.Repo, g.Remote, out.Stdout, out.Stderr)
	}
	return moved, err
}

// finish checks the version out and tells where the tree is now.
func (g *checkout) finish(ctx context.Context, before string) error {
	if !g.Bare {
		if err := g.switchTo(ctx); err != nil {
			return err
		}
		if err := g.submodules(ctx); err != nil {
			return err
		}
	}
	after, err := g.git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	g.res.Set("after", after)
	g.res.Changed = g.res.Changed || before != after
	if g.res.Changed {
		g.tellDiff(ctx, before, after)
	}
	return g.archive(ctx)
}
