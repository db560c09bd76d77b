package facts

import (
	"context"
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

var (
	timestamping = lazyre.New(`SOF_TIMESTAMPING_(\w+)`)
	rxFilter     = lazyre.New(`HWTSTAMP_FILTER_(\w+)`)
	clockIndex   = lazyre.New(`PTP Hardware Clock: (\d+)`)
)

// ethtool tells an interface's features and time stamping, where ethtool is
// installed.
func (m *machine) ethtool(ctx context.Context, device string) *value.Dict {
	if !m.has("ethtool") {
		return nil
	}
	d := value.NewDict(4)
	if out, ok := m.command(ctx, "ethtool", "-k", device); ok {
		d.Put("features", ethtoolFeatures(out))
	}
	if out, ok := m.command(ctx, "ethtool", "-T", device); ok {
		d.Put("timestamping", lowerMatches(timestamping, out))
		d.Put("hw_timestamp_filters", lowerMatches(rxFilter, out))
		if found := clockIndex.FindStringSubmatch(out); found != nil {
			n, _ := number(found[1])
			d.Put("phc_index", value.Int(n))
		}
	}
	return d
}

func ethtoolFeatures(out string) *value.Dict {
	features := value.NewDict(32)
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		key, val, ok := strings.Cut(line, ": ")
		if ok && val != "" {
			features.Put(strings.ReplaceAll(strings.TrimSpace(key), "-", "_"), value.Str(strings.TrimSpace(val)))
		}
	}
	return features
}

func lowerMatches(r *lazyre.Regexp, out string) *value.List {
	list := value.NewList()
	for _, found := range r.FindAllStringSubmatch(out, -1) {
		list.Append(value.Str(strings.ToLower(found[1])))
	}
	return list
}
