package modules

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

// busyHost is a machine whose counters rise with every reading.
func busyHost() *target.Fake {
	h := target.NewFake()
	h.Write("/proc/stat", "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 100 0 50 800 50 0 0 0 0 0\nintr 1\n")
	h.Write("/proc/loadavg", "0.50 0.25 0.10 1/100 999\n")
	h.Write("/proc/uptime", "12345.67 1.0\n")
	h.Write("/proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nBuffers: 50 kB\nCached: 200 kB\nSReclaimable: 50 kB\nSwapTotal: 100 kB\nSwapFree: 75 kB\n")
	h.Write("/proc/net/dev", "Inter-| x\n face |bytes\n  eth0: 1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n")
	h.Write("/proc/diskstats", " 8 0 sda 10 0 100 5 20 0 200 6 0 50 11\n 8 1 sda1 1 0 1 1 1 0 1 1 0 1 1\n")
	h.Write("/sys/block/sda/size", "1")
	h.Write("/proc/mounts", "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n")
	h.Write("/proc/pressure/cpu", "some avg10=1.50 avg60=0.00 avg300=0.00 total=123\n")
	h.Write("/proc/7/stat", "7 (a (b) c) S 1 7 7 0 -1 0 0 0 0 0 30 20 0 0 20 0 1 0 5 1000 25 0 0\n")
	h.Write("/proc/7/cmdline", "/bin/abc\x00-x\x00")
	h.Exec = func(c target.Cmd) (*target.Output, error) {
		if c.Argv[0] == "stat" {
			return &target.Output{Stdout: []byte("4096 4096 100 20 10 1000 500\n")}, nil
		}
		return nil, fmt.Errorf("no program %s", c.Argv[0])
	}
	return h
}

func measureBusy(t *testing.T, args ...any) (*Result, error) {
	t.Helper()
	args = append([]any{"interval", 0}, args...)
	return sysstatModule().Run(context.Background(), busyHost(), &Call{Args: value.DictOf(args...), Progress: func(string) {}})
}

func TestSysstatNumbers(t *testing.T) {
	res, err := measureBusy(t)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"cpu.count": "1", "load.5m": "0.25", "uptime": "12345",
		"memory.percent": "60.0", "memory.used": "614400", "memory.available": "409600", "swap.percent": "25.0",
		"disk./.percent": "88.9", "disk./.inodes_percent": "50.0", "disk./.free": "40960",
		"disk_io.sda.read_bytes": "51200", "network.eth0.bytes_sent": "2000",
		"pressure.cpu.some.avg10": "1.5", "process_count": "1",
	} {
		found := findNumbers(res.Data, path, "")
		if len(found) != 1 || value.String(found[0].value) != want {
			t.Errorf("%s is %v, want %s", path, found, want)
		}
	}
	if got := findNumbers(res.Data, "disk_io.sda1.reads", ""); got != nil {
		t.Errorf("a partition is listed as a disk: %v", got)
	}
	want := `{"pid": 7, "name": "a (b) c", "user": "root", "cpu_percent": 0.0, "memory_percent": 10.0, "rss": 102400, "cmdline": "/bin/abc -x"}`
	if got := value.JSON(res.Data.At("processes").(*value.List).Index(0)); got != want {
		t.Errorf("the process is %s, want %s", got, want)
	}
}

func TestSysstatLimits(t *testing.T) {
	for _, tt := range []struct{ level, key, condition, want string }{
		{"fail", "memory.percent", ">59", "memory.percent is 60.0 (limit >59)"},
		{"fail", "memory.percent", ">60", ""},
		{"fail", "memory.percent", ">= 60%", "memory.percent is 60.0 (limit >= 60%)"},
		{"fail", "memory.available", "<0.5M", "memory.available is 409600 (limit <0.5M)"},
		{"fail", "disk./.percent", ">80 for 100ms", "disk./.percent is 88.9 (limit >80 for 100ms)"},
		{"fail", "disk.*.percent", ">80", "disk./.percent is 88.9 (limit >80)"},
		{"warn", "load.1m", ">0.4", "load.1m is 0.5 (limit >0.4)"},
		{"warn", "cpu.persent", ">1", "cpu.persent is not measured here (limit >1)"},
	} {
		res, err := measureBusy(t, tt.level, map[string]any{tt.key: tt.condition})
		if err != nil {
			t.Fatal(err)
		}
		got := res.Msg
		if tt.level == "warn" {
			got = strings.Join(res.Warnings, "; ")
		}
		if got != tt.want || res.Failed != (tt.level == "fail" && tt.want != "") {
			t.Errorf("%s %s %q: got %q, failed %v", tt.level, tt.key, tt.condition, got, res.Failed)
		}
	}
}

func TestParseLimit(t *testing.T) {
	l, err := parseLimit("a", ">= 1.5G for 2m")
	if err != nil || l.op != ">=" || l.number != 1.5*math.Pow(1024, 3) || l.hold.Seconds() != 120 {
		t.Errorf("got %+v, %v", l, err)
	}
	for _, bad := range []string{"", "95", ">", ">x", ">1 for", ">1 for x", "> 1 2"} {
		if _, err := parseLimit("a", bad); err == nil {
			t.Errorf("%q is taken as a condition", bad)
		}
	}
}

func TestCPUUse(t *testing.T) {
	before := &sample{cpu: map[string][]float64{"cpu": {100, 0, 50, 800, 50, 0, 0, 0}}}
	after := &sample{cpu: map[string][]float64{"cpu": {170, 0, 60, 810, 60, 0, 0, 0}}}
	got := cpuUse(before, after)
	if p := value.String(got.At("percent")); p != "80.0" {
		t.Errorf("percent is %s", p)
	}
	if times := value.JSON(got.At("times")); !strings.Contains(times, `"user": 70.0, "nice": 0.0, "system": 10.0, "idle": 10.0, "iowait": 10.0`) {
		t.Errorf("times are %s", times)
	}
}
