package facts

import (
	"context"
	"math"
	"slices"
	"strings"

	"drover/playbook/value"
)

// cpuInfo is what /proc/cpuinfo tells; sockets and cores keep the order in
// which they come.
type cpuInfo struct {
	processor                    []string
	flags                        []string
	vendors, models, processors  int
	entries                      int
	sockets, cores               []string
	coresIn, threadsIn           map[string]int64
	zProcessors, zThreadsPerCore int64 // s390x
}

// processors tells the processors: what they are, how many sockets, cores and
// threads there are, and how many of them this process may use.
func processors(_ context.Context, m *machine) *value.Dict {
	lines := m.lines("/proc/cpuinfo")
	if lines == nil {
		return nil
	}
	c := parseCPUInfo(lines)
	facts := value.DictOf("processor", orEmpty(c.processor))
	if c.flags != nil {
		facts.Put("flags", value.Strings(c.flags...))
	}
	if m.uname().machine == "s390x" {
		c.addMainframe(facts)
	} else {
		c.addCounts(facts, c.count(m.uname().machine), m.xenParavirtual(c))
	}
	if n := m.usableProcessors(); n > 0 {
		facts.Put("processor_nproc", value.Int(n))
	}
	return facts
}

func parseCPUInfo(lines []string) *cpuInfo {
	c := &cpuInfo{coresIn: map[string]int64{}, threadsIn: map[string]int64{}}
	socket, core := "0", "0"
	for _, line := range lines {
		key, val, _ := strings.Cut(line, ":")
		key, val = strings.TrimSpace(key), strings.TrimSpace(val)
		n, _ := number(val)
		switch key {
		case "flags":
			c.flags = strings.Fields(val)
		case "model name", "Processor", "vendor_id", "cpu", "Vendor", "processor":
			c.addProcessor(key, val)
		case "physical id":
			socket = val
			remember(&c.sockets, c.coresIn, socket, 1)
		case "core id":
			core = val
			remember(&c.cores, c.threadsIn, core, 1)
		case "cpu cores":
			remember(&c.sockets, c.coresIn, socket, n)
			c.coresIn[socket] = n
		case "siblings":
			remember(&c.cores, c.threadsIn, core, n)
			c.threadsIn[core] = n
		case "# processors":
			c.zProcessors = n
		case "max thread id":
			c.zThreadsPerCore = n + 1
		case "ncpus active":
			c.entries = int(n)
		}
	}
	return c
}

func (c *cpuInfo) addProcessor(key, val string) {
	c.processor = append(c.processor, val)
	c.entries++
	switch key {
	case "vendor_id":
		c.vendors++
	case "model name":
		c.models++
	case "processor":
		c.processors++
	}
}

// remember adds a socket or core that was not seen before.
func remember(order *[]string, known map[string]int64, id string, n int64) {
	if _, ok := known[id]; !ok {
		*order = append(*order, id)
		known[id] = n
	}
}

// count gives the number of processors where sockets are not told.
func (c *cpuInfo) count(machine string) int {
	switch {
	case strings.HasPrefix(machine, "armv"), strings.HasPrefix(machine, "aarch"), strings.HasPrefix(machine, "ppc"):
		return c.processors
	case c.vendors > 0 && c.vendors == c.models:
		return c.vendors
	}
	return c.entries
}

func (c *cpuInfo) addCounts(facts *value.Dict, n int, paravirtual bool) {
	sockets, cores, threads := n, int64(1), int64(1)
	if paravirtual {
		cores = int64(n)
		putCounts(facts, n, cores, 1, int64(n))
		facts.Put("processor_nproc", value.Int(n))
		return
	}
	if len(c.sockets) > 0 {
		sockets = len(c.sockets)
		cores = max(1, c.coresIn[c.sockets[0]])
	}
	if len(c.cores) > 0 {
		threads = c.threadsIn[c.cores[0]]
	}
	threads = int64(math.RoundToEven(float64(threads) / float64(cores)))
	putCounts(facts, sockets, cores, threads, threads*int64(sockets)*cores)
	facts.Put("processor_nproc", value.Int(c.processors))
}

func (c *cpuInfo) addMainframe(facts *value.Dict) {
	perCore := max(1, c.zThreadsPerCore)
	putCounts(facts, 1, int64(math.RoundToEven(float64(c.zProcessors)/float64(perCore))), perCore, c.zProcessors)
	facts.Put("processor_nproc", value.Int(c.zProcessors))
}

func putCounts(facts *value.Dict, sockets int, cores, threads, vcpus int64) {
	facts.Put("processor_count", value.Int(sockets))
	facts.Put("processor_cores", value.Int(cores))
	facts.Put("processor_threads_per_core", value.Int(threads))
	facts.Put("processor_vcpus", value.Int(vcpus))
}

// xenParavirtual: on Xen a paravirtual guest's processors lack "vme".
func (m *machine) xenParavirtual(c *cpuInfo) bool {
	xen := m.exists("/proc/xen") || m.textOr("/sys/hypervisor/type", "") == "xen"
	return xen && c.flags != nil && !slices.Contains(c.flags, "vme")
}

// usableProcessors counts the processors that this process may run on.
func (m *machine) usableProcessors() int64 {
	for _, line := range m.lines("/proc/self/status") {
		if list, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			return countRanges(strings.TrimSpace(list))
		}
	}
	return 0
}

// countRanges counts the numbers in a list such as "0-3,8".
func countRanges(list string) int64 {
	var total int64
	for _, r := range strings.Split(list, ",") {
		from, to, isRange := strings.Cut(r, "-")
		first, ok := number(from)
		if !ok {
			continue
		}
		last := first
		if isRange {
			last, _ = number(to)
		}
		total += last - first + 1
	}
	return total
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
