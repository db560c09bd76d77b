package inventory

import (
	"slices"
	"strings"
	"unicode/utf8"

	"drover/internal/lazyre"
	"drover/inventory/pyliteral"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// iniFormat reads Ansible's INI dialect: sections [group], [group:vars] and
// [group:children]; values are Python literals where they read as such.
type iniFormat struct{}

func (iniFormat) wants(_ *loader, src string) bool { return readable(src) }

func (iniFormat) parse(l *loader, src string) error {
	data, _, err := readFile(src, l.opts.Vault)
	if err != nil {
		return err
	}
	if !utf8.Valid(data) {
		return source.Errorf(source.Pos{File: src}, "the file is not UTF-8 text")
	}
	p := &iniParser{loader: l, file: src, group: "ungrouped", kind: "hosts", pending: map[string]*pendingGroup{}}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if err := p.line(strings.TrimRight(line, "\r\n"), n); err != nil {
			return err
		}
	}
	return p.finish()
}

// iniParser is in the middle of a file.
type iniParser struct {
	*loader
	file  string
	group string // of the section that is open
	kind  string // hosts, vars or children
	// pending are the groups that were used before their own section came.
	pending map[string]*pendingGroup
	order   []string // the names in pending, as they came
}

// pendingGroup is a group that only [x:vars] or [parent:children] named.
type pendingGroup struct {
	pos     source.Pos
	parents []string // empty: it has variables only
}

var (
	iniSection   = lazyre.New(`^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$`)
	iniGroupName = lazyre.New(`^([^:\]\s]+)\s*(?:#.*)?$`)
)

func (p *iniParser) line(raw string, n int) error {
	line := strings.TrimSpace(raw)
	if line == "" || line[0] == '#' || line[0] == ';' {
		return nil
	}
	indent := strings.Index(raw, line)
	pos := source.Pos{File: p.file, Line: n, Col: utf8.RuneCountInString(raw[:indent]) + 1}
	if m := iniSection.FindStringSubmatch(line); m != nil {
		return p.section(m[1], m[2], pos)
	}
	if line[0] == '[' && strings.HasSuffix(line, "]") {
		return source.Errorf(pos, "Invalid section entry: '%s'", line).
			WithHint("a section is [group], [group:vars] or [group:children], without spaces")
	}
	switch p.kind {
	case "vars":
		return p.variable(line, pos)
	case "children":
		return p.child(line, pos)
	}
	return p.hostLine(line, pos)
}

// section opens [name] or [name:kind].
func (p *iniParser) section(name, kind string, pos source.Pos) error {
	name = p.groupName(name)
	if kind == "" {
		kind = "hosts"
	}
	if !slices.Contains([]string{"hosts", "children", "vars"}, kind) {
		return source.Errorf(pos, "Section [%s:%s] has unknown type: %s", name, kind, kind).
			WithHint("the types are :vars and :children")
	}
	p.group, p.kind = name, kind
	if _, known := p.inv.groups[name]; !known {
		if kind == "vars" && p.pending[name] == nil {
			p.wait(name, &pendingGroup{pos: pos})
		}
		p.inv.addGroup(name)
	}
	if decl := p.pending[name]; decl != nil && kind != "vars" {
		return p.declare(name, decl)
	}
	return nil
}

func (p *iniParser) wait(name string, g *pendingGroup) {
	p.pending[name] = g
	p.order = append(p.order, name)
}

// declare gives a group that now has its own section to those that named it
// as their child.
func (p *iniParser) declare(name string, decl *pendingGroup) error {
	delete(p.pending, name)
	for _, parent := range decl.parents {
		if err := p.addChild(parent, name, decl.pos); err != nil {
			return err
		}
	}
	return nil
}

func (p *iniParser) addChild(parent, child string, pos source.Pos) error {
	g := p.inv.addGroup(parent)
	return at(p.inv.addChild(g, p.inv.addGroup(child)), pos)
}

// at gives err, which may be nil, the place pos when it has none.
func at(err error, pos source.Pos) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*source.Error); ok {
		if !e.Pos.Known() {
			e.Pos = pos
		}
		return e
	}
	return &source.Error{Pos: pos, Msg: err.Error(), Err: err}
}

