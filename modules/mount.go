package modules

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"drover/modules/target"
)

type mountArgs struct {
	Path   string `arg:"path" alias:"name" type:"path" required:"true" doc:"The mount point."`
	Src    string `arg:"src" type:"path" doc:"Device, server or other source."`
	FSType string `arg:"fstype" doc:"Kind of file system."`
	Opts   string `arg:"opts" doc:"Mount options; defaults when not given."`
	Hide   bool   `arg:"opts_no_log" default:"false" doc:"Mount options hold a secret: keep them out of the result."`
	Dump   string `arg:"dump" default:"0" doc:"Field for dump."`
	PassNo string `arg:"passno" default:"0" doc:"Order of checks at boot."`
	State  string `arg:"state" required:"true" choices:"absent,absent_from_fstab,mounted,present,unmounted,remounted,ephemeral" doc:"mounted: in fstab and mounted; present: in fstab; unmounted: not mounted; absent: neither, and the folder removed; ephemeral: mounted only; remounted: mounted again."`
	Fstab  string `arg:"fstab" doc:"The table; /etc/fstab when not given."`
	Boot   bool   `arg:"boot" default:"true" doc:"Mount at boot; without, noauto is added."`
	Backup bool   `arg:"backup" default:"false" doc:"Keep a copy of the table."`
}

// mountModule keeps a mount point in fstab and in the kernel.
func mountModule() Module {
	return Define(Spec{
		Name:     "ansible.posix.mount",
		Summary:  "Manage mount points",
		Doc:      "Makes an entry of fstab be there or not, and the file system be mounted or not. When mounting fails, fstab and the folders are as before.",
		Check:    CheckFull,
		Examples: "- ansible.posix.mount:\n    path: /srv/data\n    src: /dev/vdb1\n    fstype: ext4\n    state: mounted\n",
		Returns: []Return{
			{"name", "str", "always", "The mount point."},
			{"src", "str", "when given", "What is mounted."},
			{"fstype", "str", "when given", "Kind of file system."},
			{"opts", "str", "always", "Mount options."},
			{"dump", "str", "always", "fstab's fifth field."},
			{"passno", "str", "always", "fstab's sixth field."},
			{"fstab", "str", "always", "The file."},
			{"boot", "str", "always", "yes or no."},
			{"backup_file", "str", "always", "Copy of the file as it was, empty when there is none."},
		},
		RequiredIf: []RequiredIf{
			{Arg: "state", Value: "mounted", Needs: []string{"src", "fstype"}},
			{Arg: "state", Value: "present", Needs: []string{"src", "fstype"}},
			{Arg: "state", Value: "ephemeral", Needs: []string{"src", "fstype"}},
		},
	}, runMount)
}

// mounting is one use of the module.
type mounting struct {
	*mountArgs
	h     target.Host
	c     *Call
	res   *Result
	table []string // options that name a table of one's own
	old   string   // the table as it was
}

