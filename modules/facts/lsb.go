package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// lsb tells what lsb_release says, or else /etc/lsb-release.
func lsb(ctx context.Context, m *machine) *value.Dict {
	found := value.NewDict(5)
	if out, ok := m.command(ctx, "lsb_release", "-a"); ok {
		readPairs(found, strings.Split(out, "\n"), ":", map[string]string{
			"LSB Version": "release", "Distributor ID": "id", "Description": "description",
			"Release": "release", "Codename": "codename",
		})
	}
	if found.Len() == 0 {
		readPairs(found, m.lines("/etc/lsb-release"), "=", map[string]string{
			"DISTRIB_ID": "id", "DISTRIB_RELEASE": "release",
			"DISTRIB_DESCRIPTION": "description", "DISTRIB_CODENAME": "codename",
		})
	}
	if release, ok := found.Lookup("release"); ok {
		major, _, _ := strings.Cut(value.String(release), ".")
		found.Put("major_release", value.Str(major))
	}
	return value.DictOf("lsb", found)
}

// readPairs puts the values of the known keys into found.
func readPairs(found *value.Dict, lines []string, sep string, names map[string]string) {
	for _, line := range lines {
		key, val, ok := strings.Cut(line, sep)
		if name := names[strings.TrimSpace(key)]; ok && name != "" {
			found.Put(name, value.Str(strings.Trim(strings.TrimSpace(val), `'"\`)))
		}
	}
}
