package modules

import (
	"slices"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

// aclHost says of a test run what it is told to, and lists one entry.
func aclHost(test string) *target.Fake {
	f := target.NewFake()
	f.Programs["setfacl"], f.Programs["getfacl"] = "/usr/bin/setfacl", "/usr/bin/getfacl"
	f.Write("/srv/a", "")
	f.Exec = func(c target.Cmd) (*target.Output, error) {
		switch {
		case c.Argv[0] == "getfacl":
			return &target.Output{Stdout: []byte("# file: /srv/a\nuser::rw-\n\n")}, nil
		case c.Argv[1] == "--test":
			return &target.Output{Stdout: []byte(test)}, nil
		}
		return new(target.Output), nil
	}
	return f
}

func TestACL(t *testing.T) {
	const same, other = "/srv/a: *,*\n", "/srv/a: user::rw-,user:app:r--,*\n"
	for want, tc := range map[string]struct {
		test string
		args *value.Dict
	}{
		"setfacl -m user:app:rX /srv/a":                       {other, value.DictOf("etype", "user", "entity", "app", "permissions", "rX", "state", "present")},
		"setfacl -d -m group:app:r --recursive --mask /srv/a": {same + other, value.DictOf("entry", "default:g:app:r", "recursive", true, "recalculate_mask", "mask", "state", "present")},
		"setfacl -x user:app --physical /srv/a":               {other, value.DictOf("etype", "user", "entity", "app", "follow", false, "state", "absent")},
		"setfacl -x mask: --no-mask /srv/a":                   {other, value.DictOf("entry", "mask:", "recalculate_mask", "no_mask", "state", "absent")},
		"":                                                    {same, value.DictOf("etype", "other", "permissions", "r", "state", "present")},
	} {
		for _, check := range []bool{true, false} {
			f := aclHost(tc.test)
			args := value.DictOf("path", "/srv/a")
			args.Update(tc.args)
			res, err := aclModule().Run(t.Context(), f, &Call{Args: args, Check: check})
			if err != nil {
				t.Errorf("%s: %v", want, err)
				continue
			}
			ran := slices.ContainsFunc(f.Ran(), func(c target.Cmd) bool { return c.Argv[0] == "setfacl" && c.Argv[1] != "--test" })
			exact := slices.ContainsFunc(f.Ran(), func(c target.Cmd) bool { return strings.Join(c.Argv, " ") == want })
			changes := want != ""
			if res.Changed != changes || ran != (changes && !check) || exact != (changes && !check) {
				t.Errorf("%s, check %v: changed=%v, ran %v", want, check, res.Changed, f.Ran())
			}
			if got := value.Repr(res.Data.At("acl")); got != "['user::rw-']" {
				t.Errorf("acl is %s", got)
			}
		}
	}
}

func TestACLRefuses(t *testing.T) {
	for want, args := range map[string]*value.Dict{
		"'etype' MUST be set":            value.DictOf("state", "present"),
		"'entity' MUST be set":           value.DictOf("state", "absent"),
		"'entry' MUST NOT be set when '": value.DictOf("state", "present", "entry", "u:a:r", "etype", "user"),
		"3 or 4 sections":                value.DictOf("state", "present", "entry", "u:a"),
		"2 or 3 sections":                value.DictOf("state", "absent", "entry", "u"),
		"is for none of":                 value.DictOf("state", "present", "entry", "x:a:r"),
		"'recursive' MUST NOT":           value.DictOf("recursive", true),
		"'permissions' MUST NOT":         value.DictOf("state", "absent", "permissions", "r"),
	} {
		args.Put("path", value.Str("/srv/a"))
		_, err := aclModule().Run(t.Context(), aclHost(""), &Call{Args: args})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
