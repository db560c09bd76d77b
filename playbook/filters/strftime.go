package filters

import (
	"fmt"
	"strconv"
	"strings"
)

// strftime is the method of Python's datetimes: C's strftime that knows
// microseconds too.
func (d dateTime) strftime(format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		switch {
		case format[i] != '%' || i+1 == len(format):
			b.WriteByte(format[i])
		case format[i+1] == 'f':
			fmt.Fprintf(&b, "%06d", d.t.Nanosecond()/1000)
			i++
		default:
			b.WriteString(format[i : i+2])
			i++
		}
	}
	return formatTime(b.String(), d)
}

// formatTime is C's strftime as the GNU library has it, in the C locale. Codes
// it does not know stay as they are.
func formatTime(format string, d dateTime) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		n, pad, upper := 1, byte(0), false
		for i+n < len(format) && strings.IndexByte("-_0^#EO", format[i+n]) >= 0 {
			switch c := format[i+n]; c {
			case '^':
				upper = true
			case '-', '_', '0':
				pad = c
			}
			n++
		}
		width := 0
		for i+n < len(format) && isDigit(format[i+n]) && width < 1000 {
			width = width*10 + int(format[i+n]-'0')
			n++
		}
		if i+n >= len(format) {
			b.WriteString(format[i:])
			break
		}
		s, ok := timeCode(format[i+n], d, pad, width)
		if n > 1 && format[i+1] == 'E' && strings.IndexByte("aAbBhdejklmpnrtuUVwWzZDFgGHIMPRsST", format[i+n]) >= 0 {
			ok = false // no such alternative
		}
		if !ok {
			s = format[i : i+n+1]
		}
		if upper {
			s = strings.ToUpper(s)
		}
		b.WriteString(s)
		i += n
	}
	return b.String()
}

// compositeCodes stand for several others.
var compositeCodes = map[byte]string{
	'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'T': "%H:%M:%S", 'R': "%H:%M", 'r': "%I:%M:%S %p",
	'c': "%a %b %e %H:%M:%S %Y", 'x': "%m/%d/%y", 'X': "%H:%M:%S", 'h': "%b",
}

// timeCode prints one code; ok is false when there is none of that letter.
func timeCode(c byte, d dateTime, pad byte, width int) (string, bool) {
	if composite, ok := compositeCodes[c]; ok {
		return formatTime(composite, d), true
	}
	if n, digits, fill, ok := timeNumber(c, d); ok {
		return padNumber(n, max(digits, width), fill, pad), true
	}
	t := d.t
	switch c {
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 'a':
		return t.Format("Mon"), true
	case 'A':
		return t.Format("Monday"), true
	case 'b':
		return t.Format("Jan"), true
	case 'B':
		return t.Format("January"), true
	case 'p':
		return t.Format("PM"), true
	case 'P':
		return t.Format("pm"), true
	case 'z':
		return d.offset(""), true
	case 'Z':
		if d.naive {
			return "", true
		}
		name, _ := t.Zone()
		return name, true
	}
	return "", false
}

// timeNumber gives the number of a numeric code, its digits and padding.
func timeNumber(c byte, d dateTime) (n int64, digits int, fill byte, ok bool) {
	t := d.t
	hour12 := (t.Hour()+11)%12 + 1
	isoYear, isoWeek := t.ISOWeek()
	day := t.YearDay() - 1
	two := func(n int) (int64, int, byte, bool) { return int64(n), 2, '0', true }
	switch c {
	case 'Y':
		return int64(t.Year()), 1, '0', true
	case 'C':
		return two(t.Year() / 100)
	case 'y':
		return two(t.Year() % 100)
	case 'm':
		return two(int(t.Month()))
	case 'd':
		return two(t.Day())
	case 'e':
		return int64(t.Day()), 2, ' ', true
	case 'H':
		return two(t.Hour())
	case 'k':
		return int64(t.Hour()), 2, ' ', true
	case 'I':
		return two(hour12)
	case 'l':
		return int64(hour12), 2, ' ', true
	case 'M':
		return two(t.Minute())
	case 'S':
		return two(t.Second())
	case 'j':
		return int64(t.YearDay()), 3, '0', true
	case 'u':
		return int64(weekday(t) + 1), 1, '0', true
	case 'w':
		return int64(t.Weekday()), 1, '0', true
	case 'U':
		return two((day + 7 - int(t.Weekday())) / 7)
	case 'W':
		return two((day + 7 - weekday(t)) / 7)
	case 'V':
		return two(isoWeek)
	case 'G':
		return int64(isoYear), 1, '0', true
	case 'g':
		return two(isoYear % 100)
	case 's':
		return d.local().Unix(), 1, '0', true
	}
	return 0, 0, 0, false
}

func padNumber(n int64, digits int, fill, pad byte) string {
	s := strconv.FormatInt(n, 10)
	switch pad {
	case '-':
		return s
	case '_':
		fill = ' '
	case '0':
		fill = '0'
	}
	for len(s) < digits {
		s = string(fill) + s
	}
	return s
}
