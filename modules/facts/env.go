package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// environment tells the environment that modules run in: the runner's, and
// what the task adds to it.
func environment(_ context.Context, m *machine) *value.Dict {
	data, _ := m.host.ReadFile("/proc/self/environ")
	pairs := strings.Split(string(data), "\x00")
	if task, ok := m.host.(interface{ Environ() []string }); ok {
		pairs = append(pairs, task.Environ()...)
	}
	env := value.NewDict(16)
	for _, pair := range pairs {
		if name, val, ok := strings.Cut(pair, "="); ok {
			env.Put(name, value.Str(val))
		}
	}
	return value.DictOf("env", env)
}
