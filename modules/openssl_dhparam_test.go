package modules

import (
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

const dh512 = `-----BEGIN DH PARAMETERS-----
MEYCQQDHxpArYPWLv+STN6y/ZbA7SrPquXY2ghkKC4BUD1OzaRMyz9rahC98/Ysn
BxRliezdyGFTP/G9gxmgc4IeoiJvAgEC
-----END DH PARAMETERS-----
`

func TestDHParam(t *testing.T) {
	const file = "/etc/dh.pem"
	for name, tc := range map[string]struct {
		before  string
		args    []any
		changed bool
		makes   bool
		after   string
	}{
		"new":     {"", []any{"size", 512}, true, true, dh512},
		"there":   {dh512, []any{"size", 512}, false, false, dh512},
		"mode":    {dh512, []any{"size", 512, "mode", "0600"}, true, false, dh512},
		"smaller": {dh512, []any{"size", 1024}, true, true, dh512},
		"forced":  {dh512, []any{"size", 512, "force", true}, true, true, dh512},
		"junk":    {"junk", []any{"size", 512}, true, true, dh512},
		"removed": {dh512, []any{"state", "absent"}, true, false, ""},
		"gone":    {"", []any{"state", "absent"}, false, false, ""},
	} {
		for _, check := range []bool{true, false} {
			f := target.NewFake()
			f.Programs["openssl"] = "/usr/bin/openssl"
			f.Exec = func(target.Cmd) (*target.Output, error) { return &target.Output{Stdout: []byte(dh512)}, nil }
			if tc.before != "" {
				f.Write(file, tc.before)
			}
			c := &Call{Args: value.DictOf(append(tc.args, "path", file)...), Check: check, Progress: func(string) {}}
			res, err := dhparamModule().Run(t.Context(), f, c)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			want := tc.after
			if check {
				want = tc.before
			}
			got, _ := f.ReadFile(file)
			if res.Changed != tc.changed || string(got) != want || len(f.Ran()) > 0 != (tc.makes && !check) {
				t.Errorf("%s, check %v: changed=%v, ran %v\n%s", name, check, res.Changed, f.Ran(), got)
			}
		}
	}
}

func TestDHParamRefuses(t *testing.T) {
	_, err := dhparamModule().Run(t.Context(), target.NewFake(), &Call{Args: value.DictOf("path", "/none/dh.pem")})
	if err == nil || !strings.Contains(err.Error(), "/none' does not exist") {
		t.Errorf("%v", err)
	}
}
