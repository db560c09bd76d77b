package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"drover/modules"
	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/transport"
)

// itemResult is the result of one run of a task.
type itemResult struct {
	dict *value.Dict
	// ignored: failed or unreachable, and the keywords say to go on.
	ignored bool
	// notify names the handlers that a change notifies.
	notify []string
}

func isTrue(r itemResult, key string) bool {
	v, ok := r.dict.Lookup(key)
	return ok && value.Truth(v)
}

// hasFailed reports whether a result counts as a failure: what failed_when
// found decides, also over tries that were used up; a loop failed when one of
// its items did.
func hasFailed(d *value.Dict, looped bool) bool {
	if items, ok := d.At("results").(*value.List); ok && looped {
		return slices.ContainsFunc(items.Elems, func(v value.Value) bool {
			item, ok := v.(*value.Dict)
			return ok && hasFailed(item, false)
		})
	}
	if v, ok := d.Lookup("failed_when_result"); ok {
		return value.Truth(v)
	}
	return isTrue(itemResult{dict: d}, "failed")
}

// run runs the task once: conditions, keywords, arguments, attempts.
func (i *itemRun) run(ctx context.Context) (r itemResult) {
	defer func() {
		if fault := recover(); fault != nil {
			r = i.failed(i.faultError(fault))
		}
	}()
	if err := i.delegation(); err != nil {
		return i.failed(err)
	}
	skipped, err := i.skip()
	if err != nil {
		return i.failed(err)
	}
	if skipped != nil {
		return itemResult{dict: skipped}
	}
	if err := i.step.plan.faults.Err(); err != nil {
		return i.failed(err)
	}
	if err := i.keywords(); err != nil {
		return i.failed(err)
	}
	if i.step.task.Include != nil {
		if err := i.wantInclude(); err != nil {
			return i.notIncluded(err)
		}
		return itemResult{dict: value.DictOf("changed", false, "include", true)}
	}
	if i.kw.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, i.kw.timeout, errTimedOut)
		defer cancel()
	}
	result := i.retry(ctx)
	i.effects(result)
	return i.done(result)
}

// notIncluded is the result of an include that could not be prepared.
func (i *itemRun) notIncluded(err error) itemResult {
	r := i.failed(err)
	if errors.Is(err, fs.ErrNotExist) {
		i.out.absent++
		i.out.ignored, r.ignored = false, false
		if !i.batch.run.cfg.Env.Lenient {
			r.dict.Put("reason", value.Str(errorText(err)))
		}
	}
	return r
}

var errTimedOut = errors.New("timed out")

// skip gives the result of a task whose conditions are not met, else nil.
func (i *itemRun) skip() (*value.Dict, error) {
	for _, c := range i.step.plan.when {
		ok, err := evalCond(i.jinja, c)
		if err != nil {
			return nil, err
		}
		if !ok {
			return value.DictOf("changed", false, "skipped", true, "skip_reason", "Conditional result was False",
				"false_condition", conditionText(c)), nil
		}
	}
	return nil, nil
}

func conditionText(c playbook.Cond) value.Value {
	if t, ok := c.Expr.(*value.Template); ok {
		return value.Str(t.Src)
	}
	return c.Expr
}

// failed is the result of a run that an error ended before or beside the
// module; ignore_errors counts for it too, and as true when it is what can't be
// evaluated, as in Ansible.
func (i *itemRun) failed(err error) itemResult {
	ev := &keywordReader{ctx: i.jinja, base: &i.step.task.Base}
	i.kw.ignoreErrors = ev.boolean("ignore_errors", i.step.plan.ignoreErrors, false) || ev.err != nil
	i.out.err = err
	return i.done(i.errorResult(err))
}

