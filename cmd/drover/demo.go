package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"drover/internal/fleet"
)

// project is what the demo writes: a playbook and a role with a template.
//
//go:embed demo
var project embed.FS

func demoCommand() *command {
	return &command{
		name: "demo", usage: "show a whole run on three hosts inside this process",
		help: "Starts three hosts inside the process, each an SSH server on loopback with a folder of its own,\n" +
			"writes a small project, and runs it twice. Needs no root; everything is in one temporary folder.",
		flags: func(*verbosity) []cli.Flag {
			return []cli.Flag{
				toggle(groupTasks, "let the hosts run until Ctrl-C, to try things on", "serve"),
				str(groupTasks, "write the project to this `folder` and keep it", "keep"),
			}
		},
		run: runDemo,
	}
}

func runDemo(c *cli.Context, _ int) (int, error) {
	dir, cleanup, err := demoFolder(c.String("keep"))
	if err != nil {
		return 0, err
	}
	defer cleanup()
	if err := writeProject(dir); err != nil {
		return 0, err
	}
	hosts, err := fleet.Start(dir, "alpha", "beta", "gamma")
	if err != nil {
		return 0, err
	}
	defer hosts.Close()
	// The user's own settings have no part in this, and no connection outlives
	// the hosts.
	os.Setenv("ANSIBLE_CONFIG", filepath.Join(dir, "ansible.cfg"))
	os.Setenv("ANSIBLE_SSH_ARGS", "-o ControlMaster=no")
	fmt.Printf("Three hosts are up on 127.0.0.1; the project is in %s.\n", dir)
	for _, say := range []string{"\nThe first run brings them to the state that site.yml describes:", "The second finds nothing left to do:"} {
		fmt.Printf("%s\n\n$ drover run -i hosts.ini site.yml\n", say)
		code, err := dispatch(c.Context, []string{"drover", "run", "-i", hosts.Inventory, filepath.Join(dir, "site.yml")})
		if err != nil || code != exitOK {
			return code, err
		}
	}
	sayNext(dir, c.Bool("serve"))
	if c.Bool("serve") {
		waitForInterrupt(c.Context)
	}
	return exitOK, nil
}

func demoFolder(keep string) (dir string, cleanup func(), err error) {
	if keep != "" {
		keep = absolute(keep)
		return keep, func() {}, os.MkdirAll(keep, 0o755)
	}
	dir, err = os.MkdirTemp("", "drover-demo-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// writeProject copies the embedded project into dir.
func writeProject(dir string) error {
	root, err := fs.Sub(project, "demo")
	if err != nil {
		return err
	}
	err = fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "ansible.cfg"), []byte("[defaults]\ninventory = hosts.ini\n"), 0o644)
}

func sayNext(dir string, serving bool) {
	if serving {
		fmt.Printf("The hosts run until Ctrl-C. In another terminal:\n\n  cd %s\n"+
			"  drover run site.yml -e greeting=Hi -C -D   # what a change would do\n"+
			"  drover exec web -a 'cat www/index.html'    # a command on every host\n"+
			"  drover exec alpha -m setup                 # what drover knows of a host\n", dir)
		return
	}
	fmt.Print("Next:\n\n" +
		"  drover demo --serve                        # keeps the hosts, to try things on\n" +
		"  drover exec all -i HOST, -m ping           # a host of yours, with your SSH key\n" +
		"  drover run -i HOST, PLAYBOOK -C -D         # what a playbook would change there\n" +
		"  drover doc                                 # what it can do\n")
}

func waitForInterrupt(ctx context.Context) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	<-ctx.Done()
}
