package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// rtt is the link's round-trip time, that of Mitogen's published figures.
const rtt = 26 * time.Millisecond

// manyFiles is how many files are copied.
const manyFiles = 1000

// measureLatency copies many small files to a host that is far away: as the
// items of a loop, and as a folder; anew, and when nothing has to be done.
func measureLatency(ctx context.Context, b *bench) (*table, error) {
	h := b.hosts[0]
	link, err := newSlowLink(net.JoinHostPort(h.addr, "22"), rtt)
	if err != nil {
		return nil, err
	}
	defer link.close()
	if err := b.smallFiles("files"); err != nil {
		return nil, err
	}
	inventory, err := b.file("far.ini", fmt.Sprintf("far ansible_host=127.0.0.1 ansible_port=%d ansible_user=%s ansible_ssh_private_key_file=%s ansible_ssh_common_args='%s'\n",
		link.port(), h.user, h.key, strings.Join(sshOptions, " ")))
	if err != nil {
		return nil, err
	}
	t := &table{head: []string{"", "time", "turns of the link", "KiB"}}
	none, err := b.play("nothing", "- hosts: all\n  gather_facts: false\n  tasks:\n    - ping:\n")
	if err != nil {
		return nil, err
	}
	cases := []struct {
		name, play string
		clean      bool
	}{
		{"one ping, for the contact alone", none, false},
		{"1,000 × copy in a loop, all new", "", true},
		{"the same again, all unchanged", "", false},
		{"a folder of 1,000 files, all new", "", true},
		{"the same again, all unchanged", "", false},
	}
	const head = "- hosts: all\n  gather_facts: false\n  tasks:\n"
	loop, err := b.play("loop", head+fmt.Sprintf("    - file: {path: %[1]s, state: directory}\n"+
		"    - copy: {src: 'files/f{{ item }}', dest: '%[1]s/f{{ item }}'}\n      loop: \"{{ range(%[2]d) | list }}\"\n", scratch, manyFiles))
	if err != nil {
		return nil, err
	}
	folder, err := b.play("folder", head+fmt.Sprintf("    - copy: {src: files/, dest: %s/}\n", scratch))
	if err != nil {
		return nil, err
	}
	cases[1].play, cases[2].play, cases[3].play, cases[4].play = loop, loop, folder, folder
	drover := func(play string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, b.drover, "run", "-i", inventory, play)
		cmd.Env = append(cmd.Environ(), logsIn)
		return cmd
	}
	if _, err := measured(drover(none)); err != nil {
		return nil, err
	}
	for _, c := range cases {
		if c.clean {
			if err := b.onAll(ctx, "rm -rf "+scratch); err != nil {
				return nil, err
			}
		}
		link.reset()
		u, err := measured(drover(c.play))
		if err != nil {
			return nil, err
		}
		t.row(c.name, u.wall, link.turns.Load(), link.bytes.Load()>>10)
	}
	t.note = fmt.Sprintf("A proxy on loopback delays each direction by %v. A turn is data of the controller after data of the host: "+
		"a round trip somebody waited for, the SSH handshake's included. "+
		"By Mitogen's own figures for such a link, the loop takes Mitogen 98 s and Ansible 1,483 s.", rtt/2)
	return t, nil
}

// smallFiles makes a folder of small files, all different.
func (b *bench) smallFiles(name string) error {
	dir := b.path(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range manyFiles {
		text := strings.Repeat(fmt.Sprintf("line of file %d\n", i), 20)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d", i)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
