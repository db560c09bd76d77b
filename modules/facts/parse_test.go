package facts

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"drover/playbook/value"
)

func TestClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zone data here: ", err)
	}
	d := clock(time.Date(2024, 1, 7, 23, 5, 6, 7008000, berlin))
	want := map[string]string{
		"weekday": "Sunday", "weekday_number": "0", "weeknumber": "01", "iso8601": "2024-01-07T22:05:06Z",
		"iso8601_micro": "2024-01-07T22:05:06.007008Z", "iso8601_basic": "20240107T230506007008",
		"tz": "CET", "tz_dst": "CEST", "tz_offset": "+0100", "epoch": "1704665106",
	}
	for key, val := range want {
		if got := value.String(d.At(key)); got != val {
			t.Errorf("%s is %q, want %q", key, got, val)
		}
	}
}

func TestMondayWeek(t *testing.T) {
	for day, want := range map[string]int{"2023-01-01": 0, "2023-01-02": 1, "2024-01-01": 1, "2021-01-03": 0, "2021-01-04": 1, "2026-11-23": 47, "2024-12-31": 53} {
		d, _ := time.Parse("2006-01-02", day)
		if got := mondayWeek(d); got != want {
			t.Errorf("%s is in week %d, want %d", day, got, want)
		}
	}
}

func TestSplitQuoted(t *testing.T) {
	got := splitQuoted(`a=1 b="x y"  c='1 2'`)
	if want := []string{"a=1", `b="x y"`, "c='1 2'"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCountRanges(t *testing.T) {
	for list, want := range map[string]int64{"0": 1, "0-3": 4, "0-3,8,10-11": 7, "": 0} {
		if got := countRanges(list); got != want {
			t.Errorf("%q has %d processors, want %d", list, got, want)
		}
	}
}

func TestUnescapeOctal(t *testing.T) {
	for in, want := range map[string]string{`/a\040b`: "/a b", `/x\134y`: `/x\y`, `/plain\`: `/plain\`, `\9zz`: `\9zz`} {
		if got := unescapeOctal(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestHumanSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0.00 Bytes", 1536: "1.50 KB", 274877906944: "256.00 GB"} {
		if got := humanSize(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestParseCapsh(t *testing.T) {
	tests := []struct{ out, enforced, caps string }{
		{"Current: =ep\n", "False", ""},
		{"Current: =ep cap_a,cap_b-ep\nBounding set =x\n", "True", "ep cap_a|cap_b-ep"},
		{"nothing", "NA", ""},
	}
	for _, tt := range tests {
		enforced, caps := parseCapsh(tt.out)
		if enforced != tt.enforced || strings.Join(caps, "|") != tt.caps {
			t.Errorf("%q gives %s %q", tt.out, enforced, caps)
		}
	}
}

func TestParseINIErrors(t *testing.T) {
	for text, want := range map[string]string{
		"x = 1":                    "before the first [section]",
		"[a]\nno pair":             "neither a [section] nor key = value",
		"[a]\nx=1\nX=2":            "twice",
		"[a]\n[a]":                 "twice",
		"[a]\nx=%(y)s":             "names no option",
		"[a]\nx=100%":              "must be followed",
		"[a]\nx=%(y)s\ny=%(x)s":    "too deep",
		"[DEFAULT]\nq=%\n[a]\nx=1": "must be followed",
	} {
		if _, err := parseINI(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", text, err, want)
		}
	}
}

func TestParseINIContinuesAndDefaults(t *testing.T) {
	got, err := parseINI("[DEFAULT]\nbase=/srv\n[a]\n; note\npath=%(base)s/a\n  second\npercent=100%%\n")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a": {"path": "/srv/a\nsecond", "percent": "100%", "base": "/srv"}}`
	if text := value.JSON(got); text != want {
		t.Errorf("got %s, want %s", text, want)
	}
}
