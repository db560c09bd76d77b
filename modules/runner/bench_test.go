package runner

import (
	"testing"

	"drover/modules"
	"drover/modules/target"
	"drover/playbook/value"
	"drover/transport/wire"
)

// BenchmarkCommand is what a call of the command module costs, with the program
// that it starts. Its bytes count: a runner seldom lives long enough to collect
// garbage, and each new page costs as much as some system calls.
func BenchmarkCommand(b *testing.B) {
	c := serve(b, Options{Host: target.NewReal(), Lookup: modules.Lookup}, nil)
	call := &wire.Call{Module: "ansible.builtin.command", Args: value.DictOf("_raw_params", "/bin/true")}
	b.ReportAllocs()
	for b.Loop() {
		c.call(1, call)
		if _, r := c.reply(); r.Outcome != wire.OutcomeResult {
			b.Fatal(r.Text)
		}
	}
}
