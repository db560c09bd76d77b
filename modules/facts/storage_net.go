package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// fibreChannel tells the port names of the Fibre Channel adapters.
func fibreChannel(_ context.Context, m *machine) *value.Dict {
	ports := []string{}
	for _, adapter := range m.names("/sys/class/fc_host") {
		for _, line := range m.lines("/sys/class/fc_host/" + adapter + "/port_name") {
			ports = append(ports, strings.TrimPrefix(strings.TrimSpace(line), "0x"))
		}
	}
	return value.DictOf("fibre_channel_wwn", ports)
}

// iscsi tells the name of the iSCSI initiator.
func iscsi(_ context.Context, m *machine) *value.Dict {
	name := ""
	for _, line := range m.lines("/etc/iscsi/initiatorname.iscsi") {
		if iqn, ok := strings.CutPrefix(line, "InitiatorName="); ok {
			name = iqn
			break
		}
	}
	return value.DictOf("iscsi_iqn", name)
}

// nvme tells the host's NVMe qualified name.
func nvme(_ context.Context, m *machine) *value.Dict {
	name := ""
	for _, line := range m.lines("/etc/nvme/hostnqn") {
		if strings.HasPrefix(line, "nqn.") {
			name = line
			break
		}
	}
	return value.DictOf("hostnqn", name)
}
