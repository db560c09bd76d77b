package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// filterFile gives the file that lists the modules not to be used.
func (s *session) filterFile() string {
	if s.cfg.PluginFilters == "" {
		return "/etc/ansible/plugin_filters.yml"
	}
	return s.cfg.PluginFilters
}

// rejectedModules reads that file. One that says nothing useful is a warning,
// as in Ansible, so that a run does not depend on it.
func (s *session) rejectedModules() ([]string, error) {
	path := s.filterFile()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if s.cfg.PluginFilters != "" {
			s.display.warn(fmt.Sprintf("The plugin filter file, %s does not exist. Skipping.", path))
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("plugin_filters_cfg: %w", err)
	}
	names, why := rejectList(data, path)
	if why != "" {
		s.display.warn(fmt.Sprintf("The plugin filter file, %s %s. Skipping.", path, why))
	}
	if slices.Contains(names, "stat") {
		return nil, source.Errorf(source.Pos{File: path}, "The stat module was specified in the module reject list file, %s, but"+
			" Ansible will not function without the stat module.  Please remove stat from the reject list.", path)
	}
	return names, nil
}

// rejectList gives the names in the file, or says why it has none.
func rejectList(data []byte, path string) (names []string, why string) {
	v, err := yaml.Parse(data, path)
	if err != nil {
		return nil, "was not parsable: " + err.Error()
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, "was invalid"
	}
	version, ok := d.Lookup("filter_version")
	switch {
	case !ok:
		return nil, "was invalid"
	case strings.TrimSpace(value.String(version)) != "1.0":
		return nil, "was a version not recognized by this version of Ansible"
	}
	list, ok := d.At("module_rejectlist").(*value.List)
	if !ok {
		return nil, "has no list as module_rejectlist"
	}
	for _, e := range list.Elems {
		names = append(names, value.String(e))
	}
	return names, ""
}
