package modules

import (
	"cmp"
	"strconv"
	"strings"
)

// compareVersions orders two Debian versions as dpkg does: -1, 0 or 1.
func compareVersions(a, b string) int {
	aEpoch, aUpstream, aRevision := splitVersion(a)
	bEpoch, bUpstream, bRevision := splitVersion(b)
	return cmp.Or(
		cmp.Compare(aEpoch, bEpoch),
		compareParts(aUpstream, bUpstream),
		compareParts(aRevision, bRevision),
	)
}

// splitVersion takes [epoch:]upstream[-revision] apart.
func splitVersion(v string) (epoch int, upstream, revision string) {
	if e, rest, ok := strings.Cut(v, ":"); ok {
		epoch, _ = strconv.Atoi(e)
		v = rest
	}
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		return epoch, v[:i], v[i+1:]
	}
	return epoch, v, ""
}

// compareParts compares runs of other characters and runs of digits in turn.
func compareParts(a, b string) int {
	for a != "" || b != "" {
		var aText, bText, aDigits, bDigits string
		aText, a = takeWhile(a, false)
		bText, b = takeWhile(b, false)
		if c := compareText(aText, bText); c != 0 {
			return c
		}
		aDigits, a = takeWhile(a, true)
		bDigits, b = takeWhile(b, true)
		aDigits, bDigits = strings.TrimLeft(aDigits, "0"), strings.TrimLeft(bDigits, "0")
		if c := cmp.Or(cmp.Compare(len(aDigits), len(bDigits)), strings.Compare(aDigits, bDigits)); c != 0 {
			return c
		}
	}
	return 0
}

func takeWhile(s string, digits bool) (taken, rest string) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9') == digits {
		i++
	}
	return s[:i], s[i:]
}

// compareText orders "~" before the end, the end before letters, and letters
// before everything else.
func compareText(a, b string) int {
	for i := 0; i < max(len(a), len(b)); i++ {
		if c := cmp.Compare(weight(a, i), weight(b, i)); c != 0 {
			return c
		}
	}
	return 0
}

func weight(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '~':
		return -1
	case s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z':
		return int(s[i])
	}
	return int(s[i]) + 256
}
