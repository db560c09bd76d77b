package modules

import (
	"context"
	"strings"

	"drover/modules/target"
)

type timezoneArgs struct {
	Name    string `arg:"name" doc:"The time zone, such as Europe/Berlin."`
	HWClock string `arg:"hwclock" alias:"rtc" choices:"local,UTC" doc:"Whether the hardware clock shows local time."`
}

// timezoneModule sets the host's time zone.
func timezoneModule() Module {
	return Define(Spec{
		Name:    "community.general.timezone",
		Summary: "Set the time zone",
		Doc:     "Makes the time zone of the host the given one, with timedatectl where systemd runs, else through /etc/localtime.",
		Check:   CheckFull, Diff: true,
		Examples:      "- community.general.timezone:\n    name: Europe/Berlin\n",
		Returns:       []Return{{"diff", "dict", "in diff mode", "The time zone (name) and the clock's setting (hwclock) before and after."}},
		RequiredOneOf: [][]string{{"name", "hwclock"}},
	}, runTimezone)
}

func runTimezone(ctx context.Context, h target.Host, c *Call, a *timezoneArgs) (*Result, error) {
	const zones = "/usr/share/zoneinfo/"
	if a.Name != "" {
		if _, err := h.Stat(zones + a.Name); err != nil || strings.Contains(a.Name, "..") {
			return nil, Failf("given timezone %q is not available: there is no %s%s (is tzdata installed?)", a.Name, zones, a.Name)
		}
	}
	zone, clock := currentZone(h), currentClock(h)
	newZone := a.Name != "" && a.Name != zone
	newClock := a.HWClock != "" && a.HWClock != clock
	res := &Result{Changed: newZone || newClock}
	if c.Diff && res.Changed {
		props := new(Properties)
		if a.Name != "" {
			props.put("name", zone, a.Name)
		}
		if a.HWClock != "" {
			props.put("hwclock", clock, a.HWClock)
		}
		res.Diff = props.Diff("")
	}
	if c.Check || !res.Changed {
		return res, nil
	}
	if newZone {
		if err := setZone(ctx, h, zones, a.Name); err != nil {
			return nil, err
		}
	}
	if newClock {
		_, err := mustRun(ctx, h, "timedatectl", "set-local-rtc", map[bool]string{true: "1", false: "0"}[a.HWClock == "local"])
		return res, err
	}
	return res, nil
}

func currentZone(h target.Host) string {
	if to, err := h.Readlink("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(to, "zoneinfo/"); ok {
			return name
		}
	}
	data, _ := h.ReadFile("/etc/timezone")
	return orText(strings.TrimSpace(string(data)), "UTC")
}

// currentClock reads the third line of /etc/adjtime.
func currentClock(h target.Host) string {
	data, _ := h.ReadFile("/etc/adjtime")
	if lines := strings.Split(string(data), "\n"); len(lines) > 2 && strings.TrimSpace(lines[2]) == "LOCAL" {
		return "local"
	}
	return "UTC"
}

func setZone(ctx context.Context, h target.Host, zones, name string) error {
	_, booted := h.Stat("/run/systemd/system")
	if _, err := h.LookPath("timedatectl"); err == nil && booted == nil {
		_, err = mustRun(ctx, h, "timedatectl", "set-timezone", name)
		return err
	}
	if err := replaceLink(h, zones+name, "/etc/localtime"); err != nil {
		return Failf("can't set /etc/localtime: %w", reason(err))
	}
	if _, err := h.Stat("/etc/timezone"); err == nil {
		if err := replaceContent(h, "/etc/timezone", []byte(name+"\n")); err != nil {
			return Failf("can't write /etc/timezone: %w", reason(err))
		}
	}
	return nil
}
