package facts

import (
	"context"
	"strconv"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

// pythonVersion finds the parts of what "python3 --version" prints.
var pythonVersion = lazyre.New(`^Python ((\d+)\.(\d+)\.(\d+)(?:(a|b|rc)(\d+))?)`)

// releaseLevels are Python's words for the letters in a version.
var releaseLevels = map[string]string{"": "final", "a": "alpha", "b": "beta", "rc": "candidate"}

// hostPython is the host's own interpreter, where it has one: playbooks choose
// packages by its version. drover itself uses none.
type hostPython struct {
	executable string
	parts      []string // what pythonVersion finds; nil where there is no Python
}

func (m *machine) findPython() hostPython {
	for _, name := range []string{"/usr/bin/python3", "/usr/local/bin/python3", "/usr/libexec/platform-python", "/usr/bin/python"} {
		if !m.exists(name) {
			continue
		}
		out, _ := m.command(context.Background(), name, "--version")
		if parts := pythonVersion.FindStringSubmatch(out); parts != nil {
			return hostPython{name, parts}
		}
	}
	return hostPython{}
}

// python tells of the host's own interpreter; its version is a fact of the
// platform.
func python(_ context.Context, m *machine) *value.Dict {
	found := m.python()
	if found.parts == nil {
		return nil
	}
	number := func(text string) int {
		n, _ := strconv.Atoi(text) // "" of a release is 0
		return n
	}
	parts := found.parts
	version := value.DictOf("major", number(parts[2]), "minor", number(parts[3]), "micro", number(parts[4]),
		"releaselevel", releaseLevels[parts[5]], "serial", number(parts[6]))
	info := value.NewList()
	for _, e := range version.Entries() {
		info.Append(e.Val)
	}
	return value.DictOf("python", value.DictOf("version", version, "version_info", info,
		"executable", found.executable, "has_sslcontext", true, "type", "cpython"))
}
