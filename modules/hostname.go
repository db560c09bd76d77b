package modules

import (
	"context"
	"strings"

	"drover/modules/facts"
	"drover/modules/target"
	"drover/playbook/value"
)

type hostnameArgs struct {
	Name string `arg:"name" required:"true" doc:"The host's name."`
	Use  string `arg:"use" choices:"alpine,debian,freebsd,generic,macos,macosx,darwin,openbsd,openrc,redhat,sles,solaris,systemd" doc:"How to set it, where the way that is found is not the right one."`
}

// hostnameModule sets the host's name, for the next boot and where the way of
// doing so has that also now. /etc/hosts stays as it is.
func hostnameModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.hostname",
		Summary: "Set the name of a host",
		Doc:     "Makes the permanent name of the host the given one: with hostnamectl, which also sets the running name, where systemd runs, else in the file that the distribution reads at boot.",
		Check:   CheckFull, Diff: true,
		Examples: "- ansible.builtin.hostname:\n    name: web01\n",
		Returns:  []Return{{"name", "str", "always", "The name."}},
	}, runHostname)
}

// naming is a way to keep a host's name.
type naming struct {
	file    string   // that holds the permanent name
	key     string   // begins the name's line, "" when the file holds nothing else
	quote   string   // around the name in its line
	running []string // sets the running name from the file
	systemd bool     // hostnamectl does it all
}

var namings = map[string]naming{
	"systemd": {file: "/etc/hostname", systemd: true},
	"debian":  {file: "/etc/hostname", systemd: true},
	"file":    {file: "/etc/hostname"},
	"alpine":  {file: "/etc/hostname", running: []string{"hostname", "-F", "/etc/hostname"}},
	"sles":    {file: "/etc/HOSTNAME"},
	"openbsd": {file: "/etc/myname"},
	"redhat":  {file: "/etc/sysconfig/network", key: "HOSTNAME="},
	"openrc":  {file: "/etc/conf.d/hostname", key: "hostname=", quote: `"`},
}

func runHostname(ctx context.Context, h target.Host, c *Call, a *hostnameArgs) (*Result, error) {
	n, ok := namings[orText(a.Use, usualNaming(h))]
	if !ok {
		return nil, Failf("hostname's way %q is not one for Linux; leave use out, or choose systemd, debian, alpine, openrc, redhat or sles", a.Use)
	}
	if text := trimmedFile(h, n.file); n.key == "HOSTNAME=" && !strings.Contains("\n"+text, "\n"+n.key) {
		return nil, Failf("Unable to locate HOSTNAME entry in %s", n.file)
	}
	permanent := n.permanent(h)
	running := permanent
	if n.systemd {
		running = trimmedFile(h, "/proc/sys/kernel/hostname")
	}
	res := &Result{Changed: running != a.Name || permanent != a.Name}
	res.Set("name", a.Name)
	if res.Changed && !c.Check {
		if err := n.set(ctx, h, a.Name, permanent != a.Name); err != nil {
			return nil, err
		}
	}
	if res.Changed {
		before := running
		if running == a.Name {
			before = permanent
		}
		res.Diff = []Diff{{Before: "hostname = " + before + "\n", After: "hostname = " + a.Name + "\n"}}
	}
	fqdn := facts.FQDN(ctx, h)
	host, _, _ := strings.Cut(a.Name, ".")
	_, domain, _ := strings.Cut(fqdn, ".")
	res.Facts = value.DictOf("ansible_hostname", host, "ansible_nodename", a.Name, "ansible_fqdn", fqdn, "ansible_domain", domain)
	return res, nil
}

// usualNaming tells how the host keeps its name.
func usualNaming(h target.Host) string {
	if _, err := h.Stat("/run/systemd/system"); err == nil {
		return "systemd"
	}
	release, _ := h.ReadFile("/etc/os-release")
	switch strings.Trim(envFileValue(string(release), "ID"), `"'`) {
	case "alpine":
		return "alpine"
	case "gentoo", "artix":
		return "openrc"
	case "rhel", "centos", "ol", "amzn":
		return "redhat"
	}
	return "file"
}

func trimmedFile(h target.Host, file string) string {
	data, _ := h.ReadFile(file)
	return strings.TrimSpace(string(data))
}

// permanent reads the name from the file.
func (n naming) permanent(h target.Host) string {
	text := trimmedFile(h, n.file)
	if n.key == "" {
		return text
	}
	return strings.Trim(envFileValue(text, n.key[:len(n.key)-1]), `"`)
}

func (n naming) set(ctx context.Context, h target.Host, name string, permanent bool) error {
	if n.systemd {
		return setWithSystemd(ctx, h, name, permanent)
	}
	if err := replaceContent(h, n.file, []byte(n.edit(trimmedFile(h, n.file), name))); err != nil {
		return Failf("failed to update hostname: can't write %s: %w", n.file, reason(err))
	}
	if n.running == nil {
		return nil
	}
	return hostnameCommand(ctx, h, n.running...)
}

// edit gives the file's new text.
func (n naming) edit(text, name string) string {
	if n.key == "" {
		return name + "\n"
	}
	wanted := n.key + n.quote + name + n.quote
	lines := splitLines(text)
	for i, line := range lines {
		if strings.HasPrefix(line, n.key) {
			lines[i], wanted = wanted, ""
		}
	}
	if wanted != "" {
		lines = append(lines, wanted)
	}
	return strings.Join(lines, "\n") + "\n"
}

// setWithSystemd sets the permanent name first: the running one follows it
// unless something else has set it.
func setWithSystemd(ctx context.Context, h target.Host, name string, permanent bool) error {
	if len([]rune(name)) > 64 {
		return Failf("name cannot be longer than 64 characters on systemd servers, try a shorter name")
	}
	if permanent {
		if err := hostnameCommand(ctx, h, "hostnamectl", "--pretty", "--static", "set-hostname", name); err != nil {
			return err
		}
	}
	if trimmedFile(h, "/proc/sys/kernel/hostname") == name {
		return nil
	}
	return hostnameCommand(ctx, h, "hostnamectl", "--transient", "set-hostname", name)
}

func hostnameCommand(ctx context.Context, h target.Host, argv ...string) error {
	out, err := runTool(ctx, h, argv...)
	if err == nil && out.RC != 0 {
		err = Failf("Command failed rc=%d, out=%s, err=%s", out.RC, out.Stdout, out.Stderr)
	}
	return err
}
