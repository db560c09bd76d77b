package jinja

import "drover/playbook/value"

// ClassYAML is the class of text that YAML holds; see TextClass.
const ClassYAML = "AnsibleUnicode"

// The other classes of text that ansible-core had before 2.19, as type_debug and
// __class__ tell them: what YAML holds, what hosts and lookups said, what came
// from the vault, and what templates make. Text carries no such mark here, so
// the expression that gives it is looked at. It is asked in Lenient mode only.
const (
	classStr      = "str"
	classVault    = "AnsibleVaultEncryptedUnicode"
	classForeign  = "AnsibleUnsafeText"
	classFinal    = "NativeJinjaText" // never read as a literal
	classFinished = "NativeJinjaUnsafeText"
)

// handsOn are filters that give what they are given, or a part of it.
var handsOn = map[string]bool{
	"default": true, "d": true, "first": true, "last": true, "random": true, "min": true, "max": true, "mandatory": true,
}

// TextClass gives the class that versions before 2.19 have for the text, or the
// texts in the container, that v gives: v is what a playbook holds.
func (c *Context) TextClass(v value.Value) string {
	switch v := v.(type) {
	case value.Secret:
		return classVault
	case *value.Template:
		tpl, err := c.env.compile(v)
		if err != nil || tpl.single() == nil {
			return classStr
		}
		return c.textClass(tpl.single())
	}
	return ClassYAML
}

// textClass gives the class of the text that x gives.
func (c *Context) textClass(x expr) string {
	if c.descend() != nil {
		return classStr
	}
	defer c.ascend()
	switch x := x.(type) {
	case *nameExpr, *attrExpr, *itemExpr:
		return c.variableClass(x)
	case *filterExpr:
		switch name := plain(x.name); {
		case name == "vault" && x.keyword("wrap_object") != nil:
			return classVault
		case c.keepsTypes() && textFilters[name]:
			return classFinal
		case handsOn[name] && x.x != nil:
			return c.textClass(x.x)
		}
	case *callExpr:
		if c.finalLookup(x) {
			return classFinished
		}
		if fn, ok := x.fn.(*nameExpr); ok && lookupFuncs[fn.name] {
			return classForeign
		}
	case *listExpr:
		for _, e := range x.elems {
			if class := c.textClass(e); class != classStr {
				return class
			}
		}
	}
	return classStr
}

// finalLookup reports whether x is a lookup whose text is never read as a
// literal: with jinja2_native, that of template which does not ask for it.
func (c *Context) finalLookup(x *callExpr) bool {
	fn, ok := x.fn.(*nameExpr)
	if !ok || !lookupFuncs[fn.name] || !c.keepsTypes() || len(x.pos) == 0 || x.keyword("jinja2_native") != nil {
		return false
	}
	name, ok := x.pos[0].(*constExpr)
	return ok && plain(value.String(name.v)) == "template"
}

// keepsTypes reports whether jinja2_native is on.
func (c *Context) keepsTypes() bool { return c.env.Retype != nil && c.env.Retype.Native }

// keyword gives a keyword argument, nil when it is not there.
func (a *args) keyword(name string) expr {
	for _, k := range a.kw {
		if k.name == name {
			return k.x
		}
	}
	return nil
}

// variableClass gives the class of the text of a variable or a part of one.
func (c *Context) variableClass(x expr) string {
	root := rootOf(x)
	if root == nil || len(root.refs) > 0 {
		return classStr
	}
	if scope, ok := c.vars.(ClassScope); ok {
		if class := scope.TextClass(root.name); class != "" {
			return class
		}
	}
	raw, whole := c.written(x)
	switch raw.(type) {
	case nil:
		return classStr
	case value.Secret, *value.Template:
		if whole {
			return c.TextClass(raw)
		}
	case value.Int, value.Bool, value.Float:
		return classStr
	}
	if scope, knows := c.vars.(TrustingScope); knows && scope.Trusted(root.name) {
		return ClassYAML
	}
	return classForeign
}

// written gives what x stands for as it is written, and whether that is the
// whole of it: without, it is only what x is somewhere in.
func (c *Context) written(x expr) (raw value.Value, whole bool) {
	var in expr
	var key value.Value
	switch x := x.(type) {
	case *nameExpr:
		raw, _ = c.vars.Lookup(x.name)
		return raw, true
	case *attrExpr:
		in, key = x.x, value.Str(x.name)
	case *itemExpr:
		in = x.x
		if k, ok := x.key.(*constExpr); ok {
			key = k.v
		}
	}
	raw, whole = c.written(in)
	if !whole || key == nil {
		return raw, false
	}
	switch from := raw.(type) {
	case *value.Dict:
		if v, ok := dictItem(from, key); ok {
			return v, true
		}
	case *value.List:
		if i, ok := index(key, from.Len()); ok {
			return from.Elems[i], true
		}
	}
	return raw, false
}

// class is a Python class, which versions before 2.19 let templates ask for.
type class string

// classOf gives x.__class__; v is what x gave.
func (c *Context) classOf(x expr, v value.Value) value.Value {
	if _, miss := v.(*value.Undefined); miss {
		return v
	}
	if isText(v) {
		return class(c.textClass(x))
	}
	return class(v.Type())
}

// Type implements value.Value.
func (class) Type() string { return "type" }

// Str implements value.Stringer.
func (c class) Str() string { return "<class '" + string(c) + "'>" }

// Repr implements value.Stringer.
func (c class) Repr() string { return c.Str() }

// Equal implements value.Equaler.
func (c class) Equal(other value.Value) bool { return value.Value(c) == other }

// Attr implements value.HasAttrs.
func (c class) Attr(name string) (value.Value, bool, error) {
	return value.Str(c), name == "__name__", nil
}
