package inventory

import (
	"fmt"
	"path/filepath"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// yamlFormat reads groups as nested mappings of hosts, vars and children.
type yamlFormat struct{}

func (yamlFormat) wants(l *loader, src string) bool {
	ext := filepath.Ext(src)
	return (ext == "" || l.opts.isYAMLExt(ext)) && readable(src)
}

func (yamlFormat) parse(l *loader, src string) error {
	doc, err := l.opts.readYAML(src)
	if err != nil {
		return err
	}
	switch {
	case doc.IsNull() || len(doc.Pairs)+len(doc.Items) == 0 && doc.Kind != yaml.Scalar:
		return source.Errorf(source.Pos{File: src}, "Parsed empty YAML file")
	case doc.Kind != yaml.Mapping:
		return source.Errorf(doc.Pos, "YAML inventory has invalid structure, it should be a dictionary, got: %s", doc.What())
	case !doc.Get("plugin").IsNull():
		return errDeclined
	}
	for _, p := range doc.Pairs {
		if _, err := l.yamlGroup(p); err != nil {
			return err
		}
	}
	return nil
}

// yamlGroup reads "name: {hosts: …, vars: …, children: …}".
func (l *loader) yamlGroup(p yaml.Pair) (*Group, error) {
	name, body := p.Name(), p.Value
	if !body.IsNull() && body.Kind != yaml.Mapping {
		l.warnAt(body.Pos, "Skipping '%s' as this is not a valid group definition", name)
		return nil, nil
	}
	g, err := l.group(name, p.Key.Pos)
	if err != nil || body.IsNull() {
		return g, err
	}
	for _, section := range body.Pairs {
		if err := l.yamlSection(g, section); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (l *loader) yamlSection(g *Group, section yaml.Pair) error {
	kind, body := section.Name(), section.Value
	known := kind == "hosts" || kind == "vars" || kind == "children"
	if word, ok := body.Text(); ok && known {
		body = &yaml.Node{Kind: yaml.Mapping, Pos: body.Pos, Pairs: []yaml.Pair{{Key: textNode(word, body.Pos), Value: textNode("", body.Pos)}}}
		body.Pairs[0].Value.Scalar = value.None
	}
	switch {
	case body.IsNull():
		return nil
	case body.Kind != yaml.Mapping && known:
		return source.Errorf(body.Pos, "Invalid \"%s\" entry for \"%s\" group, requires a dictionary, found %s instead.", kind, g.Name, body.What()).
			WithHint("write each as a key of its own: \"name:\" instead of \"- name\"")
	case body.Kind != yaml.Mapping:
		l.warnAt(body.Pos, "Skipping key (%s) in group (%s) as it is not a mapping, it is %s", kind, g.Name, body.What())
		return nil
	}
	switch kind {
	case "vars":
		return g.setVars(body.Dict(), placesOf(body))
	case "children":
		return l.yamlChildren(g, body)
	case "hosts":
		return l.yamlHosts(g, body)
	}
	l.warnAt(section.Key.Pos, "Skipping unexpected key (%s) in group (%s), only \"vars\", \"children\" and \"hosts\" are valid", kind, g.Name)
	return nil
}

func (l *loader) yamlChildren(g *Group, body *yaml.Node) error {
	for _, p := range body.Pairs {
		child, err := l.yamlGroup(p)
		if err != nil {
			return err
		}
		if child == nil {
			continue
		}
		if err := l.inv.addChild(g, child); err != nil {
			return at(err, p.Key.Pos)
		}
	}
	return nil
}

func (l *loader) yamlHosts(g *Group, body *yaml.Node) error {
	for _, p := range body.Pairs {
		def, ok := p.Key.Text()
		if !ok {
			return source.Errorf(p.Key.Pos, "Host pattern %s must be a string. Enclose integers/floats in quotation marks.", p.Name())
		}
		names, port, err := ExpandHosts(def)
		if err != nil {
			return at(err, p.Key.Pos)
		}
		if !p.Value.IsNull() && p.Value.Kind != yaml.Mapping {
			return source.Errorf(p.Value.Pos, "the variables of host '%s' must be a mapping, found %s", def, p.Value.What())
		}
		var vars *value.Dict
		var from origins
		if !p.Value.IsNull() {
			vars, from = p.Value.Dict(), placesOf(p.Value)
		}
		l.hosts(names, port, g, vars, from)
	}
	return nil
}

// placesOf gives the places of a mapping's keys.
func placesOf(n *yaml.Node) origins {
	o := make(origins, len(n.Pairs))
	for _, p := range n.Pairs {
		o[p.Name()] = p.Key.Pos
	}
	return o
}

func textNode(s string, pos source.Pos) *yaml.Node {
	return &yaml.Node{Kind: yaml.Scalar, Pos: pos, Scalar: value.Str(s)}
}

func (l *loader) warnAt(pos source.Pos, text string, args ...any) {
	l.opts.warn(fmt.Sprintf(text, args...) + " (" + pos.String() + ")")
}

// autoFormat reads a YAML file whose key "plugin" names the format.
type autoFormat struct{}

func (autoFormat) wants(_ *loader, src string) bool {
	return (strings.HasSuffix(src, ".yml") || strings.HasSuffix(src, ".yaml")) && readable(src)
}

func (autoFormat) parse(l *loader, src string) error {
	doc, err := l.opts.readYAML(src)
	if err != nil {
		return errDeclined // the yaml format gives the same error
	}
	node := doc.Get("plugin")
	if node.IsNull() {
		return errDeclined
	}
	name, _ := node.Text()
	f, ok := formatNamed(name)
	if !ok {
		return source.Errorf(node.Pos, "inventory config '%s' specifies unknown plugin '%s'%s", src, name, source.DidYouMean(name, pluginNames)).
			WithHint("drover has the plugins %s; any other source can be an executable script that prints JSON", strings.Join(pluginNames, ", "))
	}
	if !f.wants(l, src) {
		return source.Errorf(node.Pos, "inventory source '%s' could not be verified by inventory plugin '%s'", src, name)
	}
	return f.parse(l, src)
}

// pluginNames are the formats that are configured by a YAML file.
var pluginNames = []string{"ansible.builtin.constructed", "ansible.builtin.generator"}
