package filters

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"drover/playbook/value"
)

// dateTime is Python's datetime.datetime (or date, when dateOnly). A naive one
// has no time zone; its time is kept as if it were UTC.
type dateTime struct {
	t        time.Time
	naive    bool
	dateOnly bool
}

// timeDelta is Python's datetime.timedelta.
type timeDelta struct{ us *big.Int } // microseconds

// timeOfDay is Python's datetime.time.
type timeOfDay struct{ t time.Time }

// The limits of Python's years.
const minYear, maxYear = 1, 9999

// Timestamp makes a date or time as YAML knows them: a naive one has no time
// zone (t is then in UTC), and dateOnly is a day without a time. It is what the
// options of the YAML reader want.
func Timestamp(t time.Time, naive, dateOnly bool) value.Value {
	return dateTime{t, naive || dateOnly, dateOnly}
}

// Type gives the name of the Python class.
func (d dateTime) Type() string {
	if d.dateOnly {
		return "date"
	}
	return "datetime"
}

func (timeDelta) Type() string { return "timedelta" }

// Transient marks differences of times as no result of a template.
func (timeDelta) Transient() {}

func (timeOfDay) Type() string { return "time" }

// local reads a naive time as local time, as Python does where it needs a zone.
func (d dateTime) local() time.Time {
	if !d.naive {
		return d.t
	}
	t := d.t
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.Local)
}

func (d dateTime) iso(sep string) string {
	s := d.t.Format("2006-01-02")
	if d.dateOnly {
		return s
	}
	return s + sep + clock(d.t) + d.offset(":")
}

// isoClocks are the layouts of the time of day that isoformat can be asked for.
var isoClocks = map[string]string{
	"hours": "15", "minutes": "15:04", "seconds": "15:04:05",
	"milliseconds": "15:04:05.000", "microseconds": "15:04:05.000000",
}

// isoTo is isoformat with a chosen precision.
func (d dateTime) isoTo(spec, sep string) (string, bool) {
	layout, ok := isoClocks[spec]
	switch {
	case spec == "auto" || d.dateOnly:
		return d.iso(sep), true
	case !ok:
		return "", false
	}
	return d.t.Format("2006-01-02") + sep + d.t.Format(layout) + d.offset(":"), true
}

func clock(t time.Time) string {
	s := t.Format("15:04:05")
	if us := t.Nanosecond() / 1000; us != 0 {
		s += fmt.Sprintf(".%06d", us)
	}
	return s
}

// offset gives "+02:00", nothing for a naive time.
func (d dateTime) offset(colon string) string {
	if d.naive {
		return ""
	}
	_, seconds := d.t.Zone()
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return fmt.Sprintf("%s%02d%s%02d", sign, seconds/3600, colon, seconds/60%60)
}

// Str prints it as str() does.
func (d dateTime) Str() string { return d.iso(" ") }

// Format prints it as str.format does: the specification is one of strftime.
func (d dateTime) Format(spec string) (string, error) {
	if spec == "" {
		return d.Str(), nil
	}
	return d.strftime(spec), nil
}

// Repr prints it as repr() does.
func (d dateTime) Repr() string {
	t := d.t
	if d.dateOnly {
		return fmt.Sprintf("datetime.date(%d, %d, %d)", t.Year(), t.Month(), t.Day())
	}
	s := fmt.Sprintf("datetime.datetime(%d, %d, %d, %d, %d", t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute())
	us := t.Nanosecond() / 1000
	if t.Second() != 0 || us != 0 {
		s += fmt.Sprintf(", %d", t.Second())
	}
	if us != 0 {
		s += fmt.Sprintf(", %d", us)
	}
	if !d.naive {
		s += ", tzinfo=" + d.zoneRepr()
	}
	return s + ")"
}

func (d dateTime) zoneRepr() string {
	_, seconds := d.t.Zone()
	if seconds == 0 {
		return "datetime.timezone.utc"
	}
	return "datetime.timezone(" + deltaOf(time.Duration(seconds)*time.Second).Repr() + ")"
}

