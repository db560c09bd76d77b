package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"drover/modules"
	"drover/playbook/value"
	"drover/transport/wire"
)

// AsyncArg makes Main run one detached job, which it reads from its input.
const AsyncArg = "__async"

// maxDetached is how much content a detached job may take with it.
const maxDetached = 64 << 20

// detach starts a call in a process of its own that outlives the runner, and
// gives the result that says where it will report. The job's file is written
// as Ansible's async_status expects it.
func (s *server) detach(ctx context.Context, c *wire.Call, blobs *callBlobs) *value.Dict {
	d, err := s.startJob(ctx, c, blobs)
	if err != nil {
		return (&modules.Result{Failed: true, Msg: "the job could not be started: " + err.Error()}).Dict()
	}
	return d
}

func (s *server) startJob(ctx context.Context, c *wire.Call, blobs *callBlobs) (*value.Dict, error) {
	if err := s.takeAlong(ctx, c, blobs); err != nil {
		return nil, err
	}
	file, err := jobFile(s.o.Host.Getenv("HOME"), c.Async)
	if err != nil {
		return nil, err
	}
	c.Async.Dir = filepath.Dir(file)
	job := value.DictOf("started", 1, "finished", 0, "ansible_job_id", c.Async.JobID)
	if err := writeJob(file, job); err != nil {
		return nil, err
	}
	call := newCall(c, s.env)
	c.Env = call.Env
	body, err := c.Append(nil)
	if err != nil {
		return nil, err
	}
	if err := s.spawn(body); err != nil {
		_ = os.Remove(file)
		return nil, err
	}
	return value.DictOf("failed", 0, "started", 1, "finished", 0, "ansible_job_id", c.Async.JobID,
		"results_file", file, "changed", true), nil
}

// takeAlong reads the contents that the job may ask for: later nobody will be
// there to give them.
func (s *server) takeAlong(ctx context.Context, c *wire.Call, blobs *callBlobs) error {
	total := int64(0)
	for i := range c.Blobs {
		b := &c.Blobs[i]
		if b.Inline {
			continue
		}
		if total += b.Size; b.Size < 0 || total > maxDetached {
			return fmt.Errorf("a detached job takes contents of at most %d MiB with it", maxDetached>>20)
		}
		r, err := blobs.Open(ctx, b.Name)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
		b.Inline, b.Data = true, data
	}
	return nil
}

// jobFile gives the path of a job's file and makes its folder.
func jobFile(home string, a *wire.Async) (string, error) {
	dir := a.Dir
	if dir == "" {
		dir = "~/.ansible_async"
	}
	if rest, ok := strings.CutPrefix(dir, "~"); ok && (rest == "" || rest[0] == '/') {
		dir = home + rest
	}
	if a.JobID == "" || strings.ContainsAny(a.JobID, "/\x00") {
		return "", fmt.Errorf("%q is no job id", a.JobID)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, a.JobID), nil
}

// writeJob replaces a job's file at once, so that nobody reads half of it.
func writeJob(file string, d *value.Dict) error {
	tmp := file + ".tmp"
	if err := os.WriteFile(tmp, []byte(value.JSON(d)), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

// spawn starts the job's process and gives it its call; it has a session of
// its own, so nothing that ends the runner ends it.
func (s *server) spawn(body []byte) error {
	if len(s.o.Detach) == 0 {
		return errors.New("this runner can't start detached jobs")
	}
	argv := append(append([]string{}, s.o.Detach[1:]...), AsyncArg)
	cmd := exec.Command(s.o.Detach[0], argv...)
	cmd.Dir = s.o.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, err = io.Copy(in, bytes.NewReader(body))
	err = errors.Join(err, in.Close())
	go func() { _ = cmd.Wait() }()
	return err
}

// runJob is the life of a detached job: it reads its call, runs it within its
// time and leaves the result in the job's file.
func runJob(in io.Reader, o Options) error {
	body, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	c := new(wire.Call)
	if err := c.Decode(body); err != nil {
		return err
	}
	if c.Async == nil {
		return errors.New("the call is not for a detached job")
	}
	result := jobResult(c, o)
	return writeJob(filepath.Join(c.Async.Dir, c.Async.JobID), result)
}

func jobResult(c *wire.Call, o Options) *value.Dict {
	m, ok := o.Lookup(c.Module)
	if !ok {
		return failedJob(fmt.Sprintf("the runner has no module %q", c.Module))
	}
	ctx := context.Background()
	if c.Async.Limit > 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(c.Async.Limit)*time.Second)
		defer cancel()
		ctx = limited
	}
	call := newCall(c, nil)
	call.Blobs = &callBlobs{offered: c.Blobs}
	result := runModule(ctx, m, o.Host, call)
	if ctx.Err() != nil {
		d := failedJob(fmt.Sprintf("Timeout exceeded: the job did not end within %d seconds and was killed", c.Async.Limit))
		d.Put("child_pid", value.Int(os.Getpid()))
		return d
	}
	return result
}

func failedJob(msg string) *value.Dict {
	return (&modules.Result{Failed: true, Msg: msg}).Dict()
}
