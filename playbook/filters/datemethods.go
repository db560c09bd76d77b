package filters

import (
	"errors"
	"fmt"
	"math/big"
	"time"

	"drover/playbook/filters/strptime"
	"drover/playbook/jinja"
	"drover/playbook/value"
)

// method makes a bound method out of a function of its arguments.
func method(name, params string, call func(a *args) (value.Value, error)) value.Value {
	sig := parseSignature(params)
	return &jinja.Func{Name: name, Call: func(c *jinja.Call) (value.Value, error) {
		a, err := bind(c, sig, name)
		if err != nil {
			return nil, err
		}
		v, err := call(a)
		if a.err != nil {
			err = a.err
		}
		return v, err
	}}
}

// constant makes a method without arguments that gives v.
func constant(name string, v value.Value) value.Value {
	return method(name, "", func(*args) (value.Value, error) { return v, nil })
}

// Attr gives the attributes and methods of Python's datetime.
func (d dateTime) Attr(name string) (value.Value, bool, error) {
	if v := d.field(name); v != nil {
		return v, true, nil
	}
	if v := d.calendarMethod(name); v != nil {
		return v, true, nil
	}
	if v := d.classMethod(name); v != nil {
		return v, true, nil
	}
	if !d.dateOnly {
		if v := d.clockMethod(name); v != nil {
			return v, true, nil
		}
	}
	return nil, false, nil
}

func (d dateTime) field(name string) value.Value {
	switch name {
	case "year":
		return value.Int(d.t.Year())
	case "month":
		return value.Int(d.t.Month())
	case "day":
		return value.Int(d.t.Day())
	case "min":
		return dateTime{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), true, d.dateOnly}
	case "max":
		return d.latest()
	}
	if d.dateOnly {
		return nil
	}
	switch name {
	case "hour":
		return value.Int(d.t.Hour())
	case "minute":
		return value.Int(d.t.Minute())
	case "second":
		return value.Int(d.t.Second())
	case "microsecond":
		return value.Int(d.t.Nanosecond() / 1000)
	case "fold":
		return value.Int(0)
	case "resolution":
		return deltaOf(time.Microsecond)
	case "tzinfo":
		if d.naive {
			return value.None
		}
		return value.Str(d.zoneName())
	}
	return nil
}

// latest is the last day, or the last moment, that Python knows.
func (d dateTime) latest() dateTime {
	if d.dateOnly {
		return dateTime{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), true, true}
	}
	return dateTime{time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), true, false}
}

func (d dateTime) zoneName() string {
	if _, offset := d.t.Zone(); offset != 0 {
		return "UTC" + d.offset(":")
	}
	return "UTC"
}

// weekday counts from Monday, which is 0.
func weekday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

// ordinal counts days; 1 January of year 1 is day 1.
func ordinal(t time.Time) int64 {
	const unixEpoch = 719163
	days := t.Unix() + int64(zoneOffset(t))
	q := days / 86400
	if days%86400 < 0 {
		q--
	}
	return q + unixEpoch
}

func zoneOffset(t time.Time) int {
	_, offset := t.Zone()
	return offset
}

func (d dateTime) calendarMethod(name string) value.Value {
	switch name {
	case "strftime", "__format__":
		return method(name, "format", func(a *args) (value.Value, error) {
			return value.Str(d.strftime(a.str("format"))), nil
		})
	case "isoformat":
		return method(name, "sep? timespec?", func(a *args) (value.Value, error) {
			text, ok := d.isoTo(a.strOr("timespec", "auto"), a.strOr("sep", "T"))
			if !ok {
				return nil, errors.New("Unknown timespec value")
			}
			return value.Str(text), nil
		})
	case "weekday":
		return constant(name, value.Int(weekday(d.t)))
	case "isoweekday":
		return constant(name, value.Int(weekday(d.t)+1))
	case "isocalendar":
		year, week := d.t.ISOWeek()
		return constant(name, value.Tuple{value.Int(year), value.Int(week), value.Int(weekday(d.t) + 1)})
	case "toordinal":
		return constant(name, value.Int(ordinal(d.t)))
	case "ctime":
		return constant(name, value.Str(d.t.Format("Mon Jan _2 15:04:05 2006")))
	case "timetuple":
		return constant(name, d.timeTuple())
	case "replace":
		return method(name, "year? month? day? hour? minute? second? microsecond? tzinfo?", d.replace)
	}
	return nil
}

func (d dateTime) timeTuple() value.Tuple {
	t := d.t
	out := value.Tuple{}
	for _, n := range []int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), weekday(t), t.YearDay(), -1} {
		out = append(out, value.Int(n))
	}
	return out
}

func (d dateTime) replace(a *args) (value.Value, error) {
	t := d.t
	n := func(name string, old int) int { return a.numOr(name, old) }
	year, month, day := n("year", t.Year()), n("month", int(t.Month())), n("day", t.Day())
	r := time.Date(year, time.Month(month), day, n("hour", t.Hour()), n("minute", t.Minute()),
		n("second", t.Second()), n("microsecond", t.Nanosecond()/1000)*1000, t.Location())
	if r.Year() != year || int(r.Month()) != month || r.Day() != day {
		return nil, errors.New("a field of the new date is out of range")
	}
	naive := d.naive || a.lookup("tzinfo") == value.None
	return dateTime{r, naive, d.dateOnly}, nil
}

