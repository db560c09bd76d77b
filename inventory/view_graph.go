package inventory

import (
	"fmt"
	"strings"

	"drover/internal/dump"
	"drover/playbook/source"
	"drover/playbook/value"
)

// Graph draws the tree of groups and hosts below a group (--graph), with
// their variables when vars is set.
func (v *View) Graph(group string, vars bool) (string, error) {
	g, ok := v.Inventory.Group(group)
	if !ok {
		e := source.Errorf(source.Pos{}, "Pattern must be valid group name when using --graph, there is no group '%s'%s", group, source.DidYouMean(group, v.Inventory.allNames()))
		e.Err = ErrSelection
		return "", e
	}
	d := &drawing{View: v, vars: vars}
	if err := d.group(g, 0); err != nil {
		return "", err
	}
	return strings.Join(d.lines, "\n"), nil
}

func (inv *Inventory) allNames() []string {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	return inv.names()
}

type drawing struct {
	*View
	vars  bool
	lines []string
}

func (d *drawing) line(depth int, text string) {
	if depth > 0 {
		text = strings.Repeat("  |", depth) + "--" + text
	}
	d.lines = append(d.lines, text)
}

func (d *drawing) group(g *Group, depth int) error {
	d.line(depth, "@"+g.Name+":")
	for _, c := range g.Children {
		if err := d.group(c, depth+1); err != nil {
			return err
		}
	}
	if g.Name != "all" {
		for _, h := range g.Hosts() {
			d.line(depth+1, h.Name)
			if err := d.variables(depth+2, func() (*value.Dict, error) { return d.HostVars(h) }); err != nil {
				return err
			}
		}
	}
	return d.variables(depth+1, func() (*value.Dict, error) { return d.GroupVars(g) })
}

// variables draws "{name = value}" lines, sorted.
func (d *drawing) variables(depth int, get func() (*value.Dict, error)) error {
	if !d.vars {
		return nil
	}
	vars, err := get()
	if err != nil {
		return err
	}
	entries, err := value.SortedEntries(vars.Entries())
	if err != nil {
		return err
	}
	for _, e := range entries {
		d.line(depth, fmt.Sprintf("{%s = %s}", value.String(e.Key), value.String(dump.Mask(e.Val))))
	}
	return nil
}
