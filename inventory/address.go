package inventory

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"drover/internal/lazyre"
)

var (
	bracketedPort = lazyre.New(`^\[(.+)\]:([0-9]+)$`)
	plainPort     = lazyre.New(`^((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)$`)
	hexRange      = lazyre.New(`(?i)\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\]`)
	hostLabel     = lazyre.New(`^(?:[\pL\pN_]|` + labelRange + `)(?:[\pL\pN_-]|` + labelRange + `)*$`)
)

const labelRange = `\[(?:[a-zA-Z]:[a-zA-Z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`

// ParseAddress cuts "host", "host:port", "[ipv6]:port" or a bare IPv6 address
// into host and port; port is 0 without one. Ranges such as [1:3] are accepted
// in the host only when ranges is set.
func ParseAddress(s string, ranges bool) (host string, port int, err error) {
	host = s
	for _, re := range []*lazyre.Regexp{bracketedPort, plainPort} {
		if m := re.FindStringSubmatch(host); m != nil {
			host = m[1]
			if port, err = strconv.Atoi(m[2]); err != nil || port > 65535 {
				return "", 0, fmt.Errorf("not a port: %s", m[2])
			}
		}
	}
	if !isIPv6(host) && !isHostname(host) {
		return "", 0, fmt.Errorf("not a host name or address: '%s'", s)
	}
	if !ranges && strings.Contains(host, "[") {
		return "", 0, fmt.Errorf("a range is not allowed here: '%s'", s)
	}
	return host, port, nil
}

func isIPv6(s string) bool {
	a, err := netip.ParseAddr(hexRange.ReplaceAllString(s, "1"))
	return err == nil && a.Is6() && a.Zone() == ""
}

// isHostname accepts dotted labels of letters, digits, dashes, underscores and
// ranges; a label doesn't start with a dash nor end in a dash or underscore.
// IPv4 addresses have that form too.
func isHostname(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if !hostLabel.MatchString(label) || strings.HasSuffix(label, "-") || strings.HasSuffix(label, "_") {
			return false
		}
	}
	return true
}

// ExpandHosts gives the host names that a definition such as
// "web[01:20:2].example.com:2222" stands for, and their port (0 without one).
// Text that is no address is taken as a name as it is.
func ExpandHosts(def string) (names []string, port int, err error) {
	host, port, err := ParseAddress(def, true)
	if err != nil {
		host, port = def, 0
	}
	names, err = expandRange(host)
	if err != nil {
		return nil, 0, fmt.Errorf("in '%s': %w", def, err)
	}
	return names, port, nil
}

// expandRange expands the first [begin:end:step] of s, then those after it.
func expandRange(s string) ([]string, error) {
	head, rest, found := strings.Cut(s, "[")
	if !found {
		return []string{s}, nil
	}
	body, tail, closed := strings.Cut(rest, "]")
	if !closed {
		return nil, fmt.Errorf("a range begins with '[' but has no ']'")
	}
	items, err := rangeItems(body)
	if err != nil {
		return nil, err
	}
	tails, err := expandRange(tail)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(items)*len(tails))
	for _, item := range items {
		for _, t := range tails {
			names = append(names, head+item+t)
		}
	}
	return names, nil
}

// rangeItems gives what "begin:end" or "begin:end:step" counts through.
func rangeItems(body string) ([]string, error) {
	parts := strings.Split(body, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return nil, fmt.Errorf("host range must be begin:end or begin:end:step, got [%s]", body)
	}
	begin, end, step := parts[0], parts[1], 1
	if len(parts) == 3 {
		n, err := strconv.Atoi(parts[2])
		if err != nil || n < 1 {
			return nil, fmt.Errorf("the step of host range [%s] must be a number above 0", body)
		}
		step = n
	}
	if end == "" {
		return nil, fmt.Errorf("host range must specify end value, got [%s]", body)
	}
	if begin == "" {
		begin = "0"
	}
	if strings.HasPrefix(begin, "0") && len(begin) > 1 && len(begin) != len(end) {
		return nil, fmt.Errorf("host range must specify equal-length begin and end formats, got [%s]", body)
	}
	if letter(begin) >= 0 && letter(end) >= 0 {
		return letterItems(begin, end, step)
	}
	return numberItems(body, begin, end, step)
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func letter(s string) int {
	if len(s) != 1 {
		return -1
	}
	return strings.Index(letters, s)
}

func letterItems(begin, end string, step int) ([]string, error) {
	if letter(begin) > letter(end) {
		return nil, fmt.Errorf("host range must have begin <= end, got [%s:%s]", begin, end)
	}
	var items []string
	for i := letter(begin); i <= letter(end); i += step {
		items = append(items, letters[i:i+1])
	}
	return items, nil
}

// maxRange bounds one range, so that a typing error does not eat the memory.
const maxRange = 1 << 20

// errUncountable is a range between things of different kinds.
var errUncountable = errors.New("must go from number to number or from letter to letter")

func numberItems(body, begin, end string, step int) ([]string, error) {
	from, err1 := strconv.Atoi(begin)
	to, err2 := strconv.Atoi(end)
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("host range [%s] %w", body, errUncountable)
	}
	if (to-from)/step > maxRange {
		return nil, fmt.Errorf("host range [%s] has more than %d hosts", body, maxRange)
	}
	width := 0
	if strings.HasPrefix(begin, "0") {
		width = len(begin)
	}
	var items []string
	for i := from; i <= to; i += step {
		items = append(items, fmt.Sprintf("%0*d", width, i))
	}
	return items, nil
}
