package filters

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"drover/playbook/value"
)

// addressTable holds the filters of ansible.utils that work on addresses.
var addressTable = []entry{
	{"ansible.utils.ipaddr", "value query? version? alias?", ipaddrFilter("ipaddr", 0), 0},
	{"ansible.utils.ipv4", "value query?", ipaddrFilter("ipv4", 4), 0},
	{"ansible.utils.ipv6", "value query?", ipaddrFilter("ipv6", 6), 0},
	{"ansible.utils.ipwrap", "value query?", ipwrap, 0},
	{"ansible.utils.ipsubnet", "value query? index?", ipsubnet, 0},
	{"ansible.utils.ipmath", "value amount", ipmath, 0},
	{"ansible.utils.ipcut", "value amount", ipcut, 0},
	{"ansible.utils.ipv6form", "value format", ipv6form, 0},
	{"ansible.utils.nthhost", "value query?", nthhost, 0},
	{"ansible.utils.next_nth_usable", "value offset", nthUsable(1), 0},
	{"ansible.utils.previous_nth_usable", "value offset", nthUsable(-1), 0},
	{"ansible.utils.network_in_network", "value test", networkInNetwork, 0},
	{"ansible.utils.network_in_usable", "value test", networkInUsable, 0},
	{"ansible.utils.reduce_on_network", "value network", reduceOnNetwork, 0},
	{"ansible.utils.cidr_merge", "value action?", cidrMerge, 0},
	{"ansible.utils.ip4_hex", "arg delimiter?", ip4Hex, 0},
	{"ansible.utils.usable_range", "ip", usableRange, 0},
}

// addressFilters are the names of the filters that ansible.netcommon has too.
var addressFilters = map[string]bool{
	"ipaddr": true, "ipv4": true, "ipv6": true, "ipwrap": true, "ipsubnet": true, "ipmath": true, "nthhost": true,
	"next_nth_usable": true, "previous_nth_usable": true, "network_in_network": true, "network_in_usable": true,
	"reduce_on_network": true, "cidr_merge": true, "ip4_hex": true, "hwaddr": true, "macaddr": true, "slaac": true,
}

func (a *args) query() value.Value {
	if a.has("query") {
		return a.val("query")
	}
	return value.Str("")
}

func ipaddrFilter(name string, version int) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		switch subject := a.val("value").(type) {
		case value.Float, value.Mapping, value.Tuple:
			return nil, wrongSubject(name, subject)
		default:
			if subject == value.None {
				return nil, wrongSubject(name, subject)
			}
		}
		v := version
		if a.sig.index("version") >= 0 && a.truth("version") {
			v = a.num("version")
		}
		return ipaddr(a.val("value"), a.query(), v)
	}
}

// wrongSubject refuses what can't be an address at all.
func wrongSubject(filter string, v value.Value) error {
	return fmt.Errorf("Unrecognized type <%s> for %s filter <value>", className(v), filter)
}

func ipwrap(a *args) (value.Value, error) {
	wrap := func(v value.Value) (value.Value, error) {
		r, err := ipaddr(v, a.query(), 0)
		if err != nil || !value.Truth(r) {
			return v, err
		}
		if _, isText := value.AsString(v); !isText {
			q, _ := readAddress(v, 0) // numbers come with their prefix and are left so
			return q.text(q.net.String())
		}
		return ipaddr(r, value.Str("wrap"), 0)
	}
	elems, ok := asSequence(a.val("value"))
	if _, isText := value.AsString(a.val("value")); !ok && !isText {
		return nil, wrongSubject("ipwrap", a.val("value"))
	}
	if !ok {
		return wrap(a.val("value"))
	}
	out := value.NewList()
	for _, e := range elems {
		w, err := wrap(e)
		if err != nil {
			return nil, err
		}
		out.Append(w)
	}
	return out, nil
}

// normalNet reads a value as a network, the host's bits cleared unless they
// make it an address.
func normalNet(v value.Value) (n ipNet, isNetwork, ok bool) {
	q, ok := readAddress(v, 0)
	if !ok {
		return n, false, false
	}
	if q.single() || !q.net.isNetwork() {
		return q.net, false, true
	}
	return q.net, true, true
}

func ipsubnet(a *args) (value.Value, error) {
	n, _, ok := normalNet(a.val("value"))
	if !ok {
		return value.Bool(false), nil
	}
	n = n.cidr()
	query := value.String(a.query())
	if query == "" {
		return value.Str(n.String()), nil
	}
	bits, isSize := atoi(query)
	if !isSize {
		return subnetRank(n, query)
	}
	if bits > int64(n.width()) {
		return value.Bool(false), nil
	}
	single := n.bits == n.width()
	if !a.has("index") {
		return subnetCount(n, int(bits), single)
	}
	index, err := wholeNumber(a.val("index"))
	if err != nil {
		return nil, err
	}
	if single {
		return supernetAt(n, int(bits), index)
	}
	return subnetAt(n, int(bits), index)
}

