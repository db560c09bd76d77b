package filters

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"drover/playbook/value"
)

// addressQuery is the subject of one ipaddr call.
type addressQuery struct {
	net       ipNet
	hasPrefix bool // the value was a network rather than a bare address
	value     value.Value
}

func (q addressQuery) text(s string) (value.Value, error) { return value.Str(s), nil }

// when gives v if the condition holds, else None.
func when(ok bool, v value.Value) (value.Value, error) {
	if ok {
		return v, nil
	}
	return value.None, nil
}

var errNotNetwork = errors.New("Not a network address")

// addressQueries answer the query strings of ipaddr.
var addressQueries = map[string]func(q addressQuery) (value.Value, error){
	"":               queryPlain,
	"6to4":           query6to4,
	"address":        queryIP,
	"ip":             queryIP,
	"address/prefix": queryAddressPrefix,
	"gateway":        queryAddressPrefix,
	"gw":             queryAddressPrefix,
	"router":         queryAddressPrefix,
	"host/prefix":    queryAddressPrefix,
	"hostnet":        queryAddressPrefix,
	"bool":           func(addressQuery) (value.Value, error) { return value.Bool(true), nil },
	"broadcast": func(q addressQuery) (value.Value, error) {
		return when(q.net.width()-q.net.bits > 1, value.Str(q.net.text(q.net.last())))
	},
	"cidr":            func(q addressQuery) (value.Value, error) { return q.text(q.net.String()) },
	"first_usable":    queryFirstUsable,
	"last_usable":     queryLastUsable,
	"range_usable":    queryRangeUsable,
	"next_usable":     func(q addressQuery) (value.Value, error) { return q.neighbour(1) },
	"previous_usable": func(q addressQuery) (value.Value, error) { return q.neighbour(-1) },
	"host": func(q addressQuery) (value.Value, error) {
		return when(q.isHost() || q.single(), value.Str(q.net.String()))
	},
	"hostmask":  func(q addressQuery) (value.Value, error) { return q.text(q.net.text(q.net.hostmask())) },
	"wildcard":  func(q addressQuery) (value.Value, error) { return q.text(q.net.text(q.net.hostmask())) },
	"int":       queryInt,
	"ip/prefix": func(q addressQuery) (value.Value, error) { return when(q.inNet(), value.Str(q.net.String())) },
	"ip_netmask": func(q addressQuery) (value.Value, error) {
		return when(q.inNet(), value.Str(q.net.ip()+" "+q.netmask()))
	},
	"ipv4":            queryV4,
	"v4":              shortQuery("_ipv4_query"),
	"ipv6":            queryV6,
	"v6":              shortQuery("_ipv6_query"),
	"link-local":      func(q addressQuery) (value.Value, error) { return when(q.bare().within(linkLocalNets), q.value) },
	"lo":              func(q addressQuery) (value.Value, error) { return when(q.bare().within(loopbackNets), q.value) },
	"loopback":        func(q addressQuery) (value.Value, error) { return when(q.bare().within(loopbackNets), q.value) },
	"multicast":       func(q addressQuery) (value.Value, error) { return when(q.net.within(multicastNets), q.value) },
	"unicast":         func(q addressQuery) (value.Value, error) { return when(!q.net.within(multicastNets), q.value) },
	"net":             queryNet,
	"netmask":         func(q addressQuery) (value.Value, error) { return q.text(q.netmask()) },
	"network":         func(q addressQuery) (value.Value, error) { return q.text(q.network()) },
	"network_id":      func(q addressQuery) (value.Value, error) { return q.text(q.network()) },
	"network/prefix":  func(q addressQuery) (value.Value, error) { return q.text(q.net.cidr().String()) },
	"subnet":          func(q addressQuery) (value.Value, error) { return q.text(q.net.cidr().String()) },
	"network_netmask": func(q addressQuery) (value.Value, error) { return q.text(q.network() + " " + q.netmask()) },
	"network_wildcard": func(q addressQuery) (value.Value, error) {
		return q.text(q.network() + " " + q.net.text(q.net.hostmask()))
	},
	"peer":        queryPeer,
	"prefix":      func(q addressQuery) (value.Value, error) { return value.Int(q.net.bits), nil },
	"private":     func(q addressQuery) (value.Value, error) { return when(!q.bare().isGlobal(), q.value) },
	"public":      queryPublic,
	"revdns":      func(q addressQuery) (value.Value, error) { return q.text(q.net.reverseDNS()) },
	"size":        func(q addressQuery) (value.Value, error) { return value.NewInt(q.net.size()), nil },
	"size_usable": querySizeUsable,
	"type":        queryType,
	"version":     func(q addressQuery) (value.Value, error) { return value.Int(q.net.version()), nil },
	"wrap":        queryWrap,
}

