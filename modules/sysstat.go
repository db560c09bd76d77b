package modules

import (
	"context"
	"fmt"
	"strings"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

type sysstatArgs struct {
	Interval  float64     `arg:"interval" default:"1" doc:"Seconds over which CPU, disk and network use is measured."`
	Processes int         `arg:"processes" alias:"top" default:"5" doc:"How many of the busiest processes to list; 0 for none."`
	Warn      *value.Dict `arg:"warn" doc:"Limits whose crossing gives a warning: a key of the result to a condition, such as cpu.percent: '>80'."`
	Fail      *value.Dict `arg:"fail" doc:"Limits whose crossing fails the task: cpu.percent: '>95 for 10s', 'disk./.percent': '>90', 'disk.*.percent': '>95', memory.available: '<500M'."`
}

// sysstatModule measures how busy the host is. The numbers mean what psutil's
// mean; they come straight from /proc.
func sysstatModule() Module {
	return Define(Spec{
		Name:    "drover.builtin.sysstat",
		Summary: "Measure CPU, memory, disks and network, and check limits",
		Doc: "Tells how busy the host is: CPU over an interval, load, memory and swap, disks, network, the busiest processes, uptime and pressure. " +
			"Limits in warn and fail are conditions on the result's keys: >, >=, <, <=, == or != and a number, which may have a suffix K, M, G, T or %. " +
			"'for 10s' (or m, h) behind it means that the condition must hold all that time; the module measures again until it does not or the time is over. " +
			"A * stands for every key of that level. It changes nothing.",
		Check: CheckFull,
		Examples: "- name: How are they?\n  sysstat:\n    fail:\n      cpu.percent: '>95 for 10s'\n      disk./.percent: '>90'\n    warn:\n      memory.percent: '>80'\n  register: stat\n\n" +
			"- name: Say so\n  debug:\n    msg: \"{{ stat.cpu.percent }} %\"\n  when: stat.cpu.percent > 90\n",
		Returns: []Return{
			{"cpu", "dict", "always", "percent, per_core (a list of percents), count, and times: the percent spent in user, system, idle, iowait, …."},
			{"load", "dict", "always", "1m, 5m, 15m."},
			{"memory", "dict", "always", "total, available, used, free, buffers, cached, shared, active, inactive, slab in bytes; percent."},
			{"swap", "dict", "always", "total, used, free, in, out in bytes; percent."},
			{"disk", "dict", "always", "For each mount point: device, fstype, total, used, free, percent, inodes_percent."},
			{"disk_io", "dict", "always", "For each disk: read_bytes, write_bytes, reads, writes since boot; read_rate, write_rate in bytes a second; busy_percent."},
			{"network", "dict", "always", "For each interface: bytes, packets, errors, drops sent and received since boot; recv_rate, sent_rate in bytes a second."},
			{"processes", "list", "always", "The busiest: pid, name, user, cpu_percent, memory_percent, rss, cmdline."},
			{"process_count", "int", "always", "How many processes there are."},
			{"uptime", "int", "always", "Seconds since boot."},
			{"pressure", "dict", "where the kernel tells", "PSI of cpu, memory and io: some and full with avg10, avg60, avg300, total."},
			{"exceeded", "list", "always", "The limits that were crossed: key, value, limit, level (warn or fail)."},
		},
	}, runSysstat)
}

func runSysstat(ctx context.Context, h target.Host, c *Call, a *sysstatArgs) (*Result, error) {
	limits, err := parseLimits(a.Warn, a.Fail)
	if err != nil {
		return nil, err
	}
	m := &meter{h: h, interval: time.Duration(a.Interval * float64(time.Second)), top: a.Processes}
	numbers, err := m.measure(ctx)
	if err != nil {
		return nil, err
	}
	crossed := crossedLimits(limits, numbers)
	for waited := m.interval; stillWaiting(crossed, waited); waited += max(m.interval, 100*time.Millisecond) {
		c.Progress(fmt.Sprintf("sysstat: %s holds since %.0f s", crossed[0].key, waited.Seconds()))
		if m.interval < 100*time.Millisecond {
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return nil, err
			}
		}
		if numbers, err = m.measure(ctx); err != nil {
			return nil, err
		}
		crossed = stillCrossed(crossed, numbers)
	}
	return report(numbers, crossed), nil
}

// report adds what was crossed to the numbers: a limit of fail fails.
func report(numbers *value.Dict, crossed []crossing) *Result {
	res := &Result{Data: numbers}
	exceeded := value.NewList()
	var failures []string
	for _, x := range crossed {
		exceeded.Append(value.DictOf("key", x.path, "value", x.value, "limit", x.text, "level", x.level))
		msg := fmt.Sprintf("%s is %s (limit %s)", x.path, value.String(x.value), x.text)
		if x.level == "fail" {
			failures = append(failures, msg)
		} else {
			res.Warnings = append(res.Warnings, msg)
		}
	}
	res.Set("exceeded", exceeded)
	if failures != nil {
		res.Failed, res.Msg = true, strings.Join(failures, "; ")
	}
	return res
}
