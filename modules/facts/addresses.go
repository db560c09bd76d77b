package facts

import (
	"net/netip"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// addressTable collects the interfaces and their addresses.
type addressTable struct {
	order              []string
	interfaces         map[string]*value.Dict
	default4, default6 *value.Dict
	all4, all6         []string
}

func newAddressTable(default4, default6 *value.Dict) *addressTable {
	return &addressTable{
		interfaces: map[string]*value.Dict{}, default4: default4, default6: default6,
		all4: []string{}, all6: []string{},
	}
}

func (t *addressTable) add(name string, d *value.Dict) {
	if t.interfaces[name] == nil {
		t.order = append(t.order, name)
	}
	t.interfaces[name] = d
}

func (t *addressTable) of(name string) *value.Dict { return t.interfaces[name] }

// addresses adds the addresses of a device from its lines of "ip addr":
// primary ones first.
func (t *addressTable) addresses(device string, lines []string) {
	for _, secondary := range []bool{false, true} {
		for _, line := range lines {
			words := strings.Fields(line)
			if len(words) < 4 || isSecondary(words) != secondary {
				continue
			}
			switch words[0] {
			case "inet":
				t.addIPv4(device, words, secondary)
			case "inet6":
				t.addIPv6(device, words)
			}
		}
	}
}

func isSecondary(words []string) bool {
	return contains(words, "secondary") || words[0] == "inet6" && contains(words, "temporary")
}

func (t *addressTable) addIPv4(device string, words []string, secondary bool) {
	address, prefix, ok := strings.Cut(words[1], "/")
	broadcast := ""
	if !ok {
		prefix = "32"
	} else if words[2] == "brd" {
		broadcast = words[3]
	}
	netmask, net, ok := ipv4Network(address, prefix)
	if !ok {
		return
	}
	entry := value.DictOf("address", address, "broadcast", broadcast,
		"netmask", netmask, "network", net, "prefix", prefix)

	label := words[len(words)-1]
	if label != device {
		t.add(label, value.NewDict(2))
	}
	_, taken := t.of(label).Lookup("ipv4")
	if !secondary && !taken {
		t.of(label).Put("ipv4", entry)
	} else {
		appendTo(t.of(label), "ipv4_secondaries", entry)
	}
	if secondary && label != device {
		appendTo(t.of(device), "ipv4_secondaries", entry)
	}
	if value.String(t.default4.At("address")) == address {
		t.default4.Update(value.DictOf("broadcast", broadcast, "netmask", netmask, "network", net, "prefix", prefix))
		t.describeDefault(t.default4, device)
		t.default4.Put("alias", value.Str(label))
	}
	if !strings.HasPrefix(address, "127.") {
		t.all4 = append(t.all4, address)
	}
}

func (t *addressTable) addIPv6(device string, words []string) {
	address, prefix, _ := strings.Cut(words[1], "/")
	scope := words[3]
	if words[2] == "peer" && len(words) > 5 {
		_, prefix, _ = strings.Cut(words[3], "/")
		scope = words[5]
	}
	appendTo(t.of(device), "ipv6", value.DictOf("address", address, "prefix", prefix, "scope", scope))
	if value.String(t.default6.At("address")) == address {
		t.default6.Update(value.DictOf("prefix", prefix, "scope", scope))
		t.describeDefault(t.default6, device)
	}
	if address != "::1" {
		t.all6 = append(t.all6, address)
	}
}

// describeDefault adds what is known about the device of a default route.
func (t *addressTable) describeDefault(route *value.Dict, device string) {
	d := t.of(device)
	mac, ok := d.Lookup("macaddress")
	if !ok {
		mac = value.Str("")
	}
	route.Put("macaddress", mac)
	route.Put("mtu", d.At("mtu"))
	kind, ok := d.Lookup("type")
	if !ok {
		kind = value.Str("unknown")
	}
	route.Put("type", kind)
}

// facts gives the network facts; a colon in an interface's label becomes "_".
func (t *addressTable) facts(local *value.Dict) *value.Dict {
	facts := value.NewDict(len(t.order) + 6)
	names := make([]string, len(t.order))
	for i, name := range t.order {
		names[i] = strings.ReplaceAll(name, ":", "_")
		facts.Put(names[i], t.of(name))
	}
	facts.Put("interfaces", value.Strings(names...))
	facts.Put("default_ipv4", t.default4)
	facts.Put("default_ipv6", t.default6)
	facts.Put("all_ipv4_addresses", value.Strings(t.all4...))
	facts.Put("all_ipv6_addresses", value.Strings(t.all6...))
	facts.Put("locally_reachable_ips", local)
	return facts
}

func appendTo(d *value.Dict, key string, entry value.Value) {
	list, ok := d.At(key).(*value.List)
	if !ok {
		list = value.NewList()
		d.Put(key, list)
	}
	list.Append(entry)
}

// ipv4Network gives the mask and the network of an address with its prefix.
func ipv4Network(address, prefix string) (netmask, net string, ok bool) {
	ip, err := netip.ParseAddr(address)
	bits, err2 := strconv.Atoi(prefix)
	if err != nil || err2 != nil || !ip.Is4() {
		return "", "", false
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return "", "", false
	}
	ones, _ := netip.MustParseAddr("255.255.255.255").Prefix(bits)
	return ones.Addr().String(), p.Addr().String(), true
}

func hexadecimal(s string) (uint64, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "0x"), 16, 64)
	return n, err == nil
}
