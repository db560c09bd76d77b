//go:build hosts

package test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience bounds one run of drover; a run that takes longer hangs.
const patience = 4 * time.Minute

// lab is the set of Debian hosts that test/hosts/lab has booted.
type lab struct {
	dir   string
	hosts []labHost
}

type labHost struct{ name, addr string }

// openLab gives the hosts, or skips the test and says why; in CI it fails.
func openLab(t *testing.T) *lab {
	t.Helper()
	dir := os.Getenv("DROVER_HOSTS")
	if dir == "" {
		why := "DROVER_HOSTS names no folder of running hosts; \"make hosts\" boots some (as root on Linux)"
		if os.Getenv("CI") == "true" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	f, err := os.Open(filepath.Join(dir, "inventory.ini"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l := &lab{dir: dir}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, rest, ok := strings.Cut(lines.Text(), " ansible_host=")
		if ok {
			l.hosts = append(l.hosts, labHost{name, rest})
		}
	}
	if len(l.hosts) < 4 {
		t.Fatalf("%s lists %d hosts; the tests need 4", f.Name(), len(l.hosts))
	}
	return l
}

// inventory writes an inventory of hosts in a group, with further variables,
// and gives its path.
func (l *lab) inventory(t *testing.T, group string, hosts []labHost, vars ...string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]\n", group)
	for _, h := range hosts {
		fmt.Fprintf(&b, "%s ansible_host=%s\n", h.name, h.addr)
	}
	fmt.Fprintf(&b, "[all:vars]\nansible_ssh_private_key_file=%s/key\n", l.dir)
	if !strings.Contains(strings.Join(vars, " "), "ansible_ssh_common_args") {
		vars = append(vars, "ansible_ssh_common_args=-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null")
	}
	b.WriteString(strings.Join(vars, "\n") + "\n")
	path := filepath.Join(t.TempDir(), "hosts.ini")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	asRoot   = []string{"ansible_user=root"}
	asDeploy = []string{"ansible_user=deploy", "ansible_become_password=deploy"}
)

// must runs a command on a host with the system's own ssh and gives its output.
func (l *lab) must(t *testing.T, h labHost, line string) string {
	t.Helper()
	out, err := l.try(h, line)
	if err != nil {
		t.Fatalf("%s: %s: %v\n%s", h.name, line, err, out)
	}
	return strings.TrimSpace(out)
}

func (l *lab) try(h labHost, line string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ssh", "-i", filepath.Join(l.dir, "key"), "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "root@"+h.addr, line).CombinedOutput()
	return string(out), err
}

// await waits until a command succeeds on a host.
func (l *lab) await(t *testing.T, h labHost, line string) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		if _, err := l.try(h, line); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s: waited in vain for: %s", h.name, line)
}

// reset wipes a host and boots it again.
func (l *lab) reset(t *testing.T, h labHost) {
	t.Helper()
	cmd := exec.Command("hosts/lab", "reset", strings.TrimPrefix(h.name, "drv"))
	cmd.Env = append(os.Environ(), "LAB_DIR="+l.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("resetting %s: %v\n%s", h.name, err, out)
	}
}

// outcome is how a run of drover ended.
type outcome struct {
	code        int
	out, errOut string
}

// drover runs the program in a home of its own.
func drover(t *testing.T, args ...string) outcome {
	t.Helper()
	return droverIn(t, "", args...)
}

func droverIn(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	cmd, finish := startDrover(t, dir, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return finish()
}

// startDrover prepares a run; finish waits for it and gives its outcome.
func startDrover(t *testing.T, dir string, args ...string) (cmd *exec.Cmd, finish func() outcome) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, filepath.Join(binDir, "drover"), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "ANSIBLE_CONFIG=")
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	return cmd, func() outcome {
		err := cmd.Wait()
		if ctx.Err() != nil {
			t.Fatalf("drover %s did not end in %s\n%s%s", strings.Join(args, " "), patience, out.String(), errOut.String())
		}
		if _, exited := err.(*exec.ExitError); err != nil && !exited {
			t.Fatal(err)
		}
		return outcome{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
	}
}

// want checks the exit code and that every text is in the output.
func (o outcome) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit code %d, want %d\n%s%s", o.code, code, o.out, o.errOut)
	}
	for _, s := range texts {
		if !strings.Contains(o.out+o.errOut, s) {
			t.Errorf("the output lacks %q:\n%s%s", s, o.out, o.errOut)
		}
	}
}

// recap gives the number that a host's line of the recap has for a column.
func (o outcome) recap(t *testing.T, host, column string) string {
	t.Helper()
	_, recap, _ := strings.Cut(o.out, "PLAY RECAP")
	for line := range strings.SplitSeq(recap, "\n") {
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != host {
			continue
		}
		for _, w := range words[2:] {
			if n, ok := strings.CutPrefix(w, column+"="); ok {
				return n
			}
		}
	}
	t.Fatalf("no recap of %s:\n%s%s", host, o.out, o.errOut)
	return ""
}

// wantUnchanged checks that a run changed nothing on any of hosts.
func (o outcome) wantUnchanged(t *testing.T, hosts []labHost) {
	t.Helper()
	o.want(t, 0)
	for _, h := range hosts {
		if n := o.recap(t, h.name, "changed"); n != "0" {
			t.Errorf("%s: changed=%s, want 0\n%s", h.name, n, o.out)
		}
	}
}

// playbook writes a playbook and gives its path.
func playbook(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "play.yml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
