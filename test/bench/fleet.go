package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"drover/playbook/value"
	"drover/transport/sshtest"
)

// fleetArg starts this program as a fleet: thousands of hosts in one process,
// each with an address of its own in 127.0.0.0/8, SSH, and a stub in the place
// of the runner.
const fleetArg = "serve-fleet"

// serveFleet says its port and serves until its input ends.
func serveFleet(args []string) error {
	set := flag.NewFlagSet(fleetArg, flag.ContinueOnError)
	facts := set.Int("facts", 0, "bytes of facts that every host has")
	if err := set.Parse(args); err != nil {
		return err
	}
	made := someFacts(*facts)
	answer := func(module string, _ *value.Dict) *value.Dict {
		if module == "ansible.builtin.setup" {
			return value.DictOf("changed", false, "ansible_facts", made)
		}
		return value.DictOf("changed", true, "rc", 0, "stdout", "done", "stderr", "")
	}
	s, err := sshtest.Start(sshtest.Options{AllLoopback: true, Runner: sshtest.Stub(answer)})
	if err != nil {
		return err
	}
	fmt.Println(s.Port())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// someFacts makes facts of about so many bytes.
func someFacts(size int) *value.Dict {
	d := value.DictOf("ansible_system", "Linux")
	for i := 0; size > 0; i++ {
		text := strings.Repeat("x", 80)
		d.Put(fmt.Sprintf("ansible_made_up_%d", i), value.DictOf("text", text, "number", i))
		size -= 120
	}
	return d
}

// fleet is a running fleet and the inventories of its hosts.
type fleet struct {
	b    *bench
	port string
	key  string
	cmd  *exec.Cmd
	stop io.Closer
}

func (b *bench) startFleet(ctx context.Context, args ...string) (*fleet, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f := &fleet{b: b, key: b.path("fleet-key")}
	if err := writeKey(f.key); err != nil {
		return nil, err
	}
	f.cmd = exec.CommandContext(ctx, self, append([]string{fleetArg}, args...)...)
	f.cmd.Stderr = os.Stderr
	in, err := f.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := f.cmd.Start(); err != nil {
		return nil, err
	}
	f.stop = in
	line, err := bufio.NewReader(out).ReadString('\n')
	f.port = strings.TrimSpace(line)
	if err != nil {
		f.close()
		return nil, fmt.Errorf("the fleet did not start: %w", err)
	}
	return f, nil
}

func (f *fleet) close() {
	_ = f.stop.Close()
	_ = f.cmd.Wait()
}

func writeKey(path string) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
}

// inventory writes that of the first n hosts, and of extra lines.
func (f *fleet) inventory(n int, extra ...string) (string, error) {
	var text strings.Builder
	text.WriteString("[all]\n")
	for i := range n {
		fmt.Fprintf(&text, "sim%05d ansible_host=127.%d.%d.%d\n", i, 1+i/62500, i/250%250, 1+i%250)
	}
	for _, line := range extra {
		fmt.Fprintln(&text, line)
	}
	fmt.Fprintf(&text, "[all:vars]\nansible_port=%s\nansible_user=sim\nansible_ssh_private_key_file=%s\nansible_ssh_common_args='%s'\n",
		f.port, f.key, strings.Join(sshOptions[:4], " "))
	return f.b.file(fmt.Sprintf("fleet-%d.ini", n), text.String())
}

// fleetPlay writes a play of so many tasks on all hosts.
func (b *bench) fleetPlay(tasks int) (string, error) {
	return b.play(fmt.Sprintf("fleet-%d", tasks), "- hosts: all\n  gather_facts: false\n  vars:\n    greeting: hello\n  tasks:\n"+
		strings.Repeat("    - command: \"echo {{ greeting }} {{ inventory_hostname }}\"\n", tasks))
}

// control runs drover against the fleet; its output goes to a file, as that of
// a run over a fleet does.
func (f *fleet) control(ctx context.Context, inventory, play string, more ...string) (usage, error) {
	log, err := os.Create(f.b.path("fleet.log"))
	if err != nil {
		return usage{}, err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, f.b.drover, append([]string{"run", "-i", inventory, play}, more...)...)
	cmd.Stdout, cmd.Env = log, append(cmd.Environ(), logsIn)
	return measured(cmd)
}

