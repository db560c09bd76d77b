// Package strptime reads times as Python's datetime.strptime does.
package strptime

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"drover/playbook/filters/pyre"
	"drover/playbook/value"
)

// spaces are the characters of a format that stand for any white space.
const spaces = " \t\n\r\v\f"

// monthNames and dayNames are what is read, in lower case.
var (
	monthNames = namesOf(12, func(i int) string { return time.Month(i + 1).String() })
	dayNames   = namesOf(7, func(i int) string { return time.Weekday((i + 1) % 7).String() })
)

func namesOf(n int, name func(int) string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strings.ToLower(name(i))
	}
	return out
}

// weekday counts the days of the week from Monday, 0.
func weekday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

// timePatterns are the regular expressions of the codes of strptime.
var timePatterns = map[byte]string{
	'd': `3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9]`,
	'f': `[0-9]{1,6}`,
	'H': `2[0-3]|[0-1]\d|\d`,
	'I': `1[0-2]|0[1-9]|[1-9]`,
	'G': `\d\d\d\d`,
	'j': `36[0-6]|3[0-5]\d|[1-2]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]`,
	'm': `1[0-2]|0[1-9]|[1-9]`,
	'M': `[0-5]\d|\d`,
	'S': `6[0-1]|[0-5]\d|\d`,
	'U': `5[0-3]|[0-4]\d|\d`,
	'W': `5[0-3]|[0-4]\d|\d`,
	'V': `5[0-3]|0[1-9]|[1-4]\d|\d`,
	'w': `[0-6]`,
	'u': `[1-7]`,
	'y': `\d\d`,
	'Y': `\d\d\d\d`,
	'z': `[+-]\d\d:?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?|(?-i:Z)`,
	'Z': `utc|gmt`,
	'p': `am|pm`,
	'a': alternatives(dayNames, 3),
	'A': alternatives(dayNames, 99),
	'b': alternatives(monthNames, 3),
	'B': alternatives(monthNames, 99),
}

// alternatives joins the first characters of names to a pattern.
func alternatives(names []string, length int) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n[:min(length, len(n))]
	}
	return strings.Join(out, "|")
}

// timeRegexp turns a format into a regular expression with a group for each
// code, named by its letter.
func timeRegexp(format string) (*pyre.Regexp, error) {
	format = strings.NewReplacer("%%", "%%", "%c", "%a %b %d %H:%M:%S %Y", "%x", "%m/%d/%y", "%X", "%H:%M:%S").Replace(format)
	var b strings.Builder
	seen := map[byte]bool{}
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case strings.IndexByte(spaces, c) >= 0:
			for i+1 < len(format) && strings.IndexByte(spaces, format[i+1]) >= 0 {
				i++
			}
			b.WriteString(`\s+`)
		case c != '%':
			b.WriteString(pyre.Escape(string(c)))
		case i+1 == len(format):
			return nil, fmt.Errorf("stray %% in format '%s'", format)
		case format[i+1] == '%':
			b.WriteByte('%')
			i++
		default:
			i++
			p, ok := timePatterns[format[i]]
			if !ok {
				return nil, fmt.Errorf("'%c' is a bad directive in format '%s'", format[i], format)
			}
			if seen[format[i]] {
				return nil, fmt.Errorf("redefinition of group name '%c'", format[i])
			}
			seen[format[i]] = true
			b.WriteString("(?P<" + string(format[i]) + ">" + p + ")")
		}
	}
	return pyre.Compile(b.String(), pyre.IgnoreCase)
}

// parsedTime holds the fields that strptime found.
type parsedTime struct {
	re *pyre.Regexp
	m  *pyre.Match
}

func (p parsedTime) text(code string) (string, bool) {
	i, ok := p.re.GroupIndex(code)
	if !ok {
		return "", false
	}
	return p.m.Group(i)
}

func (p parsedTime) num(code string, def int) int {
	s, ok := p.text(code)
	if !ok {
		return def
	}
	n, _ := strconv.Atoi(strings.TrimSpace(s))
	return n
}

// nameIndex finds a month or day by its full or short name.
func (p parsedTime) nameIndex(long, short string, names []string) (int, bool) {
	for _, code := range []string{long, short} {
		if s, ok := p.text(code); ok {
			for i, n := range names {
				if strings.HasPrefix(n, strings.ToLower(s)) {
					return i, true
				}
			}
		}
	}
	return 0, false
}

