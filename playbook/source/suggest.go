package source

import "strings"

// Suggest gives the candidate nearest to name by edit distance when one is
// near enough to be a likely misspelling, else "". Names of one letter are near
// to nothing but their other case.
func Suggest(name string, candidates []string) string {
	best, bestDist := "", tolerance(name)+1
	for _, c := range candidates {
		if len(name) == 1 && !strings.EqualFold(name, c) {
			continue
		}
		if d := distance(name, c, bestDist); d < bestDist {
			best, bestDist = c, d
		}
	}
	return best
}

// tolerance is how many slips of the finger a name of this length may have.
func tolerance(name string) int {
	switch {
	case len(name) <= 4:
		return 1
	case len(name) <= 9:
		return 2
	}
	return 3
}

// DidYouMean gives " (did you mean 'x'?)" for the nearest candidate, or "".
func DidYouMean(name string, candidates []string) string {
	if s := Suggest(name, candidates); s != "" {
		return " (did you mean '" + s + "'?)"
	}
	return ""
}

// distance is the Damerau-Levenshtein distance (adjacent swaps count one),
// or limit when it is at least that.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return min(prev[len(b)], limit)
}
