package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// ansible makes a contender of ansible-playbook; nil where it is not
// installed, or where drover stands in for it.
func (b *bench) ansible(name, playbook string, env ...string) []contender {
	path, err := exec.LookPath("ansible-playbook")
	if err != nil || strings.HasPrefix(firstLine(context.Background(), path, "--version"), "drover") {
		return nil
	}
	if _, err := b.file("ansible.cfg", "[defaults]\n"); err != nil {
		return nil
	}
	env = append(os.Environ(), append([]string{
		"ANSIBLE_PIPELINING=1", "ANSIBLE_HOST_KEY_CHECKING=0", "ANSIBLE_RETRY_FILES_ENABLED=0",
		"ANSIBLE_CONFIG=" + b.path("ansible.cfg"), "ANSIBLE_LOCALHOST_WARNING=0", "ANSIBLE_TIMEOUT=60",
		fmt.Sprintf("ANSIBLE_FORKS=%d", max(5, len(b.hosts))),
	}, env...)...)
	return []contender{{name: name, most: b.o.slowRuns, cmd: func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, path, "-i", b.inventory, playbook)
		cmd.Env = env
		return cmd
	}}}
}

// mitogenDirs are where Debian's package and pip put its strategies.
var mitogenDirs = []string{
	"/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy",
	"/usr/local/lib/python3*/dist-packages/ansible_mitogen/plugins/strategy",
}

// mitogen makes a contender of Ansible with Mitogen's strategy, where it is
// installed.
func (b *bench) mitogen(playbook string) []contender {
	for _, pattern := range mitogenDirs {
		if dirs, _ := filepath.Glob(pattern); len(dirs) > 0 {
			return b.ansible("Mitogen", playbook, "ANSIBLE_STRATEGY_PLUGINS="+dirs[0], "ANSIBLE_STRATEGY=mitogen_linear")
		}
	}
	return nil
}

// overSSH makes a contender that runs a shell script on every host at once,
// over one connection each, as people who script ssh do.
func (b *bench) overSSH(name, script string) (contender, error) {
	path, err := b.file("over-ssh.sh", script)
	if err != nil {
		return contender{}, err
	}
	var all strings.Builder
	for _, h := range b.hosts {
		fmt.Fprintf(&all, "ssh %s %s@%s sh -s < %s &\n", strings.Join(h.options(), " "), h.user, h.addr, path)
	}
	return command(name, "sh", "-c", all.String()+"wait"), nil
}

// onAll runs a command line on every host at once.
func (b *bench) onAll(ctx context.Context, line string) error {
	errs := make([]error, len(b.hosts))
	var all sync.WaitGroup
	for i := range b.hosts {
		all.Go(func() {
			out, err := b.hosts[i].ssh(ctx, line).CombinedOutput()
			for tries := 1; err != nil && tries < 3; tries++ { // a host under load drops connections
				out, err = b.hosts[i].ssh(ctx, line).CombinedOutput()
			}
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w: %s", b.hosts[i].name, err, lastBytes(out, 200))
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// scratch is the folder on the hosts that the bench writes to.
const scratch = "/var/tmp/drover-bench"

// clean gives the contenders the same empty hosts before each run.
func (b *bench) clean(cs []contender) []contender {
	for i := range cs {
		cs[i].prepare = func(ctx context.Context) error { return b.onAll(ctx, "rm -rf "+scratch) }
	}
	return cs
}
