package facts

import (
	"path"
	"slices"

	"drover/playbook/value"
)

// deviceLinks maps a device's name to its names elsewhere: by id, uuid and
// label, and the devices that are built upon it.
type deviceLinks struct {
	ids, uuids, labels, masters map[string][]string
}

func (m *machine) deviceLinks() deviceLinks {
	return deviceLinks{
		ids:     m.linksIn("/dev/disk/by-id"),
		uuids:   m.linksIn("/dev/disk/by-uuid"),
		labels:  m.linksIn("/dev/disk/by-label"),
		masters: m.deviceOwners(),
	}
}

func (m *machine) linksIn(dir string) map[string][]string {
	links := map[string][]string{}
	for _, name := range m.names(dir) {
		if device := m.linkName(path.Join(dir, name)); device != "" {
			links[device] = append(links[device], name)
		}
	}
	return sortedLists(links)
}

func (m *machine) deviceOwners() map[string][]string {
	owners := map[string][]string{}
	for _, device := range m.names("/sys/block") {
		for _, slave := range m.names("/sys/block/" + device + "/slaves") {
			owners[slave] = append(owners[slave], device)
		}
	}
	return sortedLists(owners)
}

func sortedLists(lists map[string][]string) map[string][]string {
	for _, l := range lists {
		slices.Sort(l)
	}
	return lists
}

// of gives the links of one device, as its fact "links".
func (l deviceLinks) of(device string) *value.Dict {
	return value.DictOf(
		"ids", orEmpty(l.ids[device]), "uuids", orEmpty(l.uuids[device]),
		"labels", orEmpty(l.labels[device]), "masters", orEmpty(l.masters[device]),
	)
}

// all gives every link, as the fact "device_links".
func (l deviceLinks) all() *value.Dict {
	return value.DictOf("ids", listsValue(l.ids), "uuids", listsValue(l.uuids),
		"labels", listsValue(l.labels), "masters", listsValue(l.masters))
}

func listsValue(lists map[string][]string) *value.Dict {
	names := make([]string, 0, len(lists))
	for name := range lists {
		names = append(names, name)
	}
	slices.Sort(names)
	d := value.NewDict(len(names))
	for _, name := range names {
		d.Put(name, value.Strings(lists[name]...))
	}
	return d
}
