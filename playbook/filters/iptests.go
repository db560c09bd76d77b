package filters

import (
	"context"
	"net"
	"strings"
	"time"

	"drover/playbook/value"
)

// addressTests are the tests of ansible.utils on addresses.
var addressTests = []entry{
	{"ansible.utils.ip", "ip", addressTest(func(ipNet, bool) bool { return true }), 0},
	{"ansible.utils.ip_address", "ip", addressTest(func(_ ipNet, isNet bool) bool { return !isNet }), 0},
	{"ansible.utils.ipv4", "ip", addressTest(func(n ipNet, _ bool) bool { return !n.v6 }), 0},
	{"ansible.utils.ipv4_address", "ip", addressTest(func(n ipNet, isNet bool) bool { return !n.v6 && !isNet }), 0},
	{"ansible.utils.ipv4_netmask", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && !n.v6 && isNetmask(n) }), 0},
	{"ansible.utils.ipv4_hostmask", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && !n.v6 && n.addr.Sign() > 0 && isRunOfOnes(n.addr) }), 0},
	{"ansible.utils.ipv6", "ip", addressTest(func(n ipNet, _ bool) bool { return n.v6 }), 0},
	{"ansible.utils.ipv6_address", "ip", addressTest(func(n ipNet, isNet bool) bool { return n.v6 && !isNet }), 0},
	{"ansible.utils.ipv6_ipv4_mapped", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && n.within(mapped) }), 0},
	{"ansible.utils.ipv6_sixtofour", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && n.within(sixToFour) }), 0},
	{"ansible.utils.ipv6_teredo", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && n.within(teredo) }), 0},
	{"ansible.utils.loopback", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && n.within(loopbackNets) }), 0},
	{"ansible.utils.multicast", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && n.within(multicastNets) }), 0},
	{"ansible.utils.private", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && isPrivate(n) }), 0},
	{"ansible.utils.public", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && !isPrivate(n) && !n.within(sharedNets) }), 0},
	{"ansible.utils.reserved", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && n.within(reservedNets) }), 0},
	{"ansible.utils.unspecified", "ip", addressTest(func(n ipNet, isNet bool) bool { return !isNet && n.addr.Sign() == 0 }), 0},
	{"ansible.utils.in_network", "ip network", inNetworkTest, 0},
	{"ansible.utils.in_any_network", "ip networks", inAnyNetworkTest, 0},
	{"ansible.utils.in_one_network", "ip networks", inOneNetworkTest, 0},
	{"ansible.utils.subnet_of", "network_a network_b", subnetOfTest, 0},
	{"ansible.utils.supernet_of", "network_a network_b", supernetOfTest, 0},
	{"ansible.utils.resolvable", "host", resolvableTest, impure},
	{"ansible.utils.mac", "mac", macTest, 0},
}

// strictNet reads an address or a network without host bits.
func strictNet(v value.Value) (n ipNet, isNet, ok bool) {
	s, isStr := value.AsString(v)
	if !isStr {
		return n, false, false
	}
	if strings.TrimSpace(s) != s {
		return n, false, false
	}
	n, err := parseNet(s)
	isNet = strings.Contains(s, "/")
	return n, isNet, err == nil && (!isNet || n.isNetwork())
}

func addressTest(holds func(n ipNet, isNet bool) bool) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		n, isNet, ok := strictNet(a.val("ip"))
		return value.Bool(ok && holds(n, isNet)), nil
	}
}

// isPrivate reports whether an address is one that IANA gives to no network
// that all can reach.
func isPrivate(n ipNet) bool {
	if v4, ok := n.asV4(); n.v6 && n.within(mapped) && ok {
		n = v4
	}
	return n.within(privateNets) && !n.within(privateBut)
}

func isNetmask(n ipNet) bool {
	bits, err := maskBits(n.ip(), n.v6)
	return err == nil && (ipNet{n.addr, bits, n.v6}).netmask().Cmp(n.addr) == 0
}

// netContains reports whether network, an address or network, has ip in it.
func netContains(network, ip value.Value) bool {
	outer, _, ok := strictNet(network)
	inner, _, okInner := strictNet(ip)
	return ok && okInner && outer.contains(inner)
}

func inNetworkTest(a *args) (value.Value, error) {
	return value.Bool(netContains(a.val("network"), a.val("ip"))), nil
}

func (a *args) containing() int {
	n := 0
	for _, network := range a.list("networks") {
		if netContains(network, a.val("ip")) {
			n++
		}
	}
	return n
}

func inAnyNetworkTest(a *args) (value.Value, error) { return value.Bool(a.containing() > 0), nil }
func inOneNetworkTest(a *args) (value.Value, error) { return value.Bool(a.containing() == 1), nil }

func subnetOfTest(a *args) (value.Value, error) {
	return value.Bool(netContains(a.val("network_b"), a.val("network_a"))), nil
}

func supernetOfTest(a *args) (value.Value, error) {
	return value.Bool(netContains(a.val("network_a"), a.val("network_b"))), nil
}

// resolveLimit is how long a name may take to resolve.
const resolveLimit = 10 * time.Second

func resolvableTest(a *args) (value.Value, error) {
	ctx, cancel := context.WithTimeout(context.Background(), resolveLimit)
	defer cancel()
	_, err := net.DefaultResolver.LookupHost(ctx, a.text("host"))
	return value.Bool(err == nil), nil
}
