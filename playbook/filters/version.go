package filters

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/pep440"
	"drover/playbook/value"
)

// versionTests compare version numbers.
var versionTests = []entry{
	{"version", "value version operator? strict? version_type?", versionTest, 0},
	{"version_compare", "value version operator? strict? version_type?", versionTest, 0},
}

// versionFilters sort versions.
var versionFilters = []entry{
	{"community.general.version_sort", "value reverse?", versionSort, 0},
}

// versionOperators says for which outcomes of a comparison an operator holds.
var versionOperators = map[string]func(c int) bool{
	"==": func(c int) bool { return c == 0 },
	"<":  func(c int) bool { return c < 0 },
	"<=": func(c int) bool { return c <= 0 },
	">":  func(c int) bool { return c > 0 },
	">=": func(c int) bool { return c >= 0 },
	"!=": func(c int) bool { return c != 0 },
}

var operatorAliases = map[string]string{
	"=": "==", "eq": "==", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "<>": "!=", "ne": "!=",
}

// versionSchemes are the ways to compare two versions.
var versionSchemes = map[string]func(x, y string) (int, error){
	"loose":    compareLoose,
	"strict":   compareStrict,
	"semver":   compareSemver,
	"semantic": compareSemver,
	"pep440":   pep440.Compare,
}

func versionTest(a *args) (value.Value, error) {
	scheme := a.strOr("version_type", "")
	switch {
	case a.has("strict") && a.has("version_type"):
		return nil, errors.New("Cannot specify both 'strict' and 'version_type'")
	case !a.truth("value"):
		return nil, errors.New("Input version value cannot be empty")
	case !a.truth("version"):
		return nil, errors.New("Version parameter to compare against cannot be empty")
	case a.truth("strict"):
		scheme = "strict"
	case scheme == "":
		scheme = "loose"
	}
	compare := versionSchemes[scheme]
	if compare == nil {
		return nil, fmt.Errorf("Invalid version type (%s). Must be one of 'loose', 'strict', 'semver', 'semantic', 'pep440'", scheme)
	}
	operator := a.strOr("operator", "eq")
	holds := versionOperators[operator]
	if holds == nil {
		holds = versionOperators[operatorAliases[operator]]
	}
	if holds == nil {
		return nil, fmt.Errorf("Invalid operator type (%s). Must be one of '==', '=', 'eq', '<', 'lt', '<=', 'le', '>', 'gt', '>=', 'ge', '!=', '<>', 'ne'", operator)
	}
	c, err := compare(a.text("value"), a.text("version"))
	if err != nil {
		return nil, fmt.Errorf("Version comparison failed: %w", err)
	}
	return value.Bool(holds(c)), nil
}

// looseParts splits a version into numbers and words: "1.10a" is 1, 10, "a".
func looseParts(s string) []value.Value {
	var parts []value.Value
	for len(s) > 0 {
		var n int
		switch c := s[0]; {
		case isDigit(c):
			n = runLength(s, isDigit)
			i, err := strconv.ParseInt(s[:n], 10, 64)
			if err != nil {
				i = 1<<63 - 1
			}
			parts = append(parts, value.Int(i))
		case c >= 'a' && c <= 'z':
			n = runLength(s, func(c byte) bool { return c >= 'a' && c <= 'z' })
			parts = append(parts, value.Str(s[:n]))
		case c == '.':
			n = 1
		default:
			n = runLength(s, func(c byte) bool { return !isDigit(c) && c != '.' && (c < 'a' || c > 'z') })
			parts = append(parts, value.Str(s[:n]))
		}
		s = s[n:]
	}
	return parts
}

func runLength(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func compareLoose(x, y string) (int, error) {
	return compareParts(looseParts(x), looseParts(y))
}

func compareParts(x, y []value.Value) (int, error) {
	for i := range min(len(x), len(y)) {
		if value.Equal(x[i], y[i]) {
			continue
		}
		c, ok := value.Compare(x[i], y[i])
		if !ok {
			return 0, fmt.Errorf("'<' not supported between instances of '%s' and '%s'", x[i].Type(), y[i].Type())
		}
		return c, nil
	}
	return len(x) - len(y), nil
}

var strictVersion = lazyre.New(`^(\d+)\.(\d+)(\.(\d+))?([ab](\d+))?$`)

// strictParts gives major, minor, patch, and the pre-release as letter (c for
// none, which sorts after a and b) and number.
func strictParts(s string) ([5]int, error) {
	m := strictVersion.FindStringSubmatch(s)
	if m == nil {
		return [5]int{}, fmt.Errorf("invalid version number '%s'", s)
	}
	num := func(s string) int { n, _ := strconv.Atoi(s); return n }
	parts := [5]int{num(m[1]), num(m[2]), num(m[4]), 'c', 0}
	if m[5] != "" {
		parts[3], parts[4] = int(m[5][0]), num(m[6])
	}
	return parts, nil
}

func compareStrict(x, y string) (int, error) {
	a, errA := strictParts(x)
	b, errB := strictParts(y)
	return slices.Compare(a[:], b[:]), errors.Join(errA, errB)
}

var semVersion = lazyre.New(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
	`(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?` +
	`(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$`)

func compareSemver(x, y string) (int, error) {
	a, b := semVersion.FindStringSubmatch(x), semVersion.FindStringSubmatch(y)
	for i, m := range [][]string{a, b} {
		if m == nil {
			return 0, fmt.Errorf("invalid semantic version '%s'", []string{x, y}[i])
		}
	}
	for i := 1; i <= 3; i++ {
		if c := compareDigits(a[i], b[i]); c != 0 {
			return c, nil
		}
	}
	switch {
	case a[4] == b[4]:
		return 0, nil
	case a[4] == "":
		return 1, nil
	case b[4] == "":
		return -1, nil
	}
	return slices.CompareFunc(strings.Split(a[4], "."), strings.Split(b[4], "."), comparePrerelease), nil
}

// compareDigits compares two numbers of any length without leading zeros.
func compareDigits(x, y string) int {
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(x, y)
}

// comparePrerelease compares identifiers: numbers by value, before words.
func comparePrerelease(x, y string) int {
	_, xNum := atoi(x)
	_, yNum := atoi(y)
	switch {
	case xNum && yNum:
		return compareDigits(x, y)
	case xNum:
		return -1
	case yNum:
		return 1
	}
	return strings.Compare(x, y)
}

// versionSort sorts by the loose comparison.
func versionSort(a *args) (value.Value, error) {
	elems := slices.Clone(a.list("value"))
	for _, e := range elems {
		if _, ok := value.AsString(e); !ok && len(elems) > 1 {
			return nil, fmt.Errorf("a version must be a string, not '%s'", e.Type())
		}
	}
	var bad error
	slices.SortStableFunc(elems, func(x, y value.Value) int {
		c, err := compareLoose(value.String(x), value.String(y))
		if err != nil && bad == nil {
			bad = err
		}
		return c
	})
	if a.truth("reverse") {
		slices.Reverse(elems)
	}
	return value.NewList(elems...), bad
}
