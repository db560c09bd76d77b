package facts

import (
	"context"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// uname is what uname(2) tells.
type uname struct{ system, node, release, version, machine string }

func (m *machine) readUname() uname {
	const dir = "/proc/sys/kernel/"
	u := uname{
		system:  m.textOr(dir+"ostype", "Linux"),
		node:    m.textOr(dir+"hostname", ""),
		release: m.textOr(dir+"osrelease", ""),
		version: m.textOr(dir+"version", ""),
		machine: m.textOr(dir+"arch", ""),
	}
	if u.machine == "" { // kernels before 6.1 do not tell it in /proc
		out, _ := m.command(context.Background(), "uname", "-m")
		u.machine = strings.TrimSpace(out)
	}
	return u
}

// platform tells the kernel, the architecture and the host's names.
func platform(ctx context.Context, m *machine) *value.Dict {
	u := m.uname()
	fqdn := m.fqdn(ctx, u.node)
	_, domain, _ := strings.Cut(fqdn, ".")
	host, _, _ := strings.Cut(u.node, ".")
	bits := m.userspaceBits()

	facts := value.DictOf(
		"system", u.system, "kernel", u.release, "kernel_version", u.version, "machine", u.machine,
		"fqdn", fqdn, "hostname", host, "nodename", u.node, "domain", domain,
		"userspace_bits", bits,
	)
	facts.Put("architecture", value.Str(u.machine))
	if isX86(u.machine) {
		if u.machine != "x86_64" {
			facts.Put("architecture", value.Str("i386"))
		}
		facts.Put("userspace_architecture", value.Str(map[string]string{"64": "x86_64", "32": "i386"}[bits]))
	}
	if found := m.python(); found.parts != nil {
		facts.Put("python_version", value.Str(found.parts[1]))
	}
	if id := m.machineID(); id != "" {
		facts.Put("machine_id", value.Str(id))
	}
	return facts
}

// x86 are the kernel's names of the family.
var x86 = []string{"x86_64", "i386", "i486", "i586", "i686", "i86pc"}

func isX86(machine string) bool { return contains(x86, machine) }

func (m *machine) machineID() string {
	for _, file := range []string{"/var/lib/dbus/machine-id", "/etc/machine-id"} {
		if lines := m.lines(file); len(lines) > 0 {
			return lines[0]
		}
	}
	return ""
}

// userspaceBits reads the class of the system's own programs from the ELF
// header of a shell: a 64-bit kernel may carry 32-bit programs.
func (m *machine) userspaceBits() string {
	f, err := m.host.Open("/bin/sh")
	if err != nil {
		return "64"
	}
	defer f.Close()
	var head [5]byte
	if n, _ := f.Read(head[:]); n == len(head) && head[4] == 1 {
		return "32"
	}
	return "64"
}

// FQDN gives the host's full name, found as the fact of that name is.
func FQDN(ctx context.Context, host target.Host) string {
	m := newMachine(host, Options{})
	return m.fqdn(ctx, m.uname().node)
}

// fqdn gives the host's full name as name resolution knows it: the first name
// with a dot among those of the host's address, else the plain name.
func (m *machine) fqdn(ctx context.Context, node string) string {
	for _, line := range m.lines("/etc/hosts") {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) > 1 && contains(fields[1:], node) {
			return dotted(m.namesOf(fields[0]), node)
		}
	}
	out, ok := m.command(ctx, "getent", "hosts", node)
	if fields := strings.Fields(firstLine(out)); ok && len(fields) > 1 {
		if reverse, ok := m.command(ctx, "getent", "hosts", fields[0]); ok {
			fields = strings.Fields(firstLine(reverse))
		}
		return dotted(fields[1:], node)
	}
	return node
}

// namesOf gives the names of the first line of /etc/hosts with that address.
func (m *machine) namesOf(address string) []string {
	for _, line := range m.lines("/etc/hosts") {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == address {
			return fields[1:]
		}
	}
	return nil
}

// dotted gives the first name with a dot, else the first name.
func dotted(names []string, node string) string {
	for _, n := range names {
		if strings.Contains(n, ".") {
			return n
		}
	}
	if len(names) > 0 {
		return names[0]
	}
	return node
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
