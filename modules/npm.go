package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type npmArgs struct {
	Name          string `arg:"name" doc:"The package; without it those of the folder's package.json."`
	Path          string `arg:"path" type:"path" doc:"Folder to install into; needed unless global."`
	Version       string `arg:"version" doc:"Version of the package."`
	Global        bool   `arg:"global" default:"false" doc:"Install for all users."`
	State         string `arg:"state" default:"present" choices:"absent,latest,present" doc:"Whether the packages are there; latest updates them too."`
	Executable    string `arg:"executable" type:"path" doc:"The program npm."`
	Registry      string `arg:"registry" doc:"Registry to install from."`
	Production    bool   `arg:"production" default:"false" doc:"Leave out what only development needs."`
	IgnoreScripts bool   `arg:"ignore_scripts" default:"false" doc:"Run no scripts of packages."`
	UnsafePerm    bool   `arg:"unsafe_perm" default:"false" doc:"Run scripts as root."`
	CI            bool   `arg:"ci" default:"false" doc:"Install exactly what the lock file says (npm ci). It is a change every time."`
	NoOptional    bool   `arg:"no_optional" default:"false" doc:"Leave out optional packages."`
	NoBinLinks    bool   `arg:"no_bin_links" default:"false" doc:"Make no links to programs."`
	Force         bool   `arg:"force" default:"false" doc:"Install in spite of what npm holds against it."`
}

// npmModule keeps packages of Node.js.
func npmModule() Module {
	return Define(Spec{
		Name:       "community.general.npm",
		Summary:    "Manage packages of Node.js",
		Doc:        "Makes packages of Node.js be there or not, in a folder or for all, with the host's npm.",
		Check:      CheckFull,
		Examples:   "- community.general.npm:\n    path: /opt/app\n    production: true\n\n- community.general.npm:\n    name: yarn\n    version: 1.22.19\n    global: true\n",
		RequiredIf: []RequiredIf{{Arg: "state", Value: "absent", Needs: []string{"name"}}},
	}, runNpm)
}

func runNpm(ctx context.Context, h target.Host, c *Call, a *npmArgs) (*Result, error) {
	if a.Path == "" && !a.Global {
		return nil, Failf("path must be specified when not using global")
	}
	n := &npm{npmArgs: a, h: h, c: c, program: strings.Split(a.Executable, " ")}
	if a.Executable == "" {
		path, err := requireTool(h, "npm")
		if err != nil {
			return nil, err
		}
		n.program = []string{path}
	}
	verbs, err := n.needed(ctx)
	if err != nil {
		return nil, err
	}
	for _, verb := range verbs {
		if c.Check {
			break
		}
		if _, err := n.change(ctx, verb); err != nil {
			return nil, err
		}
	}
	return &Result{Changed: len(verbs) > 0}, nil
}

// npm is one use of the module.
type npm struct {
	*npmArgs
	h       target.Host
	c       *Call
	program []string
}

// needed gives what npm has to be told, in order; nothing when all is as it
// should be.
func (n *npm) needed(ctx context.Context) ([]string, error) {
	if n.CI {
		return []string{"ci"}, nil
	}
	installed, missing, err := n.list(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case n.State == "absent":
		if slices.Contains(installed, n.Name) {
			return []string{"uninstall"}, nil
		}
		return nil, nil
	case n.State == "present" && !missing:
		return nil, nil
	case n.State == "present":
		return []string{"install"}, nil
	}
	var verbs []string
	if missing {
		verbs = append(verbs, "install")
	}
	old, err := n.run(ctx, []string{"outdated"}, n.wanted())
	if err == nil && strings.TrimSpace(old.Stdout) != "" {
		verbs = append(verbs, "update")
	}
	return verbs, err
}

// wanted names the package with its version.
func (n *npm) wanted() string {
	if n.Version != "" && n.State != "absent" {
		return n.Name + "@" + n.Version
	}
	return n.Name
}

// list gives the packages that are there, with and without their versions, and
// whether something that was asked for is missing.
func (n *npm) list(ctx context.Context) (installed []string, missing bool, err error) {
	out, err := n.run(ctx, []string{"list", "--json", "--long"}, "")
	if err != nil {
		return nil, false, err
	}
	tree, err := value.ParseJSON([]byte(orText(strings.TrimSpace(out.Stdout), "{}")))
	if err != nil {
		return nil, false, Failf("Failed to parse NPM output with error %w", err)
	}
	dependencies, ok := keyOf(tree, "dependencies").(*value.Dict)
	if !ok {
		return nil, true, nil
	}
	for _, e := range dependencies.Entries() {
		name := value.String(e.Key)
		if isTrue(e.Val, "missing") || isTrue(e.Val, "invalid") {
			missing = true
			continue
		}
		installed = append(installed, name)
		if version, ok := value.AsString(keyOf(e.Val, "version")); ok && version != "" {
			installed = append(installed, name+"@"+version)
		}
	}
	if want := n.wanted(); want != "" && !slices.Contains(installed, want) {
		missing = true
	}
	return installed, missing, nil
}

// keyOf gives a key's value, none where v is no dict.
func keyOf(v value.Value, key string) value.Value {
	if d, ok := v.(*value.Dict); ok {
		return d.At(key)
	}
	return value.None
}

// isTrue reports whether a key holds something that counts as true: npm says
// "invalid" with a text.
func isTrue(v value.Value, key string) bool { return value.Truth(keyOf(v, key)) }

// change runs a command that changes packages, in a folder that it makes.
func (n *npm) change(ctx context.Context, verb string) (toolOutput, error) {
	if n.Path != "" {
		if err := n.h.MkdirAll(n.Path, 0o777); err != nil {
			return toolOutput{}, Failf("path %s is not a directory and can't be made one: %w", n.Path, reason(err))
		}
	}
	out, err := n.run(ctx, []string{verb}, n.wanted())
	if err != nil {
		return out, err
	}
	return out, out.failure([]string{"npm", verb, n.wanted()})
}

// run runs npm with the task's options. A folder that is not there yet has
// nothing in it.
func (n *npm) run(ctx context.Context, words []string, name string) (toolOutput, error) {
	if n.Path != "" && !isDir(n.h, n.Path) {
		return toolOutput{}, nil
	}
	argv := append(slices.Clone(n.program), words...)
	option := func(on bool, text string) {
		if on {
			argv = append(argv, text)
		}
	}
	option(n.Global, "--global")
	option(n.Production && slices.Contains([]string{"install", "update", "ci"}, words[0]), "--production")
	option(n.IgnoreScripts, "--ignore-scripts")
	option(n.UnsafePerm, "--unsafe-perm")
	option(name != "", name)
	if n.Registry != "" {
		argv = append(argv, "--registry", n.Registry)
	}
	option(n.NoOptional, "--no-optional")
	option(n.NoBinLinks, "--no-bin-links")
	option(n.Force, "--force")
	return runToolWith(ctx, n.h, target.Cmd{Argv: argv, Dir: n.Path})
}