// measureFleet runs 20 tasks on fleets that grow tenfold. What a task costs is
// the difference to a run of one task.
func measureFleet(ctx context.Context, b *bench) (*table, error) {
	const tasks = 20
	if err := enoughFiles(b.o.fleet); err != nil {
		return nil, err
	}
	f, err := b.startFleet(ctx)
	if err != nil {
		return nil, err
	}
	defer f.close()
	long, err := b.fleetPlay(tasks)
	if err != nil {
		return nil, err
	}
	short, err := b.fleetPlay(1)
	if err != nil {
		return nil, err
	}
	t := &table{head: []string{"hosts × tasks", "time", "CPU of the controller", "per (host, task)", "contact per host", "memory", "per host"}}
	var counts []int
	var walls []time.Duration
	floor := int64(0)
	for n := min(100, b.o.fleet); n <= b.o.fleet; n *= 10 {
		inventory, err := f.inventory(n)
		if err != nil {
			return nil, err
		}
		one, err := f.control(ctx, inventory, short)
		if err != nil {
			return nil, err
		}
		all, err := f.control(ctx, inventory, long)
		if err != nil {
			return nil, err
		}
		if floor == 0 {
			floor = all.memory
		}
		perHost := "–"
		if n > 100 {
			perHost = fmt.Sprintf("%d KB", (all.memory-floor)/int64(n-100)/1000)
		}
		t.row(fmt.Sprintf("%d × %d", n, tasks), all.wall, all.cpu, (all.cpu-one.cpu)/time.Duration(n*(tasks-1)),
			one.cpu/time.Duration(n), mib(all.memory), perHost)
		counts, walls = append(counts, n), append(walls, all.wall)
	}
	t.plot = plot(counts, walls)
	t.note = "The fleet is a second process on the same cores, and takes about as much of them; " +
		"the contact is connecting, the SSH handshake and one task. Memory per host is what is above that of 100 hosts."
	return t, nil
}

// plot draws seconds over hosts, both in powers of ten: a straight line of
// slope one is linear.
func plot(counts []int, walls []time.Duration) string {
	var out strings.Builder
	for i, n := range counts {
		perHost := walls[i] / time.Duration(n)
		fmt.Fprintf(&out, "%6d hosts %9s %9s per host %s\n", n, duration(walls[i]), duration(perHost),
			strings.Repeat("█", int(perHost.Microseconds()/200)))
	}
	return out.String()
}

// enoughFiles checks that so many connections fit into the limit of open
// files, which Go programs raise to the hard one by themselves.
func enoughFiles(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Max < uint64(n)+200 {
		return fmt.Errorf("%d connections need more open files than the limit of %d (ulimit -Hn, or -fleet)", n, limit.Max)
	}
	return nil
}

// measureSilent has one host among a thousand that takes the connection and
// says nothing; the others are not to wait for it with the free strategy, nor
// longer than its deadline with the linear one.
func measureSilent(ctx context.Context, b *bench) (*table, error) {
	const n, deadline = 1000, "5"
	f, err := b.startFleet(ctx)
	if err != nil {
		return nil, err
	}
	defer f.close()
	mute, err := sshtest.Start(sshtest.Options{})
	if err != nil {
		return nil, err
	}
	defer mute.Close()
	mute.Set(sshtest.Faults{SilentAccept: true})
	play, err := b.fleetPlay(5)
	if err != nil {
		return nil, err
	}
	plain, err := f.inventory(n)
	if err != nil {
		return nil, err
	}
	base, err := f.control(ctx, plain, play)
	if err != nil {
		return nil, err
	}
	with, err := f.inventory(n, fmt.Sprintf("mute ansible_host=127.0.0.1 ansible_port=%d", mute.Port()))
	if err != nil {
		return nil, err
	}
	slow, err := f.control(ctx, with, play, "--timeout", deadline)
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) { // one host is unreachable: exit code 4
		return nil, err
	}
	t := &table{head: []string{"", "time"}}
	t.row("1,000 hosts that answer", base.wall)
	t.row("and one that is silent, deadline "+deadline+" s", slow.wall)
	return t, nil
}
