package facts

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"sync"

	"drover/playbook/value"
)

// mountEntry is a line of mtab.
type mountEntry struct {
	device, mount, fstype, options string
	dump, pass                     int64
}

// mounts tells the mounted file systems that have a device or a server behind
// them, with their sizes. A file system that does not answer in time (a dead
// NFS server) is listed with a note instead.
func mounts(ctx context.Context, m *machine) *value.Dict {
	entries := m.mountEntries()
	uuids := sync.OnceValue(func() map[string]string { return m.blockUUIDs(ctx) })
	found := make([]value.Value, len(entries))
	var running sync.WaitGroup
	for i, e := range entries {
		running.Go(func() { found[i] = m.mountFacts(ctx, e, uuids) })
	}
	running.Wait()
	return value.DictOf("mounts", value.NewList(found...))
}

// mountEntries reads the mounts of interest; the last mount on a place hides
// those below it.
func (m *machine) mountEntries() []mountEntry {
	lines := m.lines("/etc/mtab")
	if lines == nil {
		lines = m.lines("/proc/mounts")
	}
	binds := m.bindMounts()
	var entries []mountEntry
	place := map[string]int{}
	for _, line := range lines {
		e, ok := parseMount(line)
		if !ok || !e.interesting() {
			continue
		}
		if binds[e.mount] && !strings.Contains(e.options, "bind") {
			e.options += ",bind"
		}
		if i, ok := place[e.mount]; ok {
			entries[i] = e
			continue
		}
		place[e.mount] = len(entries)
		entries = append(entries, e)
	}
	return entries
}

func parseMount(line string) (e mountEntry, ok bool) {
	f := strings.Fields(line)
	if len(f) < 4 {
		return e, false
	}
	for i := range f {
		f[i] = unescapeOctal(f[i])
	}
	e = mountEntry{device: f[0], mount: f[1], fstype: f[2], options: f[3]}
	if len(f) >= 6 {
		e.dump, _ = number(f[4])
		e.pass, _ = number(f[5])
	}
	return e, true
}

func (e mountEntry) interesting() bool {
	local := strings.HasPrefix(e.device, "/") || strings.HasPrefix(e.device, `\`)
	return (local || strings.Contains(e.device, ":/")) && e.fstype != "none"
}

// unescapeOctal turns the kernel's \040 back into a space.
func unescapeOctal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// bindMounts names the places where a part of a file system is mounted: their
// root in mountinfo is not "/".
func (m *machine) bindMounts() map[string]bool {
	binds := map[string]bool{}
	for _, line := range m.lines("/proc/self/mountinfo") {
		if f := strings.Fields(line); len(f) > 4 && f[3] != "/" {
			binds[unescapeOctal(f[4])] = true
		}
	}
	return binds
}

func (m *machine) mountFacts(ctx context.Context, e mountEntry, uuids func() map[string]string) value.Value {
	d := value.DictOf("mount", e.mount, "device", e.device, "fstype", e.fstype, "options", e.options,
		"dump", e.dump, "passno", e.pass)
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	size, ok := FileSystemSize(ctx, m.host, e.mount, e.fstype)
	if ctx.Err() != nil {
		m.warn("Timeout exceeded when getting mount info for " + e.mount)
		d.Put("note", value.Str("Could not get extra information due to timeout"))
		return d
	}
	if ok {
		d.Update(size.facts())
	}
	d.Put("uuid", value.Str(m.uuid(e.device, uuids)))
	return d
}

// uuid tells the UUID of the file system on a device: udev's, else lsblk's,
// which is a program to start and to be asked about real devices only.
func (m *machine) uuid(device string, lsblk func() map[string]string) string {
	const none = "N/A"
	info, err := m.host.Stat(device)
	if err != nil || info.Rdev == 0 {
		return none
	}
	return cmp.Or(m.udevUUID(info.Rdev), lsblk()[device], none)
}

func (s Size) facts() *value.Dict {
	return value.DictOf(
		"size_total", s.Fragment*s.Blocks, "size_available", s.Fragment*s.Available,
		"block_size", s.BlockSize, "block_total", s.Blocks, "block_available", s.Available,
		"block_used", s.Blocks-s.Available,
		"inode_total", s.Inodes, "inode_available", s.InodesFree, "inode_used", s.Inodes-s.InodesFree,
	)
}

// blockUUIDs maps devices to the UUIDs of their file systems.
func (m *machine) blockUUIDs(ctx context.Context) map[string]string {
	uuids := map[string]string{}
	out, _ := m.command(ctx, "lsblk", "--list", "--noheadings", "--paths", "--output", "NAME,UUID", "--exclude", "2")
	for _, line := range strings.Split(out, "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		device := strings.Join(f[:len(f)-1], " ")
		if uuids[device] == "" {
			uuids[device] = f[len(f)-1]
		}
	}
	return uuids
}

// udevUUID reads udev's database, "" when it has none.
func (m *machine) udevUUID(rdev uint64) string {
	major := rdev>>8&0xfff | rdev>>32&^0xfff
	minor := rdev&0xff | rdev>>12&^0xff
	for _, line := range m.lines(path.Join("/run/udev/data", fmt.Sprintf("b%d:%d", major, minor))) {
		if uuid, ok := strings.CutPrefix(line, "E:ID_FS_UUID="); ok {
			return uuid
		}
	}
	return ""
}
