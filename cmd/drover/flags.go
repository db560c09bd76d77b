package main

import "github.com/urfave/cli/v2"

// The headings under which --help lists the flags.
const (
	groupHosts   = "Hosts"
	groupTasks   = "What to run"
	groupConnect = "Connection"
	groupBecome  = "Privilege escalation"
	groupVars    = "Variables and vaults"
	groupOutput  = "Output"
)

func str(group, usage, name string, aliases ...string) cli.Flag {
	return &cli.StringFlag{Category: group, Usage: usage, Name: name, Aliases: aliases}
}

func list(group, usage, name string, aliases ...string) cli.Flag {
	return &cli.StringSliceFlag{Category: group, Usage: usage, Name: name, Aliases: aliases}
}

func toggle(group, usage, name string, aliases ...string) cli.Flag {
	return &cli.BoolFlag{Category: group, Usage: usage, Name: name, Aliases: aliases}
}

func number(group, usage, name string, aliases ...string) cli.Flag {
	return &cli.IntFlag{Category: group, Usage: usage, Name: name, Aliases: aliases}
}

// verbosity counts the -v of a command line.
type verbosity struct{ n int }

func (v *verbosity) flag() cli.Flag {
	return &cli.BoolFlag{Category: groupOutput, Name: "verbose", Aliases: []string{"v"}, Count: &v.n,
		Usage: "show results; -vv shows places, -vvv connections and arguments, -vvvv everything"}
}

// inventoryFlags say where hosts and variables come from.
func inventoryFlags() []cli.Flag {
	return append(passwordFlags(),
		list(groupHosts, "inventory: a file, a folder, a script, or a list of hosts `a,b,`", "inventory", "i", "inventory-file"),
		str(groupHosts, "only hosts that match this `pattern` too (@file reads one from a file)", "limit", "l", "subset"),
		toggle(groupHosts, "forget the facts that are kept between runs", "flush-cache"),
		list(groupVars, "variables: `key=value`, JSON or YAML, or @file", "extra-vars", "e"),
		str(groupVars, "`folder` that stands for the playbook's", "playbook-dir"),
	)
}

// passwordFlags say where vault passwords come from.
func passwordFlags() []cli.Flag {
	return []cli.Flag{
		list(groupVars, "vault `id@file`, or id@prompt", "vault-id"),
		list(groupVars, "`file` or program that gives the vault password", "vault-password-file", "vault-pass-file"),
		toggle(groupVars, "ask for the vault password", "ask-vault-password", "J", "ask-vault-pass"),
	}
}

// connectionFlags say how to log in.
func connectionFlags() []cli.Flag {
	return []cli.Flag{
		str(groupConnect, "log in as this `user`", "user", "u"),
		str(groupConnect, "private key `file`", "private-key", "key-file"),
		str(groupConnect, "kind of connection: ssh or local", "connection", "c"),
		number(groupConnect, "`seconds` that each phase of a connection may take", "timeout", "T"),
		str(groupConnect, "`options` for ssh, as on its command line", "ssh-common-args"),
		str(groupConnect, "further `options` for ssh", "ssh-extra-args"),
		str(groupConnect, "accepted for compatibility; drover needs no sftp client", "sftp-extra-args"),
		str(groupConnect, "accepted for compatibility; drover needs no scp client", "scp-extra-args"),
		toggle(groupConnect, "ask for the login password", "ask-pass", "k"),
		str(groupConnect, "`file` or program that gives the login password", "connection-password-file", "conn-pass-file"),
		toggle(groupConnect, "trust hosts whose key is not known yet, and remember it", "accept-new-host-keys"),
	}
}

// becomeFlags say who to be on the hosts.
func becomeFlags() []cli.Flag {
	return []cli.Flag{
		toggle(groupBecome, "become another user on the hosts", "become", "b"),
		str(groupBecome, "`method`: sudo, su, doas, …", "become-method"),
		str(groupBecome, "become this `user` (root)", "become-user"),
		toggle(groupBecome, "ask for the password to become", "ask-become-pass", "K"),
		str(groupBecome, "`file` or program that gives the password to become", "become-password-file", "become-pass-file"),
	}
}

// runFlags are those that playbooks and ad-hoc commands share.
func runFlags(v *verbosity) []cli.Flag {
	flags := append(inventoryFlags(), connectionFlags()...)
	flags = append(flags, becomeFlags()...)
	return append(flags,
		number(groupTasks, "`hosts` at work at a time (50)", "forks", "f"),
		toggle(groupTasks, "change nothing, say what would change", "check", "C"),
		toggle(groupTasks, "show what changes inside files", "diff", "D"),
		list(groupTasks, "accepted for compatibility; drover's modules are built in", "module-path", "M"),
		toggle(groupHosts, "list the hosts, run nothing", "list-hosts"),
		str(groupOutput, "`printer`: default, minimal, oneline, json (a line for each event), document", "output"),
		str(groupOutput, "write a JUnit report to `file`", "junit"),
		str(groupTasks, "behave like an older `version`: 2.18", "compat"),
		v.flag(),
	)
}

// playbookFlags are those of run alone.
func playbookFlags(v *verbosity) []cli.Flag {
	return append(runFlags(v),
		list(groupTasks, "only tasks with one of these `tags`", "tags", "t"),
		list(groupTasks, "no tasks with one of these `tags`", "skip-tags"),
		str(groupTasks, "begin at the task with this `name`", "start-at-task"),
		toggle(groupTasks, "ask before each task", "step"),
		toggle(groupTasks, "run notified handlers also after a failure", "force-handlers"),
		toggle(groupTasks, "read and check the playbook, run nothing", "syntax-check"),
		toggle(groupTasks, "list the tasks, run nothing", "list-tasks"),
		toggle(groupTasks, "list the tags, run nothing", "list-tags"),
	)
}

// adhocFlags are those of exec alone.
func adhocFlags(v *verbosity) []cli.Flag {
	return append(runFlags(v),
		str(groupTasks, "`module` to call (command)", "module-name", "m"),
		str(groupTasks, "its `arguments`, k=v or JSON", "args", "a"),
		number(groupTasks, "let it run in the background for up to `seconds`", "background", "B"),
		number(groupTasks, "ask every `seconds` how a background job is (15; 0 leaves it)", "poll", "P"),
		number(groupTasks, "end the task after `seconds`", "task-timeout"),
		toggle(groupOutput, "one line for each host", "one-line", "o"),
		str(groupOutput, "write each host's result to a file in this `folder`", "tree", "t"),
	)
}