func (d dateTime) clockMethod(name string) value.Value {
	switch name {
	case "date":
		t := d.t
		day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		return constant(name, dateTime{day, true, true})
	case "time", "timetz":
		return constant(name, timeOfDay{d.t})
	case "dst":
		return constant(name, value.None)
	case "utctimetuple":
		t := dateTime{t: d.t.UTC()}.timeTuple()
		t[len(t)-1] = value.Int(0)
		return constant(name, t)
	case "timestamp":
		return constant(name, value.Float(float64(d.local().UnixMicro())/1e6))
	case "utcoffset":
		if d.naive {
			return constant(name, value.None)
		}
		return constant(name, deltaOf(time.Duration(zoneOffset(d.t))*time.Second))
	case "tzname":
		if d.naive {
			return constant(name, value.None)
		}
		return constant(name, value.Str(d.zoneName()))
	case "astimezone":
		return constant(name, dateTime{t: d.local().In(time.Local)})
	}
	return nil
}

// Attr gives the attributes and methods of Python's timedelta.
func (d timeDelta) Attr(name string) (value.Value, bool, error) {
	days, seconds, micros := d.parts()
	switch name {
	case "days":
		return value.Int(days), true, nil
	case "seconds":
		return value.Int(seconds), true, nil
	case "microseconds":
		return value.Int(micros), true, nil
	case "total_seconds":
		return constant(name, value.Float(d.totalSeconds())), true, nil
	case "resolution":
		return deltaOf(time.Microsecond), true, nil
	case "min":
		return timeDelta{new(big.Int).Mul(big.NewInt(-999_999_999), microsPerDay)}, true, nil
	case "max":
		most := new(big.Int).Mul(big.NewInt(1_000_000_000), microsPerDay)
		return timeDelta{most.Sub(most, big.NewInt(1))}, true, nil
	}
	return nil, false, nil
}

// Attr gives the attributes and methods of Python's time.
func (t timeOfDay) Attr(name string) (value.Value, bool, error) {
	switch name {
	case "hour":
		return value.Int(t.t.Hour()), true, nil
	case "minute":
		return value.Int(t.t.Minute()), true, nil
	case "second":
		return value.Int(t.t.Second()), true, nil
	case "microsecond":
		return value.Int(t.t.Nanosecond() / 1000), true, nil
	case "isoformat":
		return constant(name, value.Str(clock(t.t))), true, nil
	case "strftime":
		return method(name, "format", func(a *args) (value.Value, error) {
			return value.Str(dateTime{t: t.t, naive: true}.strftime(a.str("format"))), nil
		}), true, nil
	}
	return nil, false, nil
}

// dateFilters read and print points in time.
var dateFilters = []entry{
	{"strftime", "string_format second? utc?", strftime, impure},
	{"to_datetime", "string format?", toDateTime, 0},
}

func strftime(a *args) (value.Value, error) {
	format, ok := value.AsString(a.val("string_format"))
	if !ok {
		return nil, fmt.Errorf("strftime() argument 1 must be str, not %s", a.val("string_format").Type())
	}
	t := time.Now()
	if a.has("second") {
		seconds, err := epoch(a.val("second"))
		if err != nil {
			return nil, err
		}
		t = time.Unix(seconds, 0)
	}
	if a.truth("utc") {
		return value.Str(formatTime(format, dateTime{t: t.In(gmt)})), nil
	}
	return value.Str(formatTime(format, dateTime{t: t.Local()})), nil
}

// gmt is UTC under the name that strftime prints for it.
var gmt = time.FixedZone("GMT", 0)

// epoch reads seconds since 1970 from a number or its text.
func epoch(v value.Value) (int64, error) {
	f, ok := value.AsFloat(v)
	if s, isStr := value.AsString(v); isStr {
		f, ok = pythonFloat(s)
	}
	if !ok || f != f || f > 1e17 || f < -1e17 {
		return 0, fmt.Errorf("Invalid value for epoch value (%s)", value.String(v))
	}
	if i := int64(f); float64(i) <= f {
		return i, nil
	}
	return int64(f) - 1, nil
}

func toDateTime(a *args) (value.Value, error) {
	s, ok := value.AsString(a.val("string"))
	if !ok {
		return nil, fmt.Errorf("strptime() argument 1 must be str, not %s", a.val("string").Type())
	}
	return parseTime(s, a.strOr("format", "%Y-%m-%d %H:%M:%S"))
}

// parseTime is datetime.strptime.
func parseTime(s, format string) (value.Value, error) {
	t, naive, err := strptime.Parse(s, format)
	if err != nil {
		return nil, err
	}
	return dateTime{t: t, naive: naive}, nil
}
