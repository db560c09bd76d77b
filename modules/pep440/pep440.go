// Package pep440 orders the versions of Python packages and tells whether one
// satisfies a requirement, as PEP 440 has it.
package pep440

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"drover/internal/lazyre"
)

var versionForm = lazyre.New(`(?i)^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)` +
	`(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?` +
	`(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?` +
	`(?:[-_.]?(dev)[-_.]?(\d*))?` +
	`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$`)

// version is a version in the form in which its parts compare in order.
type version struct {
	epoch   int
	release []int
	pre     [2]int // phase (a=0, b=1, rc=2) and number
	post    int
	dev     int
	local   []string
}

func parse(s string) (version, error) {
	m := versionForm.FindStringSubmatch(strings.ToLower(s))
	if m == nil {
		return version{}, fmt.Errorf("Invalid version: '%s'", s)
	}
	num := func(s string) int { n, _ := strconv.Atoi(s); return n }
	v := version{epoch: num(m[1]), post: -1, dev: math.MaxInt, pre: [2]int{math.MaxInt, 0}}
	for part := range strings.SplitSeq(m[2], ".") {
		v.release = append(v.release, num(part))
	}
	for len(v.release) > 0 && v.release[len(v.release)-1] == 0 {
		v.release = v.release[:len(v.release)-1]
	}
	hasPre, hasPost, hasDev := m[3] != "", m[5] != "" || m[6] != "", m[8] != ""
	if hasPre {
		phase := map[byte]int{'a': 0, 'b': 1, 'c': 2, 'r': 2, 'p': 2}
		v.pre = [2]int{phase[m[3][0]], num(m[4])}
	}
	if hasPost {
		v.post = num(m[5] + m[7])
	}
	if hasDev {
		v.dev = num(m[9])
		if !hasPre && !hasPost { // 1.0.dev1 comes before 1.0a1
			v.pre = [2]int{math.MinInt, 0}
		}
	}
	if m[10] != "" {
		v.local = strings.FieldsFunc(m[10], func(r rune) bool { return strings.ContainsRune("-_.", r) })
	}
	return v, nil
}

// Compare orders two versions: negative, 0 or positive. Its error names the one
// that is none.
func Compare(x, y string) (int, error) {
	a, err := parse(x)
	if err != nil {
		return 0, err
	}
	b, err := parse(y)
	if err != nil {
		return 0, err
	}
	return a.compare(b), nil
}

func (v version) compare(w version) int {
	own := []int{v.pre[0], v.pre[1], v.post, v.dev}
	return cmp.Or(
		cmp.Compare(v.epoch, w.epoch),
		slices.Compare(v.release, w.release),
		slices.Compare(own, []int{w.pre[0], w.pre[1], w.post, w.dev}),
		slices.CompareFunc(v.local, w.local, compareLocal),
	)
}

// compareLocal compares segments of local versions: numbers come after words.
func compareLocal(x, y string) int {
	xNum, yNum := isDigits(x), isDigits(y)
	switch {
	case xNum && yNum:
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
	case xNum:
		return 1
	case yNum:
		return -1
	}
	return strings.Compare(x, y)
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }
