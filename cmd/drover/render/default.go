package render

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"drover/internal/dump"
	"drover/playbook/event"
	"drover/playbook/value"
)

// defaultPrinter shows a run in the form that Ansible's users know.
type defaultPrinter struct {
	base
	check  bool
	live   *live
	task   *event.TaskInfo // whose heading was printed last
	wanted *event.TaskInfo // whose heading waits for something to show
}

func newDefault(o Options) *defaultPrinter {
	p := &defaultPrinter{base: newBase(o)}
	if o.Screen != nil {
		p.live = newLive(o.Screen)
	}
	return p
}

// Event implements event.Sink.
func (p *defaultPrinter) Event(e event.Event) {
	if p.live != nil {
		p.live.observe(e)
	}
	switch e := e.(type) {
	case event.RunStart:
		if p.check = e.Check; p.check && p.CheckMarkers {
			p.banner("DRY RUN")
		}
	case event.PlaybookStart:
		if p.Verbosity > 1 {
			p.banner("PLAYBOOK: " + filepath.Base(e.Path))
			p.say(asVerbose, fmt.Sprintf("%d plays in %s", e.Plays, e.Path))
		}
	case event.PlayStart:
		p.play(e)
	case event.NoHosts:
		p.noHosts(e)
	case event.TaskStart:
		p.start(e.Task)
	case event.Item:
		p.item(e)
	case event.Result:
		p.result(e)
	case event.RunEnd:
		if e.Broken && len(e.Stats) == 0 {
			return // nothing ran
		}
		p.recap(e.Stats, e.Custom)
		if p.check && p.CheckMarkers {
			p.banner("DRY RUN")
		}
	default:
		p.lesser(e)
	}
}

// lesser shows the events that are not results.
func (p *defaultPrinter) lesser(e event.Event) {
	switch e := e.(type) {
	case event.Retry:
		p.retry(e)
	case event.HostStart:
		p.hostStart(e)
	case event.PlaybookEnd:
		p.recap(e.Stats, e.Custom)
	case event.Included:
		p.included(e)
	case event.AsyncPoll:
		p.heading(e.Task)
		p.say(asDebug, fmt.Sprintf("ASYNC POLL on %s: jid=%s started=1 finished=0", e.Host, e.JobID))
	case event.AsyncEnd:
		p.heading(e.Task)
		p.asyncEnd(e)
	case event.Notified:
		if p.Verbosity > 1 {
			p.say(asVerbose, fmt.Sprintf("NOTIFIED HANDLER %s for %s", e.Handler, e.Host))
		}
	case event.Prompted:
		p.heading(p.wanted)
		p.say(plain, e.Text)
	default:
		p.talk(e)
	}
}

func (p *defaultPrinter) play(e event.PlayStart) {
	p.task, p.wanted = nil, nil
	text := "PLAY"
	if e.Name != "" {
		text = "PLAY [" + e.Name + "]"
	}
	p.banner(text + p.checkMark(p.check))
}

// checkMark marks the heading of what only tells what it would do.
func (p *defaultPrinter) checkMark(check bool) string {
	if check && p.CheckMarkers {
		return " [CHECK MODE]"
	}
	return ""
}

func (p *defaultPrinter) noHosts(e event.NoHosts) {
	if e.Remaining {
		p.banner("NO MORE HOSTS LEFT")
		return
	}
	p.say(asSkipped, "skipping: no hosts matched")
}

// start notes a task; its heading is printed now, or with its first result
// when some results are hidden.
func (p *defaultPrinter) start(t *event.TaskInfo) {
	if p.task != nil && p.task.ID == t.ID {
		return
	}
	p.wanted = t
	if !p.HideOK && !p.HideSkipped {
		p.heading(t)
	}
}

func (p *defaultPrinter) hostStart(e event.HostStart) {
	if !p.HostStarts {
		return
	}
	kind := "TASK"
	if e.Task.Handler {
		kind = "HANDLER"
	}
	p.say(plain, " [started "+kind+": "+e.Task.Heading()+" on "+e.Host+"]")
}

// heading prints a task's heading unless it stands there already.
func (p *defaultPrinter) heading(t *event.TaskInfo) {
	if t == nil || (p.task != nil && p.task.ID == t.ID) {
		return
	}
	p.task = t
	kind := "TASK"
	if t.Handler {
		kind = "RUNNING HANDLER"
	}
	args := ""
	if p.ShowArgs && !t.NoLog && t.Args != "" {
		args = " " + t.Args
	}
	p.banner(kind + " [" + t.Heading() + args + "]" + p.checkMark(t.Check))
	if p.Verbosity > 1 {
		p.taskPath(t)
	}
}

func (p *defaultPrinter) taskPath(t *event.TaskInfo) {
	if t.Pos.Known() {
		p.say(asDebug, fmt.Sprintf("task path: %s:%d", t.Pos.File, t.Pos.Line))
	}
}

