package modules

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/target"
)

type gemArgs struct {
	Name         string `arg:"name" required:"true" doc:"The gem."`
	State        string `arg:"state" default:"present" choices:"absent,latest,present" doc:"Whether the gem is there; latest brings the newest."`
	Version      string `arg:"version" doc:"Version of the gem."`
	Source       string `arg:"gem_source" type:"path" doc:"A gem's file to install from."`
	Repository   string `arg:"repository" alias:"source" doc:"Repository to install from."`
	Dependencies bool   `arg:"include_dependencies" default:"true" doc:"Install what the gem needs."`
	UserInstall  bool   `arg:"user_install" default:"true" doc:"Install into the user's home."`
	InstallDir   string `arg:"install_dir" type:"path" doc:"Folder to install into, with user_install off."`
	BinDir       string `arg:"bindir" type:"path" doc:"Folder for programs."`
	NoRC         bool   `arg:"norc" default:"true" doc:"Read no .gemrc."`
	PreRelease   bool   `arg:"pre_release" default:"false" doc:"Take pre-releases too."`
	IncludeDoc   bool   `arg:"include_doc" default:"false" doc:"Install the documentation."`
	EnvShebang   bool   `arg:"env_shebang" default:"false" doc:"Programs find ruby through env."`
	BuildFlags   string `arg:"build_flags" doc:"Flags for the compiler of extensions."`
	Force        bool   `arg:"force" default:"false" doc:"Go on in spite of what gem holds against it."`
	Executable   string `arg:"executable" type:"path" doc:"The program gem."`
}

// gemModule keeps Ruby's gems.
func gemModule() Module {
	return Define(Spec{
		Name:              "community.general.gem",
		Summary:           "Manage Ruby gems",
		Doc:               "Makes a gem be there or not, with the host's gem.",
		Check:             CheckFull,
		Examples:          "- community.general.gem:\n    name: bundler\n    version: 2.3.15\n    user_install: false\n",
		Returns:           []Return{{"name", "str", "always", "The gem."}, {"state", "str", "always", "The state asked for."}, {"version", "str", "when one was given or looked up", "The version."}},
		MutuallyExclusive: [][]string{{"gem_source", "repository"}, {"gem_source", "version"}},
	}, runGem)
}

func runGem(ctx context.Context, h target.Host, c *Call, a *gemArgs) (*Result, error) {
	if err := a.verify(); err != nil {
		return nil, err
	}
	g := &gem{gemArgs: a, h: h, program: strings.Split(a.Executable, " ")}
	if a.Executable == "" {
		path, err := requireTool(h, "gem")
		if err != nil {
			return nil, err
		}
		g.program = []string{path}
	}
	there, err := g.exists(ctx)
	if err != nil {
		return nil, err
	}
	res := &Result{Changed: there == (a.State == "absent")}
	if res.Changed && !c.Check {
		verb := g.install
		if a.State == "absent" {
			verb = g.uninstall
		}
		argv, env := verb()
		if _, err := g.must(ctx, env, argv...); err != nil {
			return nil, err
		}
	}
	res.Set("name", a.Name).Set("state", a.State)
	if a.Version != "" {
		res.Set("version", a.Version)
	}
	return res, nil
}

// verify refuses arguments that do not go together.
func (a *gemArgs) verify() error {
	switch {
	case a.Version != "" && a.State == "latest":
		return Failf("Cannot specify version when state=latest")
	case a.Source != "" && a.State == "latest":
		return Failf("Cannot maintain state=latest when installing from local source")
	case a.UserInstall && a.InstallDir != "":
		return Failf("install_dir requires user_install=false")
	}
	return nil
}

// gem is one use of the module.
type gem struct {
	*gemArgs
	h       target.Host
	program []string
	version []int // of rubygems
}

// must runs gem, which has to succeed.
func (g *gem) must(ctx context.Context, env []string, args ...string) (toolOutput, error) {
	argv := append(slices.Clone(g.program), args...)
	out, err := runToolWith(ctx, g.h, target.Cmd{Argv: argv, Env: env})
	if err != nil {
		return out, err
	}
	return out, out.failure(argv)
}

