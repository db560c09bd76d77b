package inventory

import (
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// generatorFormat makes a host of every combination of layers.
type generatorFormat struct{}

func (generatorFormat) wants(_ *loader, src string) bool { return isPluginConfig(src) }

func (generatorFormat) parse(l *loader, src string) error {
	doc, err := pluginConfig(l, src, "generator")
	if err != nil {
		return err
	}
	layers, hosts := doc.Get("layers"), doc.Get("hosts")
	if layers.IsNull() || layers.Kind != yaml.Mapping {
		return source.Errorf(doc.Pos, "the plugin generator needs layers, a mapping of names to lists")
	}
	if hosts.IsNull() || hosts.Kind != yaml.Mapping {
		return source.Errorf(doc.Pos, "the plugin generator needs hosts, a mapping with a name and parents")
	}
	for _, p := range layers.Pairs {
		if p.Value.Kind != yaml.List {
			return source.Errorf(p.Value.Pos, "the layer '%s' must be a list, found %s", p.Name(), p.Value.What())
		}
	}
	g := &generator{loader: l, hosts: hosts}
	return g.combine(layers.Pairs, value.NewDict(len(layers.Pairs)))
}

type generator struct {
	*loader
	hosts *yaml.Node
}

// combine goes through the values of the first layer and, below each, through
// those of the others; the last layer changes fastest.
func (g *generator) combine(layers []yaml.Pair, vars *value.Dict) error {
	if len(layers) == 0 {
		return g.host(vars)
	}
	for _, item := range layers[0].Value.Items {
		with := vars.Clone()
		with.Set(layers[0].Key.Value(), item.Value())
		if err := g.combine(layers[1:], with); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) host(vars *value.Dict) error {
	ctx := jinja.NewContext(g.opts.Env, dictScope{vars})
	name, err := render(ctx, g.hosts, "name")
	if err != nil {
		return err
	}
	g.loader.hosts([]string{name}, 0, nil, nil, nil)
	h := g.inv.hosts[name]
	return g.parents(ctx, g.hosts, func(parent *Group) error {
		g.inv.join(parent, h)
		return nil
	})
}

// parents makes the groups under "parents" of n, gives each to adopt, and goes
// on with their own parents.
func (g *generator) parents(ctx *jinja.Context, n *yaml.Node, adopt func(*Group) error) error {
	list := n.Get("parents")
	if list.IsNull() {
		return nil
	}
	if list.Kind != yaml.List {
		return source.Errorf(list.Pos, "parents must be a list, found %s", list.What())
	}
	for _, item := range list.Items {
		name, err := render(ctx, item, "name")
		if err != nil {
			return err
		}
		parent := g.inv.addGroup(g.groupName(name))
		if err := g.groupVars(ctx, parent, item.Get("vars")); err != nil {
			return err
		}
		if err := adopt(parent); err != nil {
			return at(err, item.Pos)
		}
		err = g.parents(ctx, item, func(grand *Group) error { return g.inv.addChild(grand, parent) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) groupVars(ctx *jinja.Context, group *Group, vars *yaml.Node) error {
	if vars.IsNull() {
		return nil
	}
	if vars.Kind != yaml.Mapping {
		return source.Errorf(vars.Pos, "vars must be a mapping, found %s", vars.What())
	}
	v, err := ctx.Evaluate(vars.Dict())
	if err != nil {
		return failed(err, vars.Pos, "the variables of group '%s' can't be evaluated", group.Name)
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return source.Errorf(vars.Pos, "vars must be a mapping, got %s", v.Type())
	}
	return group.setVars(d, placesOf(vars))
}

// render evaluates the text at a key of n.
func render(ctx *jinja.Context, n *yaml.Node, key string) (string, error) {
	field := n.Get(key)
	if field.IsNull() {
		return "", source.Errorf(n.Pos, "this entry has no '%s'", key)
	}
	v, err := ctx.Evaluate(field.Value())
	if err != nil {
		return "", failed(err, field.Pos, "the %s can't be evaluated", key)
	}
	return value.String(v), nil
}
