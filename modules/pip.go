package modules

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type pipArgs struct {
	Name         []string `arg:"name" doc:"Packages, each with the versions asked for (django>=4,<5) or an address that pip takes."`
	Version      string   `arg:"version" doc:"Version of the one package in name."`
	Requirements string   `arg:"requirements" doc:"File of requirements on the host, relative to chdir."`
	State        string   `arg:"state" default:"present" choices:"absent,forcereinstall,latest,present" doc:"Whether the packages are there; latest brings the newest, forcereinstall installs them again."`
	ExtraArgs    string   `arg:"extra_args" doc:"Further options of pip."`
	Editable     bool     `arg:"editable" default:"false" doc:"Install from the source tree, with -e."`
	Chdir        string   `arg:"chdir" type:"path" doc:"Folder in which pip runs; the temporary one when not given."`
	Executable   string   `arg:"executable" type:"path" doc:"The pip to use, such as pip3.11 or a path."`
	Umask        string   `arg:"umask" doc:"Umask for what is installed, octal."`
	BreakSystem  bool     `arg:"break_system_packages" default:"false" doc:"Install also where the system's packages own Python (PEP 668)."`
	venvArgs
}

// pipModule keeps Python packages in the system's Python or a virtual one.
func pipModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.pip",
		Summary: "Manage Python packages",
		Doc: "Makes Python packages be there or not, with the host's own pip: that of python3, of a virtual environment, or executable. A virtual environment that is missing is made first.\n" +
			"Neither packaging nor setuptools has to be there: requirements are read by drover itself. Check mode looks up what is installed and can't know more of state latest, requirements and extra_args than that they may change something.",
		Check:    CheckFull,
		Examples: "- name: The application's libraries\n  ansible.builtin.pip:\n    requirements: /opt/app/requirements.txt\n    virtualenv: /opt/app/venv\n    virtualenv_command: python3 -m venv\n\n- ansible.builtin.pip:\n    name: django>=4,<5\n",
		Returns: []Return{
			{"cmd", "list", "always", "The command that was run; in check mode, as text, the one that listed the packages."},
			{"name", "list", "outside check mode", "As it was given; so are version, state and requirements."},
			{"virtualenv", "str", "outside check mode", "The virtual environment."},
		},
		RequiredOneOf:     [][]string{{"name", "requirements"}},
		MutuallyExclusive: [][]string{{"name", "requirements"}, {"executable", "virtualenv"}},
	}, runPip)
}

// pipWork is one use of the module.
type pipWork struct {
	*pipArgs
	h        target.Host
	c        *Call
	umask    *int
	pip      []string // the program
	packages []pyPackage
	stdout   string
	stderr   string
}

func runPip(ctx context.Context, h target.Host, c *Call, a *pipArgs) (*Result, error) {
	w := &pipWork{pipArgs: a, h: h, c: c}
	if err := w.settle(); err != nil {
		return nil, err
	}
	made, err := w.ensureVenv(ctx)
	if err != nil {
		return nil, err
	}
	if made && c.Check {
		return &Result{Changed: true}, nil
	}
	if w.pip, err = w.program(ctx); err != nil {
		return nil, err
	}
	if len(a.Name) == 0 && a.Requirements == "" {
		return &Result{Warnings: []string{"No valid name or requirements file found."}}, nil
	}
	cmd, err := w.command()
	if err != nil {
		return nil, err
	}
	if c.Check {
		return w.predict(ctx)
	}
	changed, err := w.apply(ctx, cmd)
	if err != nil {
		return nil, err
	}
	res := &Result{Changed: changed || made}
	res.Set("cmd", cmd).Set("name", a.names()).Set("version", orNone(a.Version)).Set("state", a.State)
	res.Set("requirements", orNone(a.Requirements)).Set("virtualenv", orNone(a.Path))
	return res.Set("stdout", w.stdout).Set("stderr", w.stderr), nil
}

// settle makes paths absolute and reads what needs no host.
func (w *pipWork) settle() error {
	if w.Path != "" && w.Chdir != "" && !filepath.IsAbs(w.Path) {
		w.Path = filepath.Join(w.Chdir, w.Path)
	}
	if w.Umask != "" {
		mask, ok := octal(w.Umask)
		if !ok {
			return Failf("umask must be an octal integer, not %q", w.Umask)
		}
		w.umask = &mask
	}
	if w.State == "latest" && w.Version != "" {
		return Failf("version is incompatible with state=latest")
	}
	if w.Chdir == "" {
		w.Chdir = orText(w.h.Getenv("TMPDIR"), "/tmp")
	}
	return w.readNames()
}

// readNames reads name and version into packages.
func (w *pipWork) readNames() error {
	for _, text := range joinRequirements(w.Name) {
		w.packages = append(w.packages, parsePyPackage(text))
	}
	if w.Version == "" || len(w.packages) == 0 {
		return nil
	}
	if len(w.packages) > 1 {
		return Failf("'version' argument is ambiguous when installing multiple package distributions. Please specify version restrictions next to each package in 'name' argument.")
	}
	p := w.packages[0]
	if len(p.versions) > 0 {
		return Failf("The 'version' argument conflicts with any version specifier provided along with a package name. Please keep the version specifier, but remove the 'version' argument.")
	}
	separator := " "
	if version := strings.TrimLeft(w.Version, " "); version != "" && version[0] >= '0' && version[0] <= '9' {
		separator = "=="
	}
	w.packages[0] = parsePyPackage(p.String() + separator + strings.TrimLeft(w.Version, " "))
	return nil
}