// JSONValue is the ISO form.
func (d dateTime) JSONValue() value.Value { return value.Str(d.iso("T")) }

// YAMLTimestamp is the form that YAML has for it.
func (d dateTime) YAMLTimestamp() string { return d.iso(" ") }

// Truth is true for every date.
func (d dateTime) Truth() bool { return true }

// Equal compares the moments.
func (d dateTime) Equal(other value.Value) bool {
	o, ok := other.(dateTime)
	return ok && o.naive == d.naive && o.dateOnly == d.dateOnly && o.t.Equal(d.t)
}

// Compare orders the moments; a naive and an aware time can't be compared.
func (d dateTime) Compare(other value.Value) (int, bool) {
	o, ok := other.(dateTime)
	if !ok || o.naive != d.naive || o.dateOnly != d.dateOnly {
		return 0, false
	}
	return d.t.Compare(o.t), true
}

func deltaOf(d time.Duration) timeDelta { return timeDelta{big.NewInt(d.Microseconds())} }

var (
	microsPerSecond = big.NewInt(1_000_000)
	microsPerDay    = big.NewInt(86_400_000_000)
)

// parts gives days, seconds of the day and microseconds; only days are negative.
func (d timeDelta) parts() (days int64, seconds, micros int64) {
	q, r := new(big.Int).DivMod(d.us, microsPerDay, new(big.Int))
	return q.Int64(), r.Int64() / 1_000_000, r.Int64() % 1_000_000
}

func (d timeDelta) totalSeconds() float64 {
	f, _ := new(big.Rat).SetFrac(d.us, microsPerSecond).Float64()
	return f
}

// Str prints it as str() does: "1 day, 2:03:04".
func (d timeDelta) Str() string {
	days, seconds, micros := d.parts()
	s := fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	if micros != 0 {
		s += fmt.Sprintf(".%06d", micros)
	}
	if days == 0 {
		return s
	}
	plural := "s"
	if days == 1 || days == -1 {
		plural = ""
	}
	return fmt.Sprintf("%d day%s, %s", days, plural, s)
}

// Repr prints it as repr() does.
func (d timeDelta) Repr() string {
	days, seconds, micros := d.parts()
	s := ""
	for _, p := range []struct {
		name string
		n    int64
	}{{"days", days}, {"seconds", seconds}, {"microseconds", micros}} {
		if p.n != 0 {
			if s != "" {
				s += ", "
			}
			s += fmt.Sprintf("%s=%d", p.name, p.n)
		}
	}
	if s == "" {
		s = "0"
	}
	return "datetime.timedelta(" + s + ")"
}

// Truth is false for no time at all.
func (d timeDelta) Truth() bool { return d.us.Sign() != 0 }

// Equal compares lengths.
func (d timeDelta) Equal(other value.Value) bool {
	o, ok := other.(timeDelta)
	return ok && o.us.Cmp(d.us) == 0
}

// Compare orders lengths.
func (d timeDelta) Compare(other value.Value) (int, bool) {
	o, ok := other.(timeDelta)
	if !ok {
		return 0, false
	}
	return d.us.Cmp(o.us), true
}

// localTime gives a moment as naive local time.
func localTime(t time.Time) value.Value {
	t = t.Local()
	naive := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond()/1000*1000, time.UTC)
	return dateTime{t: naive, naive: true}
}

// Str prints it as str() does.
func (t timeOfDay) Str() string { return clock(t.t) }

// Repr prints it as repr() does.
func (t timeOfDay) Repr() string {
	return fmt.Sprintf("datetime.time(%d, %d, %d)", t.t.Hour(), t.t.Minute(), t.t.Second())
}

// JSONValue is the ISO form.
func (t timeOfDay) JSONValue() value.Value { return value.Str(clock(t.t)) }

