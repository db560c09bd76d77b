package modules

import (
	"strconv"
	"strings"
	"time"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

// limit is a condition on one of the numbers.
type limit struct {
	key, text, level string
	op               string
	number           float64
	hold             time.Duration // must hold that long
}

// crossing is a limit that a number crosses.
type crossing struct {
	limit
	path  string // the key with every * filled in
	value value.Value
}

var condition = lazyre.New(`^\s*(>=|<=|==|!=|>|<|=)\s*(-?[0-9.]+)\s*([KMGT]?)(?:i?B)?%?\s*(?:for\s+([0-9.]+)\s*(ms|s|m|h)?)?\s*$`)

// parseLimits reads the conditions of warn and fail.
func parseLimits(warn, fail *value.Dict) ([]limit, error) {
	var limits []limit
	for _, group := range []struct {
		level      string
		conditions *value.Dict
	}{{"fail", fail}, {"warn", warn}} {
		for _, e := range group.conditions.Entries() {
			texts := []value.Value{e.Val}
			if list, ok := e.Val.(*value.List); ok {
				texts = list.Elems
			}
			for _, text := range texts {
				l, err := parseLimit(value.String(e.Key), value.String(text))
				if err != nil {
					return nil, err
				}
				l.level = group.level
				limits = append(limits, l)
			}
		}
	}
	return limits, nil
}

func parseLimit(key, text string) (limit, error) {
	f := condition.FindStringSubmatch(text)
	if f == nil {
		return limit{}, Failf("%q is no condition for %s; write one such as '>95', '<=1.5G' or '>95 for 10s'", text, key)
	}
	number, err := strconv.ParseFloat(f[2], 64)
	if err != nil {
		return limit{}, Failf("%q in the condition for %s is no number", f[2], key)
	}
	for _, unit := range "KMGT" {
		if f[3] == "" {
			break
		}
		number *= 1024
		if f[3] == string(unit) {
			break
		}
	}
	l := limit{key: key, text: strings.TrimSpace(text), op: f[1], number: number}
	if f[4] != "" {
		unit := orText(f[5], "s")
		if l.hold, err = time.ParseDuration(f[4] + unit); err != nil {
			return limit{}, Failf("%q in the condition for %s is no time", f[4]+unit, key)
		}
	}
	return l, nil
}

func (l limit) holds(number float64) bool {
	switch l.op {
	case ">":
		return number > l.number
	case ">=":
		return number >= l.number
	case "<":
		return number < l.number
	case "<=":
		return number <= l.number
	case "!=":
		return number != l.number
	}
	return number == l.number
}

// crossedLimits gives the limits that the numbers cross. A key that names no
// number is crossed by nothing found: it is reported so that a misspelt limit
// does not watch nothing in silence.
func crossedLimits(limits []limit, numbers *value.Dict) []crossing {
	var crossed []crossing
	for _, l := range limits {
		found := findNumbers(numbers, l.key, "")
		if len(found) == 0 {
			crossed = append(crossed, crossing{limit: limit{key: l.key, text: l.text, level: l.level}, path: l.key, value: value.Str("not measured here")})
		}
		for _, n := range found {
			if number, ok := value.AsFloat(n.value); ok && l.holds(number) {
				crossed = append(crossed, crossing{limit: l, path: n.path, value: n.value})
			}
		}
	}
	return crossed
}

// stillWaiting: some crossed limit has to hold longer than was measured.
func stillWaiting(crossed []crossing, waited time.Duration) bool {
	for _, x := range crossed {
		if x.hold > waited {
			return true
		}
	}
	return false
}

// stillCrossed keeps the limits that need time and hold on in new numbers, and
// those that need none.
func stillCrossed(crossed []crossing, numbers *value.Dict) []crossing {
	var kept []crossing
	for _, x := range crossed {
		if x.hold == 0 {
			kept = append(kept, x)
			continue
		}
		for _, n := range findNumbers(numbers, x.key, "") {
			if number, ok := value.AsFloat(n.value); ok && n.path == x.path && x.holds(number) {
				x.value = n.value
				kept = append(kept, x)
			}
		}
	}
	return kept
}

type foundNumber struct {
	path  string
	value value.Value
}

// findNumbers follows a dotted key. Keys of the numbers may hold dots
// themselves (mount points), so every key that the path begins with is tried.
func findNumbers(at value.Value, path, above string) []foundNumber {
	if path == "" {
		if _, ok := value.AsFloat(at); ok {
			return []foundNumber{{above, at}}
		}
		return nil
	}
	d, ok := at.(*value.Dict)
	if !ok {
		return nil
	}
	var found []foundNumber
	for _, e := range d.Entries() {
		key := value.String(e.Key)
		rest, ok := afterKey(path, key)
		if !ok {
			rest, ok = afterKey(path, "*")
		}
		if ok {
			found = append(found, findNumbers(e.Val, rest, strings.TrimPrefix(above+"."+key, "."))...)
		}
	}
	return found
}

func afterKey(path, key string) (rest string, ok bool) {
	if path == key {
		return "", true
	}
	return strings.CutPrefix(path, key+".")
}
