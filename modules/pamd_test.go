package modules

import (
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

func TestPamd(t *testing.T) {
	const file = "/etc/pam.d/x"
	const text = "# PAM\nauth\trequired   pam_env.so\n# the usual\nauth  [success=1 default=ignore]  pam_unix.so nullok  retry=3\n@include common\n"
	const head = "# PAM\n# Updated by Ansible - 2025-03-14T15:09:26.000000\n"
	const env, unix = "auth       required pam_env.so\n", "auth       [success=1 default=ignore] pam_unix.so nullok retry=3\n"
	on := func(control, module string, more ...any) []any {
		return append([]any{"name", "x", "type", "auth", "control", control, "module_path", module}, more...)
	}
	bracket := "[success=1 default=ignore]"
	deny := []any{"new_type", "auth", "new_control", "required", "new_module_path", "pam_deny.so"}
	for name, tc := range map[string]struct {
		args  []any
		count int
		want  string // the file but for its head, "" when it stays
	}{
		"not there":    {on("required", "pam_nothing.so", "new_control", "optional"), 0, ""},
		"changed":      {on("required", "pam_env.so", "new_control", "[default = ignore]", "module_arguments", "a b=c"), 1, "auth       [default=ignore] pam_env.so a b=c\n# the usual\n" + unix + "@include common\n"},
		"as it is":     {on("required", "pam_env.so", "new_control", "required"), 0, ""},
		"no arguments": {on(bracket, "pam_unix.so", "module_arguments", ""), 1, env + "# the usual\nauth       [success=1 default=ignore] pam_unix.so\n@include common\n"},
		"before":       {on(bracket, "pam_unix.so", append(deny, "state", "before")...), 1, env + "# the usual\nauth       required pam_deny.so\n" + unix + "@include common\n"},
		"is before":    {on(bracket, "pam_unix.so", "new_type", "auth", "new_control", "required", "new_module_path", "pam_env.so", "state", "before"), 0, ""},
		"after":        {on("required", "pam_env.so", append(deny, "module_arguments", "x", "state", "after")...), 1, env + "auth       required pam_deny.so x\n# the usual\n" + unix + "@include common\n"},
		"more args":    {on(bracket, "pam_unix.so", "module_arguments", []string{"nullok", "retry=5", "sha512"}, "state", "args_present"), 1, env + "# the usual\nauth       [success=1 default=ignore] pam_unix.so nullok retry=5 sha512\n@include common\n"},
		"args there":   {on(bracket, "pam_unix.so", "module_arguments", []string{"retry=3"}, "state", "args_present"), 0, ""},
		"fewer args":   {on(bracket, "pam_unix.so", "module_arguments", []string{"nullok", "other"}, "state", "args_absent"), 1, env + "# the usual\nauth       [success=1 default=ignore] pam_unix.so retry=3\n@include common\n"},
		"removed":      {on("required", "pam_env.so", "state", "absent"), 1, "# the usual\n" + unix + "@include common\n"},
	} {
		for _, check := range []bool{true, false} {
			f := target.NewFake()
			f.Write(file, text)
			res, err := pamdModule().Run(t.Context(), f, &Call{Args: value.DictOf(tc.args...), Check: check})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			want := text
			if tc.want != "" && !check {
				want = head + tc.want
			}
			got, _ := f.ReadFile(file)
			if string(got) != want || res.Changed != (tc.count > 0) || value.Repr(res.Data.At("change_count")) != value.Repr(value.Int(tc.count)) {
				t.Errorf("%s, check %v: %s\n%s", name, check, value.Repr(res.Dict()), got)
			}
		}
	}
}

func TestPamdRefuses(t *testing.T) {
	f := target.NewFake()
	f.Write("/etc/pam.d/x", "auth required a.so\n")
	base := []any{"name", "x", "type", "auth", "control", "required", "module_path", "a.so"}
	for want, more := range map[string][]any{
		"Unable to open/read":      {"path", "/none"},
		"is not valid in rule":     {"new_control", "perhaps"},
		"control value, success=x": {"new_control", "[success=x]"},
		"bracketed '['":            {"state", "args_present", "module_arguments", []string{"[a b]"}},
		"module_arguments":         {"state", "args_absent"},
		"new_control, new_type":    {"state", "after"},
	} {
		_, err := pamdModule().Run(t.Context(), f, &Call{Args: value.DictOf(append(append([]any(nil), base...), more...)...)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
