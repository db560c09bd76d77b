package facts

import (
	"strings"

	"drover/internal/lazyre"
)

// distroFile is a file that shows which distribution this is.
type distroFile struct {
	path, variety string
	word          string // must be in the file
	name          string // the distribution, "" when a refinement finds it
}

// distroFiles are tried in order; the first that fits wins.
var distroFiles = []distroFile{
	{"/etc/oracle-release", "OracleLinux", "Oracle Linux", "OracleLinux"},
	{"/etc/redhat-release", "RedHat", "Red Hat", "RedHat"},
	{"/etc/redhat-release", "RedHat", "", ""},
	{"/etc/openwrt_release", "OpenWrt", "OpenWrt", "OpenWrt"},
	{"/etc/os-release", "Amazon", "Amazon", "Amazon"},
	{"/etc/alpine-release", "Alpine", "", "Alpine"},
	{"/etc/os-release", "Archlinux", "Arch Linux", "Archlinux"},
	{"/etc/os-release", "SUSE", "SUSE", ""},
	{"/etc/gentoo-release", "Gentoo", "Gentoo", "Gentoo"},
	{"/etc/os-release", "Debian", "Raspbian", "Debian"},
	{"/etc/os-release", "Debian", "Debian", "Debian"},
	{"/etc/os-release", "Debian", "Ubuntu", "Ubuntu"},
	{"/etc/os-release", "Debian", "SteamOS", "SteamOS"},
	{"/etc/os-release", "Debian", "Kali", "Kali"},
	{"/etc/os-release", "Debian", "Parrot", "Parrot"},
	{"/etc/os-release", "Debian", "Devuan", "Devuan"},
	{"/etc/os-release", "Debian", "Cumulus", "Cumulus Linux"},
	{"/etc/os-release", "Debian", "Mint", "Linux Mint"},
	{"/etc/lsb-release", "Debian", "Ubuntu", "Ubuntu"},
	{"/etc/os-release", "NA", "", ""},
}

// refine notes the file that tells the distribution and what only that file
// or its companions tell.
func (m *machine) refine(d *distroFacts) {
	for _, f := range distroFiles {
		content, ok := m.text(f.path)
		if !ok || !strings.Contains(content, f.word) {
			continue
		}
		d.file, d.variety, d.parsed = f.path, f.variety, true
		if f.name != "" {
			d.name = f.name
		}
		switch f.variety {
		case "Debian":
			m.refineDebian(d, content)
		case "Alpine":
			d.version = content
			d.major, _, _ = strings.Cut(content, ".")
		}
		return
	}
}

var pointRelease = lazyre.New(`(\d+)\.(\d+)`)

func (m *machine) refineDebian(d *distroFacts, osRelease string) {
	if d.name != "Debian" {
		return
	}
	// PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
	_, pretty, _ := strings.Cut(osRelease, "PRETTY_NAME=")
	pretty, _, _ = strings.Cut(pretty, "\n")
	if _, in, ok := strings.Cut(pretty, "("); ok {
		d.release, _, _ = strings.Cut(in, ")")
	}
	if found := pointRelease.FindStringSubmatch(m.textOr("/etc/debian_version", "")); found != nil {
		d.minor = found[2]
	}
}
