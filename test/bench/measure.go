package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"syscall"
	"time"
)

// usage is what a process and its children took.
type usage struct {
	wall, cpu time.Duration
	memory    int64 // the largest resident set, in bytes
}

// contender is one way to do the work.
type contender struct {
	name string
	// prepare makes each run begin alike; it is not measured.
	prepare func(ctx context.Context) error
	cmd     func(ctx context.Context) *exec.Cmd
	// most bounds the runs of one that takes minutes; 0 is no bound.
	most int
	dir  string // where it runs
}

// command makes a contender of a command line.
func command(name string, argv ...string) contender {
	return contender{name: name, cmd: func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, argv[0], argv[1:]...)
	}}
}

// with adds to the environment of a contender.
func (c contender) with(env ...string) contender {
	without := c.cmd
	c.cmd = func(ctx context.Context) *exec.Cmd {
		cmd := without(ctx)
		cmd.Env = append(cmd.Environ(), env...)
		return cmd
	}
	return c
}

// measured runs a command to its end.
func measured(cmd *exec.Cmd) (usage, error) {
	var out bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &out
	start := time.Now()
	err := cmd.Run()
	u := usage{wall: time.Since(start)}
	if s := cmd.ProcessState; s != nil {
		u.cpu = s.UserTime() + s.SystemTime()
		if r, ok := s.SysUsage().(*syscall.Rusage); ok {
			u.memory = r.Maxrss * 1024
		}
	}
	if err != nil {
		return u, fmt.Errorf("%s: %w: %s", cmd.Path, err, lastBytes(out.Bytes(), 600))
	}
	return u, nil
}

func lastBytes(b []byte, n int) []byte {
	if len(b) > n {
		b = b[len(b)-n:]
	}
	return bytes.TrimSpace(b)
}

// interleave runs the contenders in turns, so that what else the machine does
// meets all of them alike, and gives the median of each. A contender that
// fails is out; the error joins the reasons.
func interleave(ctx context.Context, runs int, cs ...contender) (map[string]usage, error) {
	taken := map[string][]usage{}
	failed := map[string]bool{}
	var errs error
	for range runs {
		for _, c := range cs {
			if failed[c.name] || c.most > 0 && len(taken[c.name]) >= c.most {
				continue
			}
			u, err := c.once(ctx)
			if err != nil {
				failed[c.name] = true
				delete(taken, c.name)
				errs = errors.Join(errs, fmt.Errorf("%s: %w", c.name, err))
				continue
			}
			taken[c.name] = append(taken[c.name], u)
		}
	}
	medians := map[string]usage{}
	for name, us := range taken {
		medians[name] = median(us)
	}
	return medians, errs
}

func (c *contender) once(ctx context.Context) (usage, error) {
	if c.prepare != nil {
		if err := c.prepare(ctx); err != nil {
			return usage{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return usage{}, err
	}
	cmd := c.cmd(ctx)
	cmd.Dir = c.dir
	return measured(cmd)
}

// median gives the run in the middle by time.
func median(us []usage) usage {
	sort.Slice(us, func(i, j int) bool { return us[i].wall < us[j].wall })
	return us[len(us)/2]
}

// warm runs a command once, unmeasured.
func warm(ctx context.Context, c contender) error {
	_, err := c.once(ctx)
	return err
}

// file writes a file of the bench's scratch folder and gives its path.
func (b *bench) file(name, text string) (string, error) {
	path := b.path(name)
	return path, os.WriteFile(path, []byte(text), 0o644)
}
