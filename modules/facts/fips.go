package facts

import (
	"context"

	"drover/playbook/value"
)

// fips tells whether the kernel runs in FIPS mode.
func fips(_ context.Context, m *machine) *value.Dict {
	return value.DictOf("fips", m.textOr("/proc/sys/crypto/fips_enabled", "0") == "1")
}
