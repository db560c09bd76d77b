package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// environment tells the environment that modules run in.
func environment(_ context.Context, m *machine) *value.Dict {
	data, _ := m.host.ReadFile("/proc/self/environ")
	env := value.NewDict(16)
	for _, pair := range strings.Split(string(data), "\x00") {
		if name, val, ok := strings.Cut(pair, "="); ok {
			env.Put(name, value.Str(val))
		}
	}
	return value.DictOf("env", env)
}
