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

// python tells of the host's own interpreter, where it has one: playbooks
// choose packages by its version. drover itself uses none.
func python(ctx context.Context, m *machine) *value.Dict {
	for _, name := range []string{"/usr/bin/python3", "/usr/local/bin/python3", "/usr/libexec/platform-python", "/usr/bin/python"} {
		if !m.exists(name) {
			continue
		}
		out, _ := m.command(ctx, name, "--version")
		if parts := pythonVersion.FindStringSubmatch(out); parts != nil {
			return pythonFacts(name, parts)
		}
	}
	return nil
}

func pythonFacts(executable string, parts []string) *value.Dict {
	number := func(text string) int {
		n, _ := strconv.Atoi(text) // "" of a release is 0
		return n
	}
	version := value.DictOf("major", number(parts[2]), "minor", number(parts[3]), "micro", number(parts[4]),
		"releaselevel", releaseLevels[parts[5]], "serial", number(parts[6]))
	info := value.NewList()
	for _, e := range version.Entries() {
		info.Append(e.Val)
	}
	return value.DictOf("python_version", parts[1], "python", value.DictOf("version", version, "version_info", info,
		"executable", executable, "has_sslcontext", true, "type", "cpython"))
}
