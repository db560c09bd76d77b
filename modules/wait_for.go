package modules

import (
	"context"
	"regexp"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

type waitForArgs struct {
	Host           string   `arg:"host" default:"127.0.0.1" doc:"Name or address of the machine whose port is watched."`
	Port           *int     `arg:"port" doc:"TCP port to watch."`
	Path           string   `arg:"path" type:"path" doc:"File on the host to watch."`
	State          string   `arg:"state" default:"started" choices:"absent,drained,present,started,stopped" doc:"What to wait for: the port is open (started), closed (stopped) or without connections (drained); the file is there (present) or gone (absent)."`
	SearchRegex    string   `arg:"search_regex" doc:"Wait until this expression matches in the file, or in what the port's server says."`
	Delay          int      `arg:"delay" default:"0" doc:"Seconds before the first look."`
	Timeout        int      `arg:"timeout" default:"300" doc:"Seconds after which to give up."`
	ConnectTimeout int      `arg:"connect_timeout" default:"5" doc:"Seconds for one attempt to connect."`
	Sleep          int      `arg:"sleep" default:"1" doc:"Seconds between two looks."`
	ExcludeHosts   []string `arg:"exclude_hosts" doc:"Machines whose connections do not count when waiting for drained."`
	States         []string `arg:"active_connection_states" default:"ESTABLISHED,FIN_WAIT1,FIN_WAIT2,SYN_RECV,SYN_SENT,TIME_WAIT" doc:"TCP states of connections that count when waiting for drained."`
	Msg            string   `arg:"msg" doc:"The error message when time is up, instead of the usual one."`
}

// waitForModule waits for a condition on the host and changes nothing.
func waitForModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.wait_for",
		Summary: "Wait for a port, a file or time to pass",
		Doc:     "Looks again and again until the condition holds or the time is up, which is a failure. Without port and path it only waits for timeout seconds.",
		Examples: "- name: Until the database answers\n  ansible.builtin.wait_for:\n    port: 5432\n    timeout: 60\n\n" +
			"- name: Until the log says so\n  ansible.builtin.wait_for:\n    path: /var/log/app.log\n    search_regex: ready on port (?P<port>\\d+)\n",
		Returns: []Return{
			{"elapsed", "int", "always", "Seconds it took."},
			{"match_groups", "list", "always", "The groups of the expression that was found in a file; none of a port's."},
			{"match_groupdict", "dict", "with search_regex", "The expression's named groups."},
		},
	}, runWaitFor)
}

// waiting is one use of the module.
type waiting struct {
	*waitForArgs
	h     target.Host
	regex *regexp.Regexp
	start time.Time
	match []string
}

func runWaitFor(ctx context.Context, h target.Host, _ *Call, a *waitForArgs) (*Result, error) {
	w := &waiting{waitForArgs: a, h: h, start: time.Now()}
	if err := w.check(); err != nil {
		return nil, err
	}
	if err := pause(ctx, wholeSeconds(a.Delay)); err != nil {
		return nil, err
	}
	if a.Port == nil && a.Path == "" && a.State != "drained" {
		if err := pause(ctx, wholeSeconds(a.Timeout)); err != nil {
			return nil, err
		}
		return w.result(), nil
	}
	for {
		holds, err := w.holds(ctx)
		if err != nil {
			return nil, err
		}
		if holds {
			return w.result(), nil
		}
		if time.Since(w.start) >= wholeSeconds(a.Timeout) {
			return nil, w.timeUp()
		}
		if err := pause(ctx, wholeSeconds(a.Sleep)); err != nil {
			return nil, err
		}
	}
}

func wholeSeconds(n int) time.Duration { return time.Duration(n) * time.Second }

// check refuses combinations that make no sense.
func (w *waiting) check() error {
	switch {
	case w.Port != nil && w.Path != "":
		return Failf("port and path parameter can not both be passed to wait_for")
	case w.Path != "" && w.State == "stopped":
		return Failf("state=stopped should only be used for checking a port in the wait_for module")
	case w.Path != "" && w.State == "drained":
		return Failf("state=drained should only be used for checking a port in the wait_for module")
	case w.State == "drained" && w.Port == nil:
		return Failf("state=drained needs a port")
	case w.ExcludeHosts != nil && w.State != "drained":
		return Failf("exclude_hosts should only be with state=drained")
	}
	for _, s := range w.States {
		if tcpStates[s] == "" {
			return Failf("unknown active_connection_state (%s) defined", s)
		}
	}
	if w.SearchRegex == "" {
		return nil
	}
	var err error
	if w.regex, err = regexp.Compile("(?m)" + w.SearchRegex); err != nil {
		return Failf("search_regex %q is not a valid expression: %w", w.SearchRegex, err)
	}
	return nil
}

func (w *waiting) holds(ctx context.Context) (bool, error) {
	switch {
	case w.Path != "":
		return w.fileHolds(), nil
	case w.State == "drained":
		return w.drained(ctx)
	}
	open := w.portOpen(ctx)
	if w.State == "absent" || w.State == "stopped" {
		return !open, nil
	}
	return open, nil
}

func (w *waiting) fileHolds() bool {
	if w.State == "absent" {
		_, err := w.h.Stat(w.Path)
		return err != nil
	}
	if w.regex == nil {
		_, err := w.h.Stat(w.Path)
		return err == nil
	}
	data, err := w.h.ReadFile(w.Path)
	return err == nil && w.matches(data)
}

func (w *waiting) matches(data []byte) bool {
	w.match = w.regex.FindStringSubmatch(string(data))
	return w.match != nil
}

func (w *waiting) result() *Result {
	r := &Result{}
	state := w.State
	r.Set("elapsed", int(time.Since(w.start).Seconds())).Set("state", state).Set("path", orNone(w.Path))
	r.Set("port", value.None).Set("search_regex", orNone(w.SearchRegex))
	if w.Port != nil {
		r.Set("port", *w.Port)
	}
	groups, named := value.NewList(), value.NewDict(0)
	for i := 1; i < len(w.match); i++ {
		groups.Append(value.Str(w.match[i]))
		if name := w.regex.SubexpNames()[i]; name != "" {
			named.Put(name, value.Str(w.match[i]))
		}
	}
	return r.Set("match_groups", groups).Set("match_groupdict", named)
}

func orNone(s string) value.Value {
	if s == "" {
		return value.None
	}
	return value.Str(s)
}

// timeUp words the failure.
func (w *waiting) timeUp() error {
	data := value.DictOf("elapsed", int(time.Since(w.start).Seconds()))
	if w.Msg != "" {
		return FailWith(data, "%s", w.Msg)
	}
	what := w.Path
	if w.Port != nil {
		what = w.Host + ":" + value.String(value.Int(*w.Port))
	}
	switch {
	case w.State == "drained":
		return FailWith(data, "Timeout when waiting for %s to drain", what)
	case w.State == "absent" || w.State == "stopped":
		return FailWith(data, "Timeout when waiting for %s to %s.", what, map[bool]string{true: "be absent", false: "stop"}[w.Path != ""])
	case w.regex != nil && w.Path != "":
		return FailWith(data, "Timeout when waiting for search string %s in %s", w.SearchRegex, what)
	case w.regex != nil:
		return FailWith(data, "Timeout when waiting for search string %s in %s", w.SearchRegex, what)
	case w.Path != "":
		return FailWith(data, "Timeout when waiting for file %s", what)
	}
	return FailWith(data, "Timeout when waiting for %s", what)
}
