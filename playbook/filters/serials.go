package filters

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"net/netip"
	"strings"

	"drover/playbook/value"
)

// certificateFilters are those of community.crypto and community.dns that need
// no keys and no network.
var certificateFilters = []entry{
	{"community.crypto.to_serial", "input", toSerial, 0},
	{"community.crypto.parse_serial", "input", parseSerial, 0},
	{"community.crypto.split_pem", "input", splitPEM, 0},
	{"community.dns.reverse_pointer", "input", reversePointer, 0},
}

// toSerial writes a number in hexadecimal bytes with colons between them.
func toSerial(a *args) (value.Value, error) {
	v := a.val("input")
	n, ok := value.AsBig(v)
	switch {
	case !ok:
		return nil, fmt.Errorf("The input for the community.crypto.to_serial filter must be an integer; got %s instead", className(v))
	case n.Sign() < 0:
		return nil, fmt.Errorf("The input for the community.crypto.to_serial filter must not be negative")
	}
	bytes := n.Bytes()
	if len(bytes) == 0 {
		bytes = []byte{0}
	}
	parts := make([]string, len(bytes))
	for i, b := range bytes {
		parts[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return value.Str(strings.Join(parts, ":")), nil
}

// parseSerial reads what toSerial writes.
func parseSerial(a *args) (value.Value, error) {
	s, ok := value.AsString(a.val("input"))
	if !ok {
		return nil, fmt.Errorf("The input for the community.crypto.parse_serial filter must be a string; got %s instead", className(a.val("input")))
	}
	n := new(big.Int)
	for i, part := range strings.Split(s, ":") {
		b, ok := new(big.Int).SetString(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(part)), "0x"), 16)
		if !ok || b.Sign() < 0 || b.BitLen() > 8 {
			return nil, fmt.Errorf("part %d of the serial, '%s', is not a hexadecimal number in range [0, 255]", i+1, part)
		}
		n.Lsh(n, 8).Or(n, b)
	}
	return value.NewInt(n), nil
}

// splitPEM gives the objects of a PEM file one by one.
func splitPEM(a *args) (value.Value, error) {
	s, ok := value.AsString(a.val("input"))
	if !ok {
		return nil, fmt.Errorf("The community.crypto.split_pem input must be a text type, not %s", className(a.val("input")))
	}
	out := value.NewList()
	var object strings.Builder
	inside := false
	for _, line := range strings.SplitAfter(s, "\n") {
		if strings.HasPrefix(line, "-----BEGIN ") {
			object.Reset()
			inside = true
		}
		if !inside || strings.TrimSpace(line) == "" {
			continue
		}
		object.WriteString(line)
		if strings.HasPrefix(line, "-----END ") {
			out.Append(value.Str(object.String()))
			inside = false
		}
	}
	return out, nil
}

// reversePointer gives the name under which DNS keeps an address's name.
func reversePointer(a *args) (value.Value, error) {
	ip, err := netip.ParseAddr(a.text("input"))
	if err != nil {
		return nil, fmt.Errorf("Cannot parse IP address: %s", a.text("input"))
	}
	n, err := parseNet(ip.String())
	if err != nil {
		return nil, err
	}
	return value.Str(n.reverseDNS()), nil
}