// Parse reads a time by a format. naive says that the text names no zone: its
// fields are then those of t, in UTC. The errors are worded as Python's.
func Parse(s, format string) (t time.Time, naive bool, err error) {
	re, err := timeRegexp(format)
	if err != nil {
		return t, false, err
	}
	m, err := re.MatchPrefix(s)
	if err != nil {
		return t, false, err
	}
	if m == nil {
		return t, false, fmt.Errorf("time data %s does not match format %s", value.Repr(value.Str(s)), value.Repr(value.Str(format)))
	}
	if whole, _ := m.Group(0); len(whole) < len(s) {
		return t, false, fmt.Errorf("unconverted data remains: %s", s[len(whole):])
	}
	return parsedTime{re, m}.time()
}

func (p parsedTime) time() (t time.Time, naive bool, err error) {
	year := p.num("Y", p.num("G", 1900))
	if _, ok := p.text("y"); ok {
		if year = p.num("y", 0) + 1900; year < 1969 {
			year += 100
		}
	}
	month, day := p.monthAndDay(year)
	hour := p.num("H", 0)
	if half := p.num("I", -1); half >= 0 {
		hour = half % 12
		if ampm, _ := p.text("p"); strings.EqualFold(ampm, "pm") {
			hour += 12
		}
	}
	nanos := 0
	if f, ok := p.text("f"); ok {
		nanos, _ = strconv.Atoi((f + "000000000")[:9])
	}
	zone, naive := p.zone()
	t = time.Date(year, time.Month(month), day, hour, p.num("M", 0), min(p.num("S", 0), 59), nanos, zone)
	if t.Day() != day || t.Year() != year {
		return t, false, fmt.Errorf("day is out of range for month")
	}
	return t, naive, nil
}

// monthAndDay takes them from month and day, the day of the year, or the week.
func (p parsedTime) monthAndDay(year int) (month, day int) {
	month, day = p.num("m", 1), p.num("d", 1)
	if i, ok := p.nameIndex("B", "b", monthNames); ok {
		month = i + 1
	}
	if yday := p.num("j", 0); yday > 0 {
		t := time.Date(year, 1, yday, 0, 0, 0, 0, time.UTC)
		return int(t.Month()), t.Day()
	}
	wd, hasDay := p.nameIndex("A", "a", dayNames)
	if n := p.num("w", -1); n >= 0 {
		wd, hasDay = (n+6)%7, true
	}
	if n := p.num("u", 0); n > 0 {
		wd, hasDay = n-1, true
	}
	if !hasDay {
		return month, day
	}
	t, ok := p.weekDate(year, wd)
	if ok {
		return int(t.Month()), t.Day()
	}
	return month, day
}

// weekDate finds the day wd (from Monday, 0) in the week that %V, %W or %U
// gave.
func (p parsedTime) weekDate(year, wd int) (time.Time, bool) {
	if week := p.num("V", 0); week > 0 {
		jan4 := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
		return jan4.AddDate(0, 0, 7*(week-1)+wd-weekday(jan4)), true
	}
	jan1 := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	first, week := weekday(jan1), p.num("W", -1)
	if week < 0 { // weeks of %U start on Sunday
		first, wd, week = (first+1)%7, (wd+1)%7, p.num("U", -1)
	}
	switch {
	case week < 0:
		return time.Time{}, false
	case week == 0:
		return jan1.AddDate(0, 0, wd-first), true
	}
	return jan1.AddDate(0, 0, (7-first)%7+7*(week-1)+wd), true
}

func (p parsedTime) zone() (*time.Location, bool) {
	if _, ok := p.text("Z"); ok {
		return time.UTC, true
	}
	z, ok := p.text("z")
	if !ok {
		return time.UTC, true
	}
	if z == "Z" {
		return time.UTC, false
	}
	digits := strings.ReplaceAll(z[1:], ":", "")
	h, _ := strconv.Atoi(digits[:2])
	m, _ := strconv.Atoi(digits[2:4])
	seconds := h*3600 + m*60
	if z[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), false
}
