package filters

import (
	"fmt"
	"math/big"
	"strings"

	"drover/playbook/filters/pyre"
	"drover/playbook/value"
)

func randomMAC(a *args) (value.Value, error) {
	prefix, ok := value.AsString(a.val("value"))
	if !ok {
		return nil, fmt.Errorf("Invalid value type (%s) for random_mac (%s)", className(a.val("value")), value.String(a.val("value")))
	}
	prefix = strings.ToLower(prefix)
	items := strings.Split(prefix, ":")
	if len(items) > 5 {
		return nil, fmt.Errorf("Invalid value (%s) for random_mac: 5 colon(:) separated items max", prefix)
	}
	hexByte, err := pyre.Compile("[a-f0-9]{2}", 0)
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, item := range items {
		if item == "" {
			faults = append(faults, "empty item")
		} else if m, _ := hexByte.MatchPrefix(item); m == nil {
			faults = append(faults, item+" not hexa byte")
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("Invalid value (%s) for random_mac: %s", prefix, strings.Join(faults, ","))
	}
	r, err := a.random()
	if err != nil {
		return nil, err
	}
	low := big.NewInt(68719476736)
	n := belowBig(r, big.NewInt(1099511627775-68719476736+1))
	digits := fmt.Sprintf("%x", n.Add(n, low))[:2*(6-len(items))]
	for i := 0; i+1 < len(digits); i += 2 {
		prefix += ":" + digits[i:i+2]
	}
	return value.Str(prefix), nil
}
