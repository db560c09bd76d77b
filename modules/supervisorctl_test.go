package modules

import (
	"slices"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

// supervisorHost runs cat and one:a, and one:b not; new is not known yet.
func supervisorHost() *target.Fake {
	f := target.NewFake()
	f.Programs["supervisorctl"] = "/usr/bin/supervisorctl"
	f.Exec = func(c target.Cmd) (*target.Output, error) {
		name, verb := c.Argv[len(c.Argv)-1], ""
		if verb = name; verb != "status" {
			verb = c.Argv[max(1, len(c.Argv)-2)]
		}
		switch verb {
		case "start", "restart":
			return &target.Output{Stdout: []byte(name + ": started\n")}, nil
		case "stop":
			return &target.Output{Stdout: []byte(name + ": stopped\n")}, nil
		case "USR1":
			return &target.Output{Stdout: []byte(name + ": signalled\n")}, nil
		case "add":
			return &target.Output{Stdout: []byte(name + ": added process group\n")}, nil
		case "remove":
			return &target.Output{Stdout: []byte(name + ": removed process group\n")}, nil
		case "status":
			return &target.Output{RC: 3, Stdout: []byte("cat    RUNNING   pid 7, uptime 0:00:10\none:a  STARTING\none:b  STOPPED   Not started\n")}, nil
		}
		return new(target.Output), nil
	}
	return f
}

func TestSupervisorctl(t *testing.T) {
	for name, tc := range map[string]struct {
		args *value.Dict
		want string // what was run to change something, "" nothing
	}{
		"runs":             {value.DictOf("name", "cat", "state", "started"), ""},
		"to stop":          {value.DictOf("name", "cat", "state", "stopped"), "stop cat"},
		"group to start":   {value.DictOf("name", "one:", "state", "started"), "start one:b"},
		"group to stop":    {value.DictOf("name", "one:", "state", "stopped"), "stop one:a"},
		"all restarted":    {value.DictOf("name", "all", "state", "restarted"), "update; restart cat; restart one:a; restart one:b"},
		"signalled":        {value.DictOf("name", "cat", "state", "signalled", "signal", "USR1"), "signal USR1 cat"},
		"known":            {value.DictOf("name", "cat", "state", "present"), ""},
		"new":              {value.DictOf("name", "new", "state", "present"), "reread; add new"},
		"unknown":          {value.DictOf("name", "new", "state", "absent"), ""},
		"removed":          {value.DictOf("name", "cat", "state", "absent"), "reread; remove cat"},
		"stopped, removed": {value.DictOf("name", "one:", "state", "absent", "stop_before_removing", true), "stop one:a; reread; remove one"},
	} {
		for _, check := range []bool{true, false} {
			f := supervisorHost()
			res, err := supervisorModule().Run(t.Context(), f, &Call{Args: tc.args, Check: check})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var did []string
			for _, c := range f.Ran() {
				if args := strings.Join(c.Argv[1:], " "); args != "status" {
					did = append(did, args)
				}
			}
			want := tc.want
			if check {
				want = ""
			}
			if got := strings.Join(did, "; "); got != want || res.Changed != (tc.want != "") {
				t.Errorf("%s, check %v: changed=%v, ran %q", name, check, res.Changed, got)
			}
		}
	}
}

func TestSupervisorctlFails(t *testing.T) {
	for want, args := range map[string]*value.Dict{
		"no such process":   value.DictOf("name", "new", "state", "started"),
		"isn't executable":  value.DictOf("name", "cat", "state", "started", "supervisorctl_path", "/opt/nothing"),
		"signalled but all": value.DictOf("name", "cat", "state", "signalled"),
	} {
		_, err := supervisorModule().Run(t.Context(), supervisorHost(), &Call{Args: args})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestSupervisorctlPassesItsLogin(t *testing.T) {
	f := supervisorHost()
	args := value.DictOf("name", "cat", "state", "started", "config", "/c", "server_url", "http://x", "username", "u", "password", "p")
	if _, err := supervisorModule().Run(t.Context(), f, &Call{Args: args}); err != nil {
		t.Fatal(err)
	}
	want := []string{"/usr/bin/supervisorctl", "-c", "/c", "-s", "http://x", "-u", "u", "-p", "p", "status"}
	if got := f.Ran()[0].Argv; !slices.Equal(got, want) {
		t.Errorf("ran %q", got)
	}
}
