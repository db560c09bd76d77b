package facts

import (
	"context"
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

// distroFacts is what is known about the distribution; empty fields are not
// reported.
type distroFacts struct {
	name, version, major, minor, release string
	file, variety                        string
	parsed                               bool
}

// distribution tells which distribution runs, from os-release and the files
// that distributions put beside it.
func distribution(_ context.Context, m *machine) *value.Dict {
	d := m.distro()
	facts := value.DictOf("distribution", d.name, "distribution_version", d.version,
		"distribution_release", d.release, "distribution_major_version", d.major)
	if d.minor != "" {
		facts.Put("distribution_minor_version", value.Str(d.minor))
	}
	if d.file != "" {
		facts.Put("distribution_file_path", value.Str(d.file))
		facts.Put("distribution_file_variety", value.Str(d.variety))
		facts.Put("distribution_file_parsed", value.Bool(d.parsed))
	}
	facts.Put("os_family", value.Str(d.family()))
	return facts
}

// family gives the family of the distribution, its own name where it is one.
func (d distroFacts) family() string {
	for family, members := range families {
		if contains(members, d.name) {
			return family
		}
	}
	return d.name
}

var families = map[string][]string{
	"RedHat": {"RedHat", "RHEL", "Fedora", "CentOS", "Scientific", "CloudLinux", "OracleLinux", "Amazon",
		"Virtuozzo", "XenServer", "Alibaba", "EulerOS", "openEuler", "AlmaLinux", "Rocky", "TencentOS",
		"EuroLinux", "MIRACLE"},
	"Debian": {"Debian", "Ubuntu", "Raspbian", "Neon", "KDE neon", "Linux Mint", "SteamOS", "Devuan", "Kali",
		"Cumulus Linux", "Pop!_OS", "Parrot", "Pardus GNU/Linux", "Uos", "Deepin", "OSMC"},
	"Suse": {"SuSE", "SLES", "SLED", "openSUSE", "openSUSE Tumbleweed", "SLES_SAP", "SUSE_LINUX",
		"openSUSE Leap", "ALP-Dolomite", "SL-Micro"},
	"Archlinux": {"Archlinux", "Antergos", "Manjaro"},
	"Gentoo":    {"Gentoo", "Funtoo"},
}

func (m *machine) readDistro() distroFacts {
	release := m.osRelease()
	d := distroFacts{
		name:    distroName(release["ID"]),
		version: m.bestVersion(release),
		release: codename(release),
	}
	d.major, _, _ = strings.Cut(d.version, ".")
	m.refine(&d)
	return d
}

// osRelease reads os-release(5).
func (m *machine) osRelease() map[string]string {
	fields := map[string]string{}
	lines := m.lines("/etc/os-release")
	if lines == nil {
		lines = m.lines("/usr/lib/os-release")
	}
	for _, line := range lines {
		if key, val, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			fields[key] = strings.Trim(val, `"'`)
		}
	}
	return fields
}

// distroName spells a distribution's id as facts do.
func distroName(id string) string {
	known := map[string]string{
		"": "OtherLinux", "amzn": "Amazon", "rhel": "RedHat", "centos": "CentOS", "ol": "OracleLinux",
		"almalinux": "AlmaLinux", "arch": "Archlinux", "linuxmint": "Linux Mint", "opensuse-leap": "openSUSE Leap",
		"opensuse-tumbleweed": "openSUSE Tumbleweed", "sles": "SLES",
	}
	if name, ok := known[id]; ok {
		return name
	}
	return strings.ToUpper(id[:1]) + id[1:]
}

// bestVersion gives the version; on Debian the one with the point release,
// which os-release leaves out.
func (m *machine) bestVersion(release map[string]string) string {
	version := release["VERSION_ID"]
	if release["ID"] == "debian" {
		point := m.textOr("/etc/debian_version", "")
		if version == "" || strings.Count(point, ".") > strings.Count(version, ".") {
			version = point
		}
	}
	if version == "" {
		return "NA"
	}
	return version
}

var versionName = lazyre.New(`\(([^)]+)\)`)

func codename(release map[string]string) string {
	for _, key := range []string{"VERSION_CODENAME", "UBUNTU_CODENAME"} {
		if name := release[key]; name != "" {
			return name
		}
	}
	if found := versionName.FindStringSubmatch(release["VERSION"]); found != nil {
		return found[1]
	}
	return "NA"
}
