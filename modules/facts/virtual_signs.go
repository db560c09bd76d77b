package facts

import (
	"context"
	"strings"

	"drover/internal/lazyre"
)

var dockerGroup = lazyre.New(`/docker(/|-[0-9a-f]+\.scope)`)

// containers looks at the control groups and the environment of process 1 and
// at the files that container managers leave.
func (v *virt) containers(m *machine) {
	for _, line := range m.lines("/proc/1/cgroup") {
		if dockerGroup.MatchString(line) {
			v.is("docker")
		}
		if strings.Contains(line, "/lxc/") || strings.Contains(line, "/machine.slice/machine-lxc") {
			v.is("lxc")
		}
		if strings.Contains(line, "/system.slice/containerd.service") {
			v.is("containerd")
		}
	}
	v.containerVariable(m)
	v.openVZ(m)
	manager, managed := m.text("/run/systemd/container")
	if managed {
		v.is(manager)
	}
	if m.exists("/.dockerenv") || m.exists("/.dockerinit") {
		v.is("docker")
	}
	for _, tech := range []string{"docker", "lxc", "podman", "openvz", "containerd"} {
		managed = managed || v.guest[tech]
	}
	if managed {
		v.guest["container"] = true
	}
}

// containerVariable reads the variable "container" that managers set for the
// first process; only root may.
func (v *virt) containerVariable(m *machine) {
	data, _ := m.host.ReadFile("/proc/1/environ")
	for _, pair := range strings.Split(string(data), "\x00") {
		if strings.Contains(pair, "container=lxc") {
			v.is("lxc")
		}
		if strings.Contains(pair, "container=podman") {
			v.is("podman")
		}
		if kind, ok := strings.CutPrefix(pair, "container="); ok && kind != "" {
			v.is("container")
		}
	}
}

func (v *virt) openVZ(m *machine) {
	switch {
	case !m.exists("/proc/vz") || m.exists("/proc/lve"):
	case m.exists("/proc/bc"):
		v.hosts("openvz")
	default:
		v.is("openvz")
	}
}

func (v *virt) xen(m *machine) {
	if !m.exists("/proc/xen") {
		return
	}
	if strings.Contains(m.textOr("/proc/xen/capabilities", ""), "control_d") {
		v.hosts("xen")
		return
	}
	v.decide("xen", "guest")
}

// firmwareSign is a value of the firmware's tables that shows a hypervisor.
type firmwareSign struct{ file, value, tech string }

var firmwareSigns = []firmwareSign{
	{"product_name", "KVM", "kvm"}, {"product_name", "KVM Server", "kvm"}, {"product_name", "Bochs", "kvm"},
	{"product_name", "AHV", "kvm"},
	{"sys_vendor", "oVirt", "oVirt"},
	{"product_name", "OpenStack Compute", "openstack"}, {"product_name", "OpenStack Nova", "openstack"},
	{"bios_vendor", "Xen", "xen"},
	{"bios_vendor", "innotek GmbH", "virtualbox"},
	{"bios_vendor", "Amazon EC2", "kvm"}, {"bios_vendor", "DigitalOcean", "kvm"}, {"bios_vendor", "Hetzner", "kvm"},
	{"sys_vendor", "QEMU", "kvm"}, {"sys_vendor", "Amazon EC2", "kvm"}, {"sys_vendor", "DigitalOcean", "kvm"},
	{"sys_vendor", "Google", "kvm"}, {"sys_vendor", "Scaleway", "kvm"}, {"sys_vendor", "Nutanix", "kvm"},
	{"sys_vendor", "KubeVirt", "KubeVirt"},
	{"sys_vendor", "Microsoft Corporation", "VirtualPC"},
	{"sys_vendor", "Parallels Software International Inc.", "parallels"},
	{"sys_vendor", "OpenStack Foundation", "openstack"},
}

func (v *virt) firmware(m *machine) {
	read := func(file string) string { return m.textOr(dmiDir+file, "") }
	if read("sys_vendor") == "Red Hat" {
		switch {
		case read("product_family") == "RHV":
			v.is("RHV")
		case read("product_name") == "RHEV Hypervisor":
			v.is("RHEV")
		}
	}
	if strings.HasPrefix(read("product_name"), "VMware") {
		v.is("VMware")
	}
	for _, s := range firmwareSigns {
		if read(s.file) == s.value {
			v.is(s.tech)
		}
	}
}

// processorSigns are lines of /proc/cpuinfo that show a hypervisor.
var processorSigns = []struct {
	line *lazyre.Regexp
	tech string
}{
	{lazyre.New(`^model name.*QEMU Virtual CPU`), "kvm"},
	{lazyre.New(`^vendor_id.*User Mode Linux`), "uml"},
	{lazyre.New(`^model name.*UML`), "uml"},
	{lazyre.New(`^machine.*CHRP IBM pSeries .emulated by qemu.`), "kvm"},
	{lazyre.New(`^vendor_id.*PowerVM Lx86`), "powervm_lx86"},
}

func (v *virt) processors(m *machine) {
	for _, line := range m.lines("/proc/self/status") {
		id, ok := strings.CutPrefix(line, "VxID:")
		if !ok {
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(id), "0") {
			v.hosts("linux_vserver")
		} else {
			v.is("linux_vserver")
		}
	}
	for _, line := range m.lines("/proc/cpuinfo") {
		for _, s := range processorSigns {
			if s.line.MatchString(line) {
				v.is(s.tech)
			}
		}
		if strings.HasPrefix(line, "vendor_id") && strings.Contains(line, "IBM/S390") {
			v.guest["PR/SM"] = true
			v.decide("PR/SM", "LPAR")
		}
	}
}

func (v *virt) kernelModules(m *machine) {
	loaded := map[string]bool{}
	for _, line := range m.lines("/proc/modules") {
		name, _, _ := strings.Cut(line, " ")
		loaded[name] = true
	}
	if loaded["kvm"] {
		v.hosts("kvm")
	}
	if loaded["vboxdrv"] {
		v.hosts("virtualbox")
	}
	if loaded["virtio"] {
		v.host["kvm"] = true
		v.decide("kvm", "guest")
	}
}

// dmidecode helps where /sys does not show the firmware's tables.
func (v *virt) dmidecode(ctx context.Context, m *machine) {
	if !m.has("dmidecode") {
		return
	}
	product := m.dmidecode(ctx, "system-product-name")
	if strings.HasPrefix(product, "VMware") {
		v.is("VMware")
	}
	if strings.Contains(product, "BHYVE") {
		v.is("bhyve")
	}
}
