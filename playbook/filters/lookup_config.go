package filters

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drover/internal/homedir"
	"drover/internal/settings"
	"drover/playbook/value"
)

func configLookup(a *args) (value.Value, error) {
	missing := a.strOr("on_missing", "error")
	switch known := missing == "error" || missing == "warn" || missing == "skip"; {
	case known:
	case a.call.Ctx.Env().Lenient:
		return nil, fmt.Errorf("on_missing can't be %q, valid values are: \"error\", \"warn\", \"skip\"", missing)
	default:
		return nil, fmt.Errorf("\"on_missing\" must be a string and one of \"error\", \"warn\" or \"skip\", not %s", missing)
	}
	if a.has("plugin_type") != a.has("plugin_name") {
		return nil, errors.New("Both plugin_type and plugin_name are required, cannot use one without the other")
	}
	if err := a.settingNames(); err != nil {
		return nil, err
	}
	out := value.NewList()
	for _, name := range a.terms() {
		v, origin, ok, err := a.setting(name)
		switch {
		case err != nil:
			return nil, err
		case ok && a.on("show_origin", false):
			out.Append(value.Tuple{v, value.Str(origin)})
		case ok:
			out.Append(v)
		case missing == "error" && a.call.Ctx.Env().Lenient:
			return nil, fmt.Errorf("Unable to find setting %s", name)
		case missing == "error":
			return nil, fmt.Errorf("No config definition exists for '%s'.", name)
		case missing == "warn" && a.call.Ctx.Env().Warn != nil:
			a.call.Ctx.Env().Warn(a.call.Pos, "Skipping, did not find setting "+name)
		}
	}
	return out, nil
}

// notSettings are names in the place where Ansible before 2.19 kept its settings
// that are none.
var notSettings = map[string]bool{"ConfigManager": true, "Sequence": true, "boolean": true, "to_text": true, "set_constant": true}

// settingNames checks the terms.
func (a *args) settingNames() error {
	older := a.call.Ctx.Env().Lenient
	for _, t := range a.rest {
		switch name, ok := value.AsString(t); {
		case !ok:
			return fmt.Errorf("Invalid setting identifier: %s is a '%s', but names of settings are text", value.Repr(t), t.Type())
		case older && notSettings[name] && !a.has("plugin_type"):
			return fmt.Errorf("Invalid setting %q: that is no setting", name)
		}
	}
	return nil
}

// setting gives a setting, or an option of the plugin that the call names.
func (a *args) setting(name string) (v value.Value, origin string, ok bool, err error) {
	if a.has("plugin_type") {
		return a.pluginOption(a.str("plugin_type"), a.str("plugin_name"), name)
	}
	v, origin, ok = setting(a.host(), name)
	return v, origin, ok, nil
}

func setting(h Controller, name string) (v value.Value, origin string, ok bool) {
	if c, isConfigured := h.(Configured); isConfigured {
		if v, origin, ok := c.Setting(name); ok {
			return v, origin, true
		}
	}
	s, ok := settings.Find(name)
	if !ok {
		return nil, "", false
	}
	return value.FromGo(s.Default("~/.ansible", homedir.Expand)), "default", true
}

// pluginOption is how an option of a plugin is set: by variables, of which the
// last one counts, by a setting, or by default.
type pluginOption struct {
	vars    []string
	setting string
	or      value.Value
}

