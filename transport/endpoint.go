package transport

import (
	"fmt"
	"net"
	"os/user"
	"strconv"
	"strings"
	"time"
)

// endpoint is all that is known about how to reach one sshd: the target's
// variables, its ssh arguments and the ssh configuration, merged.
type endpoint struct {
	*settings
	target  *Target
	alias   string // as written, for the configuration and %n
	host    string
	port    int
	user    string
	timeout time.Duration
}

// resolve merges the settings of a target: its variables first, then the ssh
// arguments, then the configuration files.
func (d *sshDialer) resolve(t *Target) (*endpoint, error) {
	s := newSettings(d.warnOnce)
	s.args(t.CommonArgs)
	if text := s.get("controlpersist"); text != "" {
		if _, ok := persistTime(text); !ok {
			d.warnOnce("ControlPersist=" + text + " from the ssh arguments is no time and has no effect: write 60s, 10m, yes or no")
		}
	}
	alias := t.Host
	if alias == "" {
		alias = t.Name
	}
	for _, path := range configs(s.config) {
		c, err := d.configs.get(path, func() (*configFile, error) { return readConfig(path) })
		if err == nil {
			err = c.apply(s, alias, t.User)
		}
		if err != nil {
			return nil, t.fault(PhaseResolve, err, "correct the file, or pass -F none in ansible_ssh_common_args")
		}
	}
	e := &endpoint{settings: s, target: t, alias: alias, host: s.get("hostname"), port: t.Port, user: t.User,
		timeout: t.timeout()}
	return e, e.complete()
}

// complete fills in the defaults.
func (e *endpoint) complete() error {
	if e.host == "" {
		e.host = e.alias
	}
	e.host = strings.NewReplacer("%h", e.alias, "%%", "%").Replace(e.host)
	if e.port == 0 {
		e.port = 22
		if p := e.get("port"); p != "" {
			n, err := strconv.Atoi(p)
			if err != nil || n < 1 || n > 65535 {
				return e.target.fault(PhaseResolve, fmt.Errorf("the port %q is not a number from 1 to 65535", p), "")
			}
			e.port = n
		}
	}
	if e.user == "" {
		e.user = e.get("user")
	}
	if e.user == "" {
		e.user = localUser()
	}
	if e.target.Timeout == 0 {
		if n, err := strconv.Atoi(e.get("connecttimeout")); err == nil && n > 0 {
			e.timeout = time.Duration(n) * time.Second
		}
	}
	return nil
}

func localUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "root"
}

func (e *endpoint) address() string { return net.JoinHostPort(e.host, strconv.Itoa(e.port)) }

// network is tcp, tcp4 or tcp6.
func (e *endpoint) network() string {
	switch strings.ToLower(e.get("addressfamily")) {
	case "inet":
		return "tcp4"
	case "inet6":
		return "tcp6"
	}
	return "tcp"
}

// expand replaces ssh's % tokens.
func (e *endpoint) expand(text string) string {
	return strings.NewReplacer("%%", "%", "%h", e.host, "%n", e.alias, "%p", strconv.Itoa(e.port),
		"%r", e.user, "%u", localUser(), "%d", home("")).Replace(text)
}

// algorithms reads a list option; "+a", "-a" and "^a" change the defaults.
func (e *endpoint) algorithms(option string, defaults []string) []string {
	text := e.get(option)
	if text == "" {
		return nil
	}
	names := strings.Split(text[1:], ",")
	switch text[0] {
	case '+':
		return append(append([]string{}, defaults...), names...)
	case '^':
		return append(names, without(defaults, names)...)
	case '-':
		return without(defaults, names)
	}
	return strings.Split(text, ",")
}

func without(list, drop []string) []string {
	var kept []string
	for _, s := range list {
		found := false
		for _, d := range drop {
			found = found || s == d
		}
		if !found {
			kept = append(kept, s)
		}
	}
	return kept
}
