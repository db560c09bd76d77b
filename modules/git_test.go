package modules_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"drover/modules/modtest"
	"drover/modules/target"
	"drover/playbook/value"
)

// TestGit runs the module with the real git on repositories in temporary
// folders.
func TestGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is not installed; make tools installs it")
	}
	root := t.TempDir()
	t.Setenv("HOME", root)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	src := filepath.Join(root, "src")
	sh := func(script string) string {
		t.Helper()
		cmd := exec.Command("sh", "-ec", script)
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	sh(`git config --global user.email a@b; git config --global user.name n; git init -q -b main src; cd src
echo 1 > a; git add a; git commit -qm one; git tag v1; echo 2 > a; git commit -qam two
git checkout -qb dev; echo 3 > b; git add b; git commit -qm three; git checkout -q main`)
	commit := func(ref string) string { return sh("git -C src rev-parse " + ref) }
	main, dev, v1 := commit("main"), commit("dev"), commit("v1")
	dest := func(name string) string { return filepath.Join(root, name) }
	for _, step := range []struct {
		args []any
		want *value.Dict
		head string // branch and commit afterwards
	}{
		{[]any{"repo", src, "dest", dest("c")}, value.DictOf("before", nil, "after", main, "changed", true), "main"},
		{[]any{"repo", src, "dest", dest("c")}, value.DictOf("before", main, "after", main, "changed", false, "remote_url_changed", false), "main"},
		{[]any{"repo", src, "dest", dest("c"), "version", "v1"}, value.DictOf("before", main, "after", v1, "changed", true), "HEAD"},
		{[]any{"repo", src, "dest", dest("c"), "version", "dev"}, value.DictOf("before", v1, "after", dev, "changed", true), "dev"},
		{[]any{"repo", src, "dest", dest("c"), "version", "none"}, value.DictOf("failed", true, "msg", "Failed to checkout none"), "dev"},
		{[]any{"repo", src, "dest", dest("c"), "version", main, "archive", dest("a.tar")}, value.DictOf("after", main, "changed", true), "HEAD"},
		{[]any{"repo", src, "dest", dest("c"), "version", main, "archive", dest("a.tar")}, value.DictOf("changed", false), "HEAD"},
		{[]any{"repo", src, "dest", dest("c"), "archive", dest("a.x")}, value.DictOf("failed", true), "main"},
		{[]any{"repo", src, "dest", dest("s"), "depth", 1}, value.DictOf("after", main, "changed", true), "main"},
		{[]any{"repo", src, "dest", dest("s"), "depth", 1, "version", "dev"}, value.DictOf("before", main, "after", dev, "changed", true), "dev"},
		{[]any{"repo", src, "dest", dest("c"), "version", "main", "separate_git_dir", dest("g")}, value.DictOf("git_dir_now", dest("g"), "changed", true), "main"},
		{[]any{"repo", src, "dest", dest("bare"), "bare", true}, value.DictOf("after", main, "changed", true), "main"},
		{[]any{"repo", src, "dest", dest("c"), "verify_commit", true}, value.DictOf("failed", true, "msg", `Failed to verify GPG signature of commit/tag "HEAD"`), "main"},
	} {
		c := call(step.args...)
		c.Diff = true
		res := modtest.Run(target.NewReal(), c, "git")
		for _, e := range step.want.Entries() {
			if got := res.At(value.String(e.Key)); value.Repr(got) != value.Repr(e.Val) {
				t.Errorf("%v: %s is %s, want %s", step.args, value.String(e.Key), value.Repr(got), value.Repr(e.Val))
			}
		}
		if got := sh("git -C " + step.args[3].(string) + " rev-parse --abbrev-ref HEAD"); got != step.head {
			t.Errorf("%v: on %s, want %s", step.args, got, step.head)
		}
	}
	sh("cd src; echo 4 > a; git commit -qam four")
	modtest.Run(target.NewReal(), call("repo", src, "dest", dest("bare"), "bare", true), "git")
	if got := sh("git -C bare rev-parse main"); got != commit("main") {
		t.Errorf("the bare repository is at %s", got)
	}
	if err := os.WriteFile(filepath.Join(dest("c"), "a"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []any{"repo", src, "dest", dest("c"), "separate_git_dir", dest("g")}
	if res := modtest.Run(target.NewReal(), call(args...), "git"); !strings.HasPrefix(value.String(res.At("msg")), "Local modifications exist in the destination: ") {
		t.Errorf("local changes: %s", value.Repr(res))
	}
	res := modtest.Run(target.NewReal(), call(append(args, "force", true)...), "git")
	if value.Repr(res.At("changed")) != "True" || sh("cat c/a") != "4" {
		t.Errorf("with force: %s", value.Repr(res))
	}
}
