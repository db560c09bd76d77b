package action

import (
	"context"
	"path"

	"drover/playbook/value"
)

// asyncStatus asks the host how a job is; what the host does not say is filled
// in. Whether the job has started and finished is a boolean, so that "until"
// can use it as it is.
func asyncStatus(ctx context.Context, t Task) (*value.Dict, error) {
	dir := "~/.ansible_async"
	if v, ok, err := t.Jinja().Lookup("ansible_async_dir"); err == nil && ok {
		dir = value.String(v)
	}
	args := t.Args().Clone()
	args.Put("_async_dir", value.Str(dir))
	answer, err := t.Invoke(ctx, "ansible.builtin.async_status", args, nil)
	if err != nil {
		return nil, err
	}
	job := value.String(t.Args().At("jid"))
	if value.String(t.Args().At("mode")) == "cleanup" {
		result := jobState(job).Update(answer)
		result.Put("erased", value.Str(path.Join(dir, job)))
		return asFlags(result), nil
	}
	return JobStatus(answer, dir, job), nil
}

// JobStatus completes what a host says of a job: of one that has not begun to
// write, too.
func JobStatus(answer *value.Dict, dir, job string) *value.Dict {
	result := jobState(job)
	result.Put("results_file", value.Str(path.Join(dir, job)))
	result.Put("started", value.Bool(true))
	return asFlags(result.Update(answer))
}

func jobState(job string) *value.Dict {
	return value.DictOf("started", false, "finished", false, "stdout", "", "stderr", "",
		"stdout_lines", value.NewList(), "stderr_lines", value.NewList(), "ansible_job_id", job)
}

// asFlags gives the numbers in a job's file as what they mean.
func asFlags(result *value.Dict) *value.Dict {
	for _, key := range []string{"started", "finished"} {
		result.Put(key, value.Bool(value.Truth(result.At(key))))
	}
	return result
}
