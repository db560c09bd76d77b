package facts

import (
	"strings"

	"drover/modules/glob"
	"drover/playbook/value"
)

// filter keeps the facts whose name matches one of the patterns; a pattern may
// leave out the prefix "ansible_".
func filter(facts *value.Dict, patterns []string) *value.Dict {
	if len(patterns) == 0 || len(patterns) == 1 && (patterns[0] == "*" || patterns[0] == "") {
		return facts
	}
	kept := value.NewDict(8)
	for _, e := range facts.Entries() {
		if matchesAny(value.String(e.Key), patterns) {
			kept.Set(e.Key, e.Val)
		}
	}
	return kept
}

func matchesAny(name string, patterns []string) bool {
	for _, p := range patterns {
		if p == "" || glob.Match(p, name) {
			return true
		}
		if !hasFactPrefix(p) && glob.Match("ansible_"+p, name) {
			return true
		}
	}
	return false
}

func hasFactPrefix(p string) bool {
	return strings.HasPrefix(p, "ansible_") || strings.HasPrefix(p, "facter") || strings.HasPrefix(p, "ohai")
}
