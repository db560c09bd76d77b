//go:build hosts

package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// configure gives a host's sshd further lines until the test ends.
func configure(t *testing.T, l *lab, h labHost, lines string) {
	t.Helper()
	const file = "/etc/ssh/sshd_config.d/a-test.conf"
	t.Cleanup(func() { l.must(t, h, "rm -f "+file+"; systemctl reload ssh") })
	l.must(t, h, "printf '"+lines+"' >"+file+"; systemctl reload ssh && sleep 1")
}

// A password that sshd asks for through PAM and keyboard-interactive alone.
func TestKeyboardInteractive(t *testing.T) {
	l := openLab(t)
	h := l.hosts[0]
	configure(t, l, h, `PasswordAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM yes\nMatch User deploy\nAuthenticationMethods keyboard-interactive\n`)
	inv := l.inventory(t, "all", []labHost{h}, "ansible_user=deploy", "ansible_password=deploy")
	drover(t, "run", "-i", inv, playbook(t, pingBook)).want(t, 0, "ok: [drv1]")
	drover(t, "run", "-i", inv, playbook(t, pingBook), "-e", "ansible_password=wrong").want(t, 4, "drv1: authentication failed", "and the password")
}

// The ways to become root that ask in other words than sudo, and a sudo that
// wants a terminal.
func TestBecomePrograms(t *testing.T) {
	l := openLab(t)
	h := l.hosts[1]
	t.Cleanup(func() { l.must(t, h, "rm -f /etc/doas.conf /etc/sudoers.d/a-test") })
	l.must(t, h, "apt-get install -y -q doas >/dev/null 2>&1; echo 'permit deploy as root' >/etc/doas.conf; chmod 600 /etc/doas.conf")
	l.must(t, h, `printf 'Defaults requiretty\nDefaults lecture=always\n' >/etc/sudoers.d/a-test`)
	for method, password := range map[string]string{"doas": "deploy", "su": "root", "sudo": "deploy"} {
		vars := []string{"ansible_user=deploy", "ansible_become_method=" + method}
		good := l.inventory(t, "all", []labHost{h}, append(vars, "ansible_become_password="+password)...)
		drover(t, "exec", "-b", "-i", good, "all", "-a", "id -un").want(t, 0, "root")
		wrong := l.inventory(t, "all", []labHost{h}, append(vars, "ansible_become_password=wrong")...)
		drover(t, "exec", "-b", "-i", wrong, "all", "-a", "id -un").want(t, 2, "Incorrect "+method+" password")
	}
}

// sshd allows one session on a connection: each runner gets its own.
func TestMaxSessions(t *testing.T) {
	l := openLab(t)
	h := l.hosts[0]
	configure(t, l, h, `MaxSessions 1\n`)
	run := drover(t, "run", "-i", l.inventory(t, "all", []labHost{h}, asDeploy...), playbook(t, `
- hosts: all
  gather_facts: no
  tasks:
    - ping:
    - command: id -un
      become: yes
      register: r
    - raw: echo {{ r.stdout }} again
      register: r
    - debug: var=r.stdout_lines
`))
	run.want(t, 0, "root again")
}

