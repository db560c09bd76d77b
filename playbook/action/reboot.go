package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"drover/modules"
	"drover/playbook/value"
	"drover/transport"
)

type rebootArgs struct {
	PreDelay       int      `arg:"pre_reboot_delay" default:"0" doc:"How many seconds the host waits before it goes down; rounded down to minutes."`
	PostDelay      int      `arg:"post_reboot_delay" default:"0" doc:"How many seconds to wait before the first attempt to reach it again."`
	Timeout        int      `arg:"reboot_timeout" default:"600" doc:"After how many seconds to give up, for the restart and once more for the test."`
	ConnectTimeout int      `arg:"connect_timeout" default:"5" doc:"How many seconds one attempt may take."`
	TestCommand    string   `arg:"test_command" default:"whoami" doc:"The command that has to succeed before the host counts as back."`
	Message        string   `arg:"msg" default:"Reboot initiated by Ansible" doc:"What users of the host are told."`
	SearchPaths    []string `arg:"search_paths" default:"/sbin,/bin,/usr/sbin,/usr/bin,/usr/local/sbin" doc:"Where to look for the command shutdown."`
	BootTime       string   `arg:"boot_time_command" default:"cat /proc/sys/kernel/random/boot_id" doc:"The command whose output is another one after a restart."`
	Command        string   `arg:"reboot_command" doc:"The command to run instead of shutdown."`
}

func rebootSpec() *modules.Spec {
	return modules.SpecOf[rebootArgs](modules.Spec{
		Name:     "ansible.builtin.reboot",
		Options:  true,
		Summary:  "Restart a host and wait until it is back",
		Doc:      "Restarts the host, waits until it has started anew, and until a command succeeds there.",
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.reboot:\n    reboot_timeout: 300\n",
		Returns: []modules.Return{
			{Name: "rebooted", Type: "bool", When: "always", Doc: "Whether it was restarted."},
			{Name: "elapsed", Type: "int", When: "always", Doc: "The seconds it took."},
		},
	})
}

func reboot(ctx context.Context, t Task) (*value.Dict, error) {
	a, err := decode[rebootArgs](t, rebootSpec())
	if err != nil {
		return nil, err
	}
	if kind, ok, err := t.Jinja().Lookup("ansible_connection"); err == nil && ok && value.String(kind) == "local" {
		return nil, modules.FailWith(rebooted(false, 0), "Running %s with local connection would reboot the control node.", t.Module())
	}
	if t.Check() {
		return rebooted(true, 0).Update(value.DictOf("changed", true)), nil
	}
	r := &rebooting{Task: t, args: a}
	before, err := r.output(ctx, a.BootTime)
	if err != nil {
		return nil, modules.FailWith(rebooted(false, 0), "failed to get host boot time info: %w", err)
	}
	start := time.Now()
	if err := r.down(ctx); err != nil {
		return nil, modules.FailWith(rebooted(false, time.Since(start)), "Reboot command failed. Error was: %w", err)
	}
	if err := r.back(ctx, before); err != nil {
		return nil, modules.FailWith(rebooted(true, time.Since(start)), "%w", err)
	}
	return rebooted(true, time.Since(start)).Update(value.DictOf("changed", true)), nil
}

func rebooted(yes bool, took time.Duration) *value.Dict {
	return value.DictOf("changed", false, "rebooted", yes, "elapsed", int(took.Seconds()))
}

// rebooting is one restart.
type rebooting struct {
	Task
	args *rebootArgs
}

// output runs a command on the host and gives what it prints.
func (r *rebooting) output(ctx context.Context, command string) (string, error) {
	no := false
	result, err := r.Invoke(ctx, "ansible.builtin.command", value.DictOf("_raw_params", command), &InvokeOptions{Check: &no, Diff: &no})
	if err != nil {
		return "", err
	}
	if value.Truth(result.At("failed")) || value.Truth(result.At("rc")) {
		return "", fmt.Errorf("'%s' ended with rc %s: %s %s", command, value.String(result.At("rc")),
			strings.TrimSpace(value.String(result.At("stdout"))), strings.TrimSpace(value.String(result.At("stderr"))))
	}
	return strings.TrimSpace(value.String(result.At("stdout"))), nil
}

// down starts the restart. That the connection is lost with it is fine.
func (r *rebooting) down(ctx context.Context) error {
	command := r.args.Command
	if command == "" {
		shutdown, err := r.find(ctx, "shutdown")
		if err != nil {
			return err
		}
		when := "now"
		if minutes := r.args.PreDelay / 60; minutes > 0 {
			when = fmt.Sprintf("+%d", minutes)
		}
		command = fmt.Sprintf("%s -r %s %s", shutdown, when, shellQuote(r.args.Message))
	}
	_, err := r.output(ctx, command)
	var lost *transport.UnreachableError
	if errors.As(err, &lost) {
		return nil
	}
	return err
}

// find gives the path of a program in the search paths.
func (r *rebooting) find(ctx context.Context, program string) (string, error) {
	no := false
	for _, dir := range r.args.SearchPaths {
		path := dir + "/" + program
		result, err := r.Invoke(ctx, "ansible.builtin.stat", value.DictOf("path", path), &InvokeOptions{Check: &no, Diff: &no})
		if err != nil {
			return "", err
		}
		if stat, ok := result.At("stat").(*value.Dict); ok && value.Truth(stat.At("exists")) {
			return path, nil
		}
	}
	return "", fmt.Errorf("unable to find command \"%s\" in search paths: %s", program, strings.Join(r.args.SearchPaths, ", "))
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'" }

// back waits until the host has started anew and the test succeeds.
func (r *rebooting) back(ctx context.Context, before string) error {
	if err := sleep(ctx, seconds(r.args.PostDelay)); err != nil {
		return err
	}
	err := r.until(ctx, "last boot time check", func(ctx context.Context) error {
		if err := r.Run().Ping(ctx, r.Host()); err != nil {
			return err
		}
		now, err := r.output(ctx, r.args.BootTime)
		if err == nil && (now == "" || now == before) {
			err = errors.New("boot time has not changed")
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.until(ctx, "post-reboot test command", func(ctx context.Context) error {
		_, err := r.output(ctx, r.args.TestCommand)
		return err
	})
}

// until tries again and again, with growing breaks, until it succeeds or the
// time is over.
func (r *rebooting) until(ctx context.Context, what string, try func(context.Context) error) error {
	end := time.Now().Add(seconds(r.args.Timeout))
	for pause := time.Second; ; pause = min(2*pause, 12*time.Second) {
		attempt, cancel := context.WithTimeout(ctx, max(seconds(r.args.ConnectTimeout), time.Second))
		err := try(attempt)
		cancel()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().Add(pause).After(end):
			return fmt.Errorf("timed out waiting for %s (timeout=%d): %w", what, r.args.Timeout, err)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}
