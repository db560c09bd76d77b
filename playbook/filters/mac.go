package filters

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"

	"drover/playbook/filters/pyre"
	"drover/playbook/value"
)

// macFilters work on hardware addresses.
var macFilters = []entry{
	{"ansible.utils.hwaddr", "value query? alias?", hwaddr("hwaddr"), 0},
	{"ansible.utils.macaddr", "value query?", hwaddr("macaddr"), 0},
	{"ansible.utils.slaac", "value query?", slaac, 0},
}

// macForms are the ways to write a hardware address.
var macForms = map[string]struct {
	separator string
	group     int // hexadecimal digits between separators
	upper     bool
	short     bool // without leading zeros
}{
	"bare": {"", 12, true, false}, "cisco": {".", 4, false, false}, "eui48": {"-", 2, true, false}, "win": {"-", 2, true, false},
	"linux": {":", 2, false, false}, "unix": {":", 2, false, true},
	"pgsql": {":", 6, false, false}, "postgresql": {":", 6, false, false}, "psql": {":", 6, false, false},
}

// macGroups say how many groups of how many hexadecimal digits, at least and at
// most, each separator makes: of addresses of 48 bits, then of those of 64.
var macGroups = map[string][][3]int{
	":": {{6, 1, 2}, {3, 1, 4}, {2, 5, 6}, {8, 1, 2}, {4, 1, 4}},
	"-": {{6, 1, 2}, {3, 1, 4}, {2, 5, 6}, {8, 1, 2}, {4, 1, 4}},
	".": {{3, 1, 4}, {4, 1, 4}},
	"":  {{1, 11, 12}, {1, 16, 16}},
}

// parseMAC reads a hardware address of 48 or 64 bits in any of the usual forms,
// or as a number.
func parseMAC(s string) ([]byte, bool) {
	sep := ""
	if i := strings.IndexAny(s, ":-."); i >= 0 {
		sep = s[i : i+1]
	}
	groups := []string{s}
	if sep != "" {
		groups = strings.Split(s, sep)
	}
	for _, form := range macGroups[sep] {
		if mac, ok := macOf(groups, form); ok {
			return mac, true
		}
	}
	n, ok := new(big.Int).SetString(strings.TrimSpace(s), 10)
	if !ok || n.Sign() < 0 || n.BitLen() > 64 {
		return nil, false
	}
	size := 6
	if n.BitLen() > 48 {
		size = 8
	}
	return n.FillBytes(make([]byte, size)), true
}

// macOf reads the groups of an address of one form.
func macOf(groups []string, form [3]int) ([]byte, bool) {
	if len(groups) != form[0] {
		return nil, false
	}
	var digits strings.Builder
	for _, g := range groups {
		if len(g) < form[1] || len(g) > form[2] {
			return nil, false
		}
		digits.WriteString(strings.Repeat("0", form[2]-len(g)) + g)
	}
	mac, err := hex.DecodeString(digits.String())
	return mac, err == nil
}

func hwaddr(alias string) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		query := value.String(a.query())
		mac, ok := parseMAC(a.text("value"))
		form, known := macForms[query]
		switch {
		case !ok && query != "" && query != "bool":
			return nil, fmt.Errorf("%s: not a hardware address: %s", alias, a.text("value"))
		case query == "":
			return when(ok, value.Str(a.text("value")))
		case query == "bool":
			return when(ok, value.Bool(true))
		case query == "int":
			return value.NewInt(new(big.Int).SetBytes(mac)), nil
		case !known:
			return nil, fmt.Errorf("%s: unknown filter type: %s", alias, query)
		}
		if len(mac) == 8 && mac[0]|mac[1] != 0 {
			return nil, fmt.Errorf("%s: integer out of bounds: %s", alias, a.text("value"))
		}
		digits := hex.EncodeToString(mac[len(mac)-6:])
		if form.upper {
			digits = strings.ToUpper(digits)
		}
		var groups []string
		for i := 0; i < len(digits); i += form.group {
			g := digits[i : i+form.group]
			if form.short {
				if g = strings.TrimLeft(g, "0"); g == "" {
					g = "0"
				}
			}
			groups = append(groups, g)
		}
		return value.Str(strings.Join(groups, form.separator)), nil
	}
}

// slaac gives the address that a host makes itself out of its hardware address.
func slaac(a *args) (value.Value, error) {
	n, _, ok := normalNet(a.val("value"))
	mac, isMAC := parseMAC(value.String(a.query()))
	if !ok || !n.v6 || !isMAC {
		return value.Bool(false), nil
	}
	if len(mac) == 6 {
		mac = []byte{mac[0], mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]}
	}
	id := append([]byte{mac[0] ^ 2}, mac[1:]...)
	return value.Str(n.text(new(big.Int).Add(n.first(), new(big.Int).SetBytes(id)))), nil
}

func macTest(a *args) (value.Value, error) {
	re, err := pyre.Compile(`^(?:[0-9a-fA-F]{2}[-:]){5}[0-9a-fA-F]{2}$|^(?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}$|^[0-9a-fA-F]{12}$`, 0)
	if err != nil {
		return nil, err
	}
	m, err := re.Search(a.text("mac"))
	return value.Bool(m != nil), err
}
