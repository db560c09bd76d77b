package engine

import (
	"context"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"drover/modules"
	"drover/playbook"
	"drover/playbook/action"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/transport/remote"
)

// runOwn runs a module of the user's own: the file goes to the host, and the
// runner there starts it with the task's arguments.
func (i *itemRun) runOwn(ctx context.Context, t action.Task) (*value.Dict, error) {
	own := i.own
	if !own.Kind.Runnable() {
		return nil, i.needsAnsible(own)
	}
	c := i.connectionVars(i.where())
	interpreter, err := i.interpreterFor(c, own)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(own.Path)
	if err != nil {
		return nil, source.Errorf(i.step.task.Pos, "the module '%s' can't be read: %s", i.step.task.Action, err)
	}
	tmp := c.text(i.batch.run.cfg.Connection.RemoteTmp, "ansible_remote_tmp")
	if c.err != nil {
		return nil, c.err
	}
	args := value.DictOf("name", filepath.Base(own.Path), "kind", string(own.Kind),
		"interpreter", value.Strings(interpreter...), "params", i.programParams(t, c))
	if tmp != "" {
		args.Put("temp_dir", value.Str(tmp))
	}
	program := remote.Blob{Size: info.Size(), Open: func() (io.ReadCloser, error) { return os.Open(own.Path) }}
	return t.Invoke(ctx, modules.ProgramModule, args, &action.InvokeOptions{Blobs: map[string]remote.Blob{modules.ProgramBlob: program}})
}

// needsAnsible explains why a module can't be run.
func (i *itemRun) needsAnsible(own *playbook.OwnModule) error {
	pos, name := i.step.task.Pos, i.step.task.Action
	switch own.Kind {
	case playbook.PowerShell:
		return source.Errorf(pos, "the module '%s' (%s) is for Windows", name, own.Path).
			WithHint("drover works on Unix hosts; put a condition on the task")
	case playbook.ActionPlugin:
		return source.Errorf(pos, "'%s' (%s) is an action plugin, which Ansible's own Python would run on the controller", name, own.Path).
			WithHint("do its work with tasks, or with a module that is a program of its own")
	}
	return source.Errorf(pos, "the module '%s' (%s) needs Ansible's Python library (ansible.module_utils), and drover does not bring it", name, own.Path).
		WithHint("a module that reads its arguments itself works in any language: see docs/modules.md")
}

// interpreterFor gives the words that run a program: those of its first line,
// or what the host's variables say instead of their first one.
func (i *itemRun) interpreterFor(c *connectionVars, own *playbook.OwnModule) ([]string, error) {
	if own.Kind == playbook.BinaryProgram {
		return nil, nil
	}
	if len(own.Interpreter) == 0 {
		return nil, source.Errorf(i.step.task.Pos, "module (%s) is missing interpreter line", i.step.task.Action).
			WithHint("%s is text, so it needs a first line such as #!/bin/sh", own.Path)
	}
	name := path.Base(own.Interpreter[0])
	instead := strings.TrimSpace(c.text("", "ansible_"+name+"_interpreter"))
	switch {
	case name == "python" && (instead == "" || strings.HasPrefix(instead, "auto")):
		instead = "auto"
	case instead == "":
		return own.Interpreter, nil
	}
	words, err := modules.SplitWords(instead)
	if err != nil {
		return nil, source.Errorf(i.step.task.Pos, "the variable ansible_%s_interpreter = %q: %s", name, instead, err)
	}
	return append(words, own.Interpreter[1:]...), nil
}

// programParams are the task's arguments and what Ansible tells a module
// besides.
func (i *itemRun) programParams(t action.Task, c *connectionVars) *value.Dict {
	version, _ := ansibleVersion(i.batch.run.cfg.Env.Lenient).(*value.Dict)
	all := t.Args().Clone()
	all.Update(value.DictOf(
		"_ansible_check_mode", t.Check(), "_ansible_no_log", i.kw.noLog, "_ansible_debug", false, "_ansible_diff", t.Diff(),
		"_ansible_verbosity", t.Verbosity(), "_ansible_version", version.At("string"), "_ansible_module_name", i.step.task.Action,
		"_ansible_syslog_facility", c.text("LOG_USER", "ansible_syslog_facility"),
		"_ansible_selinux_special_fs", value.Strings("fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"),
		"_ansible_socket", value.None, "_ansible_shell_executable", c.text("/bin/sh", "ansible_shell_executable"),
		"_ansible_keep_remote_files", false, "_ansible_tmpdir", value.None,
		"_ansible_remote_tmp", c.text(first(i.batch.run.cfg.Connection.RemoteTmp, "~/.ansible/tmp"), "ansible_remote_tmp"),
		"_ansible_ignore_unknown_opts", false, "_ansible_target_log_info", value.None, "_ansible_tracebacks_for", value.NewList(),
	))
	return all
}
