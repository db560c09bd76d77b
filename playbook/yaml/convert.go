package yaml

import (
	"encoding/base64"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"drover/playbook/source"
	"drover/playbook/value"
)

// converter turns the library's nodes of one document into ours.
type converter struct {
	*text
	Options
	unsafe  bool // inside a container tagged !unsafe
	json    bool // the text is JSON, in which mappings can stand for tags
	aliased int
	done    map[*yaml.Node]*Node // anchored nodes; nil while they are being converted
}

func (c *converter) document(raw *yaml.Node) (*Node, error) {
	if raw.Kind == yaml.DocumentNode {
		if len(raw.Content) == 0 {
			return &Node{Pos: c.pos(raw), Scalar: value.None, size: 1}, nil
		}
		raw = raw.Content[0]
	}
	return c.node(raw)
}

func (c *converter) node(raw *yaml.Node) (*Node, error) {
	if raw.Kind == yaml.AliasNode {
		return c.alias(raw)
	}
	if raw.Anchor != "" {
		c.done[raw] = nil
	}
	n, err := c.fresh(raw)
	if err != nil {
		return nil, err
	}
	if raw.Anchor != "" {
		c.done[raw] = n
	}
	return n, nil
}

func (c *converter) alias(raw *yaml.Node) (*Node, error) {
	n := c.done[raw.Alias]
	if n == nil {
		return nil, source.Errorf(c.pos(raw), "the value of anchor '%s' contains itself", raw.Value)
	}
	if c.aliased += n.size; c.aliased > maxAliased {
		return nil, source.Errorf(c.pos(raw), "the aliases of this document unfold into more than %d values", maxAliased).
			WithHint("write the values out, or keep them in a variable")
	}
	return n, nil
}

func (c *converter) fresh(raw *yaml.Node) (*Node, error) {
	was := c.unsafe
	defer func() { c.unsafe = was }()
	switch raw.Kind {
	case yaml.MappingNode:
		if err := c.containerTag(raw, "!!map", "!!omap", "!!set"); err != nil {
			return nil, err
		}
		if n, ok := c.marked(raw); ok {
			return n, nil
		}
		n, err := c.mapping(raw)
		if err == nil && raw.Tag == "!!set" {
			n = setOf(n)
		}
		return n, err
	case yaml.SequenceNode:
		if err := c.containerTag(raw, "!!seq", "!!omap", "!!pairs"); err != nil {
			return nil, err
		}
		n, err := c.list(raw)
		if err == nil && (raw.Tag == "!!omap" || raw.Tag == "!!pairs") {
			err = c.pairs(n)
		}
		return n, err
	}
	return c.scalar(raw)
}

// pairs makes the elements of an !!omap, mappings of one key each, to lists of
// key and value.
func (c *converter) pairs(n *Node) error {
	for i, item := range n.Items {
		if item.Kind != Mapping || len(item.Pairs) != 1 {
			return source.Errorf(item.Pos, "an element of !!omap and of !!pairs must be a mapping of one key")
		}
		p := item.Pairs[0]
		n.Items[i] = &Node{Kind: List, Pos: item.Pos, size: item.size, Items: []*Node{p.Key, p.Value}}
	}
	return nil
}

// setOf gives a !!set, a mapping without values, as the list of its elements.
func setOf(n *Node) *Node {
	list := &Node{Kind: List, Pos: n.Pos, size: n.size}
	for _, p := range n.Pairs {
		list.Items = append(list.Items, p.Key)
	}
	return list
}

func (c *converter) containerTag(raw *yaml.Node, allowed ...string) error {
	switch {
	case raw.Tag == "" || raw.Tag == "!":
		return nil
	case raw.Tag == "!unsafe" && !c.StandardTags:
		c.unsafe = true
		return nil
	}
	for _, t := range allowed {
		if raw.Tag == t {
			return nil
		}
	}
	return c.badTag(raw)
}

