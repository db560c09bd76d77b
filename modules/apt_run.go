package modules

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"drover/internal/lazyre"
	"drover/modules/target"
	"drover/playbook/value"
)

// lockRefused matches what apt and dpkg say when another process has the lock.
var lockRefused = lazyre.New(`(?m)^(?:E: |dpkg: error: )(?:Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock|dpkg (?:frontend|database) lock|dpkg status database is locked).*$`)

// aptGet runs apt-get without questions, waiting for other processes that hold
// apt's lock.
func (r *aptRun) aptGet(ctx context.Context, args ...string) (toolOutput, error) {
	return r.packageTool(ctx, append([]string{"apt-get"}, args...)...)
}

// packageTool runs a program that needs the lock.
func (r *aptRun) packageTool(ctx context.Context, argv ...string) (toolOutput, error) {
	deadline := time.Now().Add(time.Duration(r.LockTimeout) * time.Second)
	for {
		out, err := runToolWith(ctx, r.h, target.Cmd{
			Argv: argv,
			Env:  []string{"DEBIAN_FRONTEND=noninteractive", "DEBIAN_PRIORITY=critical"},
		})
		if err != nil {
			return out, err
		}
		refusal := lockRefused.FindString(out.Stderr)
		if strings.Contains(out.Stderr, "are you root?") {
			refusal = "" // nobody holds it: waiting would not help
		}
		if out.RC == 0 || refusal == "" {
			return out, nil
		}
		holder := lockHolder(r.h, refusal)
		refusal, _, _ = strings.Cut(refusal, ". It is held by")
		if !time.Now().Before(deadline) {
			return out, Failf("Failed to lock apt for exclusive operation: %s%s. Waited %d seconds (lock_timeout); try again when it is done",
				strings.TrimPrefix(refusal, "E: "), holder, r.LockTimeout)
		}
		r.c.Progress("apt: waiting for the lock" + holder)
		if err := pause(ctx, time.Second); err != nil {
			return out, err
		}
	}
}

var (
	heldBy   = lazyre.New(`(?:held by process|by pid|with pid) (\d+)`)
	lockPath = lazyre.New(`/var/[^\s.]*/lock(?:-frontend)?`)
)

// lockHolder tells which process holds the lock: apt names its number, else
// the kernel's table of locks does.
func lockHolder(h target.Host, refusal string) string {
	pid := ""
	if found := heldBy.FindStringSubmatch(refusal); found != nil {
		pid = found[1]
	} else if file := lockPath.FindString(refusal); file != "" {
		pid = lockOwner(h, file)
	}
	if pid == "" {
		return ""
	}
	line, _ := h.ReadFile("/proc/" + pid + "/cmdline")
	if command := strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")); command != "" {
		return fmt.Sprintf(" (held by process %s: %s)", pid, command)
	}
	return fmt.Sprintf(" (held by process %s)", pid)
}

// lockOwner looks a file's inode up in /proc/locks.
func lockOwner(h target.Host, file string) string {
	info, err := h.Stat(file)
	if err != nil {
		return ""
	}
	locks, _ := h.ReadFile("/proc/locks")
	inode := fmt.Sprintf(":%d", info.Ino)
	for _, line := range strings.Split(string(locks), "\n") {
		if f := strings.Fields(line); len(f) > 5 && strings.HasSuffix(f[5], inode) && f[4] != "0" {
			return f[4]
		}
	}
	return ""
}

const policyFile = "/usr/sbin/policy-rc.d"

// withPolicy runs work while policy-rc.d answers policy_rc_d to maintainer
// scripts that want to start services; afterwards the file is as it was.
func (r *aptRun) withPolicy(work func() (toolOutput, error)) (toolOutput, error) {
	if r.PolicyRCD == nil || r.c.Check {
		return work()
	}
	before, err := r.h.ReadFile(policyFile)
	existed := err == nil
	mode := fs.FileMode(0o755)
	if info, err := r.h.Stat(policyFile); err == nil {
		mode = info.Mode.Perm()
	}
	if err := replaceFile(r.h, policyFile, fmt.Sprintf("#!/bin/sh\nexit %d\n", *r.PolicyRCD), 0o755); err != nil {
		return toolOutput{}, Failf("can't write %s: %w", policyFile, err)
	}
	out, workErr := work()
	if existed {
		err = replaceFile(r.h, policyFile, string(before), mode)
	} else {
		err = r.h.Remove(policyFile)
	}
	if workErr == nil && err != nil {
		workErr = Failf("can't put %s back: %w", policyFile, err)
	}
	return out, workErr
}

// replaceFile writes a small file atomically with the given permissions.
func replaceFile(h target.Host, path, text string, mode fs.FileMode) error {
	f, err := h.Create(path, mode)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write([]byte(text)); err != nil {
		return err
	}
	if err := f.Commit(); err != nil {
		return err
	}
	return h.Chmod(path, mode)
}

// run runs a command that changes packages and reports it.
func (r *aptRun) run(ctx context.Context, argv []string) (*Result, toolOutput, error) {
	out, err := r.withPolicy(func() (toolOutput, error) { return r.packageTool(ctx, argv...) })
	if err != nil {
		return nil, out, err
	}
	if out.RC != 0 {
		data := value.DictOf("rc", out.RC, "stdout", out.Stdout, "stderr", out.Stderr)
		return nil, out, FailWith(data, "'%s' failed: %s", strings.Join(argv, " "), out.said())
	}
	res := (&Result{Changed: true}).Set("stdout", out.Stdout).Set("stderr", out.Stderr)
	if r.c.Diff {
		res.Diff = []Diff{{Prepared: aptDiff(out.Stdout)}}
	}
	return res, out, nil
}

var summaryLine = lazyre.New(`^[0-9]+ (?:packages )?upgraded`)

// aptDiff cuts the plan out of what apt-get printed: what it is going to
// install and remove, up to the line that sums it up.
func aptDiff(stdout string) string {
	lines := strings.Split(strings.TrimRight(stdout, "\n"), "\n")
	start, end := 0, len(lines)
	for i, line := range lines {
		if line == "Resolving dependencies..." || line == "Reading state information..." && start == 0 {
			start = i + 1
		}
	}
	for i, line := range lines {
		if summaryLine.MatchString(line) {
			end = i + 1
			break
		}
	}
	return strings.Join(lines[min(start, end):end], "\n")
}

// dpkgOptions passes dpkg_options through apt-get.
func (r *aptRun) dpkgOptions() []string {
	var args []string
	for _, o := range strings.Split(r.DpkgOptions, ",") {
		if o = strings.TrimSpace(o); o != "" {
			args = append(args, "-o", "Dpkg::Options::=--"+o)
		}
	}
	return args
}

// flags gives those of the options that are switched on.
func flags(pairs ...any) []string {
	var on []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].(bool) {
			on = append(on, pairs[i+1].(string))
		}
	}
	return on
}