func runMount(ctx context.Context, h target.Host, c *Call, a *mountArgs) (*Result, error) {
	m := &mounting{mountArgs: a, h: h, c: c, res: &Result{}}
	if m.Fstab != "" && m.Fstab != "/etc/fstab" {
		m.table = []string{"-T", m.Fstab}
	}
	m.Fstab = orText(m.Fstab, "/etc/fstab")
	m.Opts = orText(m.Opts, "defaults")
	boot := "yes"
	switch noauto := slices.Contains(strings.Split(m.Opts, ","), "noauto"); {
	case !m.Boot:
		boot = "no"
		m.Opts += ",noauto"
	case noauto:
		m.res.Warnings = append(m.res.Warnings, "Ignore the 'boot' due to 'opts' contains 'noauto'.")
	}
	m.res.Set("name", m.Path).Set("opts", m.Opts).Set("dump", m.Dump).Set("passno", m.PassNo).Set("fstab", m.Fstab)
	m.res.Set("boot", boot).Set("backup_file", "")
	if m.Src != "" {
		m.res.Set("src", m.Src)
	}
	if m.FSType != "" {
		m.res.Set("fstype", m.FSType)
	}
	if m.Hide && m.Opts != "defaults" {
		m.res.Set("opts", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")
	}
	return m.res, m.apply(ctx)
}

func (m *mounting) apply(ctx context.Context) error {
	if err := m.readTable(); err != nil {
		return err
	}
	switch m.State {
	case "present":
		return m.writeTable(m.withEntry())
	case "absent_from_fstab":
		return m.writeTable(m.withoutEntry())
	case "unmounted":
		return m.unmount(ctx)
	case "absent":
		return m.absent(ctx)
	case "remounted":
		m.res.Changed = true
		if m.c.Check {
			return nil
		}
		return m.failed("remounting", m.remount(ctx))
	}
	return m.mount(ctx)
}

// mount makes the file system mounted: with an entry in fstab unless it is
// only for now.
func (m *mounting) mount(ctx context.Context) error {
	made, err := m.makeFolder()
	if err != nil {
		return err
	}
	if m.State == "mounted" {
		if err := m.writeTable(m.withEntry()); err != nil {
			return err
		}
	}
	mounts := readMounts(m.h)
	step := m.mountNow
	if isMountPoint(m.h, m.Path) || mounts.source(m.Path) == m.Src {
		if m.State == "ephemeral" && mounts.device(m.Path) != m.Src && mounts.source(m.Path) != m.Src {
			return Failf("Ephemeral mount point is already mounted with a different source than the specified one; unmount %s first, or choose another path", m.Path)
		}
		if m.State == "mounted" && !m.res.Changed {
			return nil
		}
		step = m.remount
	}
	m.res.Changed = true
	if m.c.Check {
		return nil
	}
	err = step(ctx)
	if err != nil {
		m.restore(made)
	}
	return m.failed("mounting", err)
}

// makeFolder makes the mount point and gives the folders that were missing.
func (m *mounting) makeFolder() (made []string, err error) {
	if m.c.Check {
		return nil, nil
	}
	for dir := path.Clean(m.Path); ; dir = path.Dir(dir) {
		if _, err := m.h.Stat(dir); err == nil || dir == "/" || dir == "." {
			break
		}
		made = append(made, dir)
	}
	if len(made) == 0 {
		return nil, nil
	}
	if err := m.h.MkdirAll(m.Path, 0o755); err != nil {
		return nil, Failf("Error making dir %s: %w", m.Path, reason(err))
	}
	return made, nil
}

// restore undoes what prepared a mount that failed: an entry that does not
// work may keep the system from booting.
func (m *mounting) restore(made []string) {
	if m.State == "mounted" {
		_ = replaceContent(m.h, m.Fstab, []byte(m.old)) // the failure to mount is what is told
	}
	for _, dir := range made {
		_ = m.h.Remove(dir)
	}
}

func (m *mounting) mountNow(ctx context.Context) error {
	return m.do(ctx, slices.Concat([]string{"mount"}, m.how(), []string{m.Path})...)
}

// how gives the options that say what is mounted, for mount alone or after
// remount.
func (m *mounting) how() []string {
	if m.State != "ephemeral" {
		return m.table
	}
	options := []string{"-t", m.FSType}
	if m.Opts != "defaults" {
		options = append(options, "-o", m.Opts)
	}
	return append(options, m.Src)
}

// remount mounts again in place, or where the file system can't do that anew.
func (m *mounting) remount(ctx context.Context) error {
	options := "remount"
	given := m.State == "remounted" && m.Opts != "defaults"
	if given {
		options += "," + m.Opts
	}
	err := m.do(ctx, slices.Concat([]string{"mount", "-o", options}, m.how(), []string{m.Path})...)
	switch {
	case err == nil:
		return nil
	case given:
		return Failf("Options were specified with remounted, but the remount command failed: %w; use state unmounted and then mounted with all options instead", err)
	}
	if err := m.do(ctx, "umount", m.Path); err != nil {
		return err
	}
	return m.mountNow(ctx)
}

func (m *mounting) unmount(ctx context.Context) error {
	if !readMounts(m.h).at(m.h, m.Path) {
		return nil
	}
	m.res.Changed = true
	if m.c.Check {
		return nil
	}
	return m.failed("unmounting", m.do(ctx, "umount", m.Path))
}

func (m *mounting) absent(ctx context.Context) error {
	if err := m.writeTable(m.withoutEntry()); err != nil || !m.res.Changed || m.c.Check {
		return err
	}
	if err := m.unmount(ctx); err != nil {
		return err
	}
	if err := m.h.Remove(m.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Failf("Error rmdir %s: %w", m.Path, reason(err))
	}
	return nil
}

// do runs a program; the error is what it said.
func (m *mounting) do(ctx context.Context, argv ...string) error {
	out, err := runTool(ctx, m.h, argv...)
	if err == nil && out.RC != 0 {
		err = Failf("%s", out.Stdout+out.Stderr)
	}
	return err
}

func (m *mounting) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return Failf("Error %s %s: %w", doing, m.Path, err)
}
