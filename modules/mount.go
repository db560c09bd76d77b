package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
)

type mountArgs struct {
	Path   string `arg:"path" alias:"name" type:"path" required:"true" doc:"The mount point."`
	Src    string `arg:"src" type:"path" doc:"Device, server or other source."`
	FSType string `arg:"fstype" doc:"Kind of file system."`
	Opts   string `arg:"opts" doc:"Mount options; defaults when not given."`
	Dump   string `arg:"dump" default:"0" doc:"Field for dump."`
	PassNo string `arg:"passno" default:"0" doc:"Order of checks at boot."`
	State  string `arg:"state" required:"true" choices:"absent,absent_from_fstab,mounted,present,unmounted,remounted,ephemeral" doc:"mounted: in fstab and mounted; present: in fstab; unmounted: not mounted; absent: neither, and the folder removed; ephemeral: mounted only; remounted: mounted again."`
	Fstab  string `arg:"fstab" type:"path" default:"/etc/fstab" doc:"The table."`
	Boot   bool   `arg:"boot" default:"true" doc:"Mount at boot; without, noauto is added."`
	Backup bool   `arg:"backup" default:"false" doc:"Keep a copy of the table."`
}

// mountModule keeps a mount point in fstab and in the kernel.
func mountModule() Module {
	return Define(Spec{
		Name:     "ansible.posix.mount",
		Summary:  "Manage mount points",
		Doc:      "Makes an entry of fstab be there or not, and the file system be mounted or not.",
		Check:    CheckFull,
		Examples: "- ansible.posix.mount:\n    path: /srv/data\n    src: /dev/vdb1\n    fstype: ext4\n    state: mounted\n",
		Returns: []Return{
			{"name", "str", "always", "The mount point."},
			{"src", "str", "always", "What is mounted."},
			{"fstype", "str", "always", "Kind of file system."},
			{"opts", "str", "always", "Mount options."},
			{"dump", "str", "always", "fstab's fifth field."},
			{"passno", "str", "always", "fstab's sixth field."},
			{"fstab", "str", "always", "The file."},
			{"backup_file", "str", "with backup, when changed", "Copy of the file as it was."},
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
	h   target.Host
	c   *Call
	res *Result
}

func runMount(ctx context.Context, h target.Host, c *Call, a *mountArgs) (*Result, error) {
	m := &mounting{a, h, c, &Result{}}
	m.Opts = orText(m.Opts, "defaults")
	if !m.Boot && !slices.Contains(strings.Split(m.Opts, ","), "noauto") {
		m.Opts += ",noauto"
	}
	m.res.Set("name", m.Path).Set("src", orNone(m.Src)).Set("fstype", orNone(m.FSType)).Set("opts", m.Opts)
	m.res.Set("dump", m.Dump).Set("passno", m.PassNo).Set("fstab", m.Fstab)
	return m.res, m.apply(ctx)
}

func (m *mounting) apply(ctx context.Context) error {
	switch m.State {
	case "present":
		return m.setEntry(true)
	case "absent_from_fstab":
		return m.setEntry(false)
	case "unmounted":
		return m.unmount(ctx)
	case "absent":
		return m.absent(ctx)
	case "remounted":
		if !m.mounted() {
			return Failf("%s is not mounted, so it cannot be remounted", m.Path)
		}
		return m.do(ctx, "mount", "-o", "remount", m.Path)
	}
	return m.mount(ctx)
}

// mount makes the file system mounted: with an entry in fstab unless it is
// only for now.
func (m *mounting) mount(ctx context.Context) error {
	if _, err := m.h.Stat(m.Path); err != nil {
		m.res.Changed = true
		if !m.c.Check {
			if err := m.h.MkdirAll(m.Path, 0o755); err != nil {
				return Failf("Error making dir %s: %w", m.Path, reason(err))
			}
		}
	}
	if m.State == "ephemeral" {
		if m.mounted() {
			return nil
		}
		return m.do(ctx, "mount", "-t", m.FSType, "-o", m.Opts, m.Src, m.Path)
	}
	before := m.res.Changed
	m.res.Changed = false
	if err := m.setEntry(true); err != nil {
		return err
	}
	edited := m.res.Changed
	m.res.Changed = edited || before
	switch {
	case !m.mounted():
		return m.do(ctx, "mount", "--fstab", m.Fstab, m.Path)
	case edited:
		return m.do(ctx, "mount", "--fstab", m.Fstab, "-o", "remount", m.Path)
	}
	return nil
}

func (m *mounting) unmount(ctx context.Context) error {
	if !m.mounted() {
		return nil
	}
	return m.do(ctx, "umount", m.Path)
}

func (m *mounting) absent(ctx context.Context) error {
	if err := m.setEntry(false); err != nil || !m.res.Changed {
		return err
	}
	if err := m.unmount(ctx); err != nil || m.c.Check {
		return err
	}
	if isDir(m.h, m.Path) {
		if err := m.h.Remove(m.Path); err != nil {
			return Failf("Error rmdir %s: %w", m.Path, reason(err))
		}
	}
	return nil
}

func (m *mounting) do(ctx context.Context, argv ...string) error {
	m.res.Changed = true
	if m.c.Check {
		return nil
	}
	out, err := runTool(ctx, m.h, argv...)
	if err == nil && out.RC != 0 {
		err = Failf("Error in %s %s: %s", argv[0], m.Path, out.said())
	}
	return err
}

func (m *mounting) mounted() bool {
	data, _ := m.h.ReadFile("/proc/mounts")
	for _, line := range strings.Split(string(data), "\n") {
		if f := strings.Fields(line); len(f) > 1 && f[1] == escapeBlanks(strings.TrimRight(m.Path, "/")) {
			return true
		}
	}
	return false
}

// setEntry makes the entry be in fstab, or not.
func (m *mounting) setEntry(want bool) error {
	data, _ := m.h.ReadFile(m.Fstab)
	entry := ""
	if want {
		fields := []string{escapeBlanks(m.Src), escapeBlanks(m.Path), m.FSType, escapeBlanks(m.Opts), m.Dump, m.PassNo}
		entry = strings.Join(fields, " ")
	}
	text := editFstab(string(data), escapeBlanks(m.Path), m.FSType, escapeBlanks(m.Src), entry)
	if text == string(data) {
		return nil
	}
	m.res.Changed = true
	if m.c.Check {
		return nil
	}
	if m.Backup {
		copied, err := backupFile(m.h, m.Fstab)
		if err != nil {
			return Failf("could not make a backup of %s: %w", m.Fstab, reason(err))
		}
		m.res.Set("backup_file", copied)
	}
	if err := replaceContent(m.h, m.Fstab, []byte(text)); err != nil {
		return Failf("can't write %s: %w", m.Fstab, reason(err))
	}
	return nil
}

// editFstab replaces the entry of a mount point, or that of a swap area, which
// is known by its source. An empty entry removes it.
func editFstab(text, path, fstype, src, entry string) string {
	var lines []string
	done := false
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		f := strings.Fields(line)
		same := len(f) >= 4 && !strings.HasPrefix(f[0], "#") && f[1] == path && (fstype != "swap" || f[0] == src)
		switch {
		case !same:
			lines = append(lines, line)
		case entry != "" && !done:
			done = true
			if strings.Join(f, " ") != entry {
				line = entry
			}
			lines = append(lines, line)
		}
	}
	if entry != "" && !done {
		if len(lines) == 1 && lines[0] == "" {
			lines = nil
		}
		lines = append(lines, entry)
	}
	return strings.Join(lines, "\n") + "\n"
}

// escapeBlanks writes blanks and tabs as fstab wants them.
func escapeBlanks(s string) string {
	return strings.NewReplacer(" ", `\040`, "\t", `\011`).Replace(s)
}
