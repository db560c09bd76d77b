package facts

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"drover/playbook/value"
)

// network tells the interfaces with their addresses and the default routes,
// from /sys/class/net and iproute2.
func network(ctx context.Context, m *machine) *value.Dict {
	if !m.has("ip") {
		return nil
	}
	asked := m.askRoutes(ctx)
	devices := m.netDevices()
	table := newAddressTable(asked.default4, asked.default6)
	for _, device := range devices {
		table.add(device, m.netDevice(device))
	}
	for _, device := range devices {
		table.addresses(device, asked.addresses[device])
		table.of(device).Update(m.ethtool(ctx, device))
	}
	return table.facts(asked.local)
}

// netDevices lists the interfaces in the order of their index.
func (m *machine) netDevices() []string {
	const dir = "/sys/class/net/"
	index := map[string]int64{}
	var devices []string
	for _, name := range m.names(dir) {
		if info, err := m.host.Stat(dir + name); err == nil && info.IsDir() {
			index[name], _ = number(m.textOr(dir+name+"/ifindex", ""))
			devices = append(devices, name)
		}
	}
	slices.SortStableFunc(devices, func(a, b string) int { return cmp.Compare(index[a], index[b]) })
	return devices
}

// interfaceTypes names the kernel's ARP hardware types.
var interfaceTypes = map[string]string{
	"1": "ether", "32": "infiniband", "512": "ppp", "772": "loopback", "65534": "tunnel",
}

// netDevice tells what the kernel says about one interface.
func (m *machine) netDevice(device string) *value.Dict {
	dir := "/sys/class/net/" + device
	d := value.DictOf("device", device)
	if mac, ok := m.text(dir + "/address"); ok && mac != "00:00:00:00:00:00" {
		d.Put("macaddress", value.Str(mac))
	}
	if mtu, ok := number(m.textOr(dir+"/mtu", "")); ok {
		d.Put("mtu", value.Int(mtu))
	}
	if state, ok := m.text(dir + "/operstate"); ok {
		d.Put("active", value.Bool(state != "down"))
	}
	if driver, err := m.host.EvalSymlinks(dir + "/device/driver/module"); err == nil {
		d.Put("module", value.Str(path.Base(driver)))
	}
	if kind, ok := m.text(dir + "/type"); ok {
		d.Put("type", value.Str(cmp.Or(interfaceTypes[kind], "unknown")))
	}
	m.addBridge(d, dir)
	m.addBond(d, dir)
	if pci := m.linkName(dir + "/device"); pci != "" {
		d.Put("pciid", value.Str(pci))
	}
	if speed, ok := number(m.textOr(dir+"/speed", "")); ok {
		d.Put("speed", value.Int(speed))
	}
	if flags, ok := hexadecimal(m.textOr(dir+"/flags", "")); ok {
		d.Put("promisc", value.Bool(flags&0x100 != 0))
	}
	return d
}

func (m *machine) addBridge(d *value.Dict, dir string) {
	if !m.exists(dir + "/bridge") {
		return
	}
	d.Put("type", value.Str("bridge"))
	d.Put("interfaces", value.Strings(orEmpty(m.names(dir+"/brif"))...))
	if id, ok := m.text(dir + "/bridge/bridge_id"); ok {
		d.Put("id", value.Str(id))
	}
	if stp, ok := m.text(dir + "/bridge/stp_state"); ok {
		d.Put("stp", value.Bool(stp == "1"))
	}
}

func (m *machine) addBond(d *value.Dict, dir string) {
	if m.exists(dir + "/bonding_slave") {
		d.Put("perm_macaddress", value.Str(m.textOr(dir+"/bonding_slave/perm_hwaddr", "")))
	}
	bond := dir + "/bonding/"
	if !m.exists(bond) {
		return
	}
	d.Put("type", value.Str("bonding"))
	d.Put("slaves", value.Strings(strings.Fields(m.textOr(bond+"slaves", ""))...))
	for _, key := range []string{"mode", "miimon", "lacp_rate"} {
		word, _, _ := strings.Cut(m.textOr(bond+key, ""), " ")
		d.Put(key, value.Str(word))
	}
	if primary, ok := m.text(bond + "primary"); ok {
		d.Put("primary", value.Str(primary))
		if all, ok := m.text(bond + "all_slaves_active"); ok {
			d.Put("all_slaves_active", value.Bool(all == "1"))
		}
	}
}
