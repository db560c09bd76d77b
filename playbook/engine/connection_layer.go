package engine

import (
	"drover/playbook/value"
	"drover/playbook/vars"
)

// connectionLayer lies below all other variables of a task: it tells how the
// task's host is reached where no variable does, so that ansible_host,
// ansible_user and their kind can be used everywhere.
type connectionLayer struct {
	run  *run
	host *host
	plan *plan
	// other tells of the host that the task is delegated to; nil for tasks that
	// are not.
	other *connectionVars
	// above are the layers over this one.
	above *vars.Stack
}

// connectionNames pairs each variable with its other name.
var connectionNames = map[string]string{
	"ansible_password": "ansible_ssh_pass", "ansible_ssh_pass": "ansible_password",
	"ansible_connection": "", "ansible_shell_executable": "",
	"ansible_host": "ansible_ssh_host", "ansible_ssh_host": "ansible_host",
	"ansible_user": "ansible_ssh_user", "ansible_ssh_user": "ansible_user",
	"ansible_port": "ansible_ssh_port", "ansible_ssh_port": "ansible_port",
	"ansible_timeout": "ansible_ssh_timeout", "ansible_ssh_timeout": "ansible_timeout",
	"ansible_private_key_file": "ansible_ssh_private_key_file", "ansible_ssh_private_key_file": "ansible_private_key_file",
	"ansible_pipelining": "ansible_ssh_pipelining", "ansible_ssh_pipelining": "ansible_pipelining",
}

// Names implements vars.Layer.
func (l *connectionLayer) Names() []string {
	var names []string
	for name := range connectionNames {
		if _, ok := l.Lookup(name); ok {
			names = append(names, name)
		}
	}
	return names
}

// Lookup implements vars.Layer.
func (l *connectionLayer) Lookup(name string) (value.Value, bool) {
	other, ok := connectionNames[name]
	if !ok {
		return nil, false
	}
	if other != "" {
		if v, ok := l.above.Lookup(other); ok {
			return v, true
		}
	}
	if l.other != nil {
		v := l.other.get(name)
		return v, v != nil
	}
	d := &l.run.cfg.Connection
	switch name {
	case "ansible_connection":
		return l.text(l.plan.connection, first(d.Kind, "ssh"))
	case "ansible_shell_executable":
		return value.Str("/bin/sh"), true
	case "ansible_host", "ansible_ssh_host":
		return value.Str(l.host.name), true
	case "ansible_user", "ansible_ssh_user":
		return l.text(l.plan.remoteUser, d.User)
	case "ansible_password", "ansible_ssh_pass":
		return value.Secret(d.Password), d.Password != ""
	case "ansible_port", "ansible_ssh_port":
		return l.port()
	case "ansible_timeout", "ansible_ssh_timeout":
		return value.FromGo(int(d.Timeout.Seconds())), d.Timeout > 0
	case "ansible_private_key_file", "ansible_ssh_private_key_file":
		return l.text(nil, d.KeyFile)
	}
	return value.Bool(false), true // pipelining: nothing of it is needed here
}

// text gives a keyword's value, else the default, if there is one. The
// keyword is evaluated without this layer, which may be what it asks for.
func (l *connectionLayer) text(keyword value.Value, otherwise string) (value.Value, bool) {
	if keyword != nil {
		if v, err := l.run.context(l.above).Evaluate(keyword); err == nil && v != value.Omit && v != value.None {
			return v, true
		}
	}
	return value.Str(otherwise), otherwise != ""
}

func (l *connectionLayer) port() (value.Value, bool) {
	if p := l.host.inv.Port; p > 0 {
		return value.FromGo(p), true
	}
	if kind, ok := l.text(l.plan.connection, l.run.cfg.Connection.Kind); ok && kind == value.Str("local") {
		return nil, false
	}
	if v, ok := l.text(l.plan.port, ""); ok {
		return v, true
	}
	p := l.run.cfg.Connection.Port
	return value.FromGo(p), p > 0
}
