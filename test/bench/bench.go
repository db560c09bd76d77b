package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// bench is what the sections share.
type bench struct {
	o      options
	dir    string // scratch
	drover string
	report report

	inventory string
	hosts     []host
	booted    bool
}

// host is a test host as plain ssh reaches it.
type host struct{ name, addr, user, key string }

func newBench(ctx context.Context, o options) (*bench, error) {
	dir, err := os.MkdirTemp("", "drover-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{o: o, dir: dir, drover: o.drover}
	if b.drover == "" {
		b.drover = filepath.Join(dir, "drover")
		if err := buildRelease(ctx, dir, b.drover); err != nil {
			return nil, err
		}
	}
	b.report.describe(ctx, b)
	return b, nil
}

func (b *bench) close() {
	if b.booted {
		_ = exec.Command("test/hosts/lab", "down").Run()
	}
	_ = os.RemoveAll(b.dir)
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// bootedHosts is how many hosts are booted when none are given.
const bootedHosts = 4

// needHosts finds the test hosts, once.
func (b *bench) needHosts(ctx context.Context) error {
	if b.hosts != nil {
		return nil
	}
	b.inventory = b.o.inventory
	if b.inventory == "" {
		if err := b.boot(ctx); err != nil {
			return err
		}
	}
	out, err := exec.CommandContext(ctx, b.drover, "inventory", "-i", b.inventory, "--list").Output()
	if err != nil {
		return fmt.Errorf("reading %s: %w", b.inventory, err)
	}
	b.hosts, err = parseHosts(out)
	b.report.hosts = len(b.hosts)
	return err
}

func (b *bench) boot(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "test/hosts/lab", "up", fmt.Sprint(bootedHosts))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	b.booted = true
	if err != nil {
		return fmt.Errorf("test/hosts/lab up: %w (it needs root on Linux; -inventory names other hosts)", err)
	}
	b.inventory, err = b.file("hosts.ini", string(out))
	return err
}

// parseHosts reads what "drover inventory --list" says.
func parseHosts(list []byte) ([]host, error) {
	var inv struct {
		Meta struct {
			HostVars map[string]map[string]any `json:"hostvars"`
		} `json:"_meta"`
	}
	if err := json.Unmarshal(list, &inv); err != nil {
		return nil, err
	}
	var hosts []host
	for name, vars := range inv.Meta.HostVars {
		text := func(key, otherwise string) string {
			if v, ok := vars[key].(string); ok {
				return v
			}
			return otherwise
		}
		hosts = append(hosts, host{name: name, addr: text("ansible_host", name), user: text("ansible_user", "root"),
			key: text("ansible_ssh_private_key_file", "")})
	}
	if len(hosts) == 0 {
		return nil, errors.New("the inventory has no hosts with variables")
	}
	slices.SortFunc(hosts, func(a, b host) int { return strings.Compare(a.name, b.name) })
	return hosts, nil
}

// sshOptions make ssh trust the test hosts, as the inventory makes drover.
var sshOptions = []string{"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"}

func (h *host) options() []string {
	if h.key == "" {
		return sshOptions
	}
	return append([]string{"-i", h.key}, sshOptions...)
}

// ssh is the command that runs line on the host.
func (h *host) ssh(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "ssh", append(h.options(), h.user+"@"+h.addr, line)...)
}

// logsIn makes drover log in for each run, whatever run was before.
const logsIn = "ANSIBLE_SSH_ARGS=-o ControlMaster=no"

// run makes a contender of drover with a playbook on all hosts; it logs in.
func (b *bench) run(playbook string, more ...string) contender {
	return command("drover", append([]string{b.drover, "run", "-i", b.inventory, playbook}, more...)...).with(logsIn)
}

// runAgain is run, but soon after another run, whose connections it finds.
func (b *bench) runAgain(playbook string) contender {
	return command("drover, soon after a run", b.drover, "run", "-i", b.inventory, playbook)
}

// before has drover make its connections to all hosts, and keep them.
func (b *bench) before(ctx context.Context) error {
	return exec.CommandContext(ctx, b.drover, "exec", "all", "-i", b.inventory, "-m", "ping").Run()
}

// play writes a playbook and gives its path.
func (b *bench) play(name, text string) (string, error) { return b.file(name+".yml", text) }
