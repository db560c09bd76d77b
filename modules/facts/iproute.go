package facts

import (
	"context"
	"strings"
	"sync"

	"drover/modules/target"
	"drover/playbook/value"
)

// Addresses far away, to which the default routes lead; nothing is sent there.
const (
	far4 = "8.8.8.8"
	far6 = "2404:6800:400a:800::1012"
)

// routes is what iproute2 answered.
type routes struct {
	default4, default6 *value.Dict
	local              *value.Dict
	addresses          map[string][]string // device → lines of "ip addr"
}

// askRoutes asks iproute2 with one program for all but the local table of
// IPv6, for which it has no word in a batch.
func (m *machine) askRoutes(ctx context.Context) routes {
	var local6 string
	var running sync.WaitGroup
	running.Go(func() { local6, _ = m.command(ctx, "ip", "-6", "route", "show", "table", "local") })
	r, local4, ok := m.askBatch(ctx)
	if !ok {
		r, local4 = m.askSingly(ctx)
	}
	running.Wait()
	r.local = value.DictOf("ipv4", localRanges(local4), "ipv6", localRanges(strings.Split(local6, "\n")))
	return r
}

// askBatch asks in one go; ok is false where ip knows no batches (BusyBox's).
func (m *machine) askBatch(ctx context.Context) (r routes, local4 []string, ok bool) {
	const questions = "addr show\nroute get " + far4 + "\nroute get " + far6 + "\nroute show table local\n"
	program, err := m.host.LookPath("ip")
	if err != nil {
		return r, nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	// A host without a default route makes it end with an error, after all
	// answers.
	out, err := m.host.Run(ctx, target.Cmd{Argv: []string{program, "-force", "-batch", "-"}, Stdin: strings.NewReader(questions)})
	if err != nil || len(out.Stdout) == 0 {
		return r, nil, false
	}
	var addresses, get4, get6, local []string
	to := &addresses
	for line := range strings.SplitSeq(string(out.Stdout), "\n") {
		switch word, _, _ := strings.Cut(line, " "); {
		case word == "": // goes on with what the line before began
		case word == far4:
			to = &get4
		case word == far6:
			to = &get6
		case strings.HasSuffix(word, ":"):
			to = &addresses
		default:
			to = &local
		}
		*to = append(*to, line)
	}
	r.default4, r.default6 = route(get4, far4), route(get6, far6)
	r.addresses = splitByDevice(addresses)
	return r, local, true
}

// askSingly asks with a program for each question, all at once.
func (m *machine) askSingly(ctx context.Context) (r routes, local4 []string) {
	var running sync.WaitGroup
	running.Go(func() { r.default4 = m.routeTo(ctx, "-4", far4) })
	running.Go(func() { r.default6 = m.routeTo(ctx, "-6", far6) })
	running.Go(func() {
		out, _ := m.command(ctx, "ip", "-4", "route", "show", "table", "local")
		local4 = strings.Split(out, "\n")
	})
	running.Go(func() {
		out, _ := m.command(ctx, "ip", "addr", "show")
		r.addresses = splitByDevice(strings.Split(out, "\n"))
	})
	running.Wait()
	return r, local4
}

// routeTo asks for the way to an address.
func (m *machine) routeTo(ctx context.Context, family, address string) *value.Dict {
	out, _ := m.command(ctx, "ip", family, "route", "get", address)
	return route([]string{firstLine(out)}, address)
}

// route tells interface, source address and gateway of the way to an address.
func route(lines []string, address string) *value.Dict {
	route := value.NewDict(9)
	if len(lines) == 0 {
		return route
	}
	words := strings.Fields(lines[0])
	if len(words) == 0 || words[0] != address {
		return route
	}
	for i, w := range words[:len(words)-1] {
		next := value.Str(words[i+1])
		switch w {
		case "dev":
			route.Put("interface", next)
		case "src":
			route.Put("address", next)
		case "via":
			route.Put("gateway", next)
		}
	}
	return route
}

// localRanges lists the addresses and ranges that reach the host itself.
func localRanges(lines []string) []string {
	found := []string{}
	for _, line := range lines {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "local" && !contains(found, f[1]) {
			found = append(found, f[1])
		}
	}
	return found
}

// splitByDevice sorts the lines of "ip addr" by the interface they belong to.
func splitByDevice(lines []string) map[string][]string {
	byDevice := map[string][]string{}
	device := ""
	for _, line := range lines {
		if line != "" && line[0] != ' ' {
			if f := strings.Fields(line); len(f) > 1 {
				device, _, _ = strings.Cut(strings.TrimSuffix(f[1], ":"), "@")
			}
			continue
		}
		if strings.TrimSpace(line) != "" {
			byDevice[device] = append(byDevice[device], strings.TrimSpace(line))
		}
	}
	return byDevice
}
