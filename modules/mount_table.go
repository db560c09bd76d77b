package modules

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"drover/modules/target"
)

// readTable reads fstab. A table of one's own that is missing is made.
func (m *mounting) readTable() error {
	if m.State == "ephemeral" {
		return nil
	}
	data, err := m.h.ReadFile(m.Fstab)
	switch {
	case err == nil:
		m.old = string(data)
		return nil
	case !errors.Is(err, fs.ErrNotExist) || m.c.Check:
		return nil
	}
	if err := m.h.MkdirAll(path.Dir(m.Fstab), 0o755); err != nil {
		return Failf("Failed to open %s due to %w", m.Fstab, reason(err))
	}
	if err := replaceContent(m.h, m.Fstab, nil); err != nil {
		return Failf("Failed to open %s due to %w", m.Fstab, reason(err))
	}
	return nil
}

// writeTable makes fstab have the text.
func (m *mounting) writeTable(text string) error {
	if text == m.old {
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

// withEntry gives fstab's text with the entry, in the place where one for the
// mount point is.
func (m *mounting) withEntry() string {
	entry := strings.Join([]string{escapeFstab(m.Src), escapeFstab(m.Path), m.FSType, escapeFstab(m.Opts), m.Dump, m.PassNo}, " ")
	var b strings.Builder
	found := false
	for _, line := range splitLines(m.old) {
		content, _, _ := strings.Cut(line, "#")
		f := strings.Fields(content)
		if len(f) >= 4 && len(f) <= 6 && m.isEntry(f) {
			found = true
			f = append(f, "0", "0")[:6]
			if strings.Join(f, " ") != entry {
				line = entry
			}
		}
		b.WriteString(line + "\n")
	}
	if !found {
		b.WriteString(entry + "\n")
	}
	if b.String() == m.old+"\n" { // only the last line's end is missing
		return m.old
	}
	return b.String()
}

// withoutEntry gives fstab's text without the mount point's entries.
func (m *mounting) withoutEntry() string {
	var b strings.Builder
	for _, line := range keepEnds(m.old) {
		f := strings.Fields(line)
		if len(f) != 6 || f[0][0] == '#' || !m.isEntry(f) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// isEntry: swap areas have no mount point and are known by their source.
func (m *mounting) isEntry(f []string) bool {
	return f[1] == escapeFstab(m.Path) && (f[1] != "none" || f[2] != "swap" || m.Src == "" || f[0] == m.Src)
}

// escapeFstab writes what would end a field as fstab wants it.
func escapeFstab(s string) string {
	return strings.NewReplacer(`\`, `\134`, " ", `\040`, "&", `\046`, "\t", `\011`).Replace(s)
}

// isMountPoint reports whether another file system begins at a path. Folders of
// the same one that are bound there do not count.
func isMountPoint(h target.Host, point string) bool {
	here, err := h.Lstat(point)
	above, err2 := h.Lstat(path.Dir(path.Clean(point)))
	return err == nil && err2 == nil && (here.Dev != above.Dev || here.Ino == above.Ino && here.Ino != 0)
}

// kernelMount is a line of /proc/self/mountinfo.
type kernelMount struct{ id, parent, root, point, device string }

// kernelMounts are what is mounted, the latest last.
type kernelMounts []kernelMount

func readMounts(h target.Host) (all kernelMounts) {
	data, _ := h.ReadFile("/proc/self/mountinfo")
	plain := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for _, line := range strings.Split(string(data), "\n") {
		before, after, _ := strings.Cut(line, " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if len(f) > 5 && len(g) > 1 {
			all = append(all, kernelMount{f[0], f[1], plain.Replace(f[3]), plain.Replace(f[4]), plain.Replace(g[1])})
		}
	}
	return all
}

// find gives the mount on top at a path.
func (all kernelMounts) find(point string) (found kernelMount, ok bool) {
	for _, k := range all {
		if k.point == point {
			found, ok = k, true
		}
	}
	return found, ok
}

// at reports whether something is mounted at a path.
func (all kernelMounts) at(h target.Host, point string) bool {
	point = path.Clean(point)
	if _, ok := all.find(point); ok {
		return true
	}
	real, err := h.EvalSymlinks(point)
	if err != nil || real == point {
		return false
	}
	_, ok := all.find(real)
	return ok
}

func (all kernelMounts) device(point string) string {
	k, _ := all.find(path.Clean(point))
	return k.device
}

// source gives what is mounted at a path: of a folder that is bound elsewhere
// that folder, else the device.
func (all kernelMounts) source(point string) string {
	k, ok := all.find(path.Clean(point))
	if !ok {
		return ""
	}
	for _, parent := range all {
		if parent.id == k.parent && parent.device == k.device {
			return path.Join(parent.point, strings.TrimPrefix(k.root, strings.TrimSuffix(parent.root, "/")))
		}
	}
	return k.device
}
