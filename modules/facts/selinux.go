package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// selinux tells whether SELinux is on and in which mode, from selinuxfs and
// its configuration.
func selinux(_ context.Context, m *machine) *value.Dict {
	state := value.DictOf("status", "disabled")
	if m.exists("/sys/fs/selinux/enforce") {
		conf := map[string]string{}
		for _, line := range m.lines("/etc/selinux/config") {
			if key, val, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
				conf[key] = strings.ToLower(val)
			}
		}
		mode := map[string]string{"1": "enforcing", "0": "permissive"}[m.textOr("/sys/fs/selinux/enforce", "")]
		state = value.DictOf(
			"status", "enabled",
			"policyvers", policyVersion(m.textOr("/sys/fs/selinux/policyvers", "")),
			"config_mode", orUnknown(conf["SELINUX"]),
			"mode", orUnknown(mode),
			"type", orUnknown(conf["SELINUXTYPE"]),
		)
	}
	return value.DictOf("selinux", state, "selinux_python_present", true)
}

func policyVersion(text string) value.Value {
	if n, ok := number(text); ok {
		return value.Int(n)
	}
	return value.Str("unknown")
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