func (q addressQuery) single() bool    { return q.net.bits == q.net.width() }
func (q addressQuery) network() string { return q.net.text(q.net.first()) }
func (q addressQuery) netmask() string { return q.net.text(q.net.netmask()) }

// bare is the address without its network.
func (q addressQuery) bare() ipNet { return ipNet{q.net.addr, q.net.width(), q.net.v6} }

// isHost reports whether the address is a host's in a network of several.
func (q addressQuery) isHost() bool {
	return !q.single() && (!q.net.isNetwork() || !q.net.hasBroadcast())
}

// inNet reports whether the address can stand before its prefix.
func (q addressQuery) inNet() bool {
	return q.net.sizeIs(2) || !q.single() && !q.net.isNetwork()
}

func queryPlain(q addressQuery) (value.Value, error) {
	if q.hasPrefix {
		return q.text(q.net.String())
	}
	return q.text(q.net.ip())
}

func query6to4(q addressQuery) (value.Value, error) {
	n := q.net
	if n.v6 {
		ok := n.within(sixToFour) && (!q.hasPrefix || !n.isNetwork())
		if !ok {
			return value.Bool(false), nil
		}
		return q.value, nil
	}
	global := q.bare().isGlobal()
	if !q.single() && n.isNetwork() || global && (n.within(multicastNets) || n.isMask()) {
		return value.Bool(false), nil
	}
	a := n.addr.FillBytes(make([]byte, 4))
	return q.text(fmt.Sprintf("2002:%02x%02x:%02x%02x::1/48", a[0], a[1], a[2], a[3]))
}

func queryIP(q addressQuery) (value.Value, error) {
	return when(q.single() || q.isHost() || q.net.v6 && q.net.isNetwork(), value.Str(q.net.ip()))
}

func queryAddressPrefix(q addressQuery) (value.Value, error) {
	n := q.net
	if n.width()-n.bits > 1 && (n.isNetwork() || n.addr.Cmp(n.last()) == 0) {
		return value.Bool(false), nil
	}
	return q.text(n.String())
}

func queryFirstUsable(q addressQuery) (value.Value, error) {
	if !q.hasPrefix {
		return nil, errNotNetwork
	}
	first, _, ok := q.net.usable()
	if !ok {
		return value.None, nil
	}
	return q.text(q.net.text(first))
}

func queryLastUsable(q addressQuery) (value.Value, error) {
	if !q.hasPrefix {
		return nil, errNotNetwork
	}
	_, last, ok := q.net.usable()
	if !ok {
		return value.None, nil
	}
	return q.text(q.net.text(last))
}

func queryRangeUsable(q addressQuery) (value.Value, error) {
	if !q.hasPrefix {
		return nil, errNotNetwork
	}
	first, last, ok := q.net.usable()
	if !ok {
		return value.None, nil
	}
	return q.text(q.net.text(first) + "-" + q.net.text(last))
}

// neighbour gives the address so far away when a host may have it.
func (q addressQuery) neighbour(by int64) (value.Value, error) {
	if !q.hasPrefix {
		return nil, errNotNetwork
	}
	to := new(big.Int).Add(q.net.addr, big.NewInt(by))
	if to.Sign() < 0 && !q.single() {
		return nil, fmt.Errorf("'%d' is not a valid IPv4 or IPv6 address", to)
	}
	return q.net.usableAt(to)
}

func (n ipNet) usableAt(addr *big.Int) (value.Value, error) {
	first, last, ok := n.usable()
	if !ok || addr.Cmp(first) < 0 || addr.Cmp(last) > 0 {
		return value.None, nil
	}
	return value.Str(n.text(addr)), nil
}

func queryInt(q addressQuery) (value.Value, error) {
	if !q.hasPrefix {
		return value.NewInt(q.net.addr), nil
	}
	return q.text(fmt.Sprintf("%s/%d", q.net.addr, q.net.bits))
}

// shortQuery fails as the original does for the short names of two queries,
// whatever the address.
func shortQuery(name string) func(addressQuery) (value.Value, error) {
	return func(addressQuery) (value.Value, error) {
		return nil, fmt.Errorf("%s() missing 1 required positional argument: 'value'", name)
	}
}

func queryV4(q addressQuery) (value.Value, error) {
	if !q.net.v6 {
		return q.value, nil
	}
	v4, ok := q.net.asV4()
	if !ok {
		return value.Bool(false), nil
	}
	return q.text(v4.String())
}

func queryV6(q addressQuery) (value.Value, error) {
	if q.net.v6 {
		return q.value, nil
	}
	return q.text(q.net.v4InV6().String())
}

func queryNet(q addressQuery) (value.Value, error) {
	return when(!q.single() && q.net.isNetwork(), value.Str(q.net.cidr().String()))
}

