package facts

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"drover/playbook/value"
)

// dateTime tells the host's clock in the host's time zone.
func dateTime(_ context.Context, m *machine) *value.Dict {
	return value.DictOf("date_time", clock(m.host.Now()))
}

func clock(now time.Time) *value.Dict {
	zone, _ := now.Zone()
	utc := now.UTC()
	epoch := strconv.FormatInt(now.Unix(), 10)
	micro := fmt.Sprintf("%06d", now.Nanosecond()/1000)
	return value.DictOf(
		"year", now.Format("2006"), "month", now.Format("01"), "weekday", now.Format("Monday"),
		"weekday_number", strconv.Itoa(int(now.Weekday())), "weeknumber", fmt.Sprintf("%02d", mondayWeek(now)),
		"day", now.Format("02"), "hour", now.Format("15"), "minute", now.Format("04"), "second", now.Format("05"),
		"epoch", epoch, "epoch_int", epoch,
		"date", now.Format("2006-01-02"), "time", now.Format("15:04:05"),
		"iso8601_micro", utc.Format("2006-01-02T15:04:05.")+micro+"Z",
		"iso8601", utc.Format("2006-01-02T15:04:05Z"),
		"iso8601_basic", now.Format("20060102T150405")+micro,
		"iso8601_basic_short", now.Format("20060102T150405"),
		"tz", zone, "tz_dst", summerZone(now), "tz_offset", now.Format("-0700"),
	)
}

// mondayWeek is strftime's %W: weeks begin on Monday, days before the first
// Monday are in week 0.
func mondayWeek(t time.Time) int {
	sinceMonday := (int(t.Weekday()) + 6) % 7
	return (t.YearDay() + 6 - sinceMonday) / 7
}

// summerZone gives the zone's name in daylight saving time, or its only name.
func summerZone(now time.Time) string {
	name, _ := now.Zone()
	for month := time.January; month <= time.December; month++ {
		if t := time.Date(now.Year(), month, 1, 12, 0, 0, 0, now.Location()); t.IsDST() {
			name, _ = t.Zone()
		}
	}
	return name
}
