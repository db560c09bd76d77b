package facts

import (
	"context"

	"drover/playbook/value"
)

// packageManagers are the programs that show a package manager; the last one
// found counts.
var packageManagers = []struct{ path, name string }{
	{"/usr/bin/rpm-ostree", "atomic_container"},
	{"/usr/bin/yum", "yum"},
	{"/usr/bin/dnf-3", "dnf"},
	{"/usr/bin/dnf5", "dnf5"},
	{"/usr/bin/apt-get", "apt"},
	{"/usr/bin/zypper", "zypper"},
	{"/usr/sbin/urpmi", "urpmi"},
	{"/usr/bin/pacman", "pacman"},
	{"/bin/opkg", "opkg"},
	{"/sbin/apk", "apk"},
	{"/usr/bin/emerge", "portage"},
	{"/usr/bin/xbps-install", "xbps"},
	{"/usr/bin/swupd", "swupd"},
	{"/usr/sbin/sorcery", "sorcery"},
}

// packageManager names the module family that installs packages here.
func packageManager(ctx context.Context, m *machine) *value.Dict {
	name := "unknown"
	for _, p := range packageManagers {
		if m.exists(p.path) {
			name = p.name
		}
	}
	switch m.distro().family() {
	case "Debian":
		name = "apt"
	case "RedHat":
		name = m.redHatManager(name)
	}
	if name == "apt" && m.exists("/usr/bin/rpm") {
		if _, fromRPM := m.command(ctx, "rpm", "-q", "--whatprovides", "/usr/bin/apt-get"); fromRPM {
			name = "apt_rpm"
		}
	}
	return value.DictOf("pkg_mgr", name)
}

func (m *machine) redHatManager(found string) string {
	if m.exists("/run/ostree-booted") {
		return "atomic_container"
	}
	for _, p := range []string{"/usr/bin/dnf", "/usr/bin/microdnf"} {
		if real, err := m.host.EvalSymlinks(p); err == nil {
			if real == "/usr/bin/dnf5" {
				return "dnf5"
			}
			return "dnf"
		}
	}
	return found
}
