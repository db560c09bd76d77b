package facts

import (
	"context"

	"drover/playbook/value"
)

// apparmor tells whether AppArmor is on.
func apparmor(_ context.Context, m *machine) *value.Dict {
	status := "disabled"
	if m.exists("/sys/kernel/security/apparmor") {
		status = "enabled"
	}
	return value.DictOf("apparmor", value.DictOf("status", status))
}
