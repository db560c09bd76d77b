package modules_test

import (
	"testing"

	"drover/modules/modtest"
)

func TestPamLimits(t *testing.T) {
	const file = "/etc/security/limits.conf"
	const text = "# <domain> <type> <item> <value>\napp soft nofile 1024 # few\n*\thard\tcore\t0\n"
	limit := func(more ...any) []any {
		return append([]any{"domain", "app", "limit_type", "soft", "limit_item", "nofile"}, more...)
	}
	for _, tc := range []modtest.Case{
		{Name: "limit changed", Module: "pam_limits", Args: limit("value", "4096"), Setup: with(file, text), Change: true,
			Check: holds(file, "# <domain> <type> <item> <value>\napp\tsoft\tnofile\t4096\t# few\n*\thard\tcore\t0\n")},
		{Name: "limit there", Module: "pam_limits", Args: limit("value", 1024), Setup: with(file, text)},
		{Name: "limit added", Module: "pam_limits", Args: []any{"domain", "*", "limit_type", "-", "limit_item", "nproc", "value", "unlimited", "comment", "all"},
			Setup: with(file, "x"), Change: true, Check: holds(file, "x\n*\t-\tnproc\tunlimited\t#all\n")},
		{Name: "larger limit kept", Module: "pam_limits", Args: limit("value", "10", "use_max", true), Setup: with(file, text)},
		{Name: "smaller limit set", Module: "pam_limits", Args: limit("value", "10", "use_min", true), Setup: with(file, "app soft nofile infinity\n"), Change: true,
			Check: holds(file, "app\tsoft\tnofile\t10\n")},
	} {
		modtest.Conform(t, tc)
	}
}
