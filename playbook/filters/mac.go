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

// parseMAC reads a hardware address in any of the usual forms.
func parseMAC(s string) ([]byte, bool) {
	var digits strings.Builder
	groups := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '-' || r == '.' })
	size := map[int]int{1: 12, 2: 6, 3: 4, 6: 2}[len(groups)]
	if len(groups) == 2 && strings.Contains(s, ":") {
		size = 0 // two groups have a hyphen between them
	}
	for _, g := range groups {
		if size == 0 || len(g) > size || len(groups) == 1 && len(g) != size {
			return nil, false
		}
		digits.WriteString(strings.Repeat("0", size-len(g)) + g)
	}
	mac, err := hex.DecodeString(digits.String())
	return mac, err == nil && len(mac) == 6
}

func hwaddr(alias string) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		query := value.String(a.query())
		mac, ok := parseMAC(a.text("value"))
		if n, isInt := value.AsInt(a.val("value")); isInt && n >= 0 && n < 1<<48 {
			mac, ok = big.NewInt(n).FillBytes(make([]byte, 6)), true
		}
		form, known := macForms[query]
		switch {
		case !ok && query != "" && query != "bool":
			return nil, fmt.Errorf("%s: not a hardware address: %s", alias, a.text("value"))
		case query == "":
			return when(ok, a.val("value"))
		case query == "bool":
			return when(ok, value.Bool(true))
		case query == "int":
			return value.NewInt(new(big.Int).SetBytes(mac)), nil
		case !known:
			return nil, fmt.Errorf("%s: unknown filter type: %s", alias, query)
		}
		digits := hex.EncodeToString(mac)
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
	id := []byte{mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]}
	return value.Str(n.text(new(big.Int).Add(n.addr, new(big.Int).SetBytes(id)))), nil
}

func macTest(a *args) (value.Value, error) {
	re, err := pyre.Compile(`^(?:[0-9a-fA-F]{2}[-:]){5}[0-9a-fA-F]{2}$|^(?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}$|^[0-9a-fA-F]{12}$`, 0)
	if err != nil {
		return nil, err
	}
	m, err := re.Search(a.text("mac"))
	return value.Bool(m != nil), err
}
