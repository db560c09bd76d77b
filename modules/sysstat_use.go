package modules

import (
	"cmp"
	"context"
	"math"
	"sort"
	"strconv"
	"strings"
	"sync"

	"drover/modules/facts"
	"drover/playbook/value"
)

// ticksPerSecond is the unit of the kernel's process times on every Linux.
const ticksPerSecond = 100

func round(f float64, decimals int) value.Float {
	scale := math.Pow10(decimals)
	return value.Float(math.RoundToEven(f*scale) / scale)
}

func percent(part, whole float64) value.Float {
	if whole <= 0 {
		return 0
	}
	return round(math.Max(0, part)/whole*100, 1)
}

// cpuKinds are the columns of /proc/stat; guest time is part of user's.
var cpuKinds = []string{"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"}

// cpuUse tells how the processors spent the time between two samples.
func cpuUse(before, after *sample) *value.Dict {
	perCore := value.NewList()
	for _, core := range after.cores {
		busy, total, _ := cpuTimes(before.cpu[core], after.cpu[core])
		perCore.Append(percent(busy, total))
	}
	busy, total, kinds := cpuTimes(before.cpu["cpu"], after.cpu["cpu"])
	times := value.NewDict(len(cpuKinds))
	for i, kind := range cpuKinds {
		times.Put(kind, percent(kinds[i], total))
	}
	return value.DictOf("percent", percent(busy, total), "per_core", perCore, "count", len(after.cores), "times", times)
}

func cpuTimes(before, after []float64) (busy, total float64, kinds []float64) {
	kinds = make([]float64, len(cpuKinds))
	for i := range kinds {
		if i < len(before) && i < len(after) {
			kinds[i] = math.Max(0, after[i]-before[i])
			total += kinds[i]
		}
	}
	return total - kinds[3] - kinds[4], total, kinds
}

func (m *meter) load() *value.Dict {
	d := value.NewDict(3)
	if lines := m.lines("/proc/loadavg"); lines != nil {
		for i, n := range numbersOf(strings.Fields(lines[0])[:3]) {
			d.Put([]string{"1m", "5m", "15m"}[i], value.Float(n))
		}
	}
	return d
}

func (m *meter) uptime() int64 {
	if lines := m.lines("/proc/uptime"); lines != nil {
		return int64(numbersOf(strings.Fields(lines[0]))[0])
	}
	return 0
}

// memory tells memory and swap in bytes, with psutil's meanings: used is
// without caches, percent is what is not available.
func (m *meter) memory() (memory, swap *value.Dict) {
	b := map[string]float64{}
	for _, line := range m.lines("/proc/meminfo") {
		key, val, _ := strings.Cut(line, ":")
		if f := strings.Fields(val); len(f) > 0 {
			n, _ := strconv.ParseFloat(f[0], 64)
			b[key] = n * 1024
		}
	}
	cached := b["Cached"] + b["SReclaimable"]
	used := b["MemTotal"] - b["MemFree"] - cached - b["Buffers"]
	if used < 0 {
		used = b["MemTotal"] - b["MemFree"]
	}
	available, ok := b["MemAvailable"]
	if !ok {
		available = b["MemFree"] + cached
	}
	memory = bytesDict("total", b["MemTotal"], "available", available, "used", used, "free", b["MemFree"],
		"active", b["Active"], "inactive", b["Inactive"], "buffers", b["Buffers"], "cached", cached,
		"shared", b["Shmem"], "slab", b["Slab"])
	memory.Put("percent", percent(b["MemTotal"]-available, b["MemTotal"]))

	swapUsed := b["SwapTotal"] - b["SwapFree"]
	in, out := m.swapped()
	swap = bytesDict("total", b["SwapTotal"], "used", swapUsed, "free", b["SwapFree"], "in", in, "out", out)
	swap.Put("percent", percent(swapUsed, b["SwapTotal"]))
	return memory, swap
}

func bytesDict(pairs ...any) *value.Dict {
	d := value.NewDict(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		d.Put(pairs[i].(string), value.Int(pairs[i+1].(float64)))
	}
	return d
}

// swapped gives the bytes swapped in and out since boot.
func (m *meter) swapped() (in, out float64) {
	for _, line := range m.lines("/proc/vmstat") {
		if f := strings.Fields(line); len(f) == 2 {
			n, _ := strconv.ParseFloat(f[1], 64)
			switch f[0] {
			case "pswpin":
				in = n * 4096
			case "pswpout":
				out = n * 4096
			}
		}
	}
	return in, out
}

// disks tells how full the file systems with a device are, and the root.
func (m *meter) disks(ctx context.Context) *value.Dict {
	type mount struct{ device, fstype string }
	mounts := map[string]mount{}
	var order []string
	for _, line := range m.lines("/proc/mounts") {
		f := strings.Fields(line)
		if len(f) < 3 || !strings.HasPrefix(f[0], "/dev/") && f[1] != "/" || f[2] == "squashfs" {
			continue
		}
		if _, seen := mounts[f[1]]; !seen {
			order = append(order, f[1])
		}
		mounts[f[1]] = mount{f[0], f[2]}
	}
	ctx, cancel := context.WithTimeout(ctx, wholeSeconds(5))
	defer cancel()
	entries := make([]*value.Dict, len(order))
	var running sync.WaitGroup
	for i, place := range order {
		running.Go(func() {
			if s, ok := facts.FileSystemSize(ctx, m.h, strings.ReplaceAll(place, `\040`, " "), mounts[place].fstype); ok && s.Blocks > 0 {
				entries[i] = diskEntry(mounts[place].device, mounts[place].fstype, s)
			}
		})
	}
	running.Wait()
	d := value.NewDict(len(order))
	for i, place := range order {
		if entries[i] != nil {
			d.Put(strings.ReplaceAll(place, `\040`, " "), entries[i])
		}
	}
	return d
}

