package filters

import (
	"testing"
	"time"

	"drover/playbook/value"
)

func TestParseTime(t *testing.T) {
	tests := []struct{ in, format, want string }{
		{"2024-03-10 12:00:00", "%Y-%m-%d %H:%M:%S", "2024-03-10 12:00:00"},
		{"24-1-5 3:04 PM", "%y-%m-%d %I:%M %p", "2024-01-05 15:04:00"},
		{"Mon Mar 04 2024", "%a %b %d %Y", "2024-03-04 00:00:00"},
		{"2024 065", "%Y %j", "2024-03-05 00:00:00"},
		{"2024-03-10T12:00:00+0200", "%Y-%m-%dT%H:%M:%S%z", "2024-03-10 12:00:00+02:00"},
		{"2024 10 1", "%Y %U %w", "2024-03-11 00:00:00"},
		{"2024 10 1", "%Y %W %w", "2024-03-04 00:00:00"},
		{"2024-W10-1", "%G-W%V-%u", "2024-03-04 00:00:00"},
		{"2024-03-10 12:00:00.123", "%Y-%m-%d %H:%M:%S.%f", "2024-03-10 12:00:00.123000"},
		{"12:30", "%H:%M", "1900-01-01 12:30:00"},
		{"100%", "%H0%%", "1900-01-01 10:00:00"},
	}
	for _, tt := range tests {
		v, err := parseTime(tt.in, tt.format)
		if err != nil || value.String(v) != tt.want {
			t.Errorf("parseTime(%q, %q) = %v, %v; want %s", tt.in, tt.format, v, err, tt.want)
		}
	}
}

func TestParseTimeErrors(t *testing.T) {
	tests := []struct{ in, format, want string }{
		{"2024-02-30", "%Y-%m-%d", "day is out of range for month"},
		{"2024-03-10 x", "%Y-%m-%d", "unconverted data remains:  x"},
		{"x", "%Y", "time data 'x' does not match format '%Y'"},
		{"x", "%Q", "'Q' is a bad directive in format '%Q'"},
	}
	for _, tt := range tests {
		if _, err := parseTime(tt.in, tt.format); err == nil || err.Error() != tt.want {
			t.Errorf("parseTime(%q, %q): %v, want %s", tt.in, tt.format, err, tt.want)
		}
	}
}

func TestFormatTime(t *testing.T) {
	d := dateTime{t: time.Date(2024, 3, 5, 4, 7, 9, 1000, time.UTC), naive: true}
	tests := []struct{ format, want string }{
		{"%F %T", "2024-03-05 04:07:09"},
		{"%a %A %b %B %p", "Tue Tuesday Mar March AM"},
		{"%e|%k|%l|%-d|%_H|%03d", " 5| 4| 4|5| 4|005"},
		{"%j %U %W %V %G %g %u %w %C", "065 09 10 10 2024 24 2 2 20"},
		{"%^a %f %Z%z %%", "TUE 000001  %"},
		{"%Q %", "%Q %"},
	}
	for _, tt := range tests {
		if got := d.strftime(tt.format); got != tt.want {
			t.Errorf("strftime(%q) = %q, want %q", tt.format, got, tt.want)
		}
	}
}

func TestTimeDifference(t *testing.T) {
	x := Timestamp(time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC), true, false).(dateTime)
	y := Timestamp(time.Date(2024, 3, 11, 10, 30, 0, 0, time.UTC), true, false).(dateTime)
	v, ok, err := x.Binary("-", y, false)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	delta := v.(timeDelta)
	if delta.Str() != "-1 day, 1:30:00" || delta.totalSeconds() != -81000 {
		t.Errorf("difference %s, %v seconds", delta.Str(), delta.totalSeconds())
	}
	back, _, err := y.Binary("+", delta, false)
	if err != nil || !x.Equal(back) {
		t.Errorf("adding it back gives %v, %v", back, err)
	}
	if _, ok, err := x.Binary("-", dateTime{t: y.t}, false); !ok || err == nil {
		t.Error("a naive and an aware time must not be subtracted")
	}
}