// shift adds a number of microseconds.
func (d dateTime) shift(us *big.Int) (value.Value, error) {
	days, seconds, micros := timeDelta{us}.parts()
	if days > 4_000_000 || days < -4_000_000 {
		return nil, fmt.Errorf("date value out of range")
	}
	if d.dateOnly {
		seconds, micros = 0, 0
	}
	t := d.t.AddDate(0, 0, int(days)).Add(time.Duration(seconds)*time.Second + time.Duration(micros)*time.Microsecond)
	if t.Year() < minYear || t.Year() > maxYear {
		return nil, fmt.Errorf("date value out of range")
	}
	return dateTime{t, d.naive, d.dateOnly}, nil
}

// Binary implements the operators of Python's datetime; ok is false where there
// is none for the operands. reversed says that d stands on the right.
func (d dateTime) Binary(op string, other value.Value, reversed bool) (v value.Value, ok bool, err error) {
	switch o := other.(type) {
	case timeDelta:
		switch {
		case op == "+":
			v, err = d.shift(o.us)
			return v, true, err
		case op == "-" && !reversed:
			v, err = d.shift(new(big.Int).Neg(o.us))
			return v, true, err
		}
	case dateTime:
		if op != "-" || d.dateOnly != o.dateOnly {
			return nil, false, nil
		}
		if d.naive != o.naive {
			return nil, true, fmt.Errorf("can't subtract offset-naive and offset-aware datetimes")
		}
		x, y := d.t, o.t
		if reversed {
			x, y = y, x
		}
		us := new(big.Int).Mul(big.NewInt(x.Unix()-y.Unix()), microsPerSecond)
		return timeDelta{us.Add(us, big.NewInt(int64((x.Nanosecond()-y.Nanosecond())/1000)))}, true, nil
	}
	return nil, false, nil
}

// Binary implements the operators of Python's timedelta.
func (d timeDelta) Binary(op string, other value.Value, reversed bool) (v value.Value, ok bool, err error) {
	switch o := other.(type) {
	case dateTime:
		return o.Binary(op, d, !reversed)
	case timeDelta:
		x, y := d.us, o.us
		if reversed {
			x, y = y, x
		}
		return deltaPair(op, x, y)
	}
	if !isNumber(other) {
		return nil, false, nil
	}
	n, _ := value.AsFloat(other)
	switch {
	case op == "*":
		return scaleDelta(d, n)
	case (op == "/" || op == "//") && !reversed:
		if n == 0 {
			return nil, true, fmt.Errorf("integer division or modulo by zero")
		}
		if i, isInt := value.AsBig(other); isInt && op == "//" {
			return timeDelta{floorDiv(d.us, i)}, true, nil
		}
		return scaleDelta(d, 1/n)
	}
	return nil, false, nil
}

func scaleDelta(d timeDelta, by float64) (value.Value, bool, error) {
	f, _ := new(big.Float).SetInt(d.us).Float64()
	us, _ := big.NewFloat(math.RoundToEven(f * by)).Int(nil)
	return timeDelta{us}, true, nil
}

func floorDiv(x, y *big.Int) *big.Int {
	q, m := new(big.Int).QuoRem(x, y, new(big.Int))
	if m.Sign() != 0 && m.Sign() != y.Sign() {
		q.Sub(q, big.NewInt(1))
	}
	return q
}

func deltaPair(op string, x, y *big.Int) (value.Value, bool, error) {
	switch op {
	case "+":
		return timeDelta{new(big.Int).Add(x, y)}, true, nil
	case "-":
		return timeDelta{new(big.Int).Sub(x, y)}, true, nil
	}
	if op != "/" && op != "//" && op != "%" {
		return nil, false, nil
	}
	if y.Sign() == 0 {
		return nil, true, fmt.Errorf("division by zero")
	}
	switch op {
	case "/":
		f, _ := new(big.Rat).SetFrac(x, y).Float64()
		return value.Float(f), true, nil
	case "//":
		return value.NewInt(floorDiv(x, y)), true, nil
	}
	q := floorDiv(x, y)
	return timeDelta{new(big.Int).Sub(x, q.Mul(q, y))}, true, nil
}