func (p *defaultPrinter) item(e event.Item) {
	if p.hides(e.Status) {
		return
	}
	p.heading(e.Task)
	p.showDiff(e.Task, e.Result, e.NoDiff)
	host, label := "["+e.Host+p.target(e.Host, e.Target, e.Result)+"]", "(item="+label(e.Task, e.Label)+")"
	switch e.Status {
	case event.OK:
		p.say(asOK, "ok: "+host+" => "+label+p.detail(e.Task, e.Result))
	case event.Changed:
		p.say(asChanged, "changed: "+host+" => "+label+p.detail(e.Task, e.Result))
	case event.Skipped:
		p.say(asSkipped, "skipping: ["+e.Host+"] => "+label+" "+p.skipDetail(e.Task, without(e.Result, "ansible_loop_var")))
	default:
		p.fail(asFailed, "failed: "+host+" "+label+" => "+p.failure(e.Task, e.Result, e.Err))
	}
}

func (p *defaultPrinter) result(e event.Result) {
	if p.hides(e.Status) {
		return
	}
	p.heading(e.Task)
	if !e.Looped {
		p.showDiff(e.Task, e.Result, e.NoDiff)
	}
	host := "[" + e.Host + p.target(e.Host, e.Target, e.Result) + "]"
	if e.Status == event.Failed && p.FailurePath {
		p.taskPath(e.Task)
	}
	switch e.Status {
	case event.Unreachable:
		p.fail(asUnreachable, "fatal: "+host+": UNREACHABLE! => "+p.failure(e.Task, e.Result, nil))
	case event.Failed:
		if !e.Looped {
			p.fail(asFailed, "fatal: "+host+": FAILED! => "+p.failure(e.Task, e.Result, e.Err))
		}
	case event.Skipped:
		p.say(asSkipped, "skipping: ["+e.Host+"]"+p.skipDetail(e.Task, e.Result))
	case event.OK, event.Changed:
		p.good(e, host)
	}
	if e.Ignored {
		p.say(asSkipped, "...ignoring")
	}
}

// good shows a result that is no failure; of a loop the items have said it
// all.
func (p *defaultPrinter) good(e event.Result, host string) {
	switch {
	case e.Looped || isAction(e.Task, "include_tasks", "include_role"):
	case e.Status == event.Changed:
		p.say(asChanged, "changed: "+host+p.detail(e.Task, e.Result))
	default:
		p.say(asOK, "ok: "+host+p.detail(e.Task, e.Result))
	}
}

func (p *defaultPrinter) hides(s event.Status) bool {
	return (s == event.Skipped && p.HideSkipped) || (s == event.OK && p.HideOK)
}

func (p *defaultPrinter) fail(c colour, text string) {
	if p.FailedToErr {
		p.sayErr(c, text)
		return
	}
	p.say(c, text)
}

func (p *defaultPrinter) skipDetail(t *event.TaskInfo, r *value.Dict) string {
	if p.Verbosity == 0 {
		return ""
	}
	return p.detail(t, r)
}

func (p *defaultPrinter) showDiff(t *event.TaskInfo, r *value.Dict, off bool) {
	if t.NoLog || off {
		return
	}
	if d := p.diffText(t, r); d != "" {
		io.WriteString(p.Out, d)
	}
}

// target names the host that a host's task was delegated to, when it is
// another one, as the engine knows it or as a result from elsewhere tells.
func (p *defaultPrinter) target(host, name string, r *value.Dict) string {
	switch name {
	case "":
	case host:
		return ""
	default:
		return " -> " + name
	}
	d, ok := r.At("_ansible_delegated_vars").(value.Mapping)
	if !ok {
		return ""
	}
	if v, ok := field(d, "ansible_delegated_host"); ok {
		return " -> " + value.String(v)
	}
	return ""
}

// label is an item's name, hidden for no_log tasks.
func label(t *event.TaskInfo, v value.Value) string {
	if t.NoLog {
		return "(censored due to no_log)"
	}
	return dump.Text(v)
}

// asyncEnd tells how a job ended; the task's own line follows.
func (p *defaultPrinter) asyncEnd(e event.AsyncEnd) {
	if e.Failed {
		p.say(asFailed, fmt.Sprintf("ASYNC FAILED on %s: jid=%s", e.Host, e.JobID))
		return
	}
	p.say(asDebug, fmt.Sprintf("ASYNC OK on %s: jid=%s", e.Host, e.JobID))
}

func (p *defaultPrinter) retry(e event.Retry) {
	p.heading(e.Task)
	text := fmt.Sprintf("FAILED - RETRYING: [%s]: %s (%d retries left).", e.Host, e.Task.Heading(), e.Left)
	if p.Verbosity > 2 || alwaysShown(e.Task, e.Result) && !e.Task.NoLog {
		text += "Result was: " + p.attempt(e)
	}
	p.say(asDebug, text)
}

func (p *defaultPrinter) included(e event.Included) {
	p.heading(p.wanted)
	text := "included: " + e.Path + " for " + strings.Join(e.Hosts, ", ")
	if e.Label != "" {
		text += " => (item=" + e.Label + ")"
	}
	p.say(asIncluded, text)
}
