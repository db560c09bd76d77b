package facts

import (
	"context"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// loadAverage tells the load of the last 1, 5 and 15 minutes.
func loadAverage(_ context.Context, m *machine) *value.Dict {
	fields := strings.Fields(m.textOr("/proc/loadavg", ""))
	if len(fields) < 3 {
		return nil
	}
	load := value.NewDict(3)
	for i, name := range []string{"1m", "5m", "15m"} {
		f, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return nil
		}
		load.Put(name, value.Float(f))
	}
	return value.DictOf("loadavg", load)
}
