package facts

import (
	"context"

	"drover/playbook/value"
)

// user tells as whom modules run.
func user(_ context.Context, m *machine) *value.Dict {
	current := m.host.Users().Current()
	name := current.Name
	for _, variable := range []string{"LOGNAME", "USER", "LNAME", "USERNAME"} {
		if v := m.host.Getenv(variable); v != "" {
			name = v
			break
		}
	}
	entry, ok := m.host.Users().User(name)
	if !ok {
		entry = current
	}
	return value.DictOf(
		"user_id", name, "user_uid", entry.UID, "user_gid", entry.GID, "user_gecos", entry.Gecos,
		"user_dir", entry.Home, "user_shell", entry.Shell,
		"real_user_id", current.UID, "effective_user_id", current.UID,
		"real_group_id", current.GID, "effective_group_id", current.GID,
	)
}
