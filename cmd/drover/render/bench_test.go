package render

import (
	"io"
	"testing"

	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
)

// BenchmarkResult is the way of one result to the terminal.
func BenchmarkResult(b *testing.B) {
	for _, name := range []string{"default", "json"} {
		b.Run(name, func(b *testing.B) {
			sink, err := New(name, Options{Out: io.Discard, Err: io.Discard})
			if err != nil {
				b.Fatal(err)
			}
			task := &event.TaskInfo{ID: "1", Name: "Run", Action: "command", Pos: source.Pos{File: "site.yml", Line: 4, Col: 7}}
			sink.Event(event.TaskStart{Task: task, Hosts: []string{"web1"}, Time: noon})
			result := event.Result{Task: task, Host: "web1", Status: event.Changed, Start: noon, End: noon,
				Result: value.DictOf("changed", true, "rc", 0, "stdout", "done", "stdout_lines", []string{"done"})}
			b.ReportAllocs()
			for b.Loop() {
				sink.Event(result)
			}
		})
	}
}
