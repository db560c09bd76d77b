package modules

import (
	"time"

	"drover/modules/target"
	"drover/playbook/filters/strptime"
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
	if err := s.set(h, path, acc, mod); err != nil {
		return false, Failf("Error while updating modification or access time: %w", err)
	}
	return true, nil
}

// set sets the times. To now is what whoever may write the file may do.
func (s stamps) set(h target.Host, path string, acc, mod time.Time) error {
	if s.now {
		return h.Touch(path)
	}
	return h.Chtimes(path, acc, mod)
}

// unixSeconds gives a time as Python's stat does: seconds with a fraction.
func unixSeconds(t time.Time) value.Value { return value.Float(float64(t.UnixNano()) / 1e9) }

// parseTime reads a time by a format of strptime, as local time.
func parseTime(s, format string) (time.Time, error) {
	t, naive, err := strptime.Parse(s, format)
	if naive {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.Local)
	}
	return t, err
}
