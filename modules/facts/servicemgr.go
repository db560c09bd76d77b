package facts

import (
	"context"
	"path"
	"strings"

	"drover/playbook/value"
)

// serviceManager names what process 1 is, or what would be it.
func serviceManager(_ context.Context, m *machine) *value.Dict {
	return value.DictOf("service_mgr", m.serviceManager())
}

func (m *machine) serviceManager() string {
	first := m.firstProcess()
	if first == "" || first == "init" || strings.HasSuffix(first, "sh") {
		return m.guessServiceManager()
	}
	renamed := map[string]string{"procd": "openwrt_init", "runit-init": "runit", "svscan": "svc", "openrc-init": "openrc"}
	if name, ok := renamed[first]; ok {
		return name
	}
	return first
}

func (m *machine) firstProcess() string {
	if comm, ok := m.text("/proc/1/comm"); ok {
		return path.Base(comm)
	}
	return m.linkName("/sbin/init")
}

func (m *machine) guessServiceManager() string {
	switch {
	case m.bootedWithSystemd():
		return "systemd"
	case m.has("initctl") && m.exists("/etc/init/"):
		return "upstart"
	case m.exists("/sbin/openrc"):
		return "openrc"
	case m.has("systemctl") && m.linkName("/sbin/init") == "systemd":
		return "systemd"
	case m.exists("/etc/init.d/"):
		return "sysvinit"
	}
	return "service"
}

func (m *machine) bootedWithSystemd() bool {
	return m.has("systemctl") &&
		(m.exists("/run/systemd/system/") || m.exists("/dev/.run/systemd/") || m.exists("/dev/.systemd/"))
}
