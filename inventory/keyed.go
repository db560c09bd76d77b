package inventory

import (
	"slices"

	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// keyedGroup is one entry of keyed_groups: groups named after the value of an
// expression.
type keyedGroup struct {
	pos       source.Pos
	key       *yaml.Node
	prefix    string
	separator string
	parent    value.Value // may be a template; nil without one
	fallback  *string     // default_value
	trailing  bool        // trailing_separator
}

func readKeyedGroups(n *yaml.Node) ([]keyedGroup, error) {
	if n.IsNull() {
		return nil, nil
	}
	if n.Kind != yaml.List {
		return nil, source.Errorf(n.Pos, "keyed_groups must be a list, found %s", n.What())
	}
	var list []keyedGroup
	for _, item := range n.Items {
		k, err := readKeyedGroup(item)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, nil
}

// readKeyedGroup reads an entry of keyed_groups. Other keys in it mean nothing.
func readKeyedGroup(n *yaml.Node) (keyedGroup, error) {
	k := keyedGroup{pos: n.Pos, separator: "_", trailing: true}
	if n.Kind != yaml.Mapping || len(n.Pairs) == 0 {
		return k, source.Errorf(n.Pos, "Invalid keyed group entry, it must be a dictionary, found %s", n.What())
	}
	var err error
	hasTrailing := false
	for _, p := range n.Pairs {
		switch name := p.Name(); name {
		case "key":
			k.key = p.Value
		case "prefix":
			k.prefix = value.String(p.Value.Value())
		case "separator":
			k.separator = value.String(p.Value.Value())
		case "parent_group":
			if !p.Value.IsNull() {
				k.parent = p.Value.Value()
			}
		case "default_value":
			if !p.Value.IsNull() {
				s := value.String(p.Value.Value())
				k.fallback = &s
			}
		case "trailing_separator":
			hasTrailing = true
			k.trailing, err = yamlBool(name, p.Value)
		}
		if err != nil {
			return k, err
		}
	}
	switch {
	case k.key.IsNull():
		return k, source.Errorf(n.Pos, "an entry of keyed_groups needs a key, the expression that names the groups")
	case hasTrailing && k.fallback != nil:
		return k, source.Errorf(n.Pos, "parameters are mutually exclusive for keyed groups: default_value|trailing_separator")
	}
	return k, nil
}

// keyedGroups puts a host into the groups that one entry names.
func (c *constructor) keyedGroups(h *Host, ctx *jinja.Context, k keyedGroup) error {
	key, err := c.expr(ctx, k.key)
	if err != nil {
		if c.strict {
			text, _ := k.key.Text()
			return failed(err, k.key.Pos, "Could not generate group for host %s from %s entry", h.Name, text)
		}
		return nil
	}
	s, isText := value.AsString(key)
	if !value.Truth(key) && !(isText && s == "" && k.fallback != nil) {
		return c.emptyKey(h, k, key)
	}
	parent, err := c.parentName(ctx, k)
	if err != nil {
		if c.strict {
			return failed(err, k.pos, "Could not generate parent group for host %s", h.Name)
		}
		return nil
	}
	names, err := k.names(key)
	if err != nil {
		return err
	}
	for _, bare := range names {
		if err := c.joinKeyed(h, k, bare, parent); err != nil {
			return err
		}
	}
	return nil
}

// emptyKey judges a key that names no group: empty containers are fine.
func (c *constructor) emptyKey(h *Host, k keyedGroup, key value.Value) error {
	switch key.(type) {
	case *value.List, *value.Dict:
		return nil
	}
	if !c.strict {
		return nil
	}
	text, _ := k.key.Text()
	return source.Errorf(k.key.Pos, "No key or key resulted empty for %s in host %s, invalid entry", text, h.Name)
}

func (c *constructor) parentName(ctx *jinja.Context, k keyedGroup) (string, error) {
	if k.parent == nil {
		return "", nil
	}
	v, err := ctx.Evaluate(k.parent)
	if err != nil {
		return "", err
	}
	return value.String(v), nil
}

func (c *constructor) joinKeyed(h *Host, k keyedGroup, bare, parent string) error {
	separator := k.separator
	if k.prefix == "" && !c.leading {
		separator = ""
	}
	g := c.inv.addGroup(safeName(k.prefix + separator + bare))
	c.inv.join(g, h)
	if parent == "" {
		return nil
	}
	if err := c.inv.addChild(c.inv.addGroup(safeName(parent)), g); err != nil {
		return at(err, k.pos)
	}
	return nil
}

// names gives the groups' names without their prefix.
func (k keyedGroup) names(key value.Value) ([]string, error) {
	switch key := key.(type) {
	case *value.List:
		names := make([]string, key.Len())
		for i, e := range key.Elems {
			names[i] = k.orDefault(value.String(e))
		}
		return names, nil
	case value.Mapping:
		return k.pairNames(key)
	}
	if s, ok := value.AsString(key); ok {
		return []string{k.orDefault(s)}, nil
	}
	return nil, source.Errorf(k.key.Pos, "Invalid group name format, expected a string or a list of them or dictionary, got: %s", key.Type())
}

func (k keyedGroup) orDefault(name string) string {
	if name == "" && k.fallback != nil {
		return *k.fallback
	}
	return name
}

// pairNames joins each key of a dict with its value.
func (k keyedGroup) pairNames(d value.Mapping) ([]string, error) {
	var names []string
	for _, key := range d.Keys() {
		v, _, err := d.Get(key)
		if err != nil {
			return nil, err
		}
		name, val := value.String(key), value.String(v)
		switch {
		case val == "" && k.fallback != nil:
			name += k.separator + *k.fallback
		case val != "" || k.trailing:
			name += k.separator + val
		}
		names = append(names, name)
	}
	return names, nil
}

// groupNames gives the sorted names without "all".
func groupNames(groups []*Group) []string {
	var names []string
	for _, g := range groups {
		if g.Name != "all" {
			names = append(names, g.Name)
		}
	}
	slices.Sort(names)
	return names
}
