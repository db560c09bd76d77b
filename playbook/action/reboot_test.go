package action

import (
	"strings"
	"testing"

	"drover/playbook/value"
)

// machine answers the commands that reboot runs; each reading of its boot time
// gives the next of boots.
func machine(boots ...string) func(string, *value.Dict) *value.Dict {
	return func(module string, args *value.Dict) *value.Dict {
		if module == "ansible.builtin.stat" {
			found := value.String(args.At("path")) == "/bin/shutdown"
			return value.DictOf("stat", value.DictOf("exists", found))
		}
		switch command := value.String(args.At("_raw_params")); {
		case strings.HasPrefix(command, "cat "):
			boot := boots[0]
			boots = boots[1:]
			return value.DictOf("rc", 0, "stdout", boot+"\n")
		case command == "/bin/shutdown -r now 'it'\"'\"'s time'", command == "whoami":
			return value.DictOf("rc", 0, "stdout", "")
		default:
			return value.DictOf("rc", 1, "failed", true, "stdout", "", "stderr", "unexpected: "+command)
		}
	}
}

func TestReboot(t *testing.T) {
	task := newTask(t, nil, "msg", "it's time")
	task.invoke = machine("one", "two")
	expect(t, reboot, task, value.DictOf("changed", true, "rebooted", true))

	task = newTask(t, nil, "reboot_command", "/sbin/no")
	task.invoke = machine("one")
	if msg := expectError(t, reboot, task); !strings.Contains(msg, "Reboot command failed") {
		t.Error(msg)
	}

	task = newTask(t, nil, "reboot_timeout", 0, "msg", "it's time")
	task.invoke = machine("one", "one")
	if msg := expectError(t, reboot, task); !strings.Contains(msg, "timed out waiting for last boot time check (timeout=0): boot time has not changed") {
		t.Error(msg)
	}

	task = newTask(t, nil)
	task.check = true
	expect(t, reboot, task, value.DictOf("changed", true, "rebooted", true, "elapsed", 0))

	if msg := expectError(t, reboot, newTask(t, value.DictOf("ansible_connection", "local"))); !strings.Contains(msg, "would reboot the control node") {
		t.Error(msg)
	}
}
