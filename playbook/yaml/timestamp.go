package yaml

import (
	"strconv"
	"strings"
	"time"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

// Timestamp makes the value of an unquoted date or time. A naive one has no
// time zone (t is then in UTC), and dateOnly is a day without a time.
type Timestamp func(t time.Time, naive, dateOnly bool) value.Value

var timestampPattern = lazyre.New(`^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::(\d\d))?))?)?$`)

// moment is what a timestamp says.
type moment struct {
	time            time.Time
	naive, dateOnly bool
}

// timestamp gives the value of an unquoted scalar that is a date or a time, or
// nil.
func (o *Options) timestamp(s string) value.Value {
	if o.Timestamp == nil || len(s) < len("2006-01-02") || s[4] != '-' {
		return nil
	}
	m, ok := parseTimestamp(s)
	if !ok {
		return nil
	}
	return o.Timestamp(m.time, m.naive, m.dateOnly)
}

// parseTimestamp reads a date or a time in YAML's notation.
func parseTimestamp(s string) (moment, bool) {
	m := timestampPattern.FindStringSubmatch(s)
	if m == nil {
		return moment{}, false
	}
	dateOnly := m[4] == ""
	if dateOnly && (len(m[2]) != 2 || len(m[3]) != 2) {
		return moment{}, false
	}
	n := make([]int, 7)
	for i := 1; i < len(n); i++ {
		n[i], _ = strconv.Atoi(m[i])
	}
	micros, _ := strconv.Atoi((m[7] + "000000")[:6])
	t := time.Date(n[1], time.Month(n[2]), n[3], n[4], n[5], n[6], micros*1000, zone(m[8], m[9], m[10], m[11]))
	if t.Month() != time.Month(n[2]) || t.Day() != n[3] || n[4] > 23 || n[5] > 59 || n[6] > 59 || n[1] == 0 {
		return moment{}, false
	}
	return moment{time: t, naive: m[8] == "", dateOnly: dateOnly}, true
}

func zone(all, sign, hours, minutes string) *time.Location {
	if sign == "" {
		return time.UTC
	}
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	offset := h*3600 + m*60
	if sign == "-" {
		offset = -offset
	}
	return time.FixedZone(strings.TrimSpace(all), offset)
}
