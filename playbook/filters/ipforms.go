package filters

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// singleAddress reads an address without a prefix.
func singleAddress(a *args) (netip.Addr, error) {
	ip, err := netip.ParseAddr(strings.TrimSpace(a.text("value")))
	if err != nil || ip.Zone() != "" {
		return ip, fmt.Errorf("You must pass a valid IP address; %s is invalid", a.text("value"))
	}
	return ip, nil
}

// ipcut gives the first amount bits of an address, or the last for a negative
// amount, in the groups that addresses are written in.
func ipcut(a *args) (value.Value, error) {
	ip, err := singleAddress(a)
	if err != nil {
		return nil, err
	}
	amount, err := wholeNumber(a.val("amount"))
	if err != nil {
		return nil, fmt.Errorf("You must pass an integer for arithmetic; %s is not a valid integer", a.text("amount"))
	}
	var bits strings.Builder
	for _, b := range ip.AsSlice() {
		fmt.Fprintf(&bits, "%08b", b)
	}
	group, base, sep := 8, 10, "."
	if ip.Is6() {
		group, base, sep = 16, 16, ":"
	}
	return value.Str(grouped(cutBits(bits.String(), amount), group, base, sep)), nil
}

// cutBits slices as Python does: the first n, or all from n before the end on.
func cutBits(bits string, n int64) string {
	size := int64(len(bits))
	if n < 0 {
		return bits[max(size+n, 0):]
	}
	return bits[:min(n, size)]
}

// grouped writes bits in groups from the left, each as a number.
func grouped(bits string, size, base int, sep string) string {
	var out []string
	for i := 0; i < len(bits); i += size {
		n, _ := strconv.ParseUint(bits[i:min(i+size, len(bits))], 2, 32) // they are all 0 and 1
		out = append(out, strconv.FormatUint(n, base))
	}
	return strings.Join(out, sep)
}

// ipv6form writes an address in full ("expand"), as short as it goes
// ("compress"), or in eight groups without leading zeros ("x509").
func ipv6form(a *args) (value.Value, error) {
	ip, err := singleAddress(a)
	if err != nil {
		return nil, err
	}
	switch form := a.text("format"); form {
	case "expand":
		return value.Str(ip.StringExpanded()), nil
	case "compress":
		return value.Str(ip.String()), nil
	case "x509":
		if !ip.Is6() {
			return nil, fmt.Errorf("%s is no IPv6 address", ip)
		}
		s := ip.As16()
		groups := make([]string, 8)
		for i := range groups {
			groups[i] = strconv.FormatUint(uint64(s[2*i])<<8|uint64(s[2*i+1]), 16)
		}
		return value.Str(strings.Join(groups, ":")), nil
	default:
		return nil, fmt.Errorf("value of format must be one of: compress, expand, x509, got: %s", form)
	}
}
