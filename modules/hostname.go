package modules

import (
	"context"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type hostnameArgs struct {
	Name string `arg:"name" required:"true" doc:"The host's name."`
	Use  string `arg:"use" choices:"alpine,debian,freebsd,generic,macos,macosx,darwin,openbsd,openrc,redhat,sles,solaris,systemd" doc:"How to set it, where the way that is found is not the right one."`
}

// hostnameModule sets the host's name, now and for the next boot. /etc/hosts
// stays as it is.
func hostnameModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.hostname",
		Summary: "Set the name of a host",
		Doc:     "Makes the running and the permanent name of the host the given one, with hostnamectl where systemd runs, else through /etc/hostname.",
		Check:   CheckFull, Diff: true,
		Examples: "- ansible.builtin.hostname:\n    name: web01\n",
		Returns:  []Return{{"name", "str", "always", "The name."}},
	}, runHostname)
}

func runHostname(ctx context.Context, h target.Host, c *Call, a *hostnameArgs) (*Result, error) {
	read := func(file string) string {
		data, _ := h.ReadFile(file)
		return strings.TrimSpace(string(data))
	}
	running, permanent := read("/proc/sys/kernel/hostname"), read("/etc/hostname")
	res := &Result{Changed: running != a.Name || permanent != a.Name}
	res.Set("name", a.Name)
	if res.Changed && c.Diff {
		before := permanent
		if running != a.Name {
			before = running
		}
		res.Diff = []Diff{{Before: "hostname = " + before + "\n", After: "hostname = " + a.Name + "\n"}}
	}
	if res.Changed && !c.Check {
		if err := setHostname(ctx, h, a, running != a.Name, permanent != a.Name); err != nil {
			return nil, err
		}
	}
	host, domain, _ := strings.Cut(a.Name, ".")
	res.Facts = value.DictOf("ansible_hostname", host, "ansible_nodename", a.Name, "ansible_fqdn", a.Name, "ansible_domain", domain)
	return res, nil
}

func setHostname(ctx context.Context, h target.Host, a *hostnameArgs, running, permanent bool) error {
	_, err := h.LookPath("hostnamectl")
	_, booted := h.Stat("/run/systemd/system")
	if (a.Use == "systemd" || a.Use == "") && err == nil && booted == nil {
		for _, kind := range flags(running, "--transient", permanent, "--static") {
			if _, err := mustRun(ctx, h, "hostnamectl", kind, "set-hostname", a.Name); err != nil {
				return err
			}
		}
		return nil
	}
	if permanent {
		if err := replaceContent(h, "/etc/hostname", []byte(a.Name+"\n")); err != nil {
			return Failf("failed to update /etc/hostname: %w", reason(err))
		}
	}
	if running {
		_, err := mustRun(ctx, h, "hostname", a.Name)
		return err
	}
	return nil
}
