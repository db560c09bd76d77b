package engine

import (
	"fmt"
	"os/user"
	"path/filepath"
	"time"

	"github.com/google/shlex"

	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
	"drover/transport"
)

// connectionVars reads connection settings: the first name that is a variable
// of the host wins, else the keyword, else the flag's default.
type connectionVars struct {
	ctx   *jinja.Context
	scope jinja.Scope
	err   error
}

// get gives the first of the variables that is set and not None.
func (c *connectionVars) get(names ...string) value.Value {
	for _, n := range names {
		v, ok := c.scope.Lookup(n)
		if !ok || c.err != nil {
			continue
		}
		v, err := c.ctx.Evaluate(v)
		if err != nil {
			c.err = fmt.Errorf("the variable '%s': %w", n, err)
			return nil
		}
		if v != value.None && v != value.Omit {
			return v
		}
	}
	return nil
}

func (c *connectionVars) text(otherwise string, names ...string) string {
	if v := c.get(names...); v != nil {
		return value.String(v)
	}
	return otherwise
}

// keyword gives a play's or task's keyword as text, "" when it is not set.
func (i *itemRun) keyword(name string, v value.Value) (string, error) {
	ev := keywordReader{ctx: i.jinja, base: &i.step.task.Base}
	s := ev.text(name, v, "")
	return s, ev.err
}

// connectionVars reads the variables that say how a host is reached: the
// task's own, or those of the host that it is delegated to.
func (i *itemRun) connectionVars(h *host) *connectionVars {
	scope := jinja.Scope(i.stack)
	if h != i.seat.host {
		scope = i.delegatedScope(h)
	}
	c := &connectionVars{ctx: i.batch.run.context(scope), scope: scope}
	c.ctx.Host = i.jinja.Host
	return c
}

// connectTo works out where and how to reach a host for this task.
func (i *itemRun) connectTo(h *host) (*transport.Target, error) {
	c, d := i.connectionVars(h), &i.batch.run.cfg.Connection
	user, err := i.keyword("remote_user", i.step.plan.remoteUser)
	if err != nil {
		return nil, err
	}
	kind, err := i.keyword("connection", i.step.plan.connection)
	if err != nil {
		return nil, err
	}
	t := &transport.Target{
		Name:       h.name,
		Kind:       c.text(first(kind, d.Kind, "ssh"), "ansible_connection"),
		Host:       c.text(h.name, "ansible_ssh_host", "ansible_host"),
		User:       c.text(first(user, d.User), "ansible_ssh_user", "ansible_user"),
		Password:   c.text(d.Password, "ansible_ssh_password", "ansible_ssh_pass", "ansible_password"),
		KeyFile:    c.text(d.KeyFile, "ansible_private_key_file", "ansible_ssh_private_key_file"),
		KeyData:    c.text("", "ansible_ssh_private_key", "ansible_private_key"),
		Passphrase: c.text("", "ansible_ssh_private_key_passphrase", "ansible_private_key_passphrase"),
		RemoteTmp:  c.text(d.RemoteTmp, "ansible_remote_tmp"),
		Dir:        i.batch.run.playbookDir,
		Timeout:    d.Timeout,
	}
	t.KeyFile = i.besidePlaybook(t.KeyFile)
	if t.Port, err = i.port(c, h); err != nil {
		return nil, err
	}
	if secs, ok := value.AsFloat(c.get("ansible_ssh_timeout", "ansible_timeout")); ok {
		t.Timeout = time.Duration(secs * float64(time.Second))
	}
	if err := i.sshArgs(c, t); err != nil {
		return nil, err
	}
	if err := i.becomeFor(c, t); err != nil {
		return nil, err
	}
	i.sameUser(t)
	return t, c.err
}

// delegatedScope is what a delegated task's connection is read from: the
// variables that the task has on the other host, under its own host's name.
func (i *itemRun) delegatedScope(h *host) *vars.Stack {
	other := &seat{host: h, varsFiles: i.seat.varsFiles}
	name := vars.Dict{D: value.DictOf("inventory_hostname", i.seat.name)}
	return i.batch.taskScope(other, i.step.plan).Over(i.loopLayer(i.loop), name)
}

func first(s ...string) string {
	for _, x := range s {
		if x != "" {
			return x
		}
	}
	return ""
}

// besidePlaybook resolves ~ and paths relative to the playbook.
func (i *itemRun) besidePlaybook(path string) string {
	if path == "" || filepath.IsAbs(path) || path[0] == '~' {
		return path
	}
	return filepath.Join(i.batch.run.playbookDir, path)
}

func (i *itemRun) port(c *connectionVars, h *host) (int, error) {
	v := c.get("ansible_ssh_port", "ansible_port")
	if v == nil && h.inv.Port > 0 {
		return h.inv.Port, nil
	}
	ev := keywordReader{ctx: i.jinja, base: &i.step.task.Base}
	if v == nil {
		return int(ev.number("port", i.step.plan.port, float64(i.batch.run.cfg.Connection.Port))), ev.err
	}
	n := ev.number("ansible_port", v, 0)
	return int(n), ev.err
}

