//go:build hosts

package test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const pingBook = `
- hosts: all
  gather_facts: no
  tasks:
    - ping:
`

// A host that is not there: named, with the phase, while the others finish.
func TestHostDown(t *testing.T) {
	l := openLab(t)
	hosts := append(l.hosts[:2:2], labHost{"down", "10.78.200.200"})
	run := drover(t, "run", "-T", "3", "-i", l.inventory(t, "all", hosts, asRoot...), playbook(t, pingBook))
	run.want(t, 4, "fatal: [down]: UNREACHABLE! => down: connect failed", "ok: [drv1]", "ok: [drv2]")
}

// A host that takes the connection and never says a word.
func TestSilentHost(t *testing.T) {
	l := openLab(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	inv := l.inventory(t, "all", append(l.hosts[:2:2], labHost{"mute", silent.Addr().String()}), asRoot...)
	fixPort(t, inv, silent.Addr().String())
	run := drover(t, "run", "-T", "3", "-i", inv, playbook(t, pingBook))
	run.want(t, 4, "fatal: [mute]: UNREACHABLE! => mute: key exchange failed", "ok: [drv1]", "ok: [drv2]")
}

// fixPort turns "host:port" of an inventory into address and port.
func fixPort(t *testing.T, inv, addr string) {
	t.Helper()
	data, err := os.ReadFile(inv)
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(addr, ":")
	text := strings.Replace(string(data), addr, host+" ansible_port="+port, 1)
	if err := os.WriteFile(inv, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// during runs a task that sleeps on two hosts and does something to the first
// when it has begun.
func during(t *testing.T, l *lab, mischief string) outcome {
	t.Helper()
	mark := "/root/began-" + strings.ReplaceAll(t.Name(), "/", "-")
	for _, h := range l.hosts[:2] {
		l.must(t, h, "rm -f "+mark)
	}
	book := playbook(t, `
- hosts: all
  gather_facts: no
  tasks:
    - name: Take long
      shell: touch `+mark+`; {{ 'sleep 300' if inventory_hostname == 'drv1' else 'true' }}
    - name: Go on
      ping:
`)
	cmd, finish := startDrover(t, "", "run", "-i", l.inventory(t, "all", l.hosts[:2], asRoot...), book)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.await(t, l.hosts[0], "test -e "+mark)
	l.try(l.hosts[0], mischief) // may cut its own connection too
	return finish()
}

// The connection is cut in the middle of a task.
func TestConnectionCut(t *testing.T) {
	l := openLab(t)
	run := during(t, l, "pkill -9 -f '^sshd: root'")
	run.want(t, 4, "fatal: [drv1]: UNREACHABLE!", "ok: [drv2]")
	wantNoSleep(t, l, "300")
}

// The runner is killed in the middle of a task.
func TestRunnerKilled(t *testing.T) {
	l := openLab(t)
	run := during(t, l, "pkill -9 -f '[_]_runner|[d]rover-runner'")
	if run.code != 2 && run.code != 4 {
		t.Errorf("exit code %d", run.code)
	}
	run.want(t, run.code, "fatal: [drv1]", "drv1: ", "ok: [drv2]")
}

// wantNoSleep checks that the task's processes are gone from the host.
func wantNoSleep(t *testing.T, l *lab, seconds string) {
	t.Helper()
	l.await(t, l.hosts[0], "! pgrep -f '^sleep "+seconds+"$'")
}

// Ctrl-C stops the task on the host, prints the recap and exits with 99.
func TestInterrupt(t *testing.T) {
	l := openLab(t)
	l.must(t, l.hosts[0], "rm -f /root/began")
	book := playbook(t, `
- hosts: all
  gather_facts: no
  tasks:
    - shell: touch /root/began; sleep 301
    - debug: {msg: not reached}
`)
	cmd, finish := startDrover(t, "", "run", "-i", l.inventory(t, "all", l.hosts[:1], asRoot...), book)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.await(t, l.hosts[0], "test -e /root/began")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	run := finish()
	run.want(t, 99, "PLAY RECAP")
	if strings.Contains(run.out, "not reached") {
		t.Error("a task started after the interrupt")
	}
	wantNoSleep(t, l, "301") // a runner that was killed leaves its sleep 300 behind
}

// A key that the host does not know.
func TestWrongKey(t *testing.T) {
	l := openLab(t)
	key := filepath.Join(t.TempDir(), "other")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	inv := l.inventory(t, "all", l.hosts[:2], asRoot...)
	run := drover(t, "run", "-i", inv, "-e", "ansible_ssh_private_key_file="+key, playbook(t, pingBook))
	run.want(t, 4, "fatal: [drv1]: UNREACHABLE! => drv1: authentication failed")
}

// A host whose key is another than known_hosts says, and one it does not know.
func TestHostKeys(t *testing.T) {
	l := openLab(t)
	known := filepath.Join(t.TempDir(), "known_hosts")
	scan, err := exec.Command("ssh-keyscan", "-t", "ed25519", l.hosts[1].addr).Output()
	if err != nil {
		t.Fatal(err)
	}
	// drv1 is known by drv2's key, drv2 by its own, drv3 not at all.
	text := strings.ReplaceAll(string(scan), l.hosts[1].addr, l.hosts[0].addr) + string(scan)
	if err := os.WriteFile(known, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	inv := l.inventory(t, "all", l.hosts[:3], append([]string{"ansible_ssh_common_args=-o UserKnownHostsFile=" + known}, asRoot...)...)
	run := drover(t, "run", "-i", inv, playbook(t, pingBook))
	run.want(t, 4, "drv1: host key failed", "SHA256:", "ok: [drv2]", "drv3: host key failed")
	run = drover(t, "run", "-i", inv, playbook(t, pingBook), "--accept-new-host-keys")
	run.want(t, 4, "drv1: host key failed", "ok: [drv2]", "ok: [drv3]")
	if data, _ := os.ReadFile(known); !strings.Contains(string(data), l.hosts[2].addr) {
		t.Errorf("the new key was not remembered:\n%s", data)
	}
}

// A wrong sudo password is told at once, and no host waits for it.
func TestWrongSudoPassword(t *testing.T) {
	l := openLab(t)
	inv := l.inventory(t, "all", l.hosts[:2], "ansible_user=deploy", "ansible_become_password={{ 'wrong' if inventory_hostname == 'drv1' else 'deploy' }}")
	run := drover(t, "run", "-b", "-i", inv, playbook(t, pingBook))
	run.want(t, 2, "fatal: [drv1]: FAILED!", "Incorrect sudo password", "ok: [drv2]")
	inv = l.inventory(t, "all", l.hosts[:1], "ansible_user=deploy")
	run = drover(t, "run", "-b", "-i", inv, playbook(t, pingBook))
	run.want(t, 2, "fatal: [drv1]: FAILED!", "Missing sudo password")
}

// broken runs ping on a host that something was done to, then resets it. The
// host's runner cache is removed before.
func broken(t *testing.T, l *lab, mischief string) outcome {
	t.Helper()
	h := l.hosts[3]
	t.Cleanup(func() { l.reset(t, h) })
	l.must(t, h, "rm -rf /root/.cache /var/tmp/.drover-* /tmp/.drover-* /dev/shm/.drover-*; "+mischief)
	return drover(t, "run", "-i", l.inventory(t, "all", []labHost{h, l.hosts[1]}, asRoot...), playbook(t, pingBook))
}

// The runner's folder is full: the next one serves. All are full: an error
// that says so.
func TestDiskFull(t *testing.T) {
	l := openLab(t)
	full := func(dirs ...string) string {
		var line strings.Builder
		for _, d := range dirs {
			line.WriteString("mkdir -p " + d + " && mount -t tmpfs -o size=64k tmpfs " + d + " && ")
		}
		return line.String() + "true"
	}
	broken(t, l, full("/root/.cache")).want(t, 0, "ok: [drv4]")
	run := broken(t, l, full("/root/.cache", "/var/tmp", "/tmp", "/dev/shm", "/run/user/0", "/var/cache/drover-0"))
	run.want(t, 4, "fatal: [drv4]: UNREACHABLE!", "no space", "ok: [drv2]")
}

// Programs may not run in /tmp and /var/tmp: normal on hardened hosts.
func TestNoexec(t *testing.T) {
	l := openLab(t)
	run := broken(t, l, "for d in /root/.cache /var/tmp /tmp; do mkdir -p $d; mount -t tmpfs -o noexec tmpfs $d; done")
	run.want(t, 0, "ok: [drv4]")
}

// sshd has no SFTP subsystem.
func TestNoSFTP(t *testing.T) {
	l := openLab(t)
	run := broken(t, l, "sed -i '/^Subsystem/d' /etc/ssh/sshd_config && systemctl reload ssh && sleep 1")
	run.want(t, 0, "ok: [drv4]")
}
