package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// volumeGroups tells LVM's groups and volumes; "N/A" without LVM or root.
func volumeGroups(ctx context.Context, m *machine) *value.Dict {
	if m.host.Users().Current().UID != 0 || !m.has("vgs") {
		return value.DictOf("lvm", "N/A")
	}
	vgs, lvs, pvs := value.NewDict(4), value.NewDict(4), value.NewDict(4)
	for _, f := range m.lvmRows(ctx, "vgs", 5) {
		vgs.Put(f[0], value.DictOf("size_g", f[len(f)-2], "free_g", f[len(f)-1], "num_lvs", f[2], "num_pvs", f[1]))
	}
	for _, f := range m.lvmRows(ctx, "lvs", 4) {
		lvs.Put(f[0], value.DictOf("size_g", f[3], "vg", f[1]))
	}
	for _, f := range m.lvmRows(ctx, "pvs", 6) {
		pvs.Put(m.mapperName(ctx, f[0]), value.DictOf("size_g", f[4], "free_g", f[5], "vg", f[1]))
	}
	return value.DictOf("lvm", value.DictOf("lvs", lvs, "vgs", vgs, "pvs", pvs))
}

// lvmRows runs one of LVM's reports and gives its rows of at least n fields.
func (m *machine) lvmRows(ctx context.Context, report string, n int) [][]string {
	out, _ := m.command(ctx, report, "--noheadings", "--nosuffix", "--units", "g", "--separator", ",")
	var rows [][]string
	for _, line := range strings.Split(out, "\n") {
		if fields := strings.Split(strings.TrimSpace(line), ","); len(fields) >= n {
			rows = append(rows, fields)
		}
	}
	return rows
}

// mapperName gives the readable name of /dev/dm-N.
func (m *machine) mapperName(ctx context.Context, device string) string {
	if !strings.HasPrefix(device, "/dev/dm-") {
		return device
	}
	out, ok := m.command(ctx, "dmsetup", "info", "-C", "--noheadings", "-o", "name", device)
	if !ok {
		return device
	}
	return "/dev/mapper/" + strings.TrimSpace(out)
}
