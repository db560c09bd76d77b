package filters

import (
	"fmt"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
)

// ipNet is an address with a prefix length; it keeps the host's bits.
type ipNet struct {
	addr *big.Int
	bits int // of the prefix
	v6   bool
}

func (n ipNet) width() int {
	if n.v6 {
		return 128
	}
	return 32
}

func (n ipNet) version() int {
	if n.v6 {
		return 6
	}
	return 4
}

func pow2(n int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(n)) }

// size is the number of addresses in the network.
func (n ipNet) size() *big.Int { return pow2(n.width() - n.bits) }

func (n ipNet) sizeIs(k int64) bool { return n.size().Cmp(big.NewInt(k)) == 0 }

// hostmask has the bits that number hosts.
func (n ipNet) hostmask() *big.Int { return new(big.Int).Sub(n.size(), big.NewInt(1)) }

func (n ipNet) netmask() *big.Int {
	return new(big.Int).Sub(new(big.Int).Sub(pow2(n.width()), big.NewInt(1)), n.hostmask())
}

func (n ipNet) first() *big.Int { return new(big.Int).AndNot(n.addr, n.hostmask()) }
func (n ipNet) last() *big.Int  { return new(big.Int).Or(n.addr, n.hostmask()) }

// isNetwork reports whether the address is the network's own.
func (n ipNet) isNetwork() bool { return n.addr.Cmp(n.first()) == 0 }

// hasBroadcast is false for the smallest IPv4 networks.
func (n ipNet) hasBroadcast() bool { return n.v6 || n.width()-n.bits > 1 }

func (n ipNet) cidr() ipNet { return ipNet{n.first(), n.bits, n.v6} }

// at gives the same prefix around another address.
func (n ipNet) at(addr *big.Int) ipNet { return ipNet{addr, n.bits, n.v6} }

func (n ipNet) contains(o ipNet) bool {
	return n.v6 == o.v6 && n.first().Cmp(o.first()) <= 0 && o.last().Cmp(n.last()) <= 0
}

// text prints an address of the network's family.
func (n ipNet) text(addr *big.Int) string {
	if addr.Sign() < 0 || addr.BitLen() > n.width() {
		return ""
	}
	raw := addr.FillBytes(make([]byte, n.width()/8))
	ip, _ := netip.AddrFromSlice(raw)
	if n.v6 && addr.BitLen() <= 32 && addr.BitLen() > 16 {
		v4, _ := netip.AddrFromSlice(raw[12:])
		return "::" + v4.String()
	}
	return ip.String()
}

func (n ipNet) ip() string     { return n.text(n.addr) }
func (n ipNet) String() string { return n.ip() + "/" + strconv.Itoa(n.bits) }

// usable gives the first and last address that hosts may have.
func (n ipNet) usable() (first, last *big.Int, ok bool) {
	first, last = n.first(), n.last()
	if n.bits == n.width() {
		return nil, nil, false
	}
	if !n.sizeIs(2) {
		first.Add(first, big.NewInt(1))
		last.Sub(last, big.NewInt(1))
	}
	return first, last, true
}

// parseNet reads an address, alone or with a prefix length, a netmask or a
// hostmask.
func parseNet(s string) (ipNet, error) {
	fault := fmt.Errorf("invalid IPNetwork %s", s)
	host, prefix, hasPrefix := strings.Cut(s, "/")
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Zone() != "" {
		return ipNet{}, fault
	}
	n := ipNet{addr: new(big.Int).SetBytes(ip.AsSlice()), v6: ip.Is6()}
	n.bits = n.width()
	if !hasPrefix {
		return n, nil
	}
	if bits, ok := atoi(strings.TrimSpace(prefix)); ok {
		n.bits = int(min(bits, 1000))
	} else if n.bits, err = maskBits(prefix, n.v6); err != nil {
		return ipNet{}, fault
	}
	if n.bits > n.width() {
		return ipNet{}, fault
	}
	return n, nil
}

// maskBits reads a netmask or a hostmask as a prefix length.
func maskBits(s string, v6 bool) (int, error) {
	ip, err := netip.ParseAddr(s)
	if err != nil || ip.Is6() != v6 {
		return 0, fmt.Errorf("invalid mask %s", s)
	}
	width := ip.BitLen()
	mask := new(big.Int).SetBytes(ip.AsSlice())
	inverse := new(big.Int).Sub(new(big.Int).Sub(pow2(width), big.NewInt(1)), mask)
	if isRunOfOnes(inverse) {
		return width - inverse.BitLen(), nil
	}
	if isRunOfOnes(mask) {
		return width - mask.BitLen(), nil
	}
	return 0, fmt.Errorf("invalid mask %s", s)
}

