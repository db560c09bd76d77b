package facts

import (
	"context"

	"drover/playbook/value"
)

// facter gives Puppet's facts where facter is installed.
func facter(ctx context.Context, m *machine) *value.Dict {
	if facts := m.jsonFrom(ctx, "facter", "--puppet", "--json"); facts != nil {
		return facts
	}
	return m.jsonFrom(ctx, "facter", "--json")
}

// ohai gives Chef's facts where ohai is installed.
func ohai(ctx context.Context, m *machine) *value.Dict {
	return m.jsonFrom(ctx, "ohai")
}

func (m *machine) jsonFrom(ctx context.Context, argv ...string) *value.Dict {
	out, ok := m.command(ctx, argv...)
	if !ok {
		return nil
	}
	v, err := value.ParseJSON([]byte(out))
	if err != nil {
		return nil
	}
	facts, _ := v.(*value.Dict)
	return facts
}
