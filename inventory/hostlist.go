package inventory

import (
	"errors"
	"os"
	"strings"
)

// hostList reads "host1,host2," from the command line; with ranges also
// "web[1:3],".
type hostList struct{ ranges bool }

func (hostList) wants(_ *loader, src string) bool {
	_, err := os.Lstat(src)
	return err != nil && strings.Contains(src, ",")
}

func (f hostList) parse(l *loader, src string) error {
	for item := range strings.SplitSeq(src, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		found, err := f.expand(item, l)
		if err != nil {
			return err
		}
		for _, h := range found {
			if _, known := l.inv.hosts[h.name]; !known {
				l.hosts([]string{h.name}, h.port, l.inv.groups["ungrouped"], nil, nil)
			}
		}
	}
	return nil
}

type hostPort struct {
	name string
	port int
}

// expand gives the hosts of one item; an item that is no address is a name as
// it stands, but a range must count through something.
func (f hostList) expand(item string, l *loader) ([]hostPort, error) {
	if !f.ranges {
		name, port, err := ParseAddress(item, false)
		if err != nil {
			return []hostPort{{item, 0}}, nil
		}
		return []hostPort{{name, port}}, nil
	}
	names, port, err := ExpandHosts(item)
	if errors.Is(err, errUncountable) {
		return nil, err
	}
	if err != nil {
		l.opts.warn("Unable to parse address from hostname, leaving unchanged: " + err.Error())
		return []hostPort{{item, 0}}, nil
	}
	hosts := make([]hostPort, len(names))
	for i, n := range names {
		hosts[i] = hostPort{n, port}
	}
	return hosts, nil
}
