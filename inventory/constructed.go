package inventory

import (
	"fmt"
	"path/filepath"
	"slices"

	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// constructedFormat sets variables and groups of the hosts that the sources
// before it brought, by expressions over their variables.
type constructedFormat struct{}

func (constructedFormat) wants(_ *loader, src string) bool { return isPluginConfig(src) }

// isPluginConfig reports whether a file can be the YAML configuration of a
// plugin.
func isPluginConfig(src string) bool {
	ext := filepath.Ext(src)
	return (ext == "" || ext == ".config" || slices.Contains(defaultYAMLOrder, ext)) && readable(src)
}

// constructor holds one configuration.
type constructor struct {
	*loader
	file        string
	strict      bool
	useExtra    bool
	useFolders  bool
	leading     bool
	compose     *yaml.Node
	groups      *yaml.Node
	keyed       []keyedGroup
	folders     *VarsReader
	folderPaths []string
}

func (constructedFormat) parse(l *loader, src string) error {
	doc, err := pluginConfig(l, src, "constructed")
	if err != nil {
		return err
	}
	c := &constructor{loader: l, file: src, leading: true, folders: l.varsReader()}
	if err := c.configure(doc); err != nil {
		return err
	}
	for _, h := range slices.Clone(l.inv.hostList) {
		if err := c.host(h); err != nil {
			return err
		}
	}
	return nil
}

// pluginConfig reads the YAML configuration of the plugin called name.
func pluginConfig(l *loader, src, name string) (*yaml.Node, error) {
	doc, err := l.opts.readYAML(src)
	if err != nil {
		return nil, err
	}
	if doc.IsNull() {
		return nil, source.Errorf(source.Pos{File: src}, "%s is empty", src)
	}
	if doc.Kind != yaml.Mapping {
		return nil, source.Errorf(doc.Pos, "inventory source has invalid structure, it should be a dictionary, got: %s", doc.What())
	}
	if got, _ := doc.Get("plugin").Text(); got != name && got != "ansible.builtin."+name {
		return nil, source.Errorf(doc.Pos, "Incorrect plugin name in file: %s", got).
			WithHint("the first line of such a file is: plugin: ansible.builtin.%s", name)
	}
	if l.opts.Env == nil {
		return nil, source.Errorf(doc.Pos, "the plugin %s needs templates, which are not available here", name)
	}
	return doc, nil
}

// options of the configuration, for "did you mean".
var constructedOptions = []string{"plugin", "strict", "compose", "groups", "keyed_groups", "use_extra_vars", "use_vars_plugins", "leading_separator"}

func (c *constructor) configure(doc *yaml.Node) error {
	for _, p := range doc.Pairs {
		var err error
		switch name := p.Name(); name {
		case "plugin":
		case "strict":
			c.strict, err = yamlBool(name, p.Value)
		case "use_extra_vars":
			c.useExtra, err = yamlBool(name, p.Value)
		case "use_vars_plugins":
			c.useFolders, err = yamlBool(name, p.Value)
		case "leading_separator":
			c.leading, err = yamlBool(name, p.Value)
		case "compose":
			c.compose, err = mappingOf(name, p.Value)
		case "groups":
			c.groups, err = mappingOf(name, p.Value)
		case "keyed_groups":
			c.keyed, err = readKeyedGroups(p.Value)
		default:
			c.warnAt(p.Key.Pos, "the plugin constructed has no option '%s'%s", name, source.DidYouMean(name, constructedOptions))
		}
		if err != nil {
			return err
		}
	}
	if c.useFolders {
		for _, src := range c.done {
			if dir, ok := folderOf(src); ok && !slices.Contains(c.folderPaths, dir) {
				c.folderPaths = append(c.folderPaths, dir)
			}
		}
	}
	return nil
}

func yamlBool(name string, n *yaml.Node) (bool, error) {
	if !n.IsNull() && n.Kind == yaml.Scalar {
		if b, ok := n.Scalar.(value.Bool); ok {
			return bool(b), nil
		}
		if s, ok := n.Text(); ok {
			switch s {
			case "yes", "true", "True", "on", "1":
				return true, nil
			case "no", "false", "False", "off", "0":
				return false, nil
			}
		}
	}
	return false, source.Errorf(n.Pos, "the option '%s' must be true or false, found %s", name, n.What())
}

func mappingOf(name string, n *yaml.Node) (*yaml.Node, error) {
	if n.IsNull() {
		return nil, nil
	}
	if n.Kind != yaml.Mapping {
		return nil, source.Errorf(n.Pos, "the option '%s' must be a mapping of names to expressions, found %s", name, n.What())
	}
	return n, nil
}

// host sets one host's variables, then its groups.
func (c *constructor) host(h *Host) error {
	ctx, err := c.context(h, true)
	if err != nil {
		return err
	}
	if err := c.composeVars(h, ctx); err != nil {
		return err
	}
	if ctx, err = c.context(h, false); err != nil {
		return err
	}
	if err := c.conditionalGroups(h, ctx); err != nil {
		return err
	}
	if ctx, err = c.context(h, c.useExtra); err != nil {
		return err
	}
	for _, k := range c.keyed {
		if err := c.keyedGroups(h, ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// context gives an evaluator over what is known of a host so far.
func (c *constructor) context(h *Host, extra bool) (*jinja.Context, error) {
	vars, err := c.vars(h)
	if err != nil {
		return nil, err
	}
	if facts := c.opts.Facts; facts != nil {
		if f, ok := facts(h.Name); ok {
			vars.Update(f)
		}
	}
	if extra && c.useExtra {
		vars.Update(c.opts.ExtraVars)
	}
	return jinja.NewContext(c.opts.Env, dictScope{vars}), nil
}

// vars merges the variables of a host: its groups', its own, and the magic
// ones that the inventory knows.
func (c *constructor) vars(h *Host) (*value.Dict, error) {
	m := merger{merge: c.opts.HashMerge, reader: c.folders}
	groups := h.groups()
	for _, g := range groups {
		m.add(g.Vars)
	}
	for _, dir := range c.folderPaths {
		for _, g := range groups {
			m.folder(dir, GroupVars, g.Name)
		}
	}
	m.add(value.DictOf("inventory_file", h.File, "inventory_dir", h.Dir()))
	m.add(h.Vars)
	for _, dir := range c.folderPaths {
		m.folder(dir, HostVars, h.Name)
	}
	names := value.NewList()
	for _, n := range groupNames(groups) {
		names.Append(value.Str(n))
	}
	m.add(value.DictOf("inventory_hostname", h.Name, "inventory_hostname_short", h.ShortName(), "group_names", names))
	return m.result()
}

// composeVars sets the variables under compose. Results are data.
func (c *constructor) composeVars(h *Host, ctx *jinja.Context) error {
	if c.compose == nil {
		return nil
	}
	for _, p := range c.compose.Pairs {
		v, err := c.expr(ctx, p.Value)
		if err != nil {
			if c.strict {
				return failed(err, p.Value.Pos, "Could not set %s for host %s", p.Name(), h.Name)
			}
			continue
		}
		h.setVars(value.DictOf(p.Name(), v), origins{p.Name(): p.Key.Pos})
	}
	return nil
}

// expr evaluates the expression in a node, which may also be a bare number or
// boolean.
func (c *constructor) expr(ctx *jinja.Context, n *yaml.Node) (value.Value, error) {
	text, ok := n.Text()
	if !ok {
		return ctx.Evaluate(n.Value())
	}
	return defined(ctx, text, n.Pos)
}

// defined evaluates a bare expression; an undefined value is an error.
func defined(ctx *jinja.Context, expr string, pos source.Pos) (value.Value, error) {
	v, err := ctx.Expr(expr, pos)
	if err != nil {
		return nil, err
	}
	return ctx.Evaluate(v)
}

// failed wraps the error of an expression.
func failed(err error, pos source.Pos, format string, args ...any) error {
	return &source.Error{Pos: pos, Msg: fmt.Sprintf(format, args...) + ": " + err.Error(), Err: err}
}

// conditionalGroups puts the host into the groups whose condition is true.
func (c *constructor) conditionalGroups(h *Host, ctx *jinja.Context) error {
	if c.groups == nil {
		return nil
	}
	for _, p := range c.groups.Pairs {
		name := safeName(p.Name())
		v, err := c.expr(ctx, p.Value)
		if err != nil {
			if c.strict {
				return failed(err, p.Value.Pos, "Could not add host %s to group %s", h.Name, name)
			}
			continue
		}
		if value.Truth(v) {
			c.inv.join(c.inv.addGroup(name), h)
		}
	}
	return nil
}

// dictScope makes a dict the variables of templates.
type dictScope struct{ d *value.Dict }

// Lookup implements jinja.Scope.
func (s dictScope) Lookup(name string) (value.Value, bool) { return s.d.Lookup(name) }

// Names implements jinja.Scope.
func (s dictScope) Names() []string {
	names := make([]string, 0, s.d.Len())
	for _, e := range s.d.Entries() {
		names = append(names, value.String(e.Key))
	}
	return names
}
