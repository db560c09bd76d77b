package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"drover/playbook/action"
	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/transport/remote"
)

// asyncDir is where a job's state is kept on the host unless the variable
// ansible_async_dir says otherwise.
const asyncDir = "~/.ansible_async"

// asyncActions are the actions that end in one call of a module, which can
// become a job.
var asyncActions = map[string]bool{
	"ansible.builtin.package": true, "ansible.builtin.uri": true, "ansible.builtin.gather_facts": true,
}

// runAsync starts the task's module as a job of its own on the host and, with
// poll, waits for it.
func (i *itemRun) runAsync(ctx context.Context, view *taskView) (*value.Dict, error) {
	if _, ok := i.batch.run.actions[i.module]; ok && !asyncActions[i.module] {
		return nil, source.Errorf(i.step.task.Pos, "This action (%s) does not support async.", i.step.task.Action)
	}
	dir := (&connectionVars{ctx: i.jinja, scope: i.stack}).text(asyncDir, "ansible_async_dir")
	job := &remote.Async{Limit: i.kw.async, Dir: dir, JobID: fmt.Sprintf("j%012d.%d", rand.Int64N(1e12), time.Now().UnixNano()%1e5)}
	i.batch.run.jobSecrets.Store(job.JobID, i.secrets)
	started, err := i.perform(ctx, &asyncView{taskView: view, job: job})
	asBooleans(started, "failed", "started", "finished")
	if err != nil || i.kw.poll <= 0 || isTrue(itemResult{dict: started}, "failed") || isTrue(itemResult{dict: started}, "skipped") {
		return started, err
	}
	return i.pollJob(ctx, view, job)
}

// recallSecrets makes a task that asks about a job know the secrets that the
// job was started with.
func (i *itemRun) recallSecrets(args *value.Dict) {
	if i.module != "ansible.builtin.async_status" {
		return
	}
	if s, ok := i.batch.run.jobSecrets.Load(value.String(args.At("jid"))); ok {
		i.secrets.addAllOf(s.(*secrets))
	}
}

// asBooleans turns the numbers of a job's file into what results hold since
// 2.19.
func asBooleans(d *value.Dict, keys ...string) {
	for _, key := range keys {
		if v, ok := d.Lookup(key); ok {
			d.Put(key, value.Bool(value.Truth(v)))
		}
	}
}

// asyncView makes the calls of an action's task asynchronous.
type asyncView struct {
	*taskView
	job *remote.Async
}

// Invoke starts the module as a job.
func (v *asyncView) Invoke(ctx context.Context, module string, args *value.Dict, o *action.InvokeOptions) (*value.Dict, error) {
	if o == nil {
		o = &action.InvokeOptions{}
	}
	s, err := v.item.session(ctx)
	if err != nil {
		return nil, err
	}
	req := v.request(module, args, o)
	if result := v.uncheckable(module, req); result != nil {
		return result, nil
	}
	req.Async = v.job
	return s.Call(ctx, req)
}

// pollJob asks for the job's state until it ends or its time is over.
func (i *itemRun) pollJob(ctx context.Context, view *taskView, job *remote.Async) (*value.Dict, error) {
	interval := time.Duration(i.kw.poll) * time.Second
	deadline := time.Now().Add(time.Duration(i.kw.async) * time.Second)
	status := func(mode string) (*value.Dict, error) {
		args := value.DictOf("jid", job.JobID, "mode", mode, "_async_dir", job.Dir)
		return view.Invoke(ctx, "ansible.builtin.async_status", args, nil)
	}
	for {
		left := time.Until(deadline)
		if !sleep(ctx, min(interval, max(left, time.Second))) {
			return nil, context.Cause(ctx)
		}
		result, err := status("status")
		if err != nil {
			return nil, err
		}
		result = action.JobStatus(result, job.Dir, job.JobID)
		i.addInvocation(i.step.plan.spec, view.args, result)
		if isTrue(itemResult{dict: result}, "finished") {
			_, err := status("cleanup")
			i.batch.run.emit(event.AsyncEnd{
				Task: i.step.info, Host: i.seat.name, JobID: job.JobID, Failed: isTrue(itemResult{dict: result}, "failed"),
			})
			return result, err
		}
		if left <= 0 {
			return nil, source.Errorf(i.step.task.Pos, "the asynchronous job %s did not end within the %d seconds of 'async'", job.JobID, i.kw.async).
				WithHint("give the task more time with 'async', or do not wait for it with 'poll: 0'")
		}
		i.batch.run.emit(event.AsyncPoll{Task: i.step.info, Host: i.seat.name, JobID: job.JobID, Left: int(left.Seconds())})
	}
}