func (c *converter) badTag(raw *yaml.Node) error {
	e := source.Errorf(c.pos(raw), "unknown YAML tag '%s'", raw.Tag)
	e.Width = len(raw.Tag)
	if c.StandardTags {
		return e.WithHint("a text that a template reads has none but YAML's own")
	}
	return e.WithHint("the tags with a meaning are !vault and !unsafe; quote the text if it should start with '!'")
}

func (c *converter) list(raw *yaml.Node) (*Node, error) {
	n := &Node{Kind: List, Pos: c.pos(raw), Items: make([]*Node, 0, len(raw.Content)), size: 1}
	for _, item := range raw.Content {
		i, err := c.node(item)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, i)
		n.size += i.size
	}
	return n, nil
}

// mapping converts the pairs in order. Keys that come in by "<<" stand before
// the mapping's own, which override them in place, as in PyYAML.
func (c *converter) mapping(raw *yaml.Node) (*Node, error) {
	m := &pairs{node: &Node{Kind: Mapping, Pos: c.pos(raw), size: 1}, at: map[string]int{}}
	for i := 0; i+1 < len(raw.Content); i += 2 {
		if isMerge(raw.Content[i]) {
			if err := c.merge(m, raw.Content[i+1]); err != nil {
				return nil, err
			}
		}
	}
	m.own = map[string]bool{}
	for i := 0; i+1 < len(raw.Content); i += 2 {
		if isMerge(raw.Content[i]) {
			continue
		}
		key, err := c.key(raw.Content[i], raw)
		if err != nil {
			return nil, err
		}
		val, err := c.node(raw.Content[i+1])
		if err != nil {
			return nil, err
		}
		if m.put(Pair{key, val}) {
			if err := c.duplicate(key); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range m.node.Pairs {
		m.node.size += p.Value.size + 1
	}
	return m.node, nil
}

func isMerge(key *yaml.Node) bool { return key.Tag == "!!merge" }

// merge puts in the pairs of the mapping, or of the list of mappings, behind
// a "<<"; the first mapping of a list wins.
func (c *converter) merge(m *pairs, raw *yaml.Node) error {
	n, err := c.node(raw)
	if err != nil {
		return err
	}
	sources := []*Node{n}
	if n.Kind == List {
		sources = n.Items
	}
	for i := len(sources) - 1; i >= 0; i-- {
		if sources[i].Kind != Mapping {
			return source.Errorf(c.pos(raw), "'<<' merges mappings, but this is %s", sources[i].What())
		}
		for _, p := range sources[i].Pairs {
			m.put(p)
		}
	}
	return nil
}

// pairs collects the entries of a mapping, later ones replacing earlier ones
// with the same key in their place.
type pairs struct {
	node *Node
	at   map[string]int
	own  map[string]bool // the keys written in the mapping itself, after merging
}

// duplicate deals with a key that is given twice in one mapping.
func (c *converter) duplicate(key *Node) error {
	text := "found a duplicate dict key (" + value.String(key.Scalar) + ")"
	switch {
	case c.DuplicateKeys == "error":
		return source.Errorf(key.Pos, "%s", text).WithHint("give each key once")
	case c.DuplicateKeys != "ignore" && c.Warn != nil:
		c.Warn(key.Pos, text+"; the last value counts")
	}
	return nil
}

// put adds a pair and reports whether the mapping itself had the key already.
func (m *pairs) put(p Pair) (twice bool) {
	id := p.Key.Scalar.Type() + ":" + value.String(p.Key.Scalar)
	if i, ok := m.at[id]; ok {
		m.node.Pairs[i] = p
	} else {
		m.at[id] = len(m.node.Pairs)
		m.node.Pairs = append(m.node.Pairs, p)
	}
	if m.own == nil {
		return false
	}
	twice = m.own[id]
	m.own[id] = true
	return twice
}

// key converts a key; text in keys is never a template.
func (c *converter) key(raw, mapping *yaml.Node) (*Node, error) {
	n, err := c.node(raw)
	if err != nil {
		return nil, err
	}
	if n.Kind != Scalar {
		return nil, c.containerKey(raw, mapping)
	}
	if t, ok := n.Scalar.(*value.Template); ok {
		k := *n
		k.Scalar = value.Str(t.Src)
		n = &k
	}
	return n, nil
}

// containerKey explains the error behind most mappings that are keys: a
// template without quotes.
func (c *converter) containerKey(raw, mapping *yaml.Node) error {
	if raw.Kind == yaml.MappingNode && mapping.Style&yaml.FlowStyle != 0 && raw.Style&yaml.FlowStyle != 0 {
		return c.unquotedTemplate(c.pos(mapping))
	}
	return source.Errorf(c.pos(raw), "a key must be a string, a number or a boolean, not a list or a mapping")
}

func (c *converter) scalar(raw *yaml.Node) (*Node, error) {
	n := &Node{Pos: c.textPos(raw), size: 1}
	quoted := raw.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	explicit := raw.Style&yaml.TaggedStyle != 0
	var err error
	switch {
	case explicit:
		n.Scalar, err = c.tagged(raw, n.Pos)
	case quoted:
		n.Scalar = c.str(raw.Value, n.Pos)
	case raw.Value == "=" || raw.Value == "<<":
		e := source.Errorf(n.Pos, "a plain '%s' is no value: YAML gives it a meaning of its own", raw.Value)
		e.Width = len(raw.Value)
		return nil, e.WithHint(`put it in quotes: "%s"`, raw.Value)
	default:
		n.Plain = true
		if n.Scalar = resolvePlain(raw.Value); n.Scalar == nil {
			n.Scalar = c.timestamp(raw.Value)
		}
		if n.Scalar == nil {
			n.Scalar = c.str(raw.Value, n.Pos)
		}
	}
	return n, err
}

// str gives text as what it is worth: a template, a secret or plain data.
func (c *converter) str(s string, pos source.Pos) value.Value {
	switch {
	case !c.Untrusted && !c.unsafe && HasMarkup(s):
		return &value.Template{Src: s, Pos: pos, Secret: c.Secret}
	case c.Secret:
		return value.Secret(s)
	}
	return value.Str(s)
}

// tagged gives the value of a scalar with a tag of its own.
func (c *converter) tagged(raw *yaml.Node, pos source.Pos) (value.Value, error) {
	s := raw.Value
	switch raw.Tag {
	case "!!str":
		return c.str(s, pos), nil
	case "!unsafe", "!vault", "!vault-encrypted":
		return c.ansibleTagged(raw, pos)
	case "!!binary":
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
		if err != nil {
			return nil, source.Errorf(pos, "this is not base64 text: %s", err)
		}
		return value.Bytes(data), nil
	case "!!int", "!!float", "!!bool", "!!null", "!!timestamp":
		return c.typed(raw, pos)
	}
	return nil, c.badTag(raw)
}

// ansibleTagged gives the value of a scalar with a tag that Ansible adds to YAML.
func (c *converter) ansibleTagged(raw *yaml.Node, pos source.Pos) (value.Value, error) {
	switch {
	case c.StandardTags:
		return nil, c.badTag(raw)
	case raw.Tag == "!unsafe":
		c.unsafe = true
		return c.str(raw.Value, pos), nil
	}
	return c.Sealed(raw.Value, pos), nil
}

// typed checks that text with a standard tag is of that type.
func (c *converter) typed(raw *yaml.Node, pos source.Pos) (value.Value, error) {
	v := resolvePlain(raw.Value)
	ok := false
	switch raw.Tag {
	case "!!int":
		_, ok = value.AsBig(v)
	case "!!float":
		v, ok = parseFloat(raw.Value)
	case "!!bool":
		_, ok = v.(value.Bool)
	case "!!null":
		v, ok = value.None, true
	case "!!timestamp":
		if v = c.timestamp(raw.Value); v == nil {
			v = c.str(raw.Value, pos)
		}
		_, ok = parseTimestamp(raw.Value)
	}
	if !ok {
		return nil, source.Errorf(pos, "'%s' is not a value of the type %s", raw.Value, strings.TrimPrefix(raw.Tag, "!!"))
	}
	return v, nil
}
