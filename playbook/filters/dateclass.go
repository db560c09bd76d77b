package filters

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

// classMethod gives the methods of Python's classes datetime and date, which
// their values have too: those that make another date; nil for other names.
func (d dateTime) classMethod(name string) value.Value {
	switch name {
	case "today":
		return constant(name, d.like(localTime(time.Now()).(dateTime)))
	case "fromtimestamp":
		return method(name, "timestamp tz?", func(a *args) (value.Value, error) { return d.fromTimestamp(a, localTime) })
	case "fromordinal":
		return method(name, "ordinal", fromOrdinal(d))
	case "fromisoformat":
		return method(name, "date_string", func(a *args) (value.Value, error) { return d.fromISO(a.str("date_string")) })
	case "fromisocalendar":
		return method(name, "year week day", func(a *args) (value.Value, error) {
			return d.fromWeek(a.num("year"), a.num("week"), a.num("day"))
		})
	}
	if d.dateOnly {
		return nil
	}
	switch name {
	case "now":
		return constant(name, localTime(time.Now()))
	case "utcnow":
		return constant(name, naiveUTC(time.Now()))
	case "utcfromtimestamp":
		return method(name, "timestamp", func(a *args) (value.Value, error) { return d.fromTimestamp(a, naiveUTC) })
	case "strptime":
		return method(name, "date_string format", func(a *args) (value.Value, error) {
			return parseTime(a.str("date_string"), a.str("format"))
		})
	case "combine":
		return method(name, "date time", combineTime)
	}
	return nil
}

// like gives the day of a moment where d is one of a date.
func (d dateTime) like(moment dateTime) dateTime {
	if !d.dateOnly {
		return moment
	}
	t := moment.t
	return dateTime{time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC), true, true}
}

// naiveUTC gives a moment in UTC, without saying so.
func naiveUTC(t time.Time) value.Value {
	return dateTime{t: t.UTC().Truncate(time.Microsecond), naive: true}
}

// fromTimestamp reads seconds since 1970; in makes a date of them.
func (d dateTime) fromTimestamp(a *args, in func(time.Time) value.Value) (value.Value, error) {
	v := a.val("timestamp")
	seconds, ok := value.AsFloat(v)
	if _, isText := value.AsString(v); isText || !ok {
		return nil, fmt.Errorf("'%s' object cannot be interpreted as an integer", v.Type())
	}
	t := time.UnixMicro(int64(seconds * 1e6))
	if t.Year() < minYear || t.Year() > maxYear {
		return nil, fmt.Errorf("year %d is out of range", t.Year())
	}
	return d.like(in(t).(dateTime)), nil
}

// fromOrdinal counts days from 1 January of year 1, which is day 1.
func fromOrdinal(d dateTime) func(a *args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		n := a.num("ordinal")
		t := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n-1)
		if n < 1 || t.Year() > maxYear {
			return nil, fmt.Errorf("ordinal must be >= 1 and in the range of years")
		}
		return dateTime{t, true, d.dateOnly}, nil
	}
}

// fromWeek finds a day by its ISO week, and its number there from Monday, 1.
func (d dateTime) fromWeek(year, week, day int) (value.Value, error) {
	if day < 1 || day > 7 {
		return nil, fmt.Errorf("Invalid weekday: %d (range is [1, 7])", day)
	}
	// 4 January is always in the first week.
	first := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	t := first.AddDate(0, 0, (week-1)*7+day-1-weekday(first))
	if y, w := t.ISOWeek(); y != year || w != week {
		return nil, fmt.Errorf("Invalid week: %d", week)
	}
	return dateTime{t, true, d.dateOnly}, nil
}

// combineTime is datetime.combine: a day of one value, the time of the other.
func combineTime(a *args) (value.Value, error) {
	day, isDate := a.val("date").(dateTime)
	clock, isTime := a.val("time").(timeOfDay)
	switch {
	case !isDate:
		return nil, fmt.Errorf("combine() argument 1 must be datetime.date, not %s", a.val("date").Type())
	case !isTime:
		return nil, fmt.Errorf("combine() argument 2 must be datetime.time, not %s", a.val("time").Type())
	}
	d, t := day.t, clock.t
	return dateTime{t: time.Date(d.Year(), d.Month(), d.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC), naive: true}, nil
}

var (
	isoDay   = lazyre.New(`^(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d))`)
	isoWeek  = lazyre.New(`^(\d{4})-?W(\d\d)(?:-?(\d))?`)
	isoClock = lazyre.New(`^(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(Z|[+-]\d\d:?\d\d)?$`)
)

// fromISO is fromisoformat: a day, as a date or as a week's day, and for a
// datetime also the time after any one character.
func (d dateTime) fromISO(text string) (value.Value, error) {
	invalid := fmt.Errorf("Invalid isoformat string: %s", value.Repr(value.Str(text)))
	day, rest, err := isoDate(text)
	if err != nil || d.dateOnly && rest != "" {
		return nil, invalid
	}
	if rest == "" {
		return dateTime{day, true, d.dateOnly}, nil
	}
	m := isoClock.FindStringSubmatch(string([]rune(rest)[1:]))
	if m == nil {
		return nil, invalid
	}
	micros, _ := strconv.Atoi((m[4] + "000000")[:6])
	t := time.Date(day.Year(), day.Month(), day.Day(), digits(m[1]), digits(m[2]), digits(m[3]), micros*1000, isoZone(m[5]))
	if digits(m[1]) > 23 || digits(m[2]) > 59 || digits(m[3]) > 59 {
		return nil, invalid
	}
	return dateTime{t: t, naive: m[5] == ""}, nil
}

// isoDate reads the day at the beginning of text and gives what follows it.
func isoDate(text string) (day time.Time, rest string, err error) {
	if m := isoDay.FindStringSubmatch(text); m != nil {
		month, date := digits(m[2]+m[4]), digits(m[3]+m[5])
		day = time.Date(digits(m[1]), time.Month(month), date, 0, 0, 0, 0, time.UTC)
		if int(day.Month()) != month || day.Day() != date {
			err = fmt.Errorf("day is out of range for month")
		}
		return day, text[len(m[0]):], err
	}
	m := isoWeek.FindStringSubmatch(text)
	if m == nil {
		return day, "", fmt.Errorf("no date")
	}
	v, err := dateTime{}.fromWeek(digits(m[1]), digits(m[2]), max(1, digits(m[3])))
	if err != nil {
		return day, "", err
	}
	return v.(dateTime).t, text[len(m[0]):], nil
}

// isoZone gives the zone that Z or an offset such as +02:00 stands for.
func isoZone(text string) *time.Location {
	if text == "" || text == "Z" {
		return time.UTC
	}
	plain := strings.ReplaceAll(text[1:], ":", "")
	offset := digits(plain[:2])*3600 + digits(plain[2:])*60
	if text[0] == '-' {
		offset = -offset
	}
	return time.FixedZone("", offset)
}

// digits reads a number that a pattern found; none is 0.
func digits(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
