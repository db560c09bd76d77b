package modules

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// remove makes packages absent; with purge also their configuration files.
func (r *aptRun) remove(ctx context.Context, names []string) (*Result, error) {
	var err error
	if r.status, err = readDpkgStatus(r.h); err != nil {
		return nil, err
	}
	specs, err := r.expand(ctx, names)
	if err != nil {
		return nil, err
	}
	var there []string
	for _, s := range specs {
		p := r.status.find(s.name)
		if p == nil {
			continue
		}
		if p.installed() && s.fits(p.version) || p.leftovers() && r.Purge {
			there = append(there, s.name)
		}
	}
	if len(there) == 0 {
		return &Result{}, nil
	}
	argv := append([]string{"apt-get", "-q", "-y"}, r.dpkgOptions()...)
	argv = append(argv, flags(r.Purge, "--purge", r.Force, "--force-yes", r.Autoremove, "--auto-remove",
		r.c.Check, "--simulate", r.AllowHeld, "--allow-change-held-packages")...)
	res, _, err := r.run(ctx, append(append(argv, "remove"), there...))
	return res, err
}

// cleanUp runs autoremove or autoclean; marker in the output shows that there
// was something to do.
func (r *aptRun) cleanUp(ctx context.Context, operation, marker string) (*Result, error) {
	argv := append([]string{"apt-get", "-y"}, r.dpkgOptions()...)
	argv = append(argv, flags(r.Purge, "--purge", r.Force, "--force-yes")...)
	argv = append(append(argv, operation), flags(r.c.Check, "--simulate")...)
	res, out, err := r.run(ctx, argv)
	if err != nil {
		return nil, err
	}
	res.Changed = strings.Contains(out.Stdout, marker)
	if len(res.Diff) > 0 && res.Diff[0].Prepared == "" {
		res.Diff = nil
	}
	return res, nil
}

// clean deletes all downloaded packages; whether there were any is not told by
// apt-get, so it always counts as a change.
func (r *aptRun) clean(ctx context.Context) (*Result, error) {
	var out toolOutput
	if !r.c.Check {
		var err error
		if out, err = r.aptGet(ctx, "clean"); err != nil {
			return nil, err
		}
	}
	if out.RC != 0 || out.Stderr != "" {
		return nil, FailWith(value.DictOf("stdout", out.Stdout, "rc", out.RC), "apt-get clean failed: %s", out.said())
	}
	return (&Result{Changed: true}).Set("msg", out.Stdout).Set("stdout", out.Stdout).Set("stderr", out.Stderr), nil
}

// upgradeAll upgrades every package, with aptitude where that is installed and
// apt-get is not insisted on.
func (r *aptRun) upgradeAll(ctx context.Context, mode string) (*Result, error) {
	_, err := r.h.LookPath("aptitude")
	if err == nil && !r.ForceAptGet && mode != "dist" {
		return r.aptitudeUpgrade(ctx, mode)
	}
	argv := append([]string{"apt-get", "-y"}, r.dpkgOptions()...)
	argv = append(argv, flags(r.Force, "--force-yes", r.FailOnAutoremove, "--no-remove",
		r.AllowUnauthenticated, "--allow-unauthenticated", r.AllowDowngrade, "--allow-downgrades",
		r.c.Check, "--simulate")...)
	if mode == "dist" || mode == "full" {
		argv = append(argv, "dist-upgrade")
	} else {
		argv = append(argv, "upgrade", "--with-new-pkgs")
	}
	argv = append(argv, flags(r.Autoremove, "--auto-remove")...)
	return r.upgradeWith(ctx, argv, nothingDone)
}

func (r *aptRun) aptitudeUpgrade(ctx context.Context, mode string) (*Result, error) {
	argv := append([]string{"aptitude", "-y"}, r.dpkgOptions()...)
	if r.Force {
		argv = append(argv, "--assume-yes", "--allow-untrusted")
	}
	argv = append(argv, flags(r.AllowUnauthenticated, "--allow-unauthenticated", r.c.Check, "--simulate")...)
	command := "safe-upgrade"
	if mode == "full" {
		command = "full-upgrade"
	}
	res, err := r.upgradeWith(ctx, append(argv, command), func(out string) bool {
		return strings.Contains(out, "\n0 packages upgraded, 0 newly installed, 0 to remove")
	})
	if err != nil {
		return nil, err
	}
	for option, used := range map[string]bool{"fail_on_autoremove": r.FailOnAutoremove, "allow_downgrade": r.AllowDowngrade} {
		if used {
			res.Warnings = append(res.Warnings, "aptitude has nothing for "+option+", which is ignored; use force_apt_get")
		}
	}
	return res, nil
}

func (r *aptRun) upgradeWith(ctx context.Context, argv []string, idle func(string) bool) (*Result, error) {
	if r.DefaultRelease != "" {
		argv = append(argv, "-t", r.DefaultRelease)
	}
	res, out, err := r.run(ctx, argv)
	if err != nil {
		return nil, err
	}
	res.Msg = out.Stdout
	res.Changed = !idle(out.Stdout)
	if !res.Changed {
		res.Diff = nil
	}
	return res, nil
}
