package inventory

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"drover/playbook/source"
	"drover/playbook/value"
)

// tomlFormat reads groups as TOML tables with hosts, vars and children.
type tomlFormat struct{}

func (tomlFormat) wants(_ *loader, src string) bool {
	return filepath.Ext(src) == ".toml" && readable(src)
}

func (tomlFormat) parse(l *loader, src string) error {
	doc, err := readTOML(l, src)
	if err != nil {
		return err
	}
	if doc.Len() == 0 {
		return source.Errorf(source.Pos{File: src}, "Parsed empty TOML file")
	}
	if _, ok := doc.Lookup("plugin"); ok {
		return source.Errorf(source.Pos{File: src}, "Plugin configuration TOML file, not TOML inventory").
			WithHint("write the configuration of a plugin as YAML")
	}
	p := &tomlParser{loader: l, pos: source.Pos{File: src}}
	for _, e := range doc.Entries() {
		if err := p.group(value.String(e.Key), e.Val); err != nil {
			return err
		}
	}
	return nil
}

func readTOML(l *loader, src string) (*value.Dict, error) {
	data, _, err := readFile(src, l.opts.Vault)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	meta, err := toml.Decode(string(data), &m)
	var syntax toml.ParseError
	if errors.As(err, &syntax) {
		pos := source.Pos{File: src, Line: syntax.Position.Line, Col: syntax.Position.Col}
		return nil, source.Errorf(pos, "TOML file (%s) is invalid: %s", src, syntax.Message)
	}
	if err != nil {
		return nil, source.Errorf(source.Pos{File: src}, "TOML file (%s) is invalid: %v", src, err)
	}
	c := tomlOrder{places: map[string]int{}, pos: source.Pos{File: src}}
	for i, k := range meta.Keys() {
		if path := strings.Join(k, "\x00"); c.places[path] == 0 {
			c.places[path] = i + 1
		}
	}
	return c.dict(m, ""), nil
}

// tomlOrder gives back the order of the file, which the decoder loses.
type tomlOrder struct {
	places map[string]int // where a key stands in the file, from 1
	pos    source.Pos
}

func (c tomlOrder) dict(m map[string]any, prefix string) *value.Dict {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return c.places[prefix+a] - c.places[prefix+b] })
	d := value.NewDict(len(m))
	for _, k := range keys {
		d.Put(k, c.value(m[k], prefix+k+"\x00"))
	}
	return d
}

func (c tomlOrder) value(x any, prefix string) value.Value {
	switch x := x.(type) {
	case map[string]any:
		return c.dict(x, prefix)
	case []map[string]any:
		l := value.NewList()
		for _, m := range x {
			l.Append(c.dict(m, prefix))
		}
		return l
	case []any:
		l := value.NewList()
		for _, e := range x {
			l.Append(c.value(e, prefix))
		}
		return l
	case time.Time:
		return value.Str(x.Format(time.RFC3339Nano))
	}
	return trust(value.FromGo(x), c.pos)
}

type tomlParser struct {
	*loader
	pos source.Pos
}

func (p *tomlParser) group(name string, data value.Value) error {
	body, ok := data.(*value.Dict)
	if !ok {
		p.warnAt(p.pos, "Skipping '%s' as this is not a valid group definition", name)
		return nil
	}
	g, err := p.loader.group(name, p.pos)
	if err != nil {
		return err
	}
	for _, e := range body.Entries() {
		switch key := value.String(e.Key); key {
		case "vars":
			err = p.vars(g, e.Val)
		case "children":
			err = p.children(g, e.Val)
		case "hosts":
			err = p.hostTable(g, e.Val)
		default:
			p.warnAt(p.pos, "Skipping unexpected key \"%s\" in group \"%s\", only \"vars\", \"children\" and \"hosts\" are valid", key, g.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *tomlParser) invalid(key, group, wants string, got value.Value) error {
	return source.Errorf(p.pos, "Invalid \"%s\" entry for \"%s\" group, requires a %s, found \"%s\" instead.", key, group, wants, got.Type())
}

func (p *tomlParser) vars(g *Group, v value.Value) error {
	d, ok := v.(*value.Dict)
	if !ok {
		return p.invalid("vars", g.Name, "dict", v)
	}
	return at(g.setVars(d, nil), p.pos)
}

func (p *tomlParser) children(g *Group, v value.Value) error {
	list, ok := v.(*value.List)
	if !ok {
		return p.invalid("children", g.Name, "list", v)
	}
	for _, e := range list.Elems {
		child, err := p.loader.group(value.String(e), p.pos)
		if err == nil {
			err = at(p.inv.addChild(g, child), p.pos)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *tomlParser) hostTable(g *Group, v value.Value) error {
	d, ok := v.(*value.Dict)
	if !ok {
		return p.invalid("hosts", g.Name, "dict", v)
	}
	for _, e := range d.Entries() {
		names, port, err := ExpandHosts(value.String(e.Key))
		if err != nil {
			return at(err, p.pos)
		}
		vars, ok := e.Val.(*value.Dict)
		if !ok {
			return source.Errorf(p.pos, "the variables of host '%s' must be a table, found %s", value.String(e.Key), e.Val.Type())
		}
		p.hosts(names, port, g, vars, nil)
	}
	return nil
}
