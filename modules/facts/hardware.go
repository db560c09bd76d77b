package facts

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"drover/playbook/value"
)

// hardware tells processors, memory, firmware, disks and mounts; its parts run
// side by side because some of them wait for programs.
func hardware(ctx context.Context, m *machine) *value.Dict {
	parts := []func(context.Context, *machine) *value.Dict{
		processors, memory, dmi, devices, uptime, volumeGroups, mounts,
	}
	found := make([]*value.Dict, len(parts))
	var running sync.WaitGroup
	for i, part := range parts {
		running.Go(func() {
			found[i] = m.run(ctx, collector{name: "hardware", collect: part})
		})
	}
	running.Wait()
	facts := value.NewDict(48)
	for _, f := range found {
		facts.Update(f)
	}
	return facts
}

// uptime tells since how many seconds the host is up.
func uptime(_ context.Context, m *machine) *value.Dict {
	whole, _, _ := strings.Cut(m.textOr("/proc/uptime", ""), ".")
	if seconds, ok := number(whole); ok {
		return value.DictOf("uptime_seconds", seconds)
	}
	return nil
}

// number reads a decimal number.
func number(s string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return n, err == nil
}
