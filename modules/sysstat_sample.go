package modules

import (
	"context"
	"strconv"
	"strings"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

// meter measures: it reads the kernel's counters twice and reports what
// happened between.
type meter struct {
	h        target.Host
	interval time.Duration
	top      int
}

// sample is the kernel's counters at one moment.
type sample struct {
	at        time.Time
	cpu       map[string][]float64 // cpu, cpu0, cpu1 … → ticks by kind
	cores     []string
	disks     counters
	networks  counters
	processes map[int]process
}

// counters are rows of numbers by name, in the kernel's order.
type counters struct {
	names []string
	rows  map[string][]float64
}

func (m *meter) measure(ctx context.Context) (*value.Dict, error) {
	before := m.sample()
	if err := pause(ctx, m.interval); err != nil {
		return nil, err
	}
	after := m.sample()
	seconds := max(after.at.Sub(before.at).Seconds(), 1e-6)

	memory, swap := m.memory()
	numbers := value.DictOf(
		"cpu", cpuUse(before, after), "load", m.load(), "memory", memory, "swap", swap,
		"disk", m.disks(ctx), "disk_io", diskUse(before, after, seconds),
		"network", networkUse(before, after, seconds),
		"processes", m.busiest(before, after, seconds, memory), "process_count", len(after.processes),
		"uptime", m.uptime(),
	)
	if p := m.pressure(); p.Len() > 0 {
		numbers.Put("pressure", p)
	}
	return numbers, nil
}

func (m *meter) lines(file string) []string {
	data, err := m.h.ReadFile(file)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimRight(string(data), "\n"), "\n")
}

func (m *meter) sample() *sample {
	s := &sample{at: time.Now(), cpu: map[string][]float64{}}
	for _, line := range m.lines("/proc/stat") {
		if f := strings.Fields(line); len(f) > 4 && strings.HasPrefix(f[0], "cpu") {
			s.cpu[f[0]] = numbersOf(f[1:])
			if f[0] != "cpu" {
				s.cores = append(s.cores, f[0])
			}
		}
	}
	s.disks = m.diskCounters()
	s.networks = m.networkCounters()
	s.processes = m.processes()
	return s
}

func numbersOf(fields []string) []float64 {
	n := make([]float64, len(fields))
	for i, f := range fields {
		n[i], _ = strconv.ParseFloat(f, 64)
	}
	return n
}

// diskCounters reads /proc/diskstats: whole disks that did anything.
func (m *meter) diskCounters() counters {
	c := counters{rows: map[string][]float64{}}
	for _, line := range m.lines("/proc/diskstats") {
		f := strings.Fields(line)
		if len(f) < 14 || strings.HasPrefix(f[2], "loop") || strings.HasPrefix(f[2], "ram") {
			continue
		}
		if _, err := m.h.Stat("/sys/block/" + strings.ReplaceAll(f[2], "/", "!")); err == nil {
			c.names = append(c.names, f[2])
			c.rows[f[2]] = numbersOf(f[3:])
		}
	}
	return c
}

func (m *meter) networkCounters() counters {
	c := counters{rows: map[string][]float64{}}
	for _, line := range m.lines("/proc/net/dev") {
		name, rest, ok := strings.Cut(line, ":")
		if f := strings.Fields(rest); ok && len(f) >= 16 {
			name = strings.TrimSpace(name)
			c.names = append(c.names, name)
			c.rows[name] = numbersOf(f)
		}
	}
	return c
}

// process is one line of the process table.
type process struct {
	name  string
	ticks float64
	rss   int64
}

func (m *meter) processes() map[int]process {
	all := map[int]process{}
	entries, err := m.h.ReadDir("/proc")
	if err != nil {
		return all
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		data, err := m.h.ReadFile("/proc/" + e.Name() + "/stat")
		if p, ok := parseProcess(string(data)); ok && err == nil {
			all[pid] = p
		}
	}
	return all
}

// parseProcess reads /proc/PID/stat; the name stands in brackets and may hold
// anything.
func parseProcess(stat string) (p process, ok bool) {
	open, end := strings.IndexByte(stat, '('), strings.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return p, false
	}
	f := strings.Fields(stat[end+1:])
	if len(f) < 22 {
		return p, false
	}
	n := numbersOf(f)
	return process{name: stat[open+1 : end], ticks: n[11] + n[12], rss: int64(n[21]) * 4096}, true
}
