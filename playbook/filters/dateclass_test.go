package filters_test

import (
	"testing"

	"drover/playbook/value"
)

// The methods of Python's date classes, as values have them too; what they give
// was recorded from ansible-core 2.19.
func TestDateClassMethods(t *testing.T) {
	const day = "('2024-03-10 12:30:05' | to_datetime)"
	tests := []struct{ call, want string }{
		{".utcfromtimestamp(1700000000)", "2023-11-14 22:13:20"},
		{".fromordinal(738000)", "2021-07-29 00:00:00"},
		{".date().fromordinal(738000)", "2021-07-29"},
		{".fromisoformat('2024-02-29T10:11:12.5+02:00')", "2024-02-29 10:11:12.500000+02:00"},
		{".fromisoformat('2024-02-29 10:11')", "2024-02-29 10:11:00"},
		{".fromisoformat('20240229T101112Z')", "2024-02-29 10:11:12+00:00"},
		{".fromisoformat('2024-W10-2')", "2024-03-05 00:00:00"},
		{".date().fromisoformat('2024-W10')", "2024-03-04"},
		{".fromisocalendar(2024, 10, 3)", "2024-03-06 00:00:00"},
		{".strptime('2020-01-02', '%Y-%m-%d')", "2020-01-02 00:00:00"},
		{".combine(" + day + ".date(), " + day + ".time())", "2024-03-10 12:30:05"},
	}
	for _, tt := range tests {
		v, err := evaluate(t, day+tt.call)
		if err != nil || value.String(v) != tt.want {
			t.Errorf("%s gives %v, %v; want %s", tt.call, v, err, tt.want)
		}
	}
	for _, wrong := range []string{".fromisoformat('2024-02-30')", ".fromtimestamp('x')", ".fromisocalendar(2024, 60, 1)", ".combine(1, 2)"} {
		if v, err := evaluate(t, day+wrong); err == nil {
			t.Errorf("%s gives %v and no error", wrong, v)
		}
	}
}
