package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// dmiFields maps facts to the kernel's file names and dmidecode's keywords.
var dmiFields = []struct{ fact, file, keyword string }{
	{"bios_date", "bios_date", "bios-release-date"},
	{"bios_vendor", "bios_vendor", "bios-vendor"},
	{"bios_version", "bios_version", "bios-version"},
	{"board_asset_tag", "board_asset_tag", "baseboard-asset-tag"},
	{"board_name", "board_name", "baseboard-product-name"},
	{"board_serial", "board_serial", "baseboard-serial-number"},
	{"board_vendor", "board_vendor", "baseboard-manufacturer"},
	{"board_version", "board_version", "baseboard-version"},
	{"chassis_asset_tag", "chassis_asset_tag", "chassis-asset-tag"},
	{"chassis_serial", "chassis_serial", "chassis-serial-number"},
	{"chassis_vendor", "chassis_vendor", "chassis-manufacturer"},
	{"chassis_version", "chassis_version", "chassis-version"},
	{"form_factor", "chassis_type", "chassis-type"},
	{"product_name", "product_name", "system-product-name"},
	{"product_serial", "product_serial", "system-serial-number"},
	{"product_uuid", "product_uuid", "system-uuid"},
	{"product_version", "product_version", "system-version"},
	{"system_vendor", "sys_vendor", "system-manufacturer"},
}

// formFactors are the chassis types of the SMBIOS standard by number.
var formFactors = []string{
	"Unknown", "Other", "Unknown", "Desktop", "Low Profile Desktop", "Pizza Box", "Mini Tower", "Tower",
	"Portable", "Laptop", "Notebook", "Hand Held", "Docking Station", "All In One", "Sub Notebook",
	"Space-saving", "Lunch Box", "Main Server Chassis", "Expansion Chassis", "Sub Chassis",
	"Bus Expansion Chassis", "Peripheral Chassis", "RAID Chassis", "Rack Mount Chassis", "Sealed-case PC",
	"Multi-system", "CompactPCI", "AdvancedTCA", "Blade", "Blade Enclosure", "Tablet", "Convertible",
	"Detachable", "IoT Gateway", "Embedded PC", "Mini PC", "Stick PC",
}

const dmiDir = "/sys/devices/virtual/dmi/id/"

// dmi tells what the firmware says about the machine; "NA" where it is silent
// or only root may read it.
func dmi(ctx context.Context, m *machine) *value.Dict {
	facts := value.NewDict(len(dmiFields))
	fromKernel := m.exists(dmiDir + "product_name")
	for _, f := range dmiFields {
		text := "NA"
		switch {
		case fromKernel:
			text = m.textOr(dmiDir+f.file, "NA")
			if f.fact == "form_factor" {
				text = formFactor(text)
			}
		case m.has("dmidecode"):
			text = m.dmidecode(ctx, f.keyword)
		}
		facts.Put(f.fact, value.Str(text))
	}
	return facts
}

func formFactor(code string) string {
	n, ok := number(code)
	switch {
	case !ok:
		return code
	case n < 0 || n >= int64(len(formFactors)):
		return "unknown (" + code + ")"
	}
	return formFactors[n]
}

func (m *machine) dmidecode(ctx context.Context, keyword string) string {
	out, ok := m.command(ctx, "dmidecode", "-s", keyword)
	if !ok {
		return "NA"
	}
	var kept []string
	for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
