package engine

import (
	"path/filepath"

	"drover/inventory"
	"drover/playbook/vars"
)

// inventoryLayers gives the levels that come from the inventory and from the
// folders beside it and beside the playbook; made once per host and playbook.
func (r *run) inventoryLayers(h *host) []vars.Layer {
	c := &h.inventoryLayersOf
	c.Lock()
	defer c.Unlock()
	if c.layers != nil && c.playbook == r.playbookDir && c.generation == r.inventoryGeneration.Load() {
		return c.layers
	}
	layers, err := r.makeInventoryLayers(h.inv)
	if err != nil {
		r.fault(&HostVarsError{h.name, err})
	}
	c.playbook, c.generation, c.layers = r.playbookDir, r.inventoryGeneration.Load(), layers
	return layers
}

func (r *run) makeInventoryLayers(h *inventory.Host) ([]vars.Layer, error) {
	var all, groups []*inventory.Group
	for _, g := range h.Groups() {
		if g.Name == "all" {
			all = append(all, g)
		} else {
			groups = append(groups, g)
		}
	}
	if len(all) == 0 {
		if g, ok := r.inventory().Group("all"); ok {
			all = append(all, g)
		}
	}
	layers := make([]vars.Layer, 0, 8)
	folders := func(dirs []string, kind, name string) error {
		for _, dir := range dirs {
			d, err := r.folders.Load(dir, kind, name)
			if err != nil {
				return err
			}
			layers = appendDict(layers, d)
		}
		return nil
	}
	invDirs, playDirs := r.inventoryDirs(), []string{r.playbookDir}
	for _, g := range all {
		layers = appendDict(layers, g.Vars)
	}
	for _, g := range groups {
		layers = appendDict(layers, g.Vars)
	}
	for _, set := range [][]*inventory.Group{all, groups} {
		for _, dirs := range [][]string{invDirs, playDirs} {
			for _, g := range set {
				if err := folders(dirs, inventory.GroupVars, g.Name); err != nil {
					return layers, err
				}
			}
		}
	}
	if h.Changed {
		layers = append(layers, vars.Data{D: h.Vars})
	} else {
		layers = appendDict(layers, h.Vars)
	}
	for _, dirs := range [][]string{invDirs, playDirs} {
		if err := folders(dirs, inventory.HostVars, h.Name); err != nil {
			return layers, err
		}
	}
	return layers, nil
}

// inventoryDirs are the folders beside the inventory's sources, without the
// playbook's own.
func (r *run) inventoryDirs() []string {
	var dirs []string
	for _, dir := range r.inventory().Sources() {
		if abs, err := filepath.Abs(dir); err == nil && abs != r.playbookDir {
			dirs = append(dirs, abs)
		}
	}
	return dirs
}