// diskEntry: percent is of what users can use, as df shows it.
func diskEntry(device, fstype string, s facts.Size) *value.Dict {
	used := s.Blocks - s.Free
	return value.DictOf(
		"device", device, "fstype", fstype,
		"total", s.Blocks*s.Fragment, "used", used*s.Fragment, "free", s.Available*s.Fragment,
		"percent", percent(float64(used), float64(used+s.Available)),
		"inodes_percent", percent(float64(s.Inodes-s.InodesFree), float64(s.Inodes)),
	)
}

// sectorSize is the unit of /proc/diskstats whatever the disk's is.
const sectorSize = 512

func diskUse(before, after *sample, seconds float64) *value.Dict {
	d := value.NewDict(len(after.disks.names))
	for _, name := range after.disks.names {
		now := after.disks.rows[name]
		old, ok := before.disks.rows[name]
		if !ok {
			old = now
		}
		d.Put(name, value.DictOf(
			"read_bytes", int64(now[2]*sectorSize), "write_bytes", int64(now[6]*sectorSize),
			"reads", int64(now[0]), "writes", int64(now[4]),
			"read_rate", round((now[2]-old[2])*sectorSize/seconds, 1),
			"write_rate", round((now[6]-old[6])*sectorSize/seconds, 1),
			"busy_percent", min(percent((now[9]-old[9])/1000, seconds), 100),
		))
	}
	return d
}

func networkUse(before, after *sample, seconds float64) *value.Dict {
	d := value.NewDict(len(after.networks.names))
	for _, name := range after.networks.names {
		now := after.networks.rows[name]
		old, ok := before.networks.rows[name]
		if !ok {
			old = now
		}
		d.Put(name, value.DictOf(
			"bytes_recv", int64(now[0]), "bytes_sent", int64(now[8]),
			"packets_recv", int64(now[1]), "packets_sent", int64(now[9]),
			"errin", int64(now[2]), "errout", int64(now[10]), "dropin", int64(now[3]), "dropout", int64(now[11]),
			"recv_rate", round((now[0]-old[0])/seconds, 1), "sent_rate", round((now[8]-old[8])/seconds, 1),
		))
	}
	return d
}

// busiest lists the processes that used most of a processor, then most memory.
func (m *meter) busiest(before, after *sample, seconds float64, memory *value.Dict) *value.List {
	type use struct {
		pid   int
		cpu   float64
		entry process
	}
	var uses []use
	for pid, p := range after.processes {
		u := use{pid: pid, entry: p}
		if old, ok := before.processes[pid]; ok && old.name == p.name {
			u.cpu = math.Max(0, p.ticks-old.ticks) / ticksPerSecond / seconds * 100
		}
		uses = append(uses, u)
	}
	sort.Slice(uses, func(i, k int) bool {
		a, b := uses[i], uses[k]
		return cmp.Or(cmp.Compare(b.cpu, a.cpu), cmp.Compare(b.entry.rss, a.entry.rss), cmp.Compare(a.pid, b.pid)) < 0
	})
	total, _ := value.AsFloat(memory.At("total"))
	list := value.NewList()
	for _, u := range uses[:min(len(uses), max(0, m.top))] {
		list.Append(value.DictOf(
			"pid", u.pid, "name", u.entry.name, "user", m.owner(u.pid), "cpu_percent", round(u.cpu, 1),
			"memory_percent", percent(float64(u.entry.rss), total), "rss", u.entry.rss, "cmdline", m.commandLine(u.pid),
		))
	}
	return list
}

func (m *meter) owner(pid int) string {
	info, err := m.h.Stat("/proc/" + strconv.Itoa(pid))
	if err != nil {
		return ""
	}
	return userName(m.h, info.UID)
}

func (m *meter) commandLine(pid int) string {
	data, _ := m.h.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return strings.TrimSpace(strings.ReplaceAll(string(data), "\x00", " "))
}

// pressure reads the kernel's pressure stall information.
func (m *meter) pressure() *value.Dict {
	all := value.NewDict(3)
	for _, resource := range []string{"cpu", "memory", "io"} {
		d := value.NewDict(2)
		for _, line := range m.lines("/proc/pressure/" + resource) {
			f := strings.Fields(line)
			if len(f) < 2 {
				continue
			}
			row := value.NewDict(4)
			for _, pair := range f[1:] {
				key, val, _ := strings.Cut(pair, "=")
				n, _ := strconv.ParseFloat(val, 64)
				if key == "total" {
					row.Put(key, value.Int(n))
				} else {
					row.Put(key, value.Float(n))
				}
			}
			d.Put(f[0], row)
		}
		if d.Len() > 0 {
			all.Put(resource, d)
		}
	}
	return all
}
