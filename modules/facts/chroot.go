package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// chroot tells whether / is another directory than the first process's.
func chroot(ctx context.Context, m *machine) *value.Dict {
	return value.DictOf("is_chroot", m.isChroot(ctx))
}

func (m *machine) isChroot(ctx context.Context) bool {
	if m.host.Getenv("debian_chroot") != "" {
		return true
	}
	mine, err := m.host.Stat("/")
	if err != nil {
		return false
	}
	if first, err := m.host.Stat("/proc/1/root/."); err == nil {
		return mine.Ino != first.Ino || mine.Dev != first.Dev
	}
	// Others' processes are closed to us: judge by the inode that the file
	// system gives its root.
	kind, _ := m.command(ctx, "stat", "-f", "--format=%T", "/")
	switch {
	case strings.Contains(kind, "btrfs"):
		return mine.Ino != 256
	case strings.Contains(kind, "xfs"):
		return mine.Ino != 128
	}
	return mine.Ino != 2
}
