package modules

import (
	"fmt"
	"strings"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

// stamps are the times a file shall have; nil leaves one alone.
type stamps struct {
	mod, acc *time.Time
	// now: both were asked to be this moment, which is always a change.
	now bool
}

// stamps reads the time arguments. Touching means now unless said otherwise.
func (a *fileArgs) stamps(h target.Host) (stamps, error) {
	unsaid := "preserve"
	if a.State == "touch" {
		unsaid = "now"
	}
	read := func(s, format string) (*time.Time, error) {
		if s == "" {
			s = unsaid
		}
		switch s {
		case "preserve":
			return nil, nil
		case "now":
			now := h.Now()
			return &now, nil
		}
		t, err := parseTime(s, format)
		if err != nil {
			return nil, Failf("Error while obtaining timestamp for time %s using format %s: %w", s, format, err)
		}
		return &t, nil
	}
	var st stamps
	var err error
	if st.mod, err = read(a.ModTime, a.ModFormat); err != nil {
		return st, err
	}
	st.acc, err = read(a.AccTime, a.AccFormat)
	isNow := func(s string) bool { return s == "now" || s == "" && unsaid == "now" }
	st.now = isNow(a.ModTime) && isNow(a.AccTime)
	return st, err
}

// apply sets the times of a path where they differ.
func (s stamps) apply(h target.Host, c *Call, path string, d *Properties) (bool, error) {
	if s.mod == nil && s.acc == nil {
		return false, nil
	}
	info, err := h.Stat(path)
	if err != nil {
		if c.Check {
			return true, nil
		}
		return false, Failf("Error while updating modification or access time: %w", err)
	}
	mod, acc := info.ModTime, info.AccTime
	if s.mod != nil {
		mod = *s.mod
	}
	if s.acc != nil {
		acc = *s.acc
	}
	if mod.Equal(info.ModTime) && acc.Equal(info.AccTime) && !s.now {
		return false, nil
	}
	if !mod.Equal(info.ModTime) {
		d.put("mtime", unixSeconds(info.ModTime), unixSeconds(mod))
	}
	if !acc.Equal(info.AccTime) {
		d.put("atime", unixSeconds(info.AccTime), unixSeconds(acc))
	}
	if c.Check {
		return true, nil
	}
	if err := h.Chtimes(path, acc, mod); err != nil {
		return false, Failf("Error while updating modification or access time: %w", err)
	}
	return true, nil
}

// unixSeconds gives a time as Python's stat does: seconds with a fraction.
func unixSeconds(t time.Time) value.Value { return value.Float(float64(t.UnixNano()) / 1e9) }

// directives are strptime's letters in Go's layout.
var directives = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05",
	'p': "PM", 'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'j': "002", 'z': "-0700", 'Z': "MST",
	'T': "15:04:05", 'F': "2006-01-02", '%': "%",
}

// parseTime reads a time by a format of strptime, as local time.
func parseTime(s, format string) (time.Time, error) {
	var layout strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			layout.WriteByte(format[i])
			continue
		}
		i++
		d, ok := directives[format[i]]
		if !ok {
			return time.Time{}, fmt.Errorf("'%%%c' is a bad directive in format '%s'", format[i], format)
		}
		layout.WriteString(d)
	}
	t, err := time.ParseInLocation(layout.String(), s, time.Local)
	if err != nil {
		return t, fmt.Errorf("time data '%s' does not match format '%s'", s, format)
	}
	return t, nil
}
