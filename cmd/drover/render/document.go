package render

import (
	"io"
	"strings"

	"drover/internal/dump"
	"drover/playbook/event"
	"drover/playbook/value"
)

// document writes one JSON document at the end of the run, in the form of
// Ansible's json callback.
type document struct {
	w     io.Writer
	plays []*value.Dict
	tasks map[string]*value.Dict // the entry of each task of the current play
}

func newDocument(w io.Writer) *document { return &document{w: w} }

// Event implements event.Sink.
func (d *document) Event(e event.Event) {
	switch e := e.(type) {
	case event.PlayStart:
		d.play(e)
	case event.TaskStart:
		d.task(e)
	case event.Result:
		d.result(e)
	case event.RunEnd:
		d.end(e)
	}
}

func (d *document) play(e event.PlayStart) {
	d.tasks = map[string]*value.Dict{}
	d.plays = append(d.plays, value.DictOf(
		"play", value.DictOf("name", e.Name, "path", place(e.Pos), "duration", value.NewDict(2)),
		"tasks", value.NewList()))
}

func (d *document) task(e event.TaskStart) {
	if len(d.plays) == 0 || d.tasks[e.Task.ID] != nil {
		return
	}
	t := value.DictOf("task", value.DictOf("name", e.Task.Heading(), "id", e.Task.ID, "path", place(e.Task.Pos),
		"duration", value.DictOf("start", stamp(e.Time))), "hosts", value.NewDict(len(e.Hosts)))
	d.tasks[e.Task.ID] = t
	d.plays[len(d.plays)-1].At("tasks").(*value.List).Append(t)
}

func (d *document) result(e event.Result) {
	t := d.tasks[e.Task.ID]
	if t == nil {
		return
	}
	r := guard(e.Task, e.Result)
	r.Put("action", value.Str(strings.TrimPrefix(e.Task.Action, "ansible.builtin.")))
	t.At("hosts").(*value.Dict).Put(e.Host, r)
	t.At("task").(*value.Dict).At("duration").(*value.Dict).Put("end", value.Str(stamp(e.End)))
}

func (d *document) end(e event.RunEnd) {
	plays := value.NewList()
	for _, p := range d.plays {
		plays.Append(p)
	}
	end := describeEnd(e)
	custom := end.At("custom").(*value.Dict)
	global := value.Value(value.NewDict(0))
	if run, ok := custom.Lookup("_run"); ok {
		global = run
		custom.Delete(value.Str("_run"))
	}
	doc := value.DictOf("custom_stats", custom, "global_custom_stats", global, "plays", plays, "stats", end.At("stats"))
	io.WriteString(d.w, dump.JSON(doc, dump.Style{Indent: "    ", Sort: true})+"\n")
}
