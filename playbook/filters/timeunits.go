package filters

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

// timeUnitFilters turn "1h 30m" into a number of some unit.
var timeUnitFilters = []entry{
	{"community.general.to_time_unit", "value unit? year? month?", timeUnit(""), 0},
	{"community.general.to_milliseconds", "value year? month?", timeUnit("ms"), 0},
	{"community.general.to_seconds", "value year? month?", timeUnit("s"), 0},
	{"community.general.to_minutes", "value year? month?", timeUnit("m"), 0},
	{"community.general.to_hours", "value year? month?", timeUnit("h"), 0},
	{"community.general.to_days", "value year? month?", timeUnit("d"), 0},
	{"community.general.to_weeks", "value year? month?", timeUnit("w"), 0},
	{"community.general.to_months", "value year? month?", timeUnit("mo"), 0},
	{"community.general.to_years", "value year? month?", timeUnit("y"), 0},
}

// The units in milliseconds, and their longer names.
var (
	unitLengths = map[string]float64{"ms": 1, "s": 1000, "m": 60e3, "h": 3600e3, "d": 86400e3, "w": 7 * 86400e3}
	unitAliases = map[string]string{
		"millisecond": "ms", "msec": "ms", "msecond": "ms", "sec": "s", "second": "s", "hour": "h",
		"min": "m", "minute": "m", "day": "d", "week": "w", "month": "mo", "year": "y",
	}
	timePart = lazyre.New(`^(-?\d+)(\w+)`)
)

// unitLength gives the length of a unit by any of its names.
func (a *args) unitLength(unit string) (float64, bool) {
	if short, ok := unitAliases[strings.TrimRight(unit, "s")]; ok {
		unit = short
	}
	const day = 86400e3
	switch unit {
	case "mo":
		return day * float64(a.numOr("month", 30)), true
	case "y":
		return day * float64(a.numOr("year", 365)), true
	}
	n, ok := unitLengths[unit]
	return n, ok
}

func timeUnit(unit string) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		target := unit
		if target == "" {
			target = a.strOr("unit", "ms")
		}
		s, ok := value.AsString(a.val("value"))
		if !ok {
			return nil, fmt.Errorf("'%s' object has no attribute 'split'", a.val("value").Type())
		}
		if s == "0" {
			return value.Int(0), nil
		}
		per, ok := a.unitLength(target)
		if !ok {
			return nil, fmt.Errorf("to_time_unit() can not convert to the following unit: %s. Available short units: ms, s, m, h, d, w, mo, y", target)
		}
		if per == 0 {
			return nil, errors.New("float division by zero")
		}
		total := 0.0
		for _, part := range strings.Fields(s) {
			m := timePart.FindStringSubmatch(part)
			var length float64
			if ok = m != nil; ok {
				length, ok = a.unitLength(m[2])
			}
			if !ok {
				return nil, fmt.Errorf("to_time_unit() can not interpret following string: %s", s)
			}
			n, _ := strconv.ParseFloat(m[1], 64)
			total += n * length
		}
		return value.Float(roundTo(total/per, 12)), nil
	}
}