func (i *itemRun) errorResult(err error) *value.Dict {
	var u *transport.UnreachableError
	// A user that can't be become fails the task: the host itself answers.
	if errors.As(err, &u) && u.Phase != transport.PhaseBecome {
		i.out.target, _, _ = strings.Cut(i.out.target, "(") // the error tells the address
		result := value.DictOf("unreachable", true, "changed", false, "msg", u.Error())
		if !i.batch.run.cfg.Env.Lenient {
			result.Put("exception", value.Str(noTraceback))
		}
		return result
	}
	text := errorText(err)
	if i.batch.run.cfg.Env.Lenient && jinja.KindOf(err) == jinja.KindUndefined {
		text = "The task includes an option with an undefined variable. The error was: " + text
	}
	result := value.DictOf("failed", true, "changed", false, "msg", text)
	var failure *modules.Error
	if errors.As(err, &failure) && failure.Data != nil {
		result.Update(failure.Data)
	}
	return result
}

func (i *itemRun) done(result *value.Dict) itemResult {
	r := itemResult{dict: result}
	i.batch.run.addException(result)
	i.out.diff = i.kw.diff
	failed := hasFailed(result, false)
	r.ignored = failed && i.kw.ignoreErrors || isTrue(r, "unreachable") && i.kw.ignoreUnreachable
	if failed || isTrue(r, "unreachable") {
		i.out.ignored = r.ignored
	}
	if isTrue(r, "changed") || i.loop != nil && !isTrue(r, "skipped") {
		r.notify = i.notifications()
	}
	if len(i.warns) > 0 {
		i.addWarnings(result)
	}
	if !i.kw.noLog {
		i.tellWarnings(result)
	}
	return r
}

// notifications evaluates notify for a changed result.
func (i *itemRun) notifications() []string {
	var names []string
	for _, n := range i.step.plan.notify {
		v, err := i.jinja.Evaluate(n)
		if err != nil {
			i.batch.run.fault(source.Wrap(i.step.task.Keys["notify"], err))
			return nil
		}
		if list := stringsOf(v); list != nil {
			names = append(names, list...)
		} else {
			names = append(names, value.String(v))
		}
	}
	return names
}

// tellWarnings shows the warnings of a result.
func (i *itemRun) tellWarnings(result *value.Dict) {
	for _, w := range stringsOf(result.At("warnings")) {
		i.batch.run.warn(source.Pos{}, i.secrets.mask(w))
	}
}

func (i *itemRun) addWarnings(result *value.Dict) {
	all := value.NewList()
	if have, ok := result.At("warnings").(*value.List); ok {
		all.Append(have.Elems...)
	}
	for _, w := range i.warns {
		all.Append(value.Str(w))
	}
	result.Put("warnings", all)
}

// retry runs the action until its conditions are met or the tries are used up.
func (i *itemRun) retry(ctx context.Context) *value.Dict {
	trying := i.kw.retries > 1
	for attempt := 1; ; attempt++ {
		i.try = 0
		if trying {
			i.try = attempt
		}
		result := i.attempt(ctx)
		if !trying || isTrue(itemResult{dict: result}, "unreachable") || ctx.Err() != nil {
			return result
		}
		i.see(result)
		met, err := i.untilMet(result)
		if err != nil {
			i.out.err = err
			return i.errorResult(err)
		}
		if met {
			return result
		}
		if attempt >= i.kw.retries {
			result.Put("attempts", value.Int(max(1, i.kw.retries-1)))
			result.Put("failed", value.Bool(true))
			return result
		}
		i.batch.run.emit(event.Retry{
			Task: i.step.info, Host: i.seat.name, Left: i.kw.retries - attempt, Attempts: attempt, Result: i.show(result),
		})
		if !sleep(ctx, i.kw.delay) {
			return result
		}
	}
}

