package engine_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drover/inventory"
	"drover/playbook"
	"drover/playbook/action"
	"drover/playbook/engine"
	"drover/playbook/event"
	"drover/playbook/filters"
	"drover/playbook/jinja"
	"drover/playbook/value"
	"drover/transport"
	"drover/transport/remote"
	"drover/transport/sshtest"
)

// deaf is a sink that hears nothing.
type deaf struct{}

func (deaf) Event(event.Event) {}

// BenchmarkTask is what a task costs on a host, from the cursor to the result:
// keywords, connection, arguments, frames both ways to a stub, effects. The
// hosts are called as the local machine is, without SSH.
func BenchmarkTask(b *testing.B) {
	for name, task := range map[string]string{
		"plain":     "command: /bin/true",
		"templates": `command: "echo {{ greeting }} {{ inventory_hostname }}"`,
		"when":      "command: /bin/true\n      when: number | int > 3 and greeting is defined",
		"loop":      "command: \"echo {{ item }}\"\n      loop: [1, 2, 3, 4]",
		"set_fact":  "set_fact: {made: \"{{ greeting | upper }}\"}",
	} {
		b.Run(name, func(b *testing.B) { benchmarkTask(b, "linear", 20, 50, task) })
	}
}

// BenchmarkFleet is what a task costs the engine alone where hosts are many: it
// must stay the same.
func BenchmarkFleet(b *testing.B) {
	for _, strategy := range []string{"linear", "free", "host_pinned"} {
		for _, hosts := range []int{100, 1000, 10000} {
			b.Run(fmt.Sprintf("%s/%d", strategy, hosts), func(b *testing.B) {
				benchmarkTask(b, strategy, hosts, 5, "set_fact: {made: true}")
			})
		}
	}
}

func benchmarkTask(b *testing.B, strategy string, hosts, tasks int, task string) {
	text := "- hosts: all\n  gather_facts: false\n  strategy: " + strategy + "\n  vars: {greeting: hello, number: '5'}\n  tasks:\n" +
		strings.Repeat("    - "+task+"\n", tasks)
	path := filepath.Join(b.TempDir(), "play.yml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	answer := func(string, *value.Dict) *value.Dict { return value.DictOf("changed", true, "rc", 0, "stdout", "done") }
	env := jinja.NewEnv()
	filters.Register(env, filters.Options{})
	var names strings.Builder
	for i := range hosts {
		fmt.Fprintf(&names, "h%d,", i)
	}
	inv, err := inventory.Load([]string{names.String()}, inventory.Options{Env: env})
	if err != nil {
		b.Fatal(err)
	}
	loader := playbook.NewLoader(playbook.Options{Modules: action.Spec, Env: env})
	books, err := loader.Playbook(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		pool := remote.NewPool(transport.NewDialer(transport.Options{}), remote.Options{Local: func(ctx context.Context, _ string, in io.Reader, out io.Writer) error {
			return sshtest.Stub(answer)(ctx, in, out)
		}})
		e := engine.New(engine.Config{Inventory: inv, Loader: loader, Env: env, Pool: pool, Modules: action.Spec, Sink: deaf{},
			Connection: engine.Defaults{Kind: "local"}})
		if _, err := e.Run(context.Background(), []*playbook.Playbook{books}); err != nil {
			b.Fatal(err)
		}
		if err := pool.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*hosts*tasks), "µs/task")
}
