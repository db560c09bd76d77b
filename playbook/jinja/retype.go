package jinja

import (
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Retype is how ansible-core before 2.19 finds the type of what a template
// gives: the text is read as a literal where it looks like one. See
// docs/COMPAT.md.
type Retype struct {
	// Native is the setting jinja2_native: an expression keeps its type, and
	// any text that is a literal becomes its value. Without it everything but
	// the value of a variable is text first, of which lists, dicts and
	// booleans become values.
	Native bool
	// Literal reads a literal; its error says that text is none.
	Literal func(text string) (value.Value, error)
}

// textFilters give text that stays text.
var textFilters = map[string]bool{
	"string": true, "to_json": true, "to_nice_json": true, "to_yaml": true, "to_nice_yaml": true,
	"ansible.builtin.to_json": true, "ansible.builtin.to_nice_json": true,
	"ansible.builtin.to_yaml": true, "ansible.builtin.to_nice_yaml": true,
}

// retype gives the value of a template that gave v.
func (c *Context) retype(tpl *template, v value.Value) value.Value {
	r := c.env.Retype
	x := tpl.single()
	switch v := v.(type) {
	case value.Str:
		if x != nil && c.staysText(x) {
			return v
		}
		made := r.text(string(v))
		if _, stays := made.(value.Str); !stays {
			c.lenientOn(tpl.place.pos, "the template gives a text, which becomes the '"+made.Type()+"' that it reads as", "write one expression that gives it, or add | from_json")
		}
		return made
	case value.Int, value.Float:
		if _, variable := x.(*nameExpr); r.Native || variable {
			return v
		}
		return value.Str(value.String(v))
	}
	if all, isRange := v.(*rangeValue); isRange {
		if elems, err := all.all(c); err == nil {
			return value.NewList(elems...)
		}
	}
	if _, variable := x.(*nameExpr); v == value.None && !r.Native && !variable {
		return value.Str("")
	}
	return v
}

// lenientOn warns of what is accepted for playbooks of before 2.19 and says what
// to write instead.
func (c *Context) lenientOn(pos source.Pos, what, instead string) {
	if c.env.Lenient {
		c.env.warn(pos, what+", in the mode of 2.18 only: "+instead)
	}
}

// text gives the value that a text stands for.
func (r *Retype) text(s string) value.Value {
	if !r.Native && !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") && s != "True" && s != "False" {
		return value.Str(s)
	}
	v, err := r.Literal(strings.TrimRight(s, " \t\r\n"))
	if _, isText := v.(value.Str); err != nil || isText {
		return value.Str(s)
	}
	return v
}

// Fact gives the value of a variable that set_fact sets: without Native, the
// words of booleans are booleans. r may be nil.
func (r *Retype) Fact(v value.Value) value.Value {
	s, ok := v.(value.Str)
	if r == nil || r.Native || !ok {
		return v
	}
	switch strings.ToLower(string(s)) {
	case "true", "yes":
		return value.Bool(true)
	case "false", "no":
		return value.Bool(false)
	}
	return v
}

// staysText reports whether the text of an expression is never read as a
// literal: that of certain filters, and of variables that had their type found
// when they were set or evaluated.
func (c *Context) staysText(x expr) bool {
	switch x := x.(type) {
	case *filterExpr:
		return textFilters[x.name]
	case *callExpr:
		return c.finalLookup(x)
	case *nameExpr:
		raw, ok := c.vars.Lookup(x.name)
		if _, template := raw.(*value.Template); template {
			return true
		}
		scope, knows := c.vars.(TrustingScope)
		return ok && knows && !scope.Trusted(x.name)
	}
	return false
}
