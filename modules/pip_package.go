package modules

import (
	"slices"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/pep440"
)

// pyPackage is a requirement as pip takes it. One that is no name with versions
// (an address, a path) is kept as it was written and is never known to be there.
type pyPackage struct {
	text     string // "" for a plain name
	name     string // as it was written
	extras   []string
	versions pep440.Specifiers
	marker   string
}

var requirementForm = lazyre.New(`^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*\(?([^();@]*)\)?\s*(?:;\s*(.+))?$`)

func parsePyPackage(text string) pyPackage {
	m := requirementForm.FindStringSubmatch(text)
	if m == nil {
		return pyPackage{text: text, name: text}
	}
	versions, err := pep440.ParseSpecifiers(m[3])
	if err != nil {
		return pyPackage{text: text, name: text}
	}
	p := pyPackage{name: m[1], versions: versions, marker: m[4]}
	for extra := range strings.SplitSeq(m[2], ",") {
		if extra = strings.TrimSpace(extra); extra != "" {
			p.extras = append(p.extras, extra)
		}
	}
	slices.Sort(p.extras)
	return p
}

// String writes the requirement for pip.
func (p pyPackage) String() string {
	if p.text != "" {
		return p.text
	}
	s := p.name
	if len(p.extras) > 0 {
		s += "[" + strings.Join(p.extras, ",") + "]"
	}
	s += p.versions.String()
	if p.marker != "" {
		s += "; " + p.marker
	}
	return s
}

// isInstalled reports whether a line of pip's list, name==version, satisfies the
// requirement.
func (p pyPackage) isInstalled(line string) bool {
	name, version, ok := strings.Cut(line, "==")
	return ok && p.text == "" && canonicalName(name) == canonicalName(p.name) && p.versions.Contains(version)
}

var nameSeparators = lazyre.New(`[-_.]+`)

// canonicalName writes a package's name the way in which names are compared.
func canonicalName(name string) string {
	return strings.ToLower(nameSeparators.ReplaceAllString(name, "-"))
}

// joinRequirements puts requirements together again that were cut at the commas
// between their versions or extras: what begins with an operator belongs to the
// name before it.
func joinRequirements(pieces []string) []string {
	var names []string
	inBrackets := false
	for _, piece := range pieces {
		for part := range strings.SplitSeq(piece, ",") {
			if n := len(names); n > 0 && (inBrackets || startsWithOperator(part)) {
				names[n-1] += "," + part
			} else {
				names = append(names, part)
			}
			if strings.Contains(part, "[") {
				inBrackets = true
			}
			if strings.Contains(part, "]") {
				inBrackets = false
			}
		}
	}
	return names
}

func startsWithOperator(s string) bool {
	s = strings.TrimLeft(s, " ")
	return s != "" && strings.IndexByte("<>=!~", s[0]) >= 0
}