// Login shells that are no Bourne shells, and start files that talk.
func TestLoginShells(t *testing.T) {
	l := openLab(t)
	h := l.hosts[2]
	t.Cleanup(func() { l.must(t, h, "usermod -s /bin/bash deploy; rm -f /home/deploy/.bashrc") })
	l.must(t, h, "apt-get install -y -q csh >/dev/null 2>&1; printf 'echo Welcome\\nprintf more\\n' >/home/deploy/.bashrc")
	script := filepath.Join(t.TempDir(), "s.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho ran as $(id -un) with $1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	inv := l.inventory(t, "all", []labHost{h}, asDeploy...)
	for _, shell := range []string{"/bin/bash", "/bin/dash", "/bin/csh"} {
		l.must(t, h, "usermod -s "+shell+" deploy; rm -rf /home/deploy/.cache")
		drover(t, "exec", "-b", "-i", inv, "all", "-a", "id -un").want(t, 0, "root")
		drover(t, "exec", "-b", "-i", inv, "all", "-m", "script", "-a", script+" it").want(t, 0, "ran as root with it")
		for range 3 { // as the login user; the later ones know where the runner is
			drover(t, "exec", "-i", inv, "all", "-a", "printenv GOMAXPROCS").want(t, 2, "rc=1")
			drover(t, "exec", "-i", inv, "all", "-a", "id -un").want(t, 0, "deploy")
		}
	}
}

// A user that tasks became can be changed and deleted in the same run.
func TestUserGoesAfterUse(t *testing.T) {
	l := openLab(t)
	h := l.hosts[2]
	l.must(t, h, "userdel -rf passing 2>/dev/null || true")
	run := drover(t, "run", "-i", l.inventory(t, "all", []labHost{h}, asRoot...), playbook(t, `
- hosts: all
  gather_facts: no
  tasks:
    - user: {name: passing}
    - command: id -un
      become: yes
      become_user: passing
    - user: {name: passing, uid: 4321, home: /home/passed, move_home: yes}
    - command: id -u
      become: yes
      become_user: passing
      register: r
    - assert: {that: r.stdout == '4321'}
    - user: {name: passing, state: absent, remove: yes}
`))
	run.want(t, 0)
	l.must(t, h, "! id passing && test ! -e /home/passed")
}

// The cable is pulled in the middle of a task: keep-alives notice.
func TestCablePulled(t *testing.T) {
	l := openLab(t)
	h := l.hosts[0]
	rules := func(op string) {
		for _, way := range [][]string{{"OUTPUT", "-d"}, {"INPUT", "-s"}} {
			out, err := exec.Command("iptables", op, way[0], way[1], h.addr, "-j", "DROP").CombinedOutput()
			if err != nil && op == "-I" {
				t.Fatalf("iptables: %v\n%s", err, out)
			}
		}
	}
	mark := "/root/began-cable"
	l.must(t, h, "rm -f "+mark)
	book := playbook(t, `
- hosts: all
  gather_facts: no
  tasks:
    - shell: touch `+mark+`; {{ 'sleep 302' if inventory_hostname == 'drv1' else 'true' }}
    - ping:
`)
	cmd, finish := startDrover(t, "", "run", "-i", l.inventory(t, "all", l.hosts[:2], asRoot...), book,
		"--ssh-extra-args=-o ServerAliveInterval=1 -o ServerAliveCountMax=3")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.await(t, h, "test -e "+mark)
	t.Cleanup(func() { rules("-D"); l.try(h, "pkill -f '^sleep 302$'") })
	rules("-I")
	finish().want(t, 4, "fatal: [drv1]: UNREACHABLE!", "has not answered for 3s", "ok: [drv2]")
}

// ssh_config with a Match that only ssh itself can evaluate.
func TestMatchExec(t *testing.T) {
	l := openLab(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "config")
	text := strings.NewReplacer("@KEY@", l.dir+"/key", "@ADDR@", l.hosts[1].addr).Replace(`Match exec "test %n = nickname"
  HostName @ADDR@
  User root
  IdentityFile @KEY@
Host *
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
`)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := drover(t, "exec", "-i", "nickname,", "all", "-a", "hostname", "--ssh-common-args=-F "+config)
	run.want(t, 0, "nickname | CHANGED", "drv2")
}

// The environment and the ssh-agent that the user's ssh options give to hosts.
func TestSSHOptionsForSessions(t *testing.T) {
	l := openLab(t)
	inv := l.inventory(t, "all", l.hosts[:1], asRoot...)
	run := drover(t, "exec", "-i", inv, "all", "--ssh-extra-args=-o SetEnv=LC_DROVER=given", "-m", "shell", "-a", "echo $LC_DROVER")
	run.want(t, 0, "given")
	line := "ssh-add -q " + l.dir + "/key && " + filepath.Join(binDir, "drover") + " exec -i " + inv + " all -m shell -a 'ssh-add -l' --ssh-extra-args"
	for args, want := range map[string]string{"-A": "ED25519", "-a": "authentication agent"} {
		out, err := exec.Command("ssh-agent", "sh", "-c", line+"="+args).CombinedOutput()
		if !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
	}
}