func (p *iniParser) child(line string, pos source.Pos) error {
	m := iniGroupName.FindStringSubmatch(line)
	if m == nil {
		return source.Errorf(pos, "Expected group name, got: %s", line)
	}
	name := p.groupName(m[1])
	if _, known := p.inv.groups[name]; known {
		return p.addChild(p.group, name, pos)
	}
	if decl := p.pending[name]; decl != nil {
		decl.parents = append(decl.parents, p.group)
		return nil
	}
	p.wait(name, &pendingGroup{pos: pos, parents: []string{p.group}})
	return nil
}

func (p *iniParser) variable(line string, pos source.Pos) error {
	key, text, ok := strings.Cut(line, "=")
	if !ok {
		return source.Errorf(pos, "Expected key=value, got: %s", line)
	}
	at := pos
	at.Col += utf8.RuneCountInString(key) + 1 + len(text) - len(strings.TrimLeft(text, " \t"))
	key = strings.TrimSpace(key)
	vars := value.DictOf(key, iniValue(strings.TrimSpace(text), at))
	return p.inv.groups[p.group].setVars(vars, origins{key: pos})
}

// hostLine reads "name[1:3]:port key=value …".
func (p *iniParser) hostLine(line string, pos source.Pos) error {
	words, err := shellWords(line)
	if err != nil {
		return source.Errorf(pos, "Error parsing host definition '%s': %s", line, err).
			WithHint("quote the whole value: key='it is \"here\"'")
	}
	if len(words) == 0 {
		return nil
	}
	names, port, err := p.names(words[0].text, pos)
	if err != nil {
		return err
	}
	vars, from := value.NewDict(len(words)-1), origins{}
	for _, w := range words[1:] {
		at := pos
		at.Col += w.col - 1
		key, text, ok := strings.Cut(w.text, "=")
		if !ok {
			return source.Errorf(at, "Expected key=value host variable assignment, got: %s", w.text).
				WithHint("quote a value that has blanks: key=\"a b\"")
		}
		vars.Put(key, iniValue(text, at))
		from[key] = at
	}
	p.hosts(names, port, p.inv.groups[p.group], vars, from)
	return nil
}

// names expands a host definition and refuses what can't be meant as one.
func (p *iniParser) names(def string, pos source.Pos) ([]string, int, error) {
	names, port, err := ExpandHosts(def)
	switch {
	case err != nil:
		return nil, 0, at(err, pos)
	case strings.HasSuffix(def, ":") && port == 0:
		return nil, 0, source.Errorf(pos, "Invalid host pattern '%s' supplied, ending in ':' is not allowed, this character is reserved to provide a port.", def)
	case slices.Contains(names, "---"):
		return nil, 0, source.Errorf(pos, "Invalid host pattern '%s' supplied, '---' is normally a sign this is a YAML file.", def).
			WithHint("name the file .yml when it is YAML")
	}
	return names, port, nil
}

// finish reports groups that were named but never defined.
func (p *iniParser) finish() error {
	for _, name := range p.order {
		decl := p.pending[name]
		if decl == nil {
			continue
		}
		if len(decl.parents) == 0 {
			return source.Errorf(decl.pos, "Section [%s:vars] not valid for undefined group: %s", name, name).
				WithHint("define the group: [%s]", name)
		}
		parent := decl.parents[len(decl.parents)-1]
		return source.Errorf(decl.pos, "Section [%s:children] includes undefined group: %s%s", parent, name, source.DidYouMean(name, p.groupNames())).
			WithHint("define the group: [%s]", name)
	}
	return nil
}

func (p *iniParser) groupNames() []string {
	var names []string
	for _, g := range p.inv.groupList {
		names = append(names, g.Name)
	}
	return names
}

// iniValue reads text as a Python literal where it is one, else as a string.
func iniValue(text string, pos source.Pos) value.Value {
	v, err := pyliteral.Parse(text)
	if err != nil {
		v = value.Str(text)
	}
	if b, ok := v.(value.Bytes); ok {
		v = value.Str(b)
	}
	return trust(v, pos)
}

// trust makes templates of the texts in v that have markup: inventories belong
// to the user, so their texts may be templates.
func trust(v value.Value, pos source.Pos) value.Value {
	switch v := v.(type) {
	case value.Str:
		return yaml.Text(string(v), pos)
	case *value.List:
		for i, e := range v.Elems {
			v.Elems[i] = trust(e, pos)
		}
	case value.Tuple:
		for i, e := range v {
			v[i] = trust(e, pos)
		}
	case *value.Dict:
		for _, e := range v.Entries() {
			v.Set(e.Key, trust(e.Val, pos))
		}
	}
	return v
}