// connectionOptions are those of the ssh connection that drover follows.
var connectionOptions = map[string]pluginOption{
	"host":                 {[]string{"inventory_hostname", "ansible_host", "ansible_ssh_host"}, "", value.None},
	"port":                 {[]string{"ansible_port", "ansible_ssh_port"}, "DEFAULT_REMOTE_PORT", value.None},
	"remote_user":          {[]string{"ansible_user", "ansible_ssh_user"}, "DEFAULT_REMOTE_USER", value.None},
	"password":             {[]string{"ansible_password", "ansible_ssh_pass", "ansible_ssh_password"}, "", value.None},
	"private_key_file":     {[]string{"ansible_private_key_file", "ansible_ssh_private_key_file"}, "DEFAULT_PRIVATE_KEY_FILE", value.None},
	"host_key_checking":    {[]string{"ansible_host_key_checking", "ansible_ssh_host_key_checking"}, "HOST_KEY_CHECKING", value.Bool(true)},
	"ssh_args":             {[]string{"ansible_ssh_args"}, "", value.Str("-C -o ControlMaster=auto -o ControlPersist=60s")},
	"ssh_common_args":      {[]string{"ansible_ssh_common_args"}, "", value.Str("")},
	"ssh_extra_args":       {[]string{"ansible_ssh_extra_args"}, "", value.Str("")},
	"reconnection_retries": {[]string{"ansible_ssh_retries"}, "DEFAULT_SSH_RETRIES", value.Int(0)},
	"timeout":              {[]string{"ansible_timeout", "ansible_ssh_timeout"}, "DEFAULT_TIMEOUT", value.Int(10)},
	"pipelining":           {[]string{"ansible_pipelining", "ansible_ssh_pipelining"}, "ANSIBLE_PIPELINING", value.Bool(false)},
	"ssh_executable":       {[]string{"ansible_ssh_executable"}, "", value.Str("ssh")},
	"scp_executable":       {[]string{"ansible_scp_executable"}, "", value.Str("scp")},
	"sftp_executable":      {[]string{"ansible_sftp_executable"}, "", value.Str("sftp")},
	"scp_extra_args":       {[]string{"ansible_scp_extra_args"}, "", value.Str("")},
	"sftp_extra_args":      {[]string{"ansible_sftp_extra_args"}, "", value.Str("")},
	"sftp_batch_mode":      {[]string{"ansible_sftp_batch_mode"}, "", value.Bool(true)},
	"ssh_transfer_method":  {[]string{"ansible_ssh_transfer_method"}, "", value.Str("smart")},
	"use_tty":              {[]string{"ansible_ssh_use_tty"}, "", value.Bool(true)},
	"control_path":         {[]string{"ansible_control_path"}, "", value.None},
	"control_path_dir":     {[]string{"ansible_control_path_dir"}, "", value.Str("~/.ansible/cp")},
}

// shellOptions are those of the shell plugins for Unix.
var shellOptions = map[string]pluginOption{
	"remote_tmp": {[]string{"ansible_remote_tmp"}, "DEFAULT_REMOTE_TMP", value.Str("~/.ansible/tmp")},
	"async_dir":  {[]string{"ansible_async_dir"}, "", value.Str("~/.ansible_async")},
}

// becomeOptions are those of a way to become another user.
func becomeOptions(method string) map[string]pluginOption {
	both := func(what string) []string {
		return []string{"ansible_become_" + what, "ansible_" + method + "_" + what}
	}
	flags := value.Str("")
	if method == "sudo" {
		flags = "-H -S -n"
	}
	return map[string]pluginOption{
		"become_user":  {both("user"), "DEFAULT_BECOME_USER", value.Str("root")},
		"become_exe":   {both("exe"), "", value.Str(method)},
		"become_flags": {both("flags"), "", flags},
		"become_pass":  {[]string{"ansible_become_password", "ansible_become_pass", "ansible_" + method + "_pass"}, "", value.None},
	}
}

func (a *args) pluginOption(kind, plugin, name string) (v value.Value, origin string, ok bool, err error) {
	var options map[string]pluginOption
	switch plugin = plugin[strings.LastIndexByte(plugin, '.')+1:]; {
	case kind == "connection" && plugin == "ssh":
		options = connectionOptions
	case kind == "shell" && (plugin == "sh" || plugin == "bash"):
		options = shellOptions
	case kind == "become":
		options = becomeOptions(plugin)
	}
	o, ok := options[name]
	if !ok {
		return nil, "", false, nil
	}
	for _, name := range slices.Backward(o.vars) {
		v, found, err := a.call.Ctx.Lookup(name)
		if err != nil {
			return nil, "", false, err
		}
		if found && v != value.None && v != value.Omit {
			return number(v), "var: " + name, true, nil
		}
	}
	if v, origin, ok := setting(a.host(), o.setting); ok && value.Truth(v) {
		return v, origin, true, nil
	}
	return o.or, "default", true, nil
}

// number makes a whole number of text that is one: ports may be written as
// either.
func number(v value.Value) value.Value {
	if n, err := strconv.ParseInt(value.String(v), 10, 64); err == nil {
		return value.Int(n)
	}
	return v
}