// sshArgs splits the ssh options of the host as a shell would.
func (i *itemRun) sshArgs(c *connectionVars, t *transport.Target) error {
	d := &i.batch.run.cfg.Connection
	for _, a := range []struct{ def, name string }{
		{d.SSHArgs, "ansible_ssh_args"}, {d.CommonArgs, "ansible_ssh_common_args"}, {d.ExtraArgs, "ansible_ssh_extra_args"},
	} {
		line := c.text(a.def, a.name)
		words, err := i.batch.run.shellWords(line)
		if err != nil {
			return source.Errorf(source.Pos{}, "host %s: %s = %q: %v", t.Name, a.name, line, err)
		}
		t.CommonArgs = append(t.CommonArgs, words...)
	}
	ev := keywordReader{ctx: i.jinja, base: &i.step.task.Base}
	retries := int(ev.number("ansible_ssh_retries", c.get("ansible_ssh_retries"), float64(d.Retries)))
	if ev.err != nil {
		return ev.err
	}
	if retries > 0 {
		t.CommonArgs = append(t.CommonArgs, "-o", fmt.Sprintf("ConnectionAttempts=%d", retries+1))
	}
	if v := c.get("ansible_ssh_host_key_checking", "ansible_host_key_checking"); v != nil {
		if check, ok := truth(v); ok && !check {
			t.CommonArgs = append(t.CommonArgs, "-o", "StrictHostKeyChecking=no")
		}
	}
	return nil
}

// shellWords splits a line of ssh options. All hosts tend to have the same one,
// and every task asks for it.
func (r *run) shellWords(line string) ([]string, error) {
	if line == "" {
		return nil, nil
	}
	if words, ok := r.splitLines.Load(line); ok {
		return words.([]string), nil
	}
	words, err := shlex.Split(line)
	if err == nil {
		r.splitLines.Store(line, words)
	}
	return words, err
}

// becomeFor works out whether and how the task becomes another user.
func (i *itemRun) becomeFor(c *connectionVars, t *transport.Target) error {
	p, d := i.step.plan, &i.batch.run.cfg.Connection
	ev := keywordReader{ctx: i.jinja, base: &i.step.task.Base}
	on := ev.boolean("become", p.become, i.batch.run.cfg.BecomeOn)
	if v := c.get("ansible_become"); v != nil {
		on, _ = truth(v)
	}
	if ev.err != nil || !on {
		return ev.err
	}
	method := c.text(first(ev.text("become_method", p.becomeMethod, ""), d.BecomeMethod, "sudo"), "ansible_become_method")
	method = trimCollection(method)
	if err := transport.CheckBecome(method); err != nil {
		return source.Wrap(i.step.task.Keys["become_method"], err)
	}
	own := func(what string) []string {
		return []string{"ansible_" + method + "_" + what, "ansible_become_" + what}
	}
	pass := append(own("password"), own("pass")...)
	t.Become = &transport.Become{
		Method:   method,
		User:     c.text(first(ev.text("become_user", p.becomeUser, ""), d.BecomeUser, "root"), own("user")...),
		Password: c.text(d.BecomePassword, pass...),
		Exe:      c.text(first(ev.text("become_exe", p.becomeExe, ""), d.BecomeExe), own("exe")...),
	}
	flags := c.text(first(ev.text("become_flags", p.becomeFlags, ""), d.BecomeFlags), own("flags")...)
	if flags == "" || ev.err != nil {
		return ev.err // nil flags: the method's own
	}
	words, err := shlex.Split(flags)
	if err != nil {
		return source.Errorf(i.step.task.Pos, "become_flags %q: %v", flags, err)
	}
	t.Become.Flags = words
	return nil
}

// sameUser drops the becoming of a user who is logged in already, as far as that
// is known before the connection.
func (i *itemRun) sameUser(t *transport.Target) {
	if t.Become == nil || i.batch.run.cfg.Connection.BecomeSameUser {
		return
	}
	login := t.User
	if t.Kind == "local" {
		login = ""
		if u, err := user.Current(); err == nil {
			login = u.Username
		}
	}
	if login == t.Become.User {
		t.Become = nil
	}
}

func trimCollection(name string) string {
	_, last, ok := cutLast(name, ".")
	if ok {
		return last
	}
	return name
}

// delegateHost finds the host of a delegate_to; one that the inventory does
// not know is reached by its name.
func (r *run) delegateHost(name string) *host {
	if h, ok := r.hostNamed(name); ok {
		return h
	}
	r.hosts.mu.Lock()
	h, ok := r.hosts.byName[name]
	r.hosts.mu.Unlock()
	if ok {
		return h
	}
	return r.hosts.get(r.inventory().Stray(name))
}
