package facts

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

// devices tells the block devices and their partitions, from /sys/block.
func devices(ctx context.Context, m *machine) *value.Dict {
	found := value.NewDict(16)
	links := m.deviceLinks()
	pci, _ := m.command(ctx, "lspci", "-D")
	wwns := m.worldWideNames()
	for _, name := range m.names("/sys/block") {
		dir, virtual, ok := m.blockDir(name)
		if !ok {
			continue
		}
		d := m.blockDevice(ctx, name, dir, links)
		d.Put("virtual", value.Int(virtual))
		if wwn := wwns[name]; wwn != "" {
			d.Put("wwn", value.Str(wwn))
		}
		d.Put("host", value.Str(pciName(dir, pci)))
		found.Put(path.Base(dir), d)
	}
	return value.DictOf("devices", found, "device_links", links.all())
}

// blockDir resolves a device's folder. Where /sys/block holds no links (old
// kernels), a device without hardware behind it is virtual.
func (m *machine) blockDir(name string) (dir string, virtual int, ok bool) {
	dir = "/sys/block/" + name
	if to, err := m.host.Readlink(dir); err == nil {
		return path.Join("/sys/block", to), 1, true
	}
	info, err := m.host.Stat(dir)
	if err != nil || !info.IsDir() {
		return "", 0, false
	}
	if m.exists(dir + "/device") {
		return dir, 0, true
	}
	return dir, 1, true
}

// worldWideNames maps devices to the WWN that udev found.
func (m *machine) worldWideNames() map[string]string {
	names := map[string]string{}
	for _, link := range m.names("/dev/disk/by-id") {
		if wwn, ok := strings.CutPrefix(link, "wwn-"); ok {
			names[m.linkName("/dev/disk/by-id/"+link)] = wwn
		}
	}
	return names
}

func (m *machine) blockDevice(ctx context.Context, name, dir string, links deviceLinks) *value.Dict {
	d := value.DictOf("links", links.of(name))
	for _, key := range []string{"vendor", "model", "sas_address", "sas_device_handle"} {
		d.Put(key, m.textOrNone(dir+"/device/"+key))
	}
	if serial := m.diskSerial(ctx, name, dir); serial != "" {
		d.Put("serial", value.Str(serial))
	}
	d.Put("removable", m.textOrNone(dir+"/removable"))
	d.Put("support_discard", m.discards(dir))
	d.Put("partitions", m.partitions(path.Base(dir), dir, links))
	d.Put("rotational", m.textOrNone(dir+"/queue/rotational"))
	d.Put("scheduler_mode", value.Str(scheduler(m.textOr(dir+"/queue/scheduler", ""))))
	m.addSize(d, dir)
	d.Put("holders", value.Strings(m.holders(dir)...))
	return d
}

func (m *machine) textOrNone(file string) value.Value {
	if s, ok := m.text(file); ok {
		return value.Str(s)
	}
	return value.None
}

var inquirySerial = lazyre.New(`(?:Unit serial|Serial) number:\s+(\w+)`)

func (m *machine) diskSerial(ctx context.Context, name, dir string) string {
	if !m.has("sg_inq") {
		return m.textOr(dir+"/device/serial", "")
	}
	out, _ := m.command(ctx, "sg_inq", "/dev/"+name)
	if found := inquirySerial.FindStringSubmatch(out); found != nil {
		return found[1]
	}
	return ""
}

// discards gives the granularity of discards; "0" where the hardware takes
// none whatever granularity it claims.
func (m *machine) discards(dir string) value.Value {
	if m.textOr(dir+"/queue/discard_max_hw_bytes", "") == "0" {
		return value.Str("0")
	}
	return m.textOrNone(dir + "/queue/discard_granularity")
}

func (m *machine) partitions(device, dir string, links deviceLinks) *value.Dict {
	found := value.NewDict(4)
	partition := regexp.MustCompile(`^` + regexp.QuoteMeta(device) + `p?\d+$`)
	for _, name := range m.names(dir) {
		if !partition.MatchString(name) {
			continue
		}
		part := value.DictOf("links", links.of(name), "start", m.textOr(dir+"/"+name+"/start", "0"))
		m.addSize(part, dir+"/"+name)
		part.Put("uuid", value.None)
		if uuids := links.uuids[name]; len(uuids) > 0 {
			part.Put("uuid", value.Str(uuids[len(uuids)-1]))
		}
		part.Put("holders", value.Strings(m.holders(dir+"/"+name)...))
		found.Put(name, part)
	}
	return found
}

// addSize adds the size in sectors of the device's own size, and for people.
// The kernel counts in 512 bytes whatever the sector's size is.
func (m *machine) addSize(d *value.Dict, dir string) {
	sectors, _ := number(m.textOr(dir+"/size", "0"))
	sectorSize := value.Value(value.Int(512))
	bytes := int64(512)
	for _, file := range []string{"/queue/logical_block_size", "/queue/hw_sector_size"} {
		if n, ok := number(m.textOr(dir+file, "")); ok && n > 0 {
			sectorSize, bytes = value.Str(fmt.Sprint(n)), n
			break
		}
	}
	d.Put("sectors", value.Int(sectors*512/bytes))
	d.Put("sectorsize", sectorSize)
	d.Put("size", value.Str(humanSize(sectors*512)))
}

// humanSize prints a size with two decimals in its largest fitting unit.
func humanSize(bytes int64) string {
	units := []string{"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"}
	size, unit := float64(bytes), 0
	for size >= 1024 && unit < len(units)-1 {
		size /= 1024
		unit++
	}
	return fmt.Sprintf("%.2f %s", size, units[unit])
}

// holders names the device mapper's devices upon this one.
func (m *machine) holders(dir string) []string {
	holders := []string{}
	for _, name := range m.names(dir + "/holders") {
		if strings.HasPrefix(name, "dm-") {
			holders = append(holders, m.textOr(dir+"/holders/"+name+"/dm/name", name))
		}
	}
	return holders
}

var chosenScheduler = lazyre.New(`\[(.*)\]`)

func scheduler(text string) string {
	if found := chosenScheduler.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

var pciAddress = lazyre.New(`.+/([a-f0-9]{4}:[a-f0-9]{2}:[01][a-f0-9]\.[0-7])/`)

// pciName gives lspci's name of the controller that the device hangs on.
func pciName(dir, lspci string) string {
	found := pciAddress.FindStringSubmatch(dir)
	if found == nil {
		return ""
	}
	for _, line := range strings.Split(lspci, "\n") {
		if name, ok := strings.CutPrefix(line, found[1]); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}
