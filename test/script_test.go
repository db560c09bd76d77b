package test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"drover/internal/fleet"
)

var update = flag.Bool("update", false, "rewrite the expected output of the scripts")

// TestScript runs the command-line scripts of testdata/script.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup:               setUpScript,
	})
}

// setUpScript gives each script the program, a home and two hosts of its own.
func setUpScript(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	dir := filepath.Join(env.WorkDir, "fleet")
	for _, d := range []string{home, dir} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	hosts, err := fleet.Start(dir, "alpha", "beta")
	if err != nil {
		return err
	}
	env.Defer(func() { hosts.Close() })
	env.Setenv("HOME", home)
	env.Setenv("PATH", binDir+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("SSH_HOSTS", hosts.Inventory)
	env.Setenv("SSH_KEY", hosts.Key)
	env.Setenv("ANSIBLE_SSH_ARGS", "-o ControlMaster=no") // the hosts end with the script
	return nil
}
