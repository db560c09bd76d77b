package arch

import (
	"bytes"
	_ "embed"
	"go/build"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

//go:embed imports.txt
var rules string

// parseRules gives each package's allowed imports.
func parseRules(t *testing.T) map[string][]string {
	t.Helper()
	allowed := map[string][]string{}
	for n, line := range strings.Split(rules, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		pkg, imports, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("imports.txt:%d: no colon", n+1)
		}
		allowed[strings.TrimSpace(pkg)] = strings.Fields(imports)
	}
	return allowed
}

func isAllowed(pkg string, allowed []string) bool {
	for _, a := range allowed {
		dir, below := strings.CutSuffix(a, "/...")
		if pkg == a || below && (pkg == dir || strings.HasPrefix(pkg, dir+"/")) {
			return true
		}
	}
	return false
}

// list gives the output of go list for every package of the module.
func list(t *testing.T, format string, pkgs ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-f", format}, pkgs...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	return string(out)
}

func TestImports(t *testing.T) {
	allowed := parseRules(t)
	for _, line := range strings.Split(strings.TrimSpace(list(t, `{{.ImportPath}} {{join .Imports " "}}`, "drover/...")), "\n") {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], "drover/")
		rule, known := allowed[pkg]
		if !known {
			t.Errorf("%s is not in internal/arch/imports.txt", pkg)
			continue
		}
		for _, imp := range words[1:] {
			own, ours := strings.CutPrefix(imp, "drover/")
			if ours && !isAllowed(own, rule) {
				t.Errorf("%s imports %s, which imports.txt does not allow", pkg, own)
			}
		}
	}
}

// runnerLibraries are the modules of others that the runner may link; a new
// one weighs on every host that drover goes to. Those for hashes are htpasswd's.
var runnerLibraries = []string{"github.com/GehirnInc/crypt", "github.com/dlclark/regexp2", "golang.org/x/crypto/bcrypt", "golang.org/x/crypto/blowfish", "golang.org/x/sys", "golang.org/x/term"}

// The runner goes to every host: it must not grow by the controller's
// libraries. What it weighs in all is checked where a release is built.
func TestRunnerIsLean(t *testing.T) {
	const format = `{{range .Deps}}{{.}} {{end}}`
	for _, pkg := range strings.Fields(list(t, format, "drover/cmd/drover-runner")) {
		first, _, _ := strings.Cut(pkg, "/")
		switch own, ours := strings.CutPrefix(pkg, "drover/"); {
		case ours:
			if !isAllowed(own, []string{"internal/lazyre", "internal/pty", "modules/...", "playbook/filters/pyre", "playbook/filters/strptime", "playbook/source", "playbook/value", "transport/wire"}) {
				t.Errorf("the runner depends on %s", pkg)
			}
		case strings.Contains(first, "."):
			if !slices.ContainsFunc(runnerLibraries, func(l string) bool { return isAllowed(pkg, []string{l + "/..."}) }) {
				t.Errorf("the runner links %s; leave it out, or allow it here", pkg)
			}
		case pkg == "encoding/json" || pkg == "text/template" || pkg == "compress/bzip2":
			t.Errorf("the runner links %s, which it can do without", pkg)
		}
	}
}

func TestNoCgo(t *testing.T) {
	if build.Default.GOOS != "linux" {
		t.Skip("the release is built on Linux")
	}
	for _, pkg := range strings.Fields(list(t, `{{if .CgoFiles}}{{.ImportPath}} {{end}}`, "drover/...")) {
		t.Errorf("%s uses cgo; drover is one static binary", pkg)
	}
}
