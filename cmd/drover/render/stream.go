package render

import (
	"io"
	"sort"
	"time"

	"drover/internal/dump"
	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
)

// stream writes every event as one line of JSON with a fixed order of keys;
// docs/output.md lists them.
type stream struct{ w io.Writer }

func newStream(w io.Writer) *stream { return &stream{w} }

// Event implements event.Sink.
func (s *stream) Event(e event.Event) {
	if d := describe(e); d != nil {
		io.WriteString(s.w, dump.JSON(d, dump.Style{Compact: true})+"\n")
	}
}

// describe gives an event as a dict, nil for those that only a live display
// wants.
func describe(e event.Event) *value.Dict {
	switch e := e.(type) {
	case event.RunStart:
		return value.DictOf("event", "run_start", "time", stamp(e.Time), "playbooks", e.Playbooks, "check", e.Check)
	case event.PlaybookStart:
		return value.DictOf("event", "playbook_start", "path", e.Path)
	case event.PlaybookEnd:
		return value.DictOf("event", "playbook_end", "path", e.Path)
	case event.PlayStart:
		return value.DictOf("event", "play_start", "name", e.Name, "path", place(e.Pos), "hosts", e.Hosts)
	case event.NoHosts:
		return value.DictOf("event", "no_hosts", "remaining", e.Remaining)
	case event.TaskStart:
		return taskHead("task_start", e.Task).Update(value.DictOf("time", stamp(e.Time), "path", place(e.Task.Pos),
			"tags", e.Task.Tags, "hosts", e.Hosts))
	case event.HostStart:
		return taskHead("host_start", e.Task).Update(value.DictOf("host", e.Host))
	case event.Item:
		return describeItem(e)
	case event.Result:
		return describeResult(e)
	case event.RunEnd:
		return describeEnd(e)
	}
	return describeLesser(e)
}

func describeLesser(e event.Event) *value.Dict {
	switch e := e.(type) {
	case event.Retry:
		return taskHead("retry", e.Task).Update(value.DictOf("host", e.Host, "attempts", e.Attempts, "left", e.Left,
			"result", guard(e.Task, e.Result)))
	case event.AsyncPoll:
		return taskHead("async_poll", e.Task).Update(value.DictOf("host", e.Host, "job", e.JobID, "left", e.Left))
	case event.AsyncEnd:
		return taskHead("async_end", e.Task).Update(value.DictOf("host", e.Host, "job", e.JobID, "failed", e.Failed))
	case event.Included:
		return value.DictOf("event", "included", "file", e.Path, "hosts", e.Hosts, "item", e.Label)
	case event.Notified:
		return value.DictOf("event", "notified", "handler", e.Handler, "host", e.Host)
	case event.Warning:
		return value.DictOf("event", "warning", "text", e.Text, "path", place(e.Pos), "deprecated", e.Deprecated)
	case event.Message:
		return value.DictOf("event", "message", "host", e.Host, "verbosity", e.Verbosity, "text", e.Text)
	case event.Prompted:
		return value.DictOf("event", "prompt", "text", e.Text)
	case event.ErrorEvent:
		return value.DictOf("event", "error", "text", source.Format(e.Err))
	}
	return nil
}

func taskHead(kind string, t *event.TaskInfo) *value.Dict {
	return value.DictOf("event", kind, "task", t.Heading(), "task_id", t.ID, "action", t.Action, "role", t.Role, "handler", t.Handler)
}

func describeItem(e event.Item) *value.Dict {
	return taskHead("item", e.Task).Update(value.DictOf("host", e.Host, "item", label(e.Task, e.Label),
		"status", string(e.Status), "ignored", e.Ignored, "result", guard(e.Task, e.Result)))
}

func describeResult(e event.Result) *value.Dict {
	return taskHead("result", e.Task).Update(value.DictOf("host", e.Host, "delegated_to", e.Target,
		"status", string(e.Status), "ignored", e.Ignored, "rescued", e.Rescued,
		"start", stamp(e.Start), "end", stamp(e.End), "duration", e.End.Sub(e.Start).Seconds(),
		"result", guard(e.Task, e.Result)))
}

func describeEnd(e event.RunEnd) *value.Dict {
	stats, custom := value.NewDict(len(e.Stats)), value.NewDict(len(e.Custom))
	for _, s := range e.Stats {
		stats.Put(s.Host, statsDict(s))
	}
	names := make([]string, 0, len(e.Custom))
	for n := range e.Custom {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		custom.Put(n, e.Custom[n])
	}
	return value.DictOf("event", "run_end", "time", stamp(e.Time), "interrupted", e.Interrupted, "stats", stats, "custom", custom)
}

func statsDict(s event.HostStats) *value.Dict {
	return value.DictOf("ok", s.OK, "changed", s.Changed, "unreachable", s.Unreachable, "failed", s.Failed,
		"skipped", s.Skipped, "rescued", s.Rescued, "ignored", s.Ignored)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func place(p source.Pos) string {
	if !p.Known() {
		return ""
	}
	return p.String()
}
