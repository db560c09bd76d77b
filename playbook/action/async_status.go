package action

import (
	"context"
	"path"

	"drover/modules"
	"drover/playbook/value"
)

type asyncStatusArgs struct {
	JobID string `arg:"jid" required:"true" doc:"The job, ansible_job_id of the result of a task with async and poll: 0."`
	Mode  string `arg:"mode" default:"status" choices:"status,cleanup" doc:"Whether to ask how the job is, or to remove its file."`
}

func asyncStatusSpec() *modules.Spec {
	return modules.SpecOf[asyncStatusArgs](modules.Spec{
		Name:     "ansible.builtin.async_status",
		Summary:  "Ask how an asynchronous task is",
		Doc:      "Reads the state of a job that a task with async started in the background.",
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.async_status:\n    jid: \"{{ job.ansible_job_id }}\"\n  register: state\n  until: state.finished\n  retries: 30\n",
		Returns: []modules.Return{
			{Name: "ansible_job_id", Type: "str", When: "always", Doc: "The job."},
			{Name: "started", Type: "int", When: "always", Doc: "1 once it was started."},
			{Name: "finished", Type: "int", When: "always", Doc: "1 once it has ended."},
			{Name: "erased", Type: "str", When: "mode is cleanup", Doc: "The file that was removed."},
		},
	})
}

func asyncStatus(ctx context.Context, t Task) (*value.Dict, error) {
	a, err := decode[asyncStatusArgs](t, asyncStatusSpec())
	if err != nil {
		return nil, err
	}
	dir := "~/.ansible_async"
	if v, ok, err := t.Jinja().Lookup("ansible_async_dir"); err == nil && ok {
		dir = value.String(v)
	}
	args := value.DictOf("jid", a.JobID, "mode", a.Mode, "_async_dir", dir)
	answer, err := t.Invoke(ctx, "ansible.builtin.async_status", args, nil)
	if err != nil {
		return nil, err
	}
	result := value.DictOf("started", 0, "finished", 0, "stdout", "", "stderr", "",
		"stdout_lines", value.NewList(), "stderr_lines", value.NewList(), "ansible_job_id", a.JobID)
	file := path.Join(dir, a.JobID)
	if a.Mode == "cleanup" {
		result.Put("erased", value.Str(file))
	} else {
		result.Put("results_file", value.Str(file))
		result.Put("started", value.Int(1))
	}
	return result.Update(answer), nil
}