func queryPeer(q addressQuery) (value.Value, error) {
	if !q.hasPrefix {
		return nil, errNotNetwork
	}
	low := q.net.addr.Bit(0) | q.net.addr.Bit(1)<<1
	switch {
	case q.net.sizeIs(2):
		return q.text(q.net.text(new(big.Int).Xor(q.net.addr, big.NewInt(1))))
	case !q.net.sizeIs(4):
		return nil, errors.New("Not a point-to-point network")
	case low == 0:
		return nil, errors.New("Network address of /30 has no peer")
	case low == 3:
		return nil, errors.New("Broadcast address of /30 has no peer")
	}
	return q.text(q.net.text(new(big.Int).Xor(q.net.addr, big.NewInt(3))))
}

func queryPublic(q addressQuery) (value.Value, error) {
	n := q.bare()
	return when(n.isGlobal() && !n.within(multicastNets) && !n.isMask(), q.value)
}

func querySizeUsable(q addressQuery) (value.Value, error) {
	switch {
	case q.single():
		return value.Int(0), nil
	case q.net.sizeIs(2):
		return value.Int(2), nil
	}
	return value.NewInt(new(big.Int).Sub(q.net.size(), big.NewInt(2))), nil
}

func queryType(q addressQuery) (value.Value, error) {
	if q.single() || !q.net.isNetwork() {
		return q.text("address")
	}
	return q.text("network")
}

func queryWrap(q addressQuery) (value.Value, error) {
	switch {
	case !q.net.v6:
		return q.value, nil
	case q.hasPrefix:
		return q.text(fmt.Sprintf("[%s]/%d", q.net.ip(), q.net.bits))
	}
	return q.text("[" + q.net.ip() + "]")
}

// readAddress reads what ipaddr takes for an address or network: text, or a
// number; ok is false for anything else.
func readAddress(v value.Value, version int) (q addressQuery, ok bool) {
	if !value.Truth(v) || v == value.Bool(true) {
		return q, false
	}
	s := value.String(v)
	if strings.Trim(s, "0123456789") == "" {
		return numberQuery(s, "", version)
	}
	if n, err := parseNet(s); err == nil {
		return addressQuery{net: n, hasPrefix: strings.Contains(s, "/"), value: v}, true
	}
	number, prefix, isNet := strings.Cut(s, "/")
	if !isNet {
		return q, false
	}
	return numberQuery(number, prefix, 0)
}

func numberQuery(number, prefix string, version int) (addressQuery, bool) {
	n, ok := numberNet(number, prefix, version)
	if !ok {
		return addressQuery{}, false
	}
	return addressQuery{net: n, hasPrefix: prefix != "", value: value.Str(n.String())}, true
}

// numberNet reads an address that is written as a number.
func numberNet(number, prefix string, version int) (ipNet, bool) {
	addr, ok := new(big.Int).SetString(number, 10)
	if !ok || addr.Sign() < 0 {
		return ipNet{}, false
	}
	n := ipNet{addr: addr, v6: version == 6 || addr.BitLen() > 32}
	n.bits = n.width()
	if prefix != "" {
		bits, ok := atoi(prefix)
		if !ok || bits > 128 {
			return ipNet{}, false
		}
		if n.bits = int(bits); n.bits > n.width() {
			n.v6 = true
		}
	}
	return n, n.addr.BitLen() <= n.width()
}

// ipaddr answers a query about an address; False says that it is none.
func ipaddr(v, query value.Value, version int) (value.Value, error) {
	if elems, ok := asSequence(v); ok {
		out := value.NewList()
		for _, e := range elems {
			r, err := ipaddr(e, query, version)
			if err != nil {
				return nil, err
			}
			if value.Truth(r) {
				out.Append(r)
			}
		}
		return out, nil
	}
	q, ok := readAddress(v, version)
	if !ok || version != 0 && q.net.version() != version {
		return value.Bool(false), nil
	}
	return q.ask(value.String(query))
}

func (q addressQuery) ask(query string) (value.Value, error) {
	if answer := addressQueries[query]; answer != nil {
		return answer(q)
	}
	if n, err := parseNet(query); err == nil && (n.bits < n.width() || strings.ContainsAny(query, ".:")) {
		return when(n.contains(q.net), q.value)
	}
	index, ok := new(big.Int).SetString(query, 10)
	switch {
	case !ok:
		return nil, fmt.Errorf("ipaddr: unknown filter type: %s", query)
	case q.single():
		return queryPlain(q)
	}
	addr, ok := q.net.nth(index)
	if !ok {
		return value.Bool(false), nil
	}
	return q.text(q.net.at(addr).String())
}

// nth gives an address by its number in the network, from the end for a
// negative one.
func (n ipNet) nth(i *big.Int) (*big.Int, bool) {
	if i.Sign() < 0 {
		i = new(big.Int).Add(i, n.size())
	}
	if i.Sign() < 0 || i.Cmp(n.size()) >= 0 {
		return nil, false
	}
	return new(big.Int).Add(n.first(), i), true
}
