// Package facts finds out what a host is: its system, hardware, network and
// users, under the names, types and values that Ansible's setup module gives
// them (without the prefix "ansible_", which Gather adds at the end).
//
// A collector is one small file. Collectors run side by side, read /proc, /sys
// and /etc through target.Host and start a program only where no file tells.
// A collector that finds nothing gives no facts; it never fails the others.
//
// Facts about Python are those of the host's own interpreter; none is used.
package facts

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

// Options say what to gather.
type Options struct {
	Subset   []string      // as gather_subset; empty means everything
	Filter   []string      // glob patterns of fact names; empty means all
	Timeout  time.Duration // for each collector that could hang; 0 means 10 s
	FactPath string        // folder of *.fact files
}

// Result is what was gathered: names carry their prefix.
type Result struct {
	Facts    *value.Dict
	Warnings []string
}

// collector gathers one group of facts. Its name and its ids are what
// gather_subset accepts for it.
type collector struct {
	name    string
	ids     []string
	needs   []string // collectors that are gathered along with it
	prefix  string   // "" means "ansible_"
	collect func(ctx context.Context, m *machine) *value.Dict
}

// collectors lists every collector, in the order of their facts.
func collectors() []collector {
	return []collector{
		{name: "platform", ids: []string{"system", "kernel", "kernel_version", "machine", "python_version", "architecture", "machine_id"}, collect: platform},
		{name: "distribution", ids: []string{"distribution_version", "distribution_release", "distribution_major_version", "os_family"}, collect: distribution},
		{name: "lsb", collect: lsb},
		{name: "selinux", collect: selinux},
		{name: "apparmor", collect: apparmor},
		{name: "chroot", ids: []string{"is_chroot"}, collect: chroot},
		{name: "fips", collect: fips},
		{name: "python", collect: python},
		{name: "caps", ids: []string{"system_capabilities", "system_capabilities_enforced"}, collect: capabilities},
		{name: "pkg_mgr", needs: []string{"distribution"}, collect: packageManager},
		{name: "service_mgr", needs: []string{"platform", "distribution"}, collect: serviceManager},
		{name: "cmdline", collect: cmdline},
		{name: "date_time", collect: dateTime},
		{name: "env", collect: environment},
		{name: "loadavg", collect: loadAverage},
		{name: "ssh_pub_keys", ids: []string{"ssh_host_pub_keys", "ssh_host_key_dsa_public", "ssh_host_key_rsa_public", "ssh_host_key_ecdsa_public", "ssh_host_key_ed25519_public"}, collect: sshHostKeys},
		{name: "user", ids: []string{"user_id", "user_uid", "user_gid", "user_gecos", "user_dir", "user_shell", "real_user_id", "effective_user_id", "effective_group_ids"}, collect: user},
		{name: "systemd", collect: systemd},
		{name: "virtual", ids: []string{"virtualization_type", "virtualization_role", "virtualization_tech_guest", "virtualization_tech_host"}, collect: virtualization},
		{name: "hardware", ids: []string{"processor", "processor_cores", "processor_count", "mounts", "devices"}, needs: []string{"platform"}, collect: hardware},
		{name: "dns", collect: dns},
		{name: "fibre_channel_wwn", collect: fibreChannel},
		{name: "network", ids: []string{"interfaces", "default_ipv4", "default_ipv6", "all_ipv4_addresses", "all_ipv6_addresses"}, needs: []string{"platform", "distribution"}, collect: network},
		{name: "iscsi", collect: iscsi},
		{name: "nvme", collect: nvme},
		{name: "local", collect: local},
		{name: "facter", prefix: "facter_", collect: facter},
		{name: "ohai", prefix: "ohai_", collect: ohai},
	}
}

// Gather collects the facts of host that the options ask for. The only error
// is a gather_subset that does not exist.
func Gather(ctx context.Context, host target.Host, o Options) (*Result, error) {
	all := collectors()
	wanted, err := selectSubsets(all, o.Subset)
	if err != nil {
		return nil, err
	}
	m := newMachine(host, o)
	parts := make([]*value.Dict, len(all))
	var running sync.WaitGroup
	for i, c := range all {
		if wanted[c.name] {
			running.Go(func() { parts[i] = m.run(ctx, c) })
		}
	}
	running.Wait()

	facts := value.NewDict(128)
	for i, part := range parts {
		addPrefixed(facts, all[i].prefix, part)
	}
	subset := o.Subset
	if len(subset) == 0 {
		subset = []string{"all"}
	}
	facts.Put("gather_subset", value.Strings(subset...))
	facts.Put("module_setup", value.Bool(true))
	return &Result{Facts: filter(facts, o.Filter), Warnings: m.warned()}, nil
}

// run runs one collector; a collector that goes wrong costs only its facts.
func (m *machine) run(ctx context.Context, c collector) (facts *value.Dict) {
	defer func() {
		if r := recover(); r != nil {
			m.warn(fmt.Sprintf("The %s facts could not be gathered: %v.", c.name, r))
			facts = nil
		}
	}()
	return c.collect(ctx, m)
}

func addPrefixed(into *value.Dict, prefix string, part *value.Dict) {
	if prefix == "" {
		prefix = "ansible_"
	}
	for _, e := range part.Entries() {
		name := strings.ReplaceAll(value.String(e.Key), "-", "_")
		into.Put(prefix+name, e.Val)
	}
}