func (i *itemRun) untilMet(result *value.Dict) (bool, error) {
	if len(i.step.task.Until) == 0 {
		return !isTrue(itemResult{dict: result}, "failed"), nil
	}
	return i.all(i.step.task.Until)
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// see lets until, failed_when and changed_when look at the result under its
// registered name.
func (i *itemRun) see(result *value.Dict) {
	if name := i.step.task.Register; name != "" {
		i.local.Set(name, result)
	}
}

// all reports whether every condition is met.
func (i *itemRun) all(cs []playbook.Cond) (bool, error) {
	for _, c := range cs {
		ok, err := evalCond(i.jinja, c)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// timeoutText words the failure of a task that ran out of time, as the
// Ansible does that is imitated.
func (i *itemRun) timeoutText(secs float64) string {
	if i.batch.run.cfg.Env.Lenient {
		return fmt.Sprintf("The %s action failed to execute in the expected time frame (%v) and was terminated", i.step.task.Action, secs)
	}
	return fmt.Sprintf("Timed out after %v second(s).", secs)
}

// noTraceback is what failed results have under the key exception since 2.19:
// tracebacks are shown to developers only.
const noTraceback = "(traceback unavailable)"

// addException gives a failed result the key exception, as 2.19 does.
func (r *run) addException(result *value.Dict) {
	if r.cfg.Env.Lenient || !isTrue(itemResult{dict: result}, "failed") {
		return
	}
	if _, has := result.Lookup("exception"); !has {
		result.Put("exception", value.Str(noTraceback))
	}
}

// suppressException keeps the exception of a result that failed_when found to
// be none under another key.
func suppressException(result *value.Dict) {
	if broke, has := result.Lookup("exception"); has {
		result.Delete(value.Str("exception"))
		result.Put("failed_when_suppressed_exception", broke)
	}
}

// tellCrash tells of a module that broke in the way of the Ansible that is
// imitated: before 2.19 that was a program that ended with a traceback.
func (i *itemRun) tellCrash(result *value.Dict) {
	broke, has := result.Lookup("exception")
	if !has || !i.batch.run.cfg.Env.Lenient {
		return
	}
	result.Put("msg", value.Str("MODULE FAILURE\nSee stdout/stderr for the exact error"))
	result.Put("module_stdout", value.Str(""))
	result.Put("module_stderr", broke)
	result.Put("rc", value.Int(1))
}

// olderWords words a failure as the Ansible that is imitated does, where 2.19
// says something else.
func (i *itemRun) olderWords(result *value.Dict) {
	msg, _ := value.AsString(result.At("msg"))
	switch {
	case !i.batch.run.cfg.Env.Lenient:
	case msg == modules.NoCommand:
		result.Put("msg", value.Str("no command given"))
		result.Put("rc", value.Int(256))
	case msg == modules.TwoCommands:
		result.Put("msg", value.Str("only command or argv can be given, not both"))
		result.Put("rc", value.Int(256))
	case strings.Contains(msg, "Could not replace '"):
		result.Put("msg", value.Str(strings.Replace(msg, "Could not replace '", "Could not replace file: '", 1)))
	case strings.HasPrefix(msg, "File ") || strings.HasPrefix(msg, "Source "):
		if m := i.step.task.Module; m == "ansible.builtin.slurp" || m == "ansible.builtin.fetch" {
			result.Put("msg", value.Str(strings.ToLower(msg[:1])+msg[1:]))
		}
	}
}

// attempt runs the action once and lets changed_when and failed_when judge.
func (i *itemRun) attempt(ctx context.Context) *value.Dict {
	result, err := i.act(ctx)
	switch {
	case errors.Is(context.Cause(ctx), errTimedOut):
		secs := i.kw.timeout.Seconds()
		return value.DictOf("failed", true, "changed", false,
			"msg", i.timeoutText(secs),
			"timedout", value.DictOf("period", int(secs)))
	case err != nil && ctx.Err() != nil:
		return value.DictOf("failed", true, "changed", false, "msg", "interrupted while the task was running")
	case err != nil:
		if !transport.IsUnreachable(err) {
			i.out.err = err
		}
		result = i.errorResult(err)
	}
	i.complete(result)
	i.tellCrash(result)
	i.olderWords(result)
	i.inventoryEffects(result)
	if isTrue(itemResult{dict: result}, "unreachable") {
		return result
	}
	if i.try > 0 {
		result.Put("attempts", value.Int(i.try))
	}
	if err := i.judge(result); err != nil {
		i.out.err = err
		result.Put("failed", value.Bool(true))
		result.Put("msg", value.Str(errorText(err)))
	}
	return result
}

// complete fills in the keys that every result has.
func (i *itemRun) complete(result *value.Dict) {
	if _, ok := result.Lookup("changed"); !ok {
		result.Put("changed", value.Bool(false))
	}
	if _, ok := result.Lookup("failed"); !ok && !isTrue(itemResult{dict: result}, "unreachable") {
		rc, _ := value.AsInt(result.At("rc"))
		result.Put("failed", value.Bool(rc != 0))
	}
	for _, key := range []string{"stdout", "stderr"} {
		text, ok := value.AsString(result.At(key))
		if _, have := result.Lookup(key + "_lines"); ok && !have {
			lines := value.Strings(jinja.SplitLines(text)...)
			result.Put(key+"_lines", lines)
		}
	}
}

// judge applies changed_when and failed_when.
func (i *itemRun) judge(result *value.Dict) error {
	task := i.step.task
	if isTrue(itemResult{dict: result}, "skipped") || len(task.ChangedWhen) == 0 && len(task.FailedWhen) == 0 {
		return nil
	}
	i.see(result)
	if len(task.ChangedWhen) > 0 {
		changed, err := i.all(task.ChangedWhen)
		if err != nil {
			result.Put("changed_when_result", value.Str(errorText(err)))
			return source.Wrap(task.Keys["changed_when"], err)
		}
		result.Put("changed", value.Bool(changed))
	}
	if len(task.FailedWhen) > 0 {
		failed, err := i.all(task.FailedWhen)
		if err != nil {
			result.Put("failed_when_result", value.Str(errorText(err)))
			return source.Wrap(task.Keys["failed_when"], err)
		}
		result.Put("failed", value.Bool(failed))
		result.Put("failed_when_result", value.Bool(failed))
		if !failed {
			i.out.err = nil
			suppressException(result)
		}
	}
	return nil
}

// wantInclude notes what an include task wants included.
func (i *itemRun) wantInclude() error {
	inc, task := i.step.task.Include, i.step.task
	ev := &keywordReader{ctx: i.jinja, base: &task.Base}
	want := &inclusion{vars: i.loop}
	if i.loop != nil || i.kw.noLog {
		want.label = value.String(i.showLabel())
	}
	if !inc.Role {
		name := ev.text("file", inc.File, "")
		if ev.err != nil {
			return ev.err
		}
		path, err := i.batch.run.cfg.Loader.Find(task, "tasks", name)
		if err != nil {
			return source.Wrap(task.Pos, err)
		}
		want.path = path
	} else {
		want.role = playbook.RoleRequest{
			Name: ev.text("name", inc.Name, ""), TasksFrom: ev.text("tasks_from", inc.TasksFrom, ""),
			VarsFrom: ev.text("vars_from", inc.VarsFrom, ""), DefaultsFrom: ev.text("defaults_from", inc.DefaultsFrom, ""),
			HandlersFrom: ev.text("handlers_from", inc.HandlersFrom, ""),
			Public:       ev.boolean("public", inc.Public, i.batch.run.cfg.Loader.PublicRole(false)), AllowDuplicates: ev.boolean("allow_duplicates", inc.AllowDuplicates, true),
			Validate: ev.boolean("rolespec_validate", inc.RolespecValidate, true), Apply: inc.Apply,
		}
	}
	if ev.err == nil {
		i.out.includes = append(i.out.includes, want)
	}
	return ev.err
}