// home is the environment in which gem sees install_dir alone.
func (g *gem) home() []string {
	if g.InstallDir == "" {
		return nil
	}
	return []string{"GEM_HOME=" + g.InstallDir}
}

var gemVersion = lazyre.New(`^(\d+)\.(\d+)\.(\d+)`)

// exists reports whether the gem is there, with its version where one was given;
// state latest looks that up.
func (g *gem) exists(ctx context.Context) (bool, error) {
	out, err := g.must(ctx, nil, "--version")
	if err != nil {
		return false, err
	}
	if m := gemVersion.FindStringSubmatch(out.Stdout); m != nil {
		for _, part := range m[1:] {
			n, _ := strconv.Atoi(part)
			g.version = append(g.version, n)
		}
	}
	if g.State == "latest" {
		remote, err := g.versions(ctx, true)
		if err != nil {
			return false, err
		}
		if len(remote) > 0 {
			g.Version = remote[0]
		}
	}
	have, err := g.versions(ctx, false)
	if err != nil {
		return false, err
	}
	if g.Version == "" {
		return len(have) > 0, nil
	}
	return slices.Contains(have, g.Version), nil
}

// versions lists the gem's versions, newest first, on the host or in the
// repository.
func (g *gem) versions(ctx context.Context, remote bool) ([]string, error) {
	args := append([]string{"query"}, g.common()...)
	if remote {
		args = append(args, "--remote")
		if g.Repository != "" {
			args = append(args, "--source", g.Repository)
		}
	}
	out, err := g.must(ctx, g.home(), append(args, "-n", "^"+g.Name+"$")...)
	var all []string
	for _, line := range splitLines(out.Stdout) {
		// json (2.6.3, default: 2.5.1), and behind a version perhaps a platform
		_, list, _ := strings.Cut(line, " (")
		list, ok := strings.CutSuffix(strings.TrimSpace(list), ")")
		if !ok {
			continue
		}
		for version := range strings.SplitSeq(list, ", ") {
			version, _, _ = strings.Cut(strings.TrimPrefix(version, "default: "), " ")
			all = append(all, version)
		}
	}
	return all, err
}

// atLeast compares rubygems' own version; one that is not known is new.
func (g *gem) atLeast(version ...int) bool {
	return g.version == nil || slices.Compare(g.version, version) >= 0
}

func (g *gem) common() []string {
	if g.NoRC && g.version != nil && g.atLeast(2, 5, 2) {
		return []string{"--norc"}
	}
	return nil
}

func (g *gem) uninstall() (argv, env []string) {
	argv = append([]string{"uninstall"}, g.common()...)
	argv = append(argv, g.folders()...)
	if g.Version != "" {
		argv = append(argv, "--version", g.Version)
	} else {
		argv = append(argv, "--all")
	}
	argv = append(argv, "--executable")
	if g.Force {
		argv = append(argv, "--force")
	}
	return append(argv, g.Name), g.home()
}

func (g *gem) folders() (argv []string) {
	if g.InstallDir != "" {
		argv = append(argv, "--install-dir", g.InstallDir)
	}
	if g.BinDir != "" {
		argv = append(argv, "--bindir", g.BinDir)
	}
	return argv
}

func (g *gem) install() (argv, env []string) {
	argv = append([]string{"install"}, g.common()...)
	option := func(on bool, words ...string) {
		if on {
			argv = append(argv, words...)
		}
	}
	old := !g.atLeast(2, 0, 0)
	option(g.Version != "", "--version", g.Version)
	option(g.Repository != "", "--source", g.Repository)
	option(!g.Dependencies, "--ignore-dependencies")
	option(g.Dependencies && old, "--include-dependencies")
	option(g.UserInstall, "--user-install")
	option(!g.UserInstall, "--no-user-install")
	argv = append(argv, g.folders()...)
	option(g.PreRelease, "--pre")
	option(!g.IncludeDoc && old, "--no-rdoc", "--no-ri")
	option(!g.IncludeDoc && !old, "--no-document")
	option(g.EnvShebang, "--env-shebang")
	option(true, orText(g.Source, g.Name))
	option(g.Force, "--force")
	option(g.BuildFlags != "", "--", g.BuildFlags)
	return argv, nil
}
