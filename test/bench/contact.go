package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"time"
)

// measureContact times the first word with a host, with and without a runner
// in its cache, beside that of ssh.
func measureContact(ctx context.Context, b *bench) (*table, error) {
	h := b.hosts[0]
	ping := command("drover exec -m ping, runner cached", b.drover, "exec", h.name, "-i", b.inventory, "-m", "ping")
	again := ping
	again.name = "drover exec -m ping, soon after a run"
	again.prepare = b.before
	ping = ping.with(logsIn)
	cold := ping
	cold.name = "drover exec -m ping, first contact"
	cold.prepare = func(ctx context.Context) error { return b.forget(ctx, h) }
	ssh := contender{name: "ssh host true", cmd: func(ctx context.Context) *exec.Cmd { return h.ssh(ctx, "true") }}
	if err := warm(ctx, ping); err != nil {
		return nil, err
	}
	took, err := interleave(ctx, 3*b.o.runs, ssh, cold, ping, again)
	if err != nil {
		return nil, err
	}
	t := &table{head: []string{"", "time", "of ssh's"}}
	for _, c := range []contender{ssh, again, ping, cold} {
		t.row(c.name, took[c.name].wall, over(took[c.name].wall, took[ssh.name].wall))
	}
	more := took[cold.name].wall - took[ping.name].wall
	t.note = "The first contact costs " + duration(max(more, time.Microsecond)) + " more: the runner is sent. " +
		"A plain build sends itself; a release sends a smaller runner."
	return t, nil
}

// forget removes the runners that a host has cached.
func (b *bench) forget(ctx context.Context, h host) error {
	return h.ssh(ctx, "rm -rf ~/.cache/drover /var/tmp/.drover-* /tmp/.drover-* /dev/shm/.drover-*").Run()
}

// measureStartup times what comes before any host.
func measureStartup(ctx context.Context, b *bench) (*table, error) {
	local, err := b.play("local", "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - command: /bin/true\n")
	if err != nil {
		return nil, err
	}
	pairs := [][]contender{
		{command("drover --version", b.drover, "--version")},
		{command("drover run, one task on localhost", b.drover, "run", local)},
	}
	pairs[0] = append(pairs[0], b.ansibleCommand("ansible-playbook --version", "--version")...)
	pairs[1] = append(pairs[1], b.ansibleCommand("ansible-playbook, the same", local)...)
	if b.o.repo != "" {
		check := command("drover run --syntax-check of "+b.o.playbook, b.drover, "run", "--syntax-check", b.o.playbook)
		check.dir = b.o.repo
		other := b.ansibleCommand("ansible-playbook, the same check", "--syntax-check", b.o.playbook)
		for i := range other {
			other[i].dir, other[i].cmd = b.o.repo, ownConfig(other[i].cmd, b.o.repo)
		}
		pairs = append(pairs, append([]contender{check}, other...))
	}
	t := &table{head: []string{"", "time", "of drover's"}}
	for _, cs := range pairs {
		took, err := interleave(ctx, 3*b.o.runs, cs...)
		for _, c := range cs {
			if u, ok := took[c.name]; ok {
				t.row(c.name, u.wall, over(u.wall, took[cs[0].name].wall))
			}
		}
		if err != nil {
			t.notes = append(t.notes, "Not measured: "+firstOf(err))
		}
	}
	if b.o.repo == "" {
		t.notes = append(t.notes, "BENCH_REPO names a repository to check.")
	}
	return t, nil
}

// ownConfig has Ansible read the configuration of the folder, as drover does.
func ownConfig(cmd func(context.Context) *exec.Cmd, dir string) func(context.Context) *exec.Cmd {
	return func(ctx context.Context) *exec.Cmd {
		c := cmd(ctx)
		c.Env = append(c.Env, "ANSIBLE_CONFIG="+filepath.Join(dir, "ansible.cfg"))
		return c
	}
}

// ansibleCommand makes a contender of ansible-playbook with these arguments.
func (b *bench) ansibleCommand(name string, args ...string) []contender {
	cs := b.ansible(name, "")
	for i := range cs {
		cs[i].most = 0
		with := cs[i].cmd
		cs[i].cmd = func(ctx context.Context) *exec.Cmd {
			cmd := with(ctx)
			cmd.Args = append(cmd.Args[:1:1], args...)
			return cmd
		}
	}
	return cs
}
