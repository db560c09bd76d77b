package filters

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"drover/internal/lazyre"
)

var pep440Version = lazyre.New(`(?i)^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)` +
	`(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?` +
	`(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?` +
	`(?:[-_.]?(dev)[-_.]?(\d*))?` +
	`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$`)

// pep440 is a version in the form in which its parts compare in order.
type pep440 struct {
	epoch   int
	release []int
	pre     [2]int // phase (a=0, b=1, rc=2) and number
	post    int
	dev     int
	local   []string
}

func parsePEP440(s string) (pep440, error) {
	m := pep440Version.FindStringSubmatch(strings.ToLower(s))
	if m == nil {
		return pep440{}, fmt.Errorf("Invalid version: '%s'", s)
	}
	num := func(s string) int { n, _ := strconv.Atoi(s); return n }
	v := pep440{epoch: num(m[1]), post: -1, dev: math.MaxInt, pre: [2]int{math.MaxInt, 0}}
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
		v.local = regexp.MustCompile(`[-_.]`).Split(m[10], -1)
	}
	return v, nil
}

func comparePEP440(x, y string) (int, error) {
	a, err := parsePEP440(x)
	if err != nil {
		return 0, err
	}
	b, err := parsePEP440(y)
	if err != nil {
		return 0, err
	}
	if c := a.epoch - b.epoch; c != 0 {
		return c, nil
	}
	if c := slices.Compare(a.release, b.release); c != 0 {
		return c, nil
	}
	own := []int{a.pre[0], a.pre[1], a.post, a.dev}
	if c := slices.Compare(own, []int{b.pre[0], b.pre[1], b.post, b.dev}); c != 0 {
		return c, nil
	}
	return slices.CompareFunc(a.local, b.local, compareLocal), nil
}

// compareLocal compares segments of local versions: numbers come after words.
func compareLocal(x, y string) int {
	_, xNum := atoi(x)
	_, yNum := atoi(y)
	switch {
	case xNum && yNum:
		return compareDigits(strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0"))
	case xNum:
		return 1
	case yNum:
		return -1
	}
	return strings.Compare(x, y)
}
