package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
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

// labels is a sink that notes the items of loops in the order of their events.
type labels struct{ of []string }

func (l *labels) Event(e event.Event) {
	if i, ok := e.(event.Item); ok {
		l.of = append(l.of, value.String(i.Label))
	}
}

// Items that run side by side reach the host, and people, in their order.
func TestLoopKeepsItsOrder(t *testing.T) {
	const items = 1200 // more than a window
	var mu sync.Mutex
	var called []string
	answer := func(_ string, args *value.Dict) *value.Dict {
		mu.Lock()
		defer mu.Unlock()
		called = append(called, value.String(args.At("cmd")))
		return value.DictOf("changed", true, "rc", 0)
	}
	for name, when := range map[string]string{
		"independent":                "true",
		"asking for the last result": "r is undefined or r is changed",
		"asking from the middle on":  fmt.Sprintf("item < %d or r is changed", items/2),
	} {
		t.Run(name, func(t *testing.T) {
			called = nil
			var seen labels
			runOverSSH(t, &seen, answer, fmt.Sprintf("- hosts: all\n  gather_facts: false\n  tasks:\n"+
				"    - command: {cmd: \"{{ item }}\"}\n      loop: \"{{ range(%d) | list }}\"\n      register: r\n      when: %s\n", items, when))
			var want []string
			for i := range items {
				want = append(want, fmt.Sprint(i))
			}
			if !slices.Equal(called, want) {
				t.Errorf("the host was called %d times, or in another order: %.200v", len(called), called)
			}
			if !slices.Equal(seen.of, want) {
				t.Errorf("%d items were shown, or in another order: %.200v", len(seen.of), seen.of)
			}
		})
	}
}

// runOverSSH runs a playbook on a host that answers calls by a function.
func runOverSSH(t *testing.T, sink event.Sink, answer func(string, *value.Dict) *value.Dict, text string) {
	t.Helper()
	server, err := sshtest.Start(sshtest.Options{Password: "pw", Runner: sshtest.Stub(answer)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	path := filepath.Join(t.TempDir(), "play.yml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	env := jinja.NewEnv()
	filters.Register(env, filters.Options{})
	inv, err := inventory.Load([]string{"127.0.0.1,"}, inventory.Options{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	loader := playbook.NewLoader(playbook.Options{Modules: action.Spec, Env: env})
	book, err := loader.Playbook(path)
	if err != nil {
		t.Fatal(err)
	}
	pool := remote.NewPool(transport.NewDialer(transport.Options{NoHostKeyCheck: true}), remote.Options{})
	defer pool.Close()
	e := engine.New(engine.Config{Inventory: inv, Loader: loader, Env: env, Pool: pool, Modules: action.Spec, Sink: sink,
		Connection: engine.Defaults{Kind: "ssh", User: "u", Password: "pw", Port: server.Port()}})
	out, err := e.Run(context.Background(), []*playbook.Playbook{book})
	if err != nil || out.Failed || out.Unreachable {
		t.Fatalf("got %+v, %v", out, err)
	}
}
