package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// memory tells memory and swap in MiB, from /proc/meminfo.
func memory(_ context.Context, m *machine) *value.Dict {
	mb := map[string]int64{}
	for _, line := range m.lines("/proc/meminfo") {
		key, val, _ := strings.Cut(line, ":")
		if kb, ok := number(strings.TrimSuffix(strings.TrimSpace(val), " kB")); ok {
			mb[key] = kb / 1024
		}
	}
	if len(mb) == 0 {
		return nil
	}
	free := mb["Cached"] + mb["MemFree"] + mb["Buffers"]
	return value.DictOf(
		"memtotal_mb", mb["MemTotal"], "memfree_mb", mb["MemFree"],
		"swaptotal_mb", mb["SwapTotal"], "swapfree_mb", mb["SwapFree"],
		"memory_mb", value.DictOf(
			"real", value.DictOf("total", mb["MemTotal"], "used", mb["MemTotal"]-mb["MemFree"], "free", mb["MemFree"]),
			"nocache", value.DictOf("free", free, "used", mb["MemTotal"]-free),
			"swap", value.DictOf("total", mb["SwapTotal"], "free", mb["SwapFree"],
				"used", mb["SwapTotal"]-mb["SwapFree"], "cached", mb["SwapCached"]),
		),
	)
}
