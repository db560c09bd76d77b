package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// systemd tells its version and what it was built with, where it runs.
func systemd(ctx context.Context, m *machine) *value.Dict {
	if !m.bootedWithSystemd() {
		return nil
	}
	out, ok := m.command(ctx, "systemctl", "--version")
	lines := strings.Split(out, "\n")
	words := strings.Fields(lines[0])
	if !ok || len(lines) < 2 || len(words) < 2 {
		return nil
	}
	version, _ := number(words[1])
	return value.DictOf("systemd", value.DictOf("features", lines[1], "version", version))
}
