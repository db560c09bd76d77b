package modules

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type asyncStatusArgs struct {
	JID  string `arg:"jid" required:"true" doc:"The job's id: ansible_job_id of the task that started it."`
	Mode string `arg:"mode" default:"status" choices:"status,cleanup" doc:"cleanup removes the file in which the job reports."`
	Dir  string `arg:"_async_dir" type:"path" default:"~/.ansible_async" hidden:"true"`
}

// asyncStatusModule tells how a detached job is doing, from the file in which
// the job reports.
func asyncStatusModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.async_status",
		Summary:  "Tell how a detached job is doing",
		Doc:      "Reads what a task that was started with async and poll: 0 has reported so far. The result is that of the job once it has finished.",
		Check:    CheckFull,
		Examples: "- name: Wait for the job\n  ansible.builtin.async_status:\n    jid: \"{{ job.ansible_job_id }}\"\n  register: result\n  until: result.finished\n  retries: 30\n",
		Returns: []Return{
			{"ansible_job_id", "str", "success", "The job's id."},
			{"started", "int", "always", "1 when the job was started."},
			{"finished", "int", "always", "1 when the job has ended."},
			{"erased", "str", "mode is cleanup", "The file that was removed."},
		},
	}, runAsyncStatus)
}

func runAsyncStatus(_ context.Context, h target.Host, c *Call, a *asyncStatusArgs) (*Result, error) {
	if strings.ContainsAny(a.JID, "/\x00") {
		return nil, Failf("%q is no job id", a.JID)
	}
	file := strings.TrimRight(a.Dir, "/") + "/" + a.JID
	text, err := h.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, FailWith(value.DictOf("ansible_job_id", a.JID, "started", 1, "finished", 1), "could not find job")
	}
	if err != nil {
		return nil, Failf("the file of job %s can't be read: %w", a.JID, err)
	}
	if a.Mode == "cleanup" {
		return eraseJob(h, c, a.JID, file)
	}
	v, err := value.ParseJSON(text)
	job, ok := v.(*value.Dict)
	if err != nil || !ok {
		return nil, FailWith(value.DictOf("ansible_job_id", a.JID, "results_file", file, "started", 1, "finished", 1),
			"Could not parse job output: %s", text)
	}
	return jobResult(job, a.JID), nil
}

func eraseJob(h target.Host, c *Call, jid, file string) (*Result, error) {
	if !c.Check {
		if err := h.Remove(file); err != nil {
			return nil, Failf("the file of job %s can't be removed: %w", jid, err)
		}
	}
	return new(Result).Set("ansible_job_id", jid).Set("erased", file), nil
}

// jobResult turns a job's report into a result; a report without "started" is
// the result of a job that has ended.
func jobResult(job *value.Dict, jid string) *Result {
	r := &Result{Changed: value.Truth(job.At("changed")), Failed: value.Truth(job.At("failed")), Data: job}
	if _, running := job.Lookup("started"); !running {
		job.Put("started", value.Int(1))
		job.Put("finished", value.Int(1))
		job.Put("ansible_job_id", value.Str(jid))
	} else if _, ok := job.Lookup("finished"); !ok {
		job.Put("finished", value.Int(0))
	}
	if msg, ok := value.AsString(job.At("msg")); ok {
		r.Msg = msg
	}
	for _, key := range []string{"changed", "failed"} {
		job.Delete(value.Str(key))
	}
	return r
}
