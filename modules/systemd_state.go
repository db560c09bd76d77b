package modules

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// mask makes the unit masked or not. A unit that nobody knows can be masked.
func (u *unit) mask(ctx context.Context) error {
	if u.Masked == nil {
		return nil
	}
	out, err := u.systemctl(ctx, "is-enabled", u.Name)
	if err != nil {
		return err
	}
	if masked := strings.TrimSpace(out.Stdout) == "masked"; masked == *u.Masked {
		return nil
	}
	action := "unmask"
	if *u.Masked {
		action = "mask"
	} else if err := u.mustKnow(); err != nil {
		return err
	}
	return u.act(ctx, action, "Failed to %s the service (%s)")
}

func (u *unit) enable(ctx context.Context) error {
	if u.Enabled == nil {
		return nil
	}
	if err := u.mustKnow(); err != nil {
		return err
	}
	enabled, err := u.isEnabled(ctx)
	if err != nil {
		return err
	}
	u.res.Set("enabled", *u.Enabled)
	if enabled == *u.Enabled {
		return nil
	}
	action := "disable"
	if *u.Enabled {
		action = "enable"
	}
	return u.act(ctx, action, "Unable to %s service %s")
}

// isEnabled: states that last only until the next boot do not count, nor those
// where only systemd can tell what is to be done.
func (u *unit) isEnabled(ctx context.Context) (bool, error) {
	out, err := u.systemctl(ctx, "is-enabled", u.Name, "-l")
	if err != nil {
		return false, err
	}
	state := strings.TrimSpace(out.Stdout)
	switch {
	case out.RC == 0:
		return state != "enabled-runtime" && state != "indirect" && state != "alias", nil
	case out.RC == 1 && u.Scope == "system" && u.initd && !strings.HasSuffix(state, "disabled"):
		return len(globHost(u.h, "/etc/rc?.d/S??"+u.Name)) > 0, nil
	}
	return false, nil
}

// run starts, stops, restarts or reloads.
func (u *unit) run(ctx context.Context) error {
	if u.State == "" {
		return nil
	}
	if err := u.mustKnow(); err != nil {
		return err
	}
	active, ok := u.status.Lookup("ActiveState")
	if !ok {
		if u.offline() {
			u.res.Warnings = append(u.res.Warnings, "Target is a chroot or systemd is offline. This can lead to false positives or prevent the init system tools from working.")
			return nil
		}
		return FailWith(value.DictOf("status", u.status), "Service is in unknown state")
	}
	state := u.State
	if state == "restarted" || state == "reloaded" {
		state = "started"
	}
	u.res.Set("state", state)
	if action := unitAction(u.State, value.String(active)); action != "" {
		return u.act(ctx, action, "Unable to %s service %s")
	}
	return nil
}

// unitAction gives what systemctl has to do, "" for nothing.
func unitAction(want, active string) string {
	running := active == "active" || active == "activating" || active == "reloading" || active == "refreshing"
	switch {
	case want == "stopped" && (running || active == "deactivating"):
		return "stop"
	case want == "stopped":
		return ""
	case !running:
		return "start"
	case want == "restarted":
		return "restart"
	case want == "reloaded":
		return "reload"
	}
	return ""
}