// isRunOfOnes reports whether n is 2^k-1.
func isRunOfOnes(n *big.Int) bool {
	next := new(big.Int).Add(n, big.NewInt(1))
	return new(big.Int).And(n, next).Sign() == 0
}

func mustNets(list ...string) []ipNet {
	out := make([]ipNet, len(list))
	for i, s := range list {
		n, err := parseNet(s)
		if err != nil {
			panic(err)
		}
		out[i] = n
	}
	return out
}

// The special ranges of the IANA registries.
var (
	notGlobal = mustNets("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/128", "::1/128", "::ffff:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
		"fc00::/7", "fe80::/10")
	globalAfterAll = mustNets("192.0.0.9/32", "192.0.0.10/32", "2001:1::1/128", "2001:1::2/128", "2001:3::/32",
		"2001:4:112::/48", "2001:20::/28", "2001:30::/28")
	multicastNets = mustNets("224.0.0.0/4", "ff00::/8")
	loopbackNets  = mustNets("127.0.0.0/8", "::1/128")
	linkLocalNets = mustNets("169.254.0.0/16", "fe80::/10")
	reservedNets  = mustNets("240.0.0.0/4", "::/8", "100::/8", "200::/7", "400::/6", "800::/5", "1000::/4", "4000::/3",
		"6000::/3", "8000::/3", "a000::/3", "c000::/3", "e000::/4", "f000::/5", "f800::/6", "fe00::/9")
	sixToFour = mustNets("2002::/16")
	teredo    = mustNets("2001::/32")
	mapped    = mustNets("::ffff:0:0/96")
	// privateNets are what Python's ipaddress counts as private, but for those
	// in privateBut; sharedNets are neither private nor public.
	privateNets = mustNets("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/127", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "fc00::/7", "fe80::/10")
	privateBut = mustNets("192.0.0.9/32", "192.0.0.10/32", "2001:1::1/128", "2001:1::2/128", "2001:3::/32", "2001:4:112::/48",
		"2001:20::/28", "2001:30::/28")
	sharedNets = mustNets("100.64.0.0/10")
)

func (n ipNet) within(nets []ipNet) bool {
	for _, o := range nets {
		if o.contains(n) {
			return true
		}
	}
	return false
}

func (n ipNet) isGlobal() bool { return !n.within(notGlobal) || n.within(globalAfterAll) }

// isMask reports whether the address looks like a netmask or a hostmask.
func (n ipNet) isMask() bool {
	all := new(big.Int).Sub(pow2(n.width()), big.NewInt(1))
	return isRunOfOnes(n.addr) || isRunOfOnes(new(big.Int).Sub(all, n.addr))
}

// v4InV6 gives an IPv4 network as the IPv6 network that maps it.
func (n ipNet) v4InV6() ipNet {
	return ipNet{new(big.Int).Or(n.addr, new(big.Int).Lsh(big.NewInt(0xffff), 32)), n.bits + 96, true}
}

// asV4 gives the IPv4 network that an IPv6 one maps or is compatible with.
func (n ipNet) asV4() (ipNet, bool) {
	high := new(big.Int).Rsh(n.addr, 32)
	if n.bits < 96 || high.Sign() != 0 && high.Cmp(big.NewInt(0xffff)) != 0 {
		return ipNet{}, false
	}
	low := new(big.Int).And(n.addr, big.NewInt(0xffffffff))
	return ipNet{low, n.bits - 96, false}, true
}

// reverseDNS gives the name of the address in in-addr.arpa or ip6.arpa.
func (n ipNet) reverseDNS() string {
	raw := n.addr.FillBytes(make([]byte, n.width()/8))
	var b strings.Builder
	for i := len(raw) - 1; i >= 0; i-- {
		if n.v6 {
			fmt.Fprintf(&b, "%x.%x.", raw[i]&15, raw[i]>>4)
		} else {
			fmt.Fprintf(&b, "%d.", raw[i])
		}
	}
	if n.v6 {
		return b.String() + "ip6.arpa."
	}
	return b.String() + "in-addr.arpa."
}