// program finds pip: that of the virtual environment, the one that was named,
// the module of python3, or pip3.
func (w *pipWork) program(ctx context.Context) ([]string, error) {
	switch {
	case filepath.IsAbs(w.Executable):
		return []string{w.Executable}, nil
	case w.Path != "":
		return w.venvPip()
	case w.Executable == "":
		if python, ok := systemPython(ctx, w.h); ok {
			return []string{python, "-m", "pip"}, nil
		}
	}
	name := orText(w.Executable, "pip3")
	path, err := w.h.LookPath(name)
	if err != nil {
		return nil, Failf("Unable to find any of %s to use.  pip needs to be installed.", name)
	}
	return []string{path}, nil
}

// systemPython gives the host's python3 if it has pip as a module.
func systemPython(ctx context.Context, h target.Host) (string, bool) {
	python, err := h.LookPath("python3")
	if err != nil {
		return "", false
	}
	out, err := runTool(ctx, h, python, "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)")
	return python, err == nil && out.RC == 0
}

// command gives the command that makes the state true.
func (w *pipWork) command() ([]string, error) {
	verbs := map[string][]string{
		"present": {"install"}, "absent": {"uninstall", "-y"},
		"latest": {"install", "-U"}, "forcereinstall": {"install", "-U", "--force-reinstall"},
	}
	cmd := append(slices.Clone(w.pip), verbs[w.State]...)
	if w.Editable && !slices.Contains(strings.Split(w.ExtraArgs, " "), "-e") {
		w.ExtraArgs = strings.TrimPrefix(w.ExtraArgs+" -e", " ")
	}
	extra, err := SplitWords(w.ExtraArgs)
	if err != nil {
		return nil, Failf("extra_args: %w", err)
	}
	cmd = append(cmd, extra...)
	if len(w.Name) == 0 {
		return append(cmd, "-r", w.Requirements), nil
	}
	for _, p := range w.packages {
		cmd = append(cmd, p.String())
	}
	return cmd, nil
}

// run runs a command as the task wants pip to run, and keeps what it says.
func (w *pipWork) run(ctx context.Context, argv []string) (toolOutput, error) {
	cmd := target.Cmd{Argv: argv, Dir: w.Chdir, Umask: w.umask}
	if w.Path != "" {
		cmd.Env = append(cmd.Env, "PATH="+filepath.Join(w.Path, "bin")+":"+w.h.Getenv("PATH"))
	}
	if w.BreakSystem {
		cmd.Env = append(cmd.Env, "PIP_BREAK_SYSTEM_PACKAGES=1")
	}
	return runToolWith(ctx, w.h, cmd)
}

// failed is the failure of a command, with all that was said up to it.
func (w *pipWork) failed(argv any) error {
	msg := ""
	if w.stdout != "" {
		msg = "stdout: " + w.stdout
	}
	if w.stderr != "" {
		msg += "\n:stderr: " + w.stderr
	}
	return FailWith(new(Result).Set("cmd", argv).Data, "%s", msg)
}

// list gives what is installed, as lines of name==version.
func (w *pipWork) list(ctx context.Context) (cmd []string, out toolOutput, err error) {
	cmd = append(slices.Clone(w.pip), "list", "--format=freeze")
	if out, err = w.run(ctx, cmd); err != nil || out.RC == 0 {
		return cmd, out, err
	}
	cmd = append(slices.Clone(w.pip), "freeze") // before pip 9
	if out, err = w.run(ctx, cmd); err != nil || out.RC == 0 {
		return cmd, out, err
	}
	w.stdout, w.stderr = out.Stdout, out.Stderr
	return cmd, out, w.failed(cmd)
}

// predict says in check mode whether something would change.
func (w *pipWork) predict(ctx context.Context) (*Result, error) {
	if w.ExtraArgs != "" || w.Requirements != "" || w.State == "latest" {
		return &Result{Changed: true}, nil
	}
	cmd, out, err := w.list(ctx)
	if err != nil {
		return nil, err
	}
	installed := splitLines(out.Stdout)
	res := new(Result)
	for _, p := range w.packages {
		there := slices.ContainsFunc(installed, p.isInstalled)
		res.Changed = res.Changed || there && w.State == "absent" || !there && w.State == "present"
	}
	return res.Set("cmd", strings.Join(cmd, " ")).Set("stdout", w.stdout+out.Stdout).Set("stderr", w.stderr+out.Stderr), nil
}

// fromVersionControl reports whether a package is named by the address of its
// source: git+https://…
func fromVersionControl(name string) bool {
	system, _, ok := strings.Cut(name, "+")
	return ok && slices.Contains([]string{"git", "hg", "svn", "bzr"}, system)
}

// apply runs the command and tells whether that changed something: by what pip
// says, or, where it says the same either way, by what is installed afterwards.
func (w *pipWork) apply(ctx context.Context, cmd []string) (bool, error) {
	compares := w.Requirements != "" || slices.ContainsFunc(w.Name, fromVersionControl)
	var before, after toolOutput
	var err error
	if compares {
		if _, before, err = w.list(ctx); err != nil {
			return false, err
		}
	}
	out, err := w.run(ctx, cmd)
	if err != nil {
		return false, err
	}
	w.stdout, w.stderr = w.stdout+out.Stdout, w.stderr+out.Stderr
	absent := w.State == "absent"
	wasNot := out.RC == 1 && absent && strings.Contains(out.Stdout+out.Stderr, "not installed")
	if out.RC != 0 && !wasNot {
		return false, w.failed(cmd)
	}
	switch {
	case absent:
		return strings.Contains(out.Stdout, "Successfully uninstalled"), nil
	case !compares:
		return strings.Contains(out.Stdout, "Successfully installed"), nil
	}
	_, after, err = w.list(ctx)
	return before.Stdout != after.Stdout, err
}

// names gives name as the result shows it, none where it was not given.
func (a *pipArgs) names() value.Value {
	if a.Name == nil {
		return value.None
	}
	return value.Strings(a.Name...)
}