func wholeNumber(v value.Value) (int64, error) {
	if n, ok := value.AsInt(v); ok {
		return n, nil
	}
	n, ok := new(big.Int).SetString(strings.TrimSpace(value.String(v)), 10)
	if !ok || !n.IsInt64() {
		return 0, fmt.Errorf("invalid literal for int() with base 10: %s", value.Repr(v))
	}
	return n.Int64(), nil
}

// subnetCount gives how many subnets of a size the network has, or for an
// address the network of that size that it is in.
func subnetCount(n ipNet, bits int, single bool) (value.Value, error) {
	if single {
		return value.Str(ipNet{n.addr, bits, n.v6}.cidr().String()), nil
	}
	if bits < n.bits {
		return nil, fmt.Errorf("Requested subnet size of %d is invalid", bits)
	}
	return value.Str(pow2(bits - n.bits).String()), nil
}

// supernetAt gives one of the networks around an address, largest first.
func supernetAt(n ipNet, bits int, index int64) (value.Value, error) {
	count := int64(n.width() - bits)
	if index < 0 {
		index += count
	}
	if index < 0 || index >= count {
		return value.Bool(false), nil
	}
	return value.Str(ipNet{n.addr, bits + int(index), n.v6}.cidr().String()), nil
}

func subnetAt(n ipNet, bits int, index int64) (value.Value, error) {
	if bits < n.bits {
		return value.Bool(false), nil
	}
	sub := ipNet{n.first(), n.bits, n.v6}
	i, ok := ipNet{new(big.Int), n.width() - (bits - n.bits), n.v6}.nth(big.NewInt(index))
	if !ok {
		return value.Bool(false), nil
	}
	sub.addr = sub.addr.Add(sub.addr, i.Lsh(i, uint(n.width()-bits)))
	sub.bits = bits
	return value.Str(sub.String()), nil
}

// subnetRank gives the place of a subnet within a larger network.
func subnetRank(n ipNet, query string) (value.Value, error) {
	outer, _, ok := normalNet(value.Str(query))
	if !ok {
		return nil, fmt.Errorf("You must pass a valid subnet or IP address; %s is invalid", query)
	}
	if !outer.contains(n) {
		return nil, fmt.Errorf("%s is not in the subnet %s", n, outer.cidr())
	}
	rank := new(big.Int).Sub(n.first(), outer.first())
	rank.Rsh(rank, uint(n.width()-n.bits))
	return value.Str(rank.Add(rank, big.NewInt(1)).String()), nil
}

func ipmath(a *args) (value.Value, error) {
	s, _ := value.AsString(a.val("value"))
	n, err := parseNet(s)
	if err != nil {
		return nil, fmt.Errorf("You must pass a valid IP address; %s is invalid", a.text("value"))
	}
	amount, ok := value.AsBig(a.val("amount"))
	if !ok {
		return nil, fmt.Errorf("You must pass an integer for arithmetic; %s is not a valid integer", a.text("amount"))
	}
	text := n.text(new(big.Int).Add(n.addr, amount))
	if text == "" {
		return nil, errors.New("result outside valid IP address boundary!")
	}
	return value.Str(text), nil
}

func nthhost(a *args) (value.Value, error) {
	n, _, ok := normalNet(a.val("value"))
	i, err := wholeNumber(a.val("query"))
	if !ok || err != nil {
		return value.Bool(false), nil
	}
	addr, ok := n.nth(big.NewInt(i))
	switch {
	case !ok && i < 0:
		return nil, errors.New("index out range for address range size!")
	case !ok:
		return value.Bool(false), nil
	}
	return value.Str(n.text(addr)), nil
}

func nthUsable(sign int64) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		n, _, ok := normalNet(a.val("value"))
		if !ok {
			return value.Bool(false), nil
		}
		offset, isInt := a.val("offset").(value.Int)
		if !isInt {
			return nil, errors.New("Must pass in an integer")
		}
		return n.usableAt(new(big.Int).Add(n.addr, big.NewInt(sign*int64(offset))))
	}
}

// span gives the first and last address of a value: of its network, or the
// address itself.
func span(v value.Value, usable bool) (first, last *big.Int, v6, ok bool) {
	n, isNetwork, ok := normalNet(v)
	if !ok {
		return nil, nil, false, false
	}
	if !isNetwork && !n.sizeIs(1) {
		n = n.cidr()
	}
	first, last = n.first(), n.last()
	if usable {
		if f, l, ok := n.usable(); ok {
			first, last = f, l
		}
	}
	return first, last, n.v6, true
}

func inSpan(outer, inner value.Value, usable bool) bool {
	first, last, v6, ok := span(outer, usable)
	from, to, inner6, okInner := span(inner, false)
	return ok && okInner && v6 == inner6 && first.Cmp(from) <= 0 && to.Cmp(last) <= 0
}

func networkInNetwork(a *args) (value.Value, error) {
	_, _, _, ok := span(a.val("value"), false)
	_, _, _, okOuter := span(a.val("test"), false)
	if !ok && !okOuter {
		return value.Bool(true), nil // the original finds nothing equal to nothing
	}
	return value.Bool(inSpan(a.val("value"), a.val("test"), false)), nil
}

