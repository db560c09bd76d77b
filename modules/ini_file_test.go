package modules_test

import (
	"testing"

	"drover/modules/modtest"
)

func TestIniFile(t *testing.T) {
	const file = "/etc/app.ini"
	const text = "top=1\n[a]\n;x = 0\ny=2\n\n[b]\nx = 1\nx = 2\n"
	args := func(more ...any) []any { return append([]any{"path", file}, more...) }
	for _, tc := range []modtest.Case{
		{Name: "option set in place of a comment", Module: "ini_file", Args: args("section", "a", "option", "x", "value", "5"), Setup: with(file, text), Change: true,
			Check: holds(file, "top=1\n[a]\nx = 5\ny=2\n\n[b]\nx = 1\nx = 2\n")},
		{Name: "option added at the end of its section", Module: "ini_file", Args: args("section", "a", "option", "z", "value", "5", "no_extra_spaces", true), Setup: with(file, text), Change: true,
			Check: holds(file, "top=1\n[a]\n;x = 0\ny=2\nz=5\n\n[b]\nx = 1\nx = 2\n")},
		{Name: "further values go", Module: "ini_file", Args: args("section", "b", "option", "x", "value", "2"), Setup: with(file, text), Change: true,
			Check: holds(file, "top=1\n[a]\n;x = 0\ny=2\n\n[b]\nx = 2\n")},
		{Name: "value beside others", Module: "ini_file", Args: args("section", "b", "option", "x", "values", []any{"2", "3"}, "exclusive", false), Setup: with(file, text), Change: true,
			Check: holds(file, text+"x = 3\n")},
		{Name: "section made", Module: "ini_file", Args: args("section", "c", "option", "o", "value", "v"), Change: true, Check: holds(file, "\n[c]\no = v\n")},
		{Name: "option removed", Module: "ini_file", Args: args("section", "b", "option", "x", "state", "absent"), Setup: with(file, text), Change: true,
			Check: holds(file, "top=1\n[a]\n;x = 0\ny=2\n\n[b]\n")},
		{Name: "section removed", Module: "ini_file", Args: args("section", "b", "state", "absent"), Setup: with(file, text), Change: true,
			Check: holds(file, "top=1\n[a]\n;x = 0\ny=2\n\n")},
		{Name: "before the sections", Module: "ini_file", Args: args("option", "top", "value", "1", "no_extra_spaces", true), Setup: with(file, text)},
		{Name: "without value", Module: "ini_file", Args: args("section", "a", "option", "flag", "allow_no_value", true), Setup: with(file, "[a]\n"), Change: true,
			Check: holds(file, "[a]\nflag\n")},
	} {
		modtest.Conform(t, tc)
	}
}
