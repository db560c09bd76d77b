package pep440

import (
	"fmt"
	"slices"
	"strings"

	"drover/internal/lazyre"
)

var clauseForm = lazyre.New(`^\s*(===|==|!=|<=|>=|~=|<|>)\s*([^\s,]+)\s*$`)

// Specifiers is what a requirement asks of a version; empty asks nothing.
type Specifiers []clause

type clause struct{ op, version string }

// ParseSpecifiers reads clauses such as ">=1.2,<2" or "==1.4.*".
func ParseSpecifiers(s string) (Specifiers, error) {
	var all Specifiers
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		m := clauseForm.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("Invalid specifier: '%s'", part)
		}
		c := clause{m[1], m[2]}
		if _, err := parse(c.base()); err != nil && c.op != "===" {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// String writes the clauses in the order of their texts, as pip is given them.
func (s Specifiers) String() string {
	var parts []string
	for _, c := range s {
		parts = append(parts, c.op+c.version)
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// Contains reports whether a version, which may be a pre-release, satisfies
// every clause. What is no version satisfies only an empty requirement.
func (s Specifiers) Contains(text string) bool {
	for _, c := range s {
		if !c.allows(text) {
			return false
		}
	}
	return true
}

// base is the clause's version without the wildcard at its end.
func (c clause) base() string { return strings.TrimSuffix(c.version, ".*") }

func (c clause) allows(text string) bool {
	if c.op == "===" {
		return strings.EqualFold(text, c.version)
	}
	have, err := parse(text)
	if err != nil {
		return false
	}
	want, err := parse(c.base())
	if err != nil {
		return false
	}
	if want.local == nil {
		have.local = nil // 1.0+deb1 is 1.0 to whoever asks for 1.0
	}
	order := have.compare(want)
	switch c.op {
	case "==":
		return c.equals(have, want)
	case "!=":
		return !c.equals(have, want)
	case "<=":
		return order <= 0
	case ">=":
		return order >= 0
	case "<":
		return order < 0 && !have.phaseOf(want)
	case ">":
		return order > 0 && !have.phaseOf(want)
	}
	return order >= 0 && have.startsWith(want, strings.Count(c.version, "."))
}

func (c clause) equals(have, want version) bool {
	if strings.HasSuffix(c.version, ".*") {
		return have.startsWith(want, strings.Count(c.version, "."))
	}
	return have.compare(want) == 0
}

// startsWith reports whether the first n numbers of both releases are the same.
func (v version) startsWith(w version, n int) bool {
	at := func(release []int, i int) int {
		if i < len(release) {
			return release[i]
		}
		return 0
	}
	for i := range n {
		if at(v.release, i) != at(w.release, i) {
			return false
		}
	}
	return v.epoch == w.epoch
}

// phaseOf reports whether v is a pre- or post-release of the final release w,
// which neither < nor > lets through.
func (v version) phaseOf(w version) bool {
	if v.epoch != w.epoch || !slices.Equal(v.release, w.release) {
		return false
	}
	return v.pre != w.pre && v.compare(w) < 0 && w.final() || v.post != w.post && w.post < 0 && v.compare(w) > 0
}

func (v version) final() bool {
	w, _ := parse("0")
	return v.pre == w.pre && v.dev == w.dev
}