func networkInUsable(a *args) (value.Value, error) {
	return value.Bool(inSpan(a.val("value"), a.val("test"), true)), nil
}

func reduceOnNetwork(a *args) (value.Value, error) {
	out := value.NewList()
	for _, v := range a.addresses() {
		if inSpan(a.val("network"), v, false) {
			out.Append(v)
		}
	}
	return out, nil
}

func (a *args) nets() ([]ipNet, error) {
	var nets []ipNet
	for _, v := range a.addresses() {
		n, err := parseNet(value.String(v))
		if err != nil {
			return nil, fmt.Errorf("cidr_merge: error in netaddr:\n%w", err)
		}
		nets = append(nets, n)
	}
	return nets, nil
}

// addresses gives the elements of the value, or the one address it is.
func (a *args) addresses() []value.Value {
	if _, ok := value.AsString(a.val("value")); ok {
		return []value.Value{a.val("value")}
	}
	return a.list("value")
}

// unmerged gives n as it was written when it is the only one of nets that lies
// in it.
func unmerged(n ipNet, nets []ipNet) ipNet {
	alone, inside := n, 0
	for _, o := range nets {
		if n.contains(o) {
			alone = o
			inside++
		}
	}
	if inside == 1 && alone.cidr().String() == n.String() {
		return alone
	}
	return n
}

func cidrMerge(a *args) (value.Value, error) {
	nets, err := a.nets()
	if err != nil || a.err != nil {
		return nil, err
	}
	switch action := a.strOr("action", "merge"); action {
	case "merge":
		out := value.NewList()
		cidrs := make([]ipNet, len(nets))
		for i, n := range nets {
			cidrs[i] = n.cidr()
		}
		for _, n := range mergeNets(cidrs) {
			out.Append(value.Str(unmerged(n, nets).String()))
		}
		return out, nil
	case "span":
		if len(nets) == 0 {
			return value.None, nil
		}
		return spanningNet(nets)
	default:
		return nil, fmt.Errorf("cidr_merge: invalid action '%s'", action)
	}
}

// mergeNets gives the fewest networks that cover the same addresses, in order.
func mergeNets(nets []ipNet) []ipNet {
	slices.SortFunc(nets, func(x, y ipNet) int {
		if x.v6 != y.v6 {
			return x.version() - y.version()
		}
		if c := x.addr.Cmp(y.addr); c != 0 {
			return c
		}
		return x.bits - y.bits
	})
	var out []ipNet
	for _, n := range nets {
		if len(out) > 0 && out[len(out)-1].contains(n) {
			continue
		}
		out = append(out, n)
		for len(out) > 1 {
			x, y := out[len(out)-2], out[len(out)-1]
			joined := ipNet{x.addr, x.bits - 1, x.v6}
			if x.bits != y.bits || x.v6 != y.v6 || x.bits == 0 || !joined.isNetwork() || !joined.contains(y) {
				break
			}
			out = append(out[:len(out)-2], joined)
		}
	}
	return out
}

// spanningNet gives the smallest network around all of them.
func spanningNet(nets []ipNet) (value.Value, error) {
	n := nets[0]
	for _, o := range nets[1:] {
		if o.v6 != n.v6 {
			return nil, errors.New("cidr_merge: error in netaddr:\nIP sequence cannot contain both IPv4 and IPv6!")
		}
		for !n.contains(o) {
			n = ipNet{n.addr, n.bits - 1, n.v6}.cidr()
		}
	}
	return value.Str(n.String()), nil
}

func ip4Hex(a *args) (value.Value, error) {
	s := a.str("arg")
	n, err := parseNet(s)
	if err != nil || n.v6 || strings.Contains(s, "/") {
		return nil, fmt.Errorf("You must pass a valid IP address; %s is invalid", s)
	}
	b := n.addr.FillBytes(make([]byte, 4))
	parts := make([]string, 4)
	for i := range b {
		parts[i] = fmt.Sprintf("%02x", b[i])
	}
	return value.Str(strings.Join(parts, a.strOr("delimiter", ""))), nil
}

// maxHosts bounds the addresses that usable_range lists.
const maxHosts = 1 << 20

func usableRange(a *args) (value.Value, error) {
	s := a.str("ip")
	n, err := parseNet(s)
	fault := func(why string) (value.Value, error) {
		return nil, fmt.Errorf("Error while using plugin 'usable_range': %s", why)
	}
	switch {
	case err != nil || strings.TrimSpace(s) != s:
		return fault(fmt.Sprintf("'%s' does not appear to be an IPv4 or IPv6 network", s))
	case !n.isNetwork():
		return fault(s + " has host bits set")
	case n.width()-n.bits > 20:
		return fault(fmt.Sprintf("%s has more than %d addresses", s, maxHosts))
	}
	hosts := value.NewList()
	for addr := n.first(); addr.Cmp(n.last()) <= 0; addr = new(big.Int).Add(addr, big.NewInt(1)) {
		hosts.Append(value.Str(n.text(addr)))
	}
	return value.DictOf("usable_ips", hosts, "number_of_ips", hosts.Len()), nil
}
