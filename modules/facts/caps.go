package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// capabilities tells which capabilities capsh sees; "N/A" without capsh.
func capabilities(ctx context.Context, m *machine) *value.Dict {
	out, ok := m.command(ctx, "capsh", "--print")
	if !ok {
		return value.DictOf("system_capabilities", "N/A", "system_capabilities_enforced", "N/A")
	}
	enforced, caps := parseCapsh(out)
	return value.DictOf("system_capabilities", caps, "system_capabilities_enforced", enforced)
}

// parseCapsh reads the line "Current: …": "=ep" alone means every capability.
func parseCapsh(out string) (enforced string, caps []string) {
	enforced, caps = "NA", []string{}
	for _, line := range strings.Split(out, "\n") {
		current, ok := strings.CutPrefix(line, "Current:")
		if !ok {
			continue
		}
		if strings.TrimSpace(current) == "=ep" {
			enforced = "False"
			continue
		}
		enforced = "True"
		if parts := strings.Split(current, "="); len(parts) > 1 {
			for _, c := range strings.Split(parts[1], ",") {
				caps = append(caps, strings.TrimSpace(c))
			}
		}
	}
	return enforced, caps
}
